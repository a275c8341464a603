// The logarithm of the posterior of a mixture of Gaussians, with a Wishart prior on the precision matrices.
#include <cmath>
#include <vector>

static double log_sum_exp(const double *x, int n) {
    double largest = x[0], sum = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > largest) largest = x[i];
    for (int i = 0; i < n; i++) sum += std::exp(x[i] - largest);
    return largest + std::log(sum);
}

extern "C" double primal_gmm(int d, int k, int n, const double *alpha, const double *mu, const double *q, const double *l,
                      const double *x, double m, double gamma) {
    const double pi = 3.14159265358979323846;
    int below = d * (d - 1) / 2;
    std::vector<double> diagonal(k * d), sums(k), centred(d), scaled(d), terms(k);
    for (int c = 0; c < k; c++)
        for (int j = 0; j < d; j++) {
            diagonal[c * d + j] = std::exp(q[c * d + j]);
            sums[c] += q[c * d + j];
        }
    double likelihood = 0;
    for (int i = 0; i < n; i++) {
        for (int c = 0; c < k; c++) {
            for (int j = 0; j < d; j++) {
                centred[j] = x[i * d + j] - mu[c * d + j];
                scaled[j] = diagonal[c * d + j] * centred[j];
            }
            const double *element = l + c * below;
            for (int column = 0; column < d; column++)
                for (int row = column + 1; row < d; row++) scaled[row] += *element++ * centred[column];
            double square = 0;
            for (int j = 0; j < d; j++) square += scaled[j] * scaled[j];
            terms[c] = alpha[c] + sums[c] - square / 2;
        }
        likelihood += log_sum_exp(terms.data(), k);
    }
    double penalty = 0;
    for (int c = 0; c < k; c++) {
        double square = 0;
        for (int j = 0; j < d; j++) square += diagonal[c * d + j] * diagonal[c * d + j];
        for (int j = 0; j < below; j++) square += l[c * below + j] * l[c * below + j];
        penalty += gamma * gamma / 2 * square - m * sums[c];
    }
    double w = d + m + 1, wishart = w * d * std::log(gamma / std::sqrt(2.0)) - d * (d - 1) / 4.0 * std::log(pi);
    for (int j = 0; j < d; j++) wishart -= std::lgamma((w - j) / 2);
    return -n * (d / 2.0) * std::log(2 * pi) - n * log_sum_exp(alpha, k) + likelihood + k * wishart - penalty;
}
