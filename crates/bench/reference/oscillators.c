/* A chain of masses between two walls, joined by springs that stiffen as they stretch: spring s pulls with
 * stiffness[s] (d + hardening d^3) when it is longer by d, and friction[i] brakes mass i. Classical Runge-Kutta steps; the
 * result is the sum of squares of the positions at the end, with its gradient by everything that went in. */

#include <string.h>

enum { MASSES = 16, SPRINGS = MASSES + 1, STATE = 2 * MASSES };

/* As the inputs are ordered, and the gradient. */
struct inputs {
    double state[STATE]; /* positions, then velocities */
    double stiffness[SPRINGS], friction[MASSES], hardening;
};

static inline void stretch(const double *restrict x, double *restrict longer) {
    longer[0] = x[0];
    for (int s = 1; s < MASSES; s++) longer[s] = x[s] - x[s - 1];
    longer[MASSES] = -x[MASSES - 1];
}

/* How fast the state changes. */
static inline void slope(const struct inputs *restrict in, const double *restrict state, double *restrict rate) {
    double longer[SPRINGS], force[SPRINGS];
    stretch(state, longer);
    for (int s = 0; s < SPRINGS; s++)
        force[s] = in->stiffness[s] * (longer[s] + in->hardening * longer[s] * longer[s] * longer[s]);
    for (int i = 0; i < MASSES; i++) {
        rate[i] = state[MASSES + i];
        rate[MASSES + i] = force[i + 1] - force[i] - in->friction[i] * state[MASSES + i];
    }
}

/* From the gradient of the slope: that of the state, and to that of the inputs is added. */
static inline void slope_back(const struct inputs *restrict in, const double *restrict state,
                              const double *restrict drate, double *restrict dstate, struct inputs *restrict gradient) {
    double longer[SPRINGS], dlonger[SPRINGS], hardening = 0;
    stretch(state, longer);
    for (int s = 0; s < SPRINGS; s++) {
        double left = s > 0 ? drate[MASSES + s - 1] : 0, right = s < MASSES ? drate[MASSES + s] : 0;
        double dforce = left - right, square = longer[s] * longer[s];
        gradient->stiffness[s] += dforce * (longer[s] + in->hardening * square * longer[s]);
        hardening += dforce * in->stiffness[s] * square * longer[s];
        dlonger[s] = dforce * in->stiffness[s] * (1 + 3 * in->hardening * square);
    }
    gradient->hardening += hardening;
    for (int i = 0; i < MASSES; i++) {
        dstate[i] = dlonger[i] - dlonger[i + 1];
        dstate[MASSES + i] = drate[i] - in->friction[i] * drate[MASSES + i];
        gradient->friction[i] -= drate[MASSES + i] * state[MASSES + i];
    }
}

static inline void advance(const double *restrict state, double by, const double *restrict rate,
                           double *restrict result) {
    for (int i = 0; i < STATE; i++) result[i] = state[i] + by * rate[i];
}

/* Needs memory for the four states of every step. */
double oscillators(const struct inputs *restrict in, int steps, double h, double (*restrict states)[4][STATE],
                   struct inputs *restrict gradient) {
    double state[STATE];
    memcpy(state, in->state, sizeof state);
    for (int step = 0; step < steps; step++) {
        double(*at)[STATE] = states[step];
        double k1[STATE], k2[STATE], k3[STATE], k4[STATE];
        memcpy(at[0], state, sizeof state);
        slope(in, at[0], k1);
        advance(state, h / 2, k1, at[1]);
        slope(in, at[1], k2);
        advance(state, h / 2, k2, at[2]);
        slope(in, at[2], k3);
        advance(state, h, k3, at[3]);
        slope(in, at[3], k4);
        for (int i = 0; i < STATE; i++) state[i] += h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
    }
    double result = 0, dstate[STATE] = {0};
    for (int i = 0; i < MASSES; i++) {
        result += state[i] * state[i];
        dstate[i] = 2 * state[i];
    }

    memset(gradient, 0, sizeof *gradient);
    for (int step = steps - 1; step >= 0; step--) {
        double(*at)[STATE] = states[step];
        double drate[STATE], d1[STATE], d2[STATE], d3[STATE], d4[STATE];
        for (int i = 0; i < STATE; i++) drate[i] = h / 6 * dstate[i];
        slope_back(in, at[3], drate, d4, gradient);
        for (int i = 0; i < STATE; i++) drate[i] = h / 3 * dstate[i] + h * d4[i];
        slope_back(in, at[2], drate, d3, gradient);
        for (int i = 0; i < STATE; i++) drate[i] = h / 3 * dstate[i] + h / 2 * d3[i];
        slope_back(in, at[1], drate, d2, gradient);
        for (int i = 0; i < STATE; i++) drate[i] = h / 6 * dstate[i] + h / 2 * d2[i];
        slope_back(in, at[0], drate, d1, gradient);
        for (int i = 0; i < STATE; i++) dstate[i] += d1[i] + d2[i] + d3[i] + d4[i];
    }
    memcpy(gradient->state, dstate, sizeof dstate);
    return result;
}
