// How far measured points are from the surface of a hand in a pose. All vertices are moved with all bones, whoever needs them.
#include <cmath>
#include <vector>

enum { BONES = 22 };

struct transform {
    double rows[3][4];
};

static transform product(const transform &a, const transform &b) {
    transform result;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) {
            double sum = j == 3 ? a.rows[i][3] : 0;
            for (int l = 0; l < 3; l++) sum += a.rows[i][l] * b.rows[l][j];
            result.rows[i][j] = sum;
        }
    return result;
}

// The first three rows of a matrix of four.
static transform top(const double *matrix) {
    transform result;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) result.rows[i][j] = matrix[4 * i + j];
    return result;
}

// First about the axis x, then about z.
static transform turn(double about_x, double about_z) {
    double sx = std::sin(about_x), cx = std::cos(about_x), sz = std::sin(about_z), cz = std::cos(about_z);
    return {{{cz, -sz * cx, sz * sx, 0}, {sz, cz * cx, -cz * sx, 0}, {0, sx, cx, 0}}};
}

static transform rotation(const double *vector) {
    transform result = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
    double angle = std::sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]);
    if (angle < 1e-4) return result;
    double u[3] = {vector[0] / angle, vector[1] / angle, vector[2] / angle}, c = std::cos(angle), s = std::sin(angle);
    double crossed[3][3] = {{0, -u[2], u[1]}, {u[2], 0, -u[0]}, {-u[1], u[0], 0}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            result.rows[i][j] = u[i] * u[j] + ((i == j) - u[i] * u[j]) * c + crossed[i][j] * s;
    return result;
}

extern "C" void primal_ht(const double *theta, const double *us, long count, const long *correspondences, const double *points,
                   const long *parents, const double *relatives, const double *inverses, long vertices,
                   const double *positions, const double *weights, const long *triangles, double *errors) {
    transform absolutes[BONES], moves[BONES], global = rotation(theta);
    for (int bone = 0; bone < BONES; bone++) {
        transform relative = top(relatives + 16 * bone);
        int finger = (bone - 1) / 4, joint = (bone - 1) % 4;
        if (bone > 0 && finger < 5 && joint > 0) {
            const double *angles = theta + 6 + 4 * finger;
            relative = product(relative, joint == 1 ? turn(angles[0], angles[1]) : turn(angles[joint], 0));
        }
        absolutes[bone] = parents[bone] < 0 ? relative : product(absolutes[parents[bone]], relative);
        moves[bone] = product(global, product(absolutes[bone], top(inverses + 16 * bone)));
    }
    std::vector<double> moved(3 * vertices);
    for (long v = 0; v < vertices; v++) {
        const double *at = positions + 4 * v;
        double sum[3] = {theta[3], theta[4], theta[5]};
        for (int bone = 0; bone < BONES; bone++)
            for (int i = 0; i < 3; i++) {
                const double *row = moves[bone].rows[i];
                sum[i] += weights[BONES * v + bone] * (row[0] * at[0] + row[1] * at[1] + row[2] * at[2] + row[3] * at[3]);
            }
        for (int i = 0; i < 3; i++) moved[3 * v + i] = sum[i];
    }
    for (long p = 0; p < count; p++) {
        const long *corner = triangles + 3 * correspondences[p];
        double a = us[2 * p], b = us[2 * p + 1], c = 1 - a - b;
        for (int i = 0; i < 3; i++)
            errors[3 * p + i] = points[3 * p + i] - (a * moved[3 * corner[0] + i] + b * moved[3 * corner[1] + i] +
                                                     c * moved[3 * corner[2] + i]);
    }
}
