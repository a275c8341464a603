// The logarithm of a sum of exponentials, shifted by the largest.
#include <cmath>

extern "C" double primal_lse(const double *x, long n) {
    double largest = x[0], sum = 0;
    for (long i = 1; i < n; i++)
        if (x[i] > largest) largest = x[i];
    for (long i = 0; i < n; i++) sum += std::exp(x[i] - largest);
    return largest + std::log(sum);
}
