// A determinant by expansion along rows. The columns that are left are a list: one is taken out on the way down and put back on
// the way up.
#include <vector>

static double expand(const double *a, int size, int row, std::vector<int> &next) {
    double sum = 0, sign = 1;
    for (int before = size; next[before] < size; before = next[before]) {
        int column = next[before];
        if (row == size - 1) return a[row * size + column];
        next[before] = next[column];
        sum += sign * a[row * size + column] * expand(a, size, row + 1, next);
        next[before] = column;
        sign = -sign;
    }
    return sum;
}

extern "C" double primal_det(const double *a, int size) {
    std::vector<int> next(size + 1); // the entry at the end leads to the first column
    for (int column = 0; column < size; column++) next[column] = column + 1;
    next[size] = 0;
    return expand(a, size, 0, next);
}
