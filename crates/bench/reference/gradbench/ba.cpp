// By how much points are seen beside where they were observed, and how far weights are from 1.
#include <cmath>

static void cross(const double *a, const double *b, double *result) {
    result[0] = a[1] * b[2] - a[2] * b[1];
    result[1] = a[2] * b[0] - a[0] * b[2];
    result[2] = a[0] * b[1] - a[1] * b[0];
}

static void rotate(const double *rotation, const double *y, double *z) {
    double square = rotation[0] * rotation[0] + rotation[1] * rotation[1] + rotation[2] * rotation[2];
    double crossed[3];
    if (square != 0) {
        double angle = std::sqrt(square), cosine = std::cos(angle), sine = std::sin(angle);
        double axis[3] = {rotation[0] / angle, rotation[1] / angle, rotation[2] / angle};
        cross(axis, y, crossed);
        double along = (axis[0] * y[0] + axis[1] * y[1] + axis[2] * y[2]) * (1 - cosine);
        for (int i = 0; i < 3; i++) z[i] = y[i] * cosine + crossed[i] * sine + axis[i] * along;
    } else {
        cross(rotation, y, crossed);
        for (int i = 0; i < 3; i++) z[i] = y[i] + crossed[i];
    }
}

extern "C" void primal_ba(long n, long m, long p, const double *cameras, const double *points, const double *weights,
                   const double *features, double *errors, double *weight_errors) {
    for (long i = 0; i < p; i++) {
        const double *camera = cameras + 11 * (i % n), *point = points + 3 * (i % m);
        double moved[3], seen[3];
        for (int axis = 0; axis < 3; axis++) moved[axis] = point[axis] - camera[3 + axis];
        rotate(camera, moved, seen);
        double x = seen[0] / seen[2], y = seen[1] / seen[2], square = x * x + y * y;
        double distortion = 1 + camera[9] * square + camera[10] * square * square;
        errors[2 * i] = weights[i] * (camera[6] * distortion * x + camera[7] - features[2 * i]);
        errors[2 * i + 1] = weights[i] * (camera[6] * distortion * y + camera[8] - features[2 * i + 1]);
    }
    for (long i = 0; i < p; i++) weight_errors[i] = 1 - weights[i] * weights[i];
}
