/* A step of a character-level GPT by hand: the mean loss of the characters of one name, its gradient, and Adam. One layer:
 * embeddings, RMSNorm, [RMSNorm, causal attention, residual], [RMSNorm, two matrices with a ReLU, residual], logits,
 * softmax. Matrices are stored row by row, a row for each output. */

#include <math.h>
#include <string.h>

enum { WIDTH = 16, HEADS = 4, HEAD = WIDTH / HEADS, CONTEXT = 16, VOCABULARY = 27, HIDDEN = 4 * WIDTH };

enum { TOKENS = 0, POSITIONS = TOKENS + VOCABULARY * WIDTH, LOGITS = POSITIONS + CONTEXT * WIDTH,
       QUERY = LOGITS + VOCABULARY * WIDTH, KEY = QUERY + WIDTH * WIDTH, VALUE = KEY + WIDTH * WIDTH,
       OUTPUT = VALUE + WIDTH * WIDTH, EXPAND = OUTPUT + WIDTH * WIDTH, CONTRACT = EXPAND + HIDDEN * WIDTH,
       PARAMETERS = CONTRACT + WIDTH * HIDDEN };

/* What the way back needs of the way forward, at one position. */
struct position {
    double embedded[WIDTH], input[WIDTH], attention_input[WIDTH], query[WIDTH], key[WIDTH], value[WIDTH];
    double weights[HEADS][CONTEXT], attended[WIDTH], middle[WIDTH], mlp_input[WIDTH], hidden[HIDDEN], output[WIDTH];
    double probabilities[VOCABULARY];
    double embedded_scale, input_scale, middle_scale;
};

static inline void multiply(const double *restrict matrix, const double *restrict x, double *restrict y, int rows,
                            int columns) {
    for (int i = 0; i < rows; i++) {
        double sum = 0;
        for (int j = 0; j < columns; j++) sum += matrix[i * columns + j] * x[j];
        y[i] = sum;
    }
}

/* Adds to the gradients of the matrix and of x what comes back from the gradient of y. */
static inline void multiply_back(const double *restrict matrix, const double *restrict x, const double *restrict dy,
                                 double *restrict dmatrix, double *restrict dx, int rows, int columns) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            dmatrix[i * columns + j] += dy[i] * x[j];
            dx[j] += dy[i] * matrix[i * columns + j];
        }
}

/* Returns the scale. */
static inline double normalize(const double *restrict x, double *restrict y) {
    double squares = 0;
    for (int j = 0; j < WIDTH; j++) squares += x[j] * x[j];
    double scale = 1 / sqrt(squares / WIDTH + 1e-5);
    for (int j = 0; j < WIDTH; j++) y[j] = x[j] * scale;
    return scale;
}

static inline void normalize_back(const double *restrict x, double scale, const double *restrict dy,
                                  double *restrict dx) {
    double along = 0;
    for (int j = 0; j < WIDTH; j++) along += dy[j] * x[j];
    along *= scale * scale * scale / WIDTH;
    for (int j = 0; j < WIDTH; j++) dx[j] += scale * dy[j] - along * x[j];
}

static inline void softmax(double *x, int n) {
    double largest = x[0], total = 0;
    for (int j = 1; j < n; j++)
        if (x[j] > largest) largest = x[j];
    for (int j = 0; j < n; j++) total += x[j] = exp(x[j] - largest);
    for (int j = 0; j < n; j++) x[j] /= total;
}

static double forward(const double *parameters, const int *tokens, int positions, struct position *all) {
    double loss = 0;
    for (int t = 0; t < positions; t++) {
        struct position *p = &all[t];
        for (int j = 0; j < WIDTH; j++)
            p->embedded[j] = parameters[TOKENS + tokens[t] * WIDTH + j] + parameters[POSITIONS + t * WIDTH + j];
        p->embedded_scale = normalize(p->embedded, p->input);

        p->input_scale = normalize(p->input, p->attention_input);
        multiply(parameters + QUERY, p->attention_input, p->query, WIDTH, WIDTH);
        multiply(parameters + KEY, p->attention_input, p->key, WIDTH, WIDTH);
        multiply(parameters + VALUE, p->attention_input, p->value, WIDTH, WIDTH);
        for (int h = 0; h < HEADS; h++) {
            double *weights = p->weights[h];
            for (int s = 0; s <= t; s++) {
                double sum = 0;
                for (int j = h * HEAD; j < (h + 1) * HEAD; j++) sum += p->query[j] * all[s].key[j];
                weights[s] = sum * (1 / sqrt(HEAD));
            }
            softmax(weights, t + 1);
            for (int j = h * HEAD; j < (h + 1) * HEAD; j++) p->attended[j] = 0;
            for (int s = 0; s <= t; s++)
                for (int j = h * HEAD; j < (h + 1) * HEAD; j++) p->attended[j] += weights[s] * all[s].value[j];
        }
        multiply(parameters + OUTPUT, p->attended, p->middle, WIDTH, WIDTH);
        for (int j = 0; j < WIDTH; j++) p->middle[j] += p->input[j];

        p->middle_scale = normalize(p->middle, p->mlp_input);
        multiply(parameters + EXPAND, p->mlp_input, p->hidden, HIDDEN, WIDTH);
        for (int j = 0; j < HIDDEN; j++) p->hidden[j] = p->hidden[j] > 0 ? p->hidden[j] : 0;
        multiply(parameters + CONTRACT, p->hidden, p->output, WIDTH, HIDDEN);
        for (int j = 0; j < WIDTH; j++) p->output[j] += p->middle[j];

        multiply(parameters + LOGITS, p->output, p->probabilities, VOCABULARY, WIDTH);
        softmax(p->probabilities, VOCABULARY);
        loss -= log(p->probabilities[tokens[t + 1]]);
    }
    return loss / positions;
}

