/* Rosenbrock's function of many numbers, sum of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2, and its gradient. */

double rosenbrock(const double *restrict x, long n, double *restrict gradient) {
    double value = 0, from_before = 0;
    for (long i = 0; i + 1 < n; i++) {
        double valley = x[i + 1] - x[i] * x[i], slope = 1 - x[i];
        value += 100 * valley * valley + slope * slope;
        gradient[i] = from_before - 400 * valley * x[i] - 2 * slope;
        from_before = 200 * valley;
    }
    gradient[n - 1] = from_before;
    return value;
}
