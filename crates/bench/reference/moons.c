/* One step of micrograd's demo by hand: the gradient of the max-margin loss with L2 of a 2-16-16-1 ReLU network over all
 * rows, and gradient descent. Parameters as micrograd orders them: layer by layer, neuron by neuron, weights then bias. */

#include <string.h>

enum { INPUTS = 2, HIDDEN = 16, FIRST = 0, SECOND = FIRST + HIDDEN * (INPUTS + 1),
       LAST = SECOND + HIDDEN * (HIDDEN + 1), PARAMETERS = LAST + HIDDEN + 1 };

double moons_step(const double *x, const double *y, int rows, double l2, double rate, double *parameters) {
    double gradient[PARAMETERS];
    memset(gradient, 0, sizeof gradient);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
        const double *in = x + row * INPUTS;
        double h1[HIDDEN], h2[HIDDEN], d1[HIDDEN], d2[HIDDEN];
        for (int i = 0; i < HIDDEN; i++) {
            const double *w = parameters + FIRST + i * (INPUTS + 1);
            double sum = w[INPUTS];
            for (int j = 0; j < INPUTS; j++) sum += w[j] * in[j];
            h1[i] = sum > 0 ? sum : 0;
        }
        for (int i = 0; i < HIDDEN; i++) {
            const double *w = parameters + SECOND + i * (HIDDEN + 1);
            double sum = w[HIDDEN];
            for (int j = 0; j < HIDDEN; j++) sum += w[j] * h1[j];
            h2[i] = sum > 0 ? sum : 0;
        }
        const double *w = parameters + LAST;
        double score = w[HIDDEN];
        for (int j = 0; j < HIDDEN; j++) score += w[j] * h2[j];

        double margin = 1 - y[row] * score;
        loss += (margin > 0 ? margin : 0) / rows;
        double d = margin > 0 ? -y[row] / rows : 0;
        double *g = gradient + LAST;
        for (int j = 0; j < HIDDEN; j++) {
            g[j] += d * h2[j];
            d2[j] = h2[j] > 0 ? d * w[j] : 0;
            d1[j] = 0;
        }
        g[HIDDEN] += d;
        for (int i = 0; i < HIDDEN; i++) {
            const double *w = parameters + SECOND + i * (HIDDEN + 1);
            double *g = gradient + SECOND + i * (HIDDEN + 1);
            for (int j = 0; j < HIDDEN; j++) {
                g[j] += d2[i] * h1[j];
                d1[j] += d2[i] * w[j];
            }
            g[HIDDEN] += d2[i];
        }
        for (int i = 0; i < HIDDEN; i++) {
            double *g = gradient + FIRST + i * (INPUTS + 1);
            double d = h1[i] > 0 ? d1[i] : 0;
            for (int j = 0; j < INPUTS; j++) g[j] += d * in[j];
            g[INPUTS] += d;
        }
    }
    for (int k = 0; k < PARAMETERS; k++) {
        loss += l2 * parameters[k] * parameters[k];
        gradient[k] += 2 * l2 * parameters[k];
        parameters[k] -= rate * gradient[k];
    }
    return loss;
}