static void backward(const double *parameters, const int *tokens, int positions, const struct position *all,
                     double *gradient) {
    double dkeys[CONTEXT][WIDTH], dvalues[CONTEXT][WIDTH];
    memset(dkeys, 0, sizeof dkeys);
    memset(dvalues, 0, sizeof dvalues);
    memset(gradient, 0, PARAMETERS * sizeof *gradient);
    for (int t = positions - 1; t >= 0; t--) {
        const struct position *p = &all[t];
        double dlogits[VOCABULARY], dmiddle[WIDTH] = {0}, dhidden[HIDDEN] = {0}, dmlp_input[WIDTH] = {0};
        for (int j = 0; j < VOCABULARY; j++) dlogits[j] = p->probabilities[j] / positions;
        dlogits[tokens[t + 1]] -= 1.0 / positions;
        multiply_back(parameters + LOGITS, p->output, dlogits, gradient + LOGITS, dmiddle, VOCABULARY, WIDTH);

        /* The residual passes the gradient of the output on to the middle. */
        double doutput[WIDTH];
        memcpy(doutput, dmiddle, sizeof doutput);
        multiply_back(parameters + CONTRACT, p->hidden, doutput, gradient + CONTRACT, dhidden, WIDTH, HIDDEN);
        for (int j = 0; j < HIDDEN; j++) dhidden[j] = p->hidden[j] > 0 ? dhidden[j] : 0;
        multiply_back(parameters + EXPAND, p->mlp_input, dhidden, gradient + EXPAND, dmlp_input, HIDDEN, WIDTH);
        normalize_back(p->middle, p->middle_scale, dmlp_input, dmiddle);

        double dattended[WIDTH] = {0}, dquery[WIDTH] = {0}, dattention_input[WIDTH] = {0}, dinput[WIDTH];
        memcpy(dinput, dmiddle, sizeof dinput);
        multiply_back(parameters + OUTPUT, p->attended, dmiddle, gradient + OUTPUT, dattended, WIDTH, WIDTH);
        for (int h = 0; h < HEADS; h++) {
            const double *weights = p->weights[h];
            double dweights[CONTEXT], along = 0;
            for (int s = 0; s <= t; s++) {
                double sum = 0;
                for (int j = h * HEAD; j < (h + 1) * HEAD; j++) {
                    sum += dattended[j] * all[s].value[j];
                    dvalues[s][j] += weights[s] * dattended[j];
                }
                dweights[s] = sum;
                along += sum * weights[s];
            }
            for (int s = 0; s <= t; s++) {
                double dscore = weights[s] * (dweights[s] - along) * (1 / sqrt(HEAD));
                for (int j = h * HEAD; j < (h + 1) * HEAD; j++) {
                    dquery[j] += dscore * all[s].key[j];
                    dkeys[s][j] += dscore * p->query[j];
                }
            }
        }
        /* Later positions have already added to the key and the value of this one. */
        const double *x = p->attention_input;
        multiply_back(parameters + QUERY, x, dquery, gradient + QUERY, dattention_input, WIDTH, WIDTH);
        multiply_back(parameters + KEY, x, dkeys[t], gradient + KEY, dattention_input, WIDTH, WIDTH);
        multiply_back(parameters + VALUE, x, dvalues[t], gradient + VALUE, dattention_input, WIDTH, WIDTH);
        normalize_back(p->input, p->input_scale, dattention_input, dinput);

        double dembedded[WIDTH] = {0};
        normalize_back(p->embedded, p->embedded_scale, dinput, dembedded);
        for (int j = 0; j < WIDTH; j++) {
            gradient[TOKENS + tokens[t] * WIDTH + j] += dembedded[j];
            gradient[POSITIONS + t * WIDTH + j] += dembedded[j];
        }
    }
}

/* The loss of the tokens after the first, so many as there are positions, and its gradient. */
double microgpt(const double *parameters, const int *tokens, int positions, double *gradient) {
    struct position all[CONTEXT];
    double loss = forward(parameters, tokens, positions, all);
    backward(parameters, tokens, positions, all, gradient);
    return loss;
}

/* The same, and a step of Adam, the so many-th, which changes the parameters and the two running means. */
double microgpt_step(double *restrict parameters, double *restrict mean, double *restrict mean_square, int step,
                     double rate, const int *tokens, int positions) {
    const double beta1 = 0.85, beta2 = 0.99, epsilon = 1e-8;
    double gradient[PARAMETERS];
    double loss = microgpt(parameters, tokens, positions, gradient);
    double correction1 = 1 - pow(beta1, step), correction2 = 1 - pow(beta2, step);
    for (int k = 0; k < PARAMETERS; k++) {
        double g = gradient[k];
        mean[k] = beta1 * mean[k] + (1 - beta1) * g;
        mean_square[k] = beta2 * mean_square[k] + (1 - beta2) * g * g;
        parameters[k] -= rate * (mean[k] / correction1) / (sqrt(mean_square[k] / correction2) + epsilon);
    }
    return loss;
}
