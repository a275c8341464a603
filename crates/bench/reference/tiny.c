/* g = ((a + b) - (a b + b^3))^2 / 2 and its gradient, by hand. */

double tiny(double a, double b, double *gradient) {
    double e = (a + b) - (a * b + b * b * b);
    gradient[0] = e * (1 - b);
    gradient[1] = e * (1 - a - 3 * b * b);
    return e * e / 2;
}
