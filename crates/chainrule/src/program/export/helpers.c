//! strong_product
// A product in which a zero gives 0 whatever the other factor is.
static double strong_product(double a, double b) {
    return a == 0.0 || b == 0.0 ? 0.0 : a * b;
}

//! index_below
// A run-time index as a whole number below count, or -1.
static int index_below(double index, int count) {
    return index >= 0.0 && index < count && index == floor(index) ? (int)index : -1;
}

//! signum
// 1 with the sign of x, that of a zero too.
static double signum(double x) {
    return isnan(x) ? x : copysign(1.0, x);
}

//! sum
static double sum(const double xs[], int length) {
    double sum = 0.0;
    for (int i = 0; i < length; i++) sum += xs[i];
    return sum;
}

//! sum_derivatives
static void sum_derivatives(const double xs[], int length, double y, double partials[]) {
    (void)xs, (void)y;
    for (int i = 0; i < length; i++) partials[i] = 1.0;
}

//! product
static double product(const double xs[], int length) {
    double product = 1.0;
    for (int i = 0; i < length; i++) product *= xs[i];
    return product;
}

//! product_derivatives
// Products from the left and from the right meet at each factor: no division, so zeros do no harm.
static void product_derivatives(const double xs[], int length, double y, double partials[]) {
    (void)y;
    double left = 1.0, right = 1.0;
    for (int i = 0; i < length; i++) {
        partials[i] = left;
        left *= xs[i];
    }
    for (int i = length - 1; i >= 0; i--) {
        partials[i] *= right;
        right *= xs[i];
    }
}

//! mean
static double mean(const double xs[], int length) {
    double sum = 0.0;
    for (int i = 0; i < length; i++) sum += xs[i];
    return sum / length;
}

//! mean_derivatives
static void mean_derivatives(const double xs[], int length, double y, double partials[]) {
    (void)xs, (void)y;
    for (int i = 0; i < length; i++) partials[i] = 1.0 / length;
}

//! dot
// The sum of products of the first half and the second, from what stands at last, if anything does: in four parts.
static double dot(const double xs[], int length) {
    const int half = length / 2;
    double sums[4] = {0.0, 0.0, 0.0, 0.0}, rest = 0.0;
    int i = 0;
    for (; i + 4 <= half; i += 4)
        for (int lane = 0; lane < 4; lane++) sums[lane] += xs[i + lane] * xs[half + i + lane];
    for (; i < half; i++) rest += xs[i] * xs[half + i];
    const double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest;
    return length % 2 ? sum + xs[length - 1] : sum;
}

//! dot_derivatives
static void dot_derivatives(const double xs[], int length, double y, double partials[]) {
    (void)y;
    const int half = length / 2;
    for (int i = 0; i < half; i++) partials[i] = xs[half + i], partials[half + i] = xs[i];
    if (length % 2) partials[length - 1] = 1.0;
}

//! maximum
static double maximum(const double xs[], int length) {
    double largest = xs[0];
    for (int i = 1; i < length; i++) largest = fmax(largest, xs[i]);
    return largest;
}

//! maximum_derivatives first_equal
static void maximum_derivatives(const double xs[], int length, double y, double partials[]) {
    first_equal(xs, length, y, partials);
}

//! minimum
static double minimum(const double xs[], int length) {
    double smallest = xs[0];
    for (int i = 1; i < length; i++) smallest = fmin(smallest, xs[i]);
    return smallest;
}

//! minimum_derivatives first_equal
static void minimum_derivatives(const double xs[], int length, double y, double partials[]) {
    first_equal(xs, length, y, partials);
}

//! first_equal
// 1 for the first number that equals y, 0 for the others.
static void first_equal(const double xs[], int length, double y, double partials[]) {
    double left_to_give = 1.0;
    for (int i = 0; i < length; i++) {
        partials[i] = xs[i] == y ? left_to_give : 0.0;
        left_to_give -= partials[i];
    }
}

//! log_sum_exp maximum
// ln(sum(exp(x))), shifted by the maximum so that it neither overflows nor vanishes.
static double log_sum_exp(const double xs[], int length) {
    const double largest = maximum(xs, length);
    const double shift = isfinite(largest) ? largest : 0.0;
    double sum = 0.0;
    for (int i = 0; i < length; i++) sum += exp(xs[i] - shift);
    return shift + log(sum);
}

//! log_sum_exp_derivatives maximum
// The share of each exp(x) in their sum.
static void log_sum_exp_derivatives(const double xs[], int length, double y, double partials[]) {
    (void)y;
    const double largest = maximum(xs, length);
    double total = 0.0;
    for (int i = 0; i < length; i++) {
        partials[i] = isfinite(largest) ? exp(xs[i] - largest) : (double)(xs[i] == largest);
        total += partials[i];
    }
    for (int i = 0; i < length; i++) partials[i] /= total;
}
