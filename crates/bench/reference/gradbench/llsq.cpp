// Half the squared difference between the sign function and a polynomial, summed over n points from -1 to 1.
extern "C" double primal_llsq(const double *x, long m, long n) {
    double sum = 0;
    for (long i = 0; i < n; i++) {
        double t = -1 + 2.0 * i / (n - 1), power = 1, residual = (t > 0) - (t < 0);
        for (long j = 0; j < m; j++) {
            residual -= x[j] * power;
            power *= t;
        }
        sum += residual * residual;
    }
    return sum / 2;
}
