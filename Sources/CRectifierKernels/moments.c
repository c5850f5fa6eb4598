// What numbers are like as a whole: for people who look into a run, not for training. Sums are taken in double, in an
// order that only the count fixes, and squares of what was divided by the largest, so that nothing overflows or
// vanishes.

#include <float.h>
#include <math.h>

#include "internal.h"

/// Terms that are added side by side.
#define SIDE 8

#define FOR_ALL(i, count, body)                                                                                                       \
    {                                                                                                                                 \
        int64_t i = 0;                                                                                                                \
        for (; i + SIDE <= (count); i += SIDE) {                                                                                      \
            for (int lane = 0; lane < SIDE; lane++) { body(i + lane, lane) }                                                          \
        }                                                                                                                             \
        for (int lane = 0; i < (count); i++, lane++) { body(i, lane) }                                                                \
    }

static double added(const double sums[SIDE]) {
    double sum = 0;
    for (int lane = 0; lane < SIDE; lane++) sum += sums[lane];
    return sum;
}

#define MOMENTS(T, name)                                                                                                              \
    rk_moments rk_moments_##name(const T *x, int64_t count) {                                                                         \
        double largest[SIDE] = {0}, sizes[SIDE] = {0}, zeros[SIDE] = {0}, broken[SIDE] = {0}, squares[SIDE] = {0};                    \
        FOR_ALL(i, count, FIRST_PASS)                                                                                                 \
        rk_moments m = {.sizes = added(sizes), .zeros = added(zeros)};                                                                \
        for (int lane = 0; lane < SIDE; lane++) m.largest = largest[lane] > m.largest ? largest[lane] : m.largest;                    \
        if (added(broken) > 0) {                                                                                                      \
            m.root_mean_square = INFINITY;                                                                                            \
            return m;                                                                                                                 \
        }                                                                                                                             \
        if (m.largest == 0) return m;                                                                                                 \
        const double scale = 1 / m.largest, unit = isfinite(scale) ? scale : 0x1p1000;                                                \
        FOR_ALL(i, count, SECOND_PASS)                                                                                                \
        m.root_mean_square = sqrt(added(squares) / (double)count) / unit;                                                             \
        return m;                                                                                                                     \
    }                                                                                                                                 \
    double rk_distance_##name(const T *a, const T *b, int64_t count) {                                                                \
        double largest = 0, squares[SIDE] = {0};                                                                                      \
        for (int64_t i = 0; i < count; i++) {                                                                                         \
            const double d = fabs((double)b[i] - (double)a[i]);                                                                       \
            largest = d > largest ? d : largest;                                                                                      \
        }                                                                                                                             \
        if (largest == 0 || count == 0) return 0;                                                                                     \
        const double scale = 1 / largest, unit = isfinite(scale) ? scale : 0x1p1000;                                                  \
        FOR_ALL(i, count, DISTANCE_PASS)                                                                                              \
        return sqrt(added(squares) / (double)count) / unit;                                                                           \
    }

#define FIRST_PASS(i, lane)                                                                                                           \
    const double size = fabs((double)x[i]);                                                                                           \
    largest[lane] = size > largest[lane] ? size : largest[lane];                                                                      \
    sizes[lane] += size;                                                                                                              \
    zeros[lane] += size == 0;                                                                                                         \
    broken[lane] += !(size <= DBL_MAX);
#define SECOND_PASS(i, lane)                                                                                                          \
    const double s = (double)x[i] * unit;                                                                                             \
    squares[lane] += s * s;
#define DISTANCE_PASS(i, lane)                                                                                                        \
    const double s = ((double)b[i] - (double)a[i]) * unit;                                                                            \
    squares[lane] += s * s;

MOMENTS(float, float32)
MOMENTS(double, float64)

void rk_column_moments(const double *x, int64_t rows, int64_t columns, double *sums, double *squares, double *sizes) {
    for (int64_t j = 0; j < columns; j++) sums[j] = squares[j] = sizes[j] = 0;
    for (int64_t row = 0; row < rows; row++, x += columns) {
        for (int64_t j = 0; j < columns; j++) {
            sums[j] += x[j];
            squares[j] += x[j] * x[j];
            sizes[j] += fabs(x[j]);
        }
    }
}

int64_t rk_sign_changes(const double *a, const double *b, int64_t count) {
    int64_t changes = 0;
    for (int64_t i = 0; i < count; i++) changes += (a[i] > 0) != (b[i] > 0);
    return changes;
}

int64_t rk_blocked(const double *below, const double *above, int64_t count, double share, int64_t *asked) {
    int64_t blocked = 0, some = 0;
    for (int64_t i = 0; i < count; i++) {
        some += above[i] != 0;
        blocked += (above[i] != 0) & (fabs(below[i]) <= share * fabs(above[i]));
    }
    *asked = some;
    return blocked;
}
