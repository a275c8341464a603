/* ln(sum(exp(x))), shifted by the largest number so that nothing overflows, and its gradient, the softmax. */

#include <math.h>

double log_sum_exp(const double *restrict x, long n, double *restrict gradient) {
    double largest = x[0], sum = 0;
    for (long i = 1; i < n; i++)
        if (x[i] > largest) largest = x[i];
    for (long i = 0; i < n; i++) sum += gradient[i] = exp(x[i] - largest);
    double scale = 1 / sum;
    for (long i = 0; i < n; i++) gradient[i] *= scale;
    return largest + log(sum);
}
