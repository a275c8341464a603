// Classical Runge-Kutta steps for a chain of components, each of which grows with the one before it.
#include <vector>

static void slope(const double *x, const double *y, double *k, long n) {
    k[0] = x[0];
    for (long i = 1; i < n; i++) k[i] = x[i] * y[i - 1];
}

static void moved(const double *y, const double *k, double h, double *next, long n) {
    for (long i = 0; i < n; i++) next[i] = y[i] + h * k[i];
}

extern "C" void primal_ode(const double *x, long n, long steps, double *y) {
    std::vector<double> k1(n), k2(n), k3(n), k4(n), at(n);
    double h = 2.0 / steps;
    for (long i = 0; i < n; i++) y[i] = 0;
    for (long step = 0; step < steps; step++) {
        slope(x, y, k1.data(), n);
        moved(y, k1.data(), h / 2, at.data(), n);
        slope(x, at.data(), k2.data(), n);
        moved(y, k2.data(), h / 2, at.data(), n);
        slope(x, at.data(), k3.data(), n);
        moved(y, k3.data(), h, at.data(), n);
        slope(x, at.data(), k4.data(), n);
        for (long i = 0; i < n; i++) y[i] += h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
    }
}
