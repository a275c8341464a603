// The sum of the squares of the distances from points to their nearest centroids.
#include <limits>

extern "C" double primal_kmeans(int n, int k, int d, const double *points, const double *centroids) {
    double cost = 0;
    for (int i = 0; i < n; i++) {
        double least = std::numeric_limits<double>::infinity();
        for (int c = 0; c < k; c++) {
            double distance = 0;
            for (int j = 0; j < d; j++) {
                double difference = points[i * d + j] - centroids[c * d + j];
                distance += difference * difference;
            }
            if (distance < least) least = distance;
        }
        cost += least;
    }
    return cost;
}
