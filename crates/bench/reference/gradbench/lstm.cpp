// The loss of a recurrent network of long short-term memory whose matrices are diagonal.
#include <cmath>
#include <vector>

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

extern "C" double primal_lstm(int layers, int letters, int b, const double *main, const double *extra, const double *start,
                       const double *sequence) {
    std::vector<double> state(start, start + 2 * layers * b), passed(b);
    double total = 0;
    for (int t = 0; t + 1 < letters; t++) {
        const double *letter = sequence + t * b, *next = letter + b;
        for (int j = 0; j < b; j++) passed[j] = letter[j] * extra[j];
        for (int layer = 0; layer < layers; layer++) {
            const double *weight = main + 8 * layer * b, *bias = weight + 4 * b;
            double *hidden = &state[2 * layer * b], *cell = hidden + b;
            for (int j = 0; j < b; j++) {
                double forget = sigmoid(passed[j] * weight[j] + bias[j]);
                double ingate = sigmoid(hidden[j] * weight[b + j] + bias[b + j]);
                double outgate = sigmoid(passed[j] * weight[2 * b + j] + bias[2 * b + j]);
                double change = std::tanh(hidden[j] * weight[3 * b + j] + bias[3 * b + j]);
                cell[j] = cell[j] * forget + ingate * change;
                hidden[j] = outgate * std::tanh(cell[j]);
                passed[j] = hidden[j];
            }
        }
        double sum = 2;
        for (int j = 0; j < b; j++) {
            passed[j] = passed[j] * extra[b + j] + extra[2 * b + j];
            sum += std::exp(passed[j]);
        }
        double normaliser = std::log(sum);
        for (int j = 0; j < b; j++) total += next[j] * (passed[j] - normaliser);
    }
    return -total / ((letters - 1) * b);
}
