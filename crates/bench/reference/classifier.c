/* The mean cross-entropy of a 784-64-10 ReLU network over a batch, and its gradient. The weights of an input to all
 * units lie together, so that the inner loops run over units: they need no reassociated sums to be vectorised. */

#include <math.h>
#include <string.h>

enum { INPUTS = 784, HIDDEN = 64, CLASSES = 10, BATCH = 32 };

struct parameters {
    float first[INPUTS][HIDDEN], first_bias[HIDDEN], second[HIDDEN][CLASSES], second_bias[CLASSES];
};

float classifier(const struct parameters *restrict p, const float (*restrict x)[INPUTS], const int *restrict classes,
                 struct parameters *restrict gradient) {
    float hidden[BATCH][HIDDEN], dhidden[BATCH][HIDDEN], shares[BATCH][CLASSES], loss = 0;
    for (int row = 0; row < BATCH; row++) {
        float sums[HIDDEN];
        memcpy(sums, p->first_bias, sizeof sums);
        for (int i = 0; i < INPUTS; i++)
            for (int j = 0; j < HIDDEN; j++) sums[j] += x[row][i] * p->first[i][j];
        for (int j = 0; j < HIDDEN; j++) hidden[row][j] = sums[j] > 0 ? sums[j] : 0;

        float logits[CLASSES];
        memcpy(logits, p->second_bias, sizeof logits);
        for (int j = 0; j < HIDDEN; j++)
            for (int k = 0; k < CLASSES; k++) logits[k] += hidden[row][j] * p->second[j][k];
        float largest = logits[0], total = 0;
        for (int k = 1; k < CLASSES; k++)
            if (logits[k] > largest) largest = logits[k];
        for (int k = 0; k < CLASSES; k++) total += shares[row][k] = expf(logits[k] - largest);
        for (int k = 0; k < CLASSES; k++) shares[row][k] /= total * BATCH;
        loss += largest + logf(total) - logits[classes[row]];
    }

    memset(gradient, 0, sizeof *gradient);
    for (int row = 0; row < BATCH; row++) {
        float *dlogits = shares[row];
        dlogits[classes[row]] -= 1.0f / BATCH;
        for (int k = 0; k < CLASSES; k++) gradient->second_bias[k] += dlogits[k];
        for (int j = 0; j < HIDDEN; j++) {
            float sum = 0;
            for (int k = 0; k < CLASSES; k++) {
                gradient->second[j][k] += hidden[row][j] * dlogits[k];
                sum += p->second[j][k] * dlogits[k];
            }
            dhidden[row][j] = hidden[row][j] > 0 ? sum : 0;
        }
        for (int j = 0; j < HIDDEN; j++) gradient->first_bias[j] += dhidden[row][j];
    }
    for (int i = 0; i < INPUTS; i++) {
        float sums[HIDDEN] = {0};
        for (int row = 0; row < BATCH; row++)
            for (int j = 0; j < HIDDEN; j++) sums[j] += x[row][i] * dhidden[row][j];
        memcpy(gradient->first[i], sums, sizeof sums);
    }
    return loss / BATCH;
}
