// What numbers are like as a whole: for people who look into a run, not for training. Sums are taken in double, in an
// order that only the count fixes. Where squares overflow or vanish, they are taken of what was divided by the largest.

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

/// Whether a sum of squares can be trusted.
static bool is_plain(double squares) { return squares > 1e-280 && squares < DBL_MAX; }

#define MOMENTS(T, name)                                                                                                              \
    rk_moments rk_moments_##name(const T *x, int64_t count) {                                                                         \
        double largest[SIDE] = {0}, sizes[SIDE] = {0}, zeros[SIDE] = {0}, squares[SIDE] = {0};                                        \
        FOR_ALL(i, count, FIRST_PASS)                                                                                                 \
        rk_moments m = {.sizes = added(sizes), .zeros = added(zeros)};                                                                \
        for (int lane = 0; lane < SIDE; lane++) m.largest = largest[lane] > m.largest ? largest[lane] : m.largest;                    \
        double unit = 1;                                                                                                              \
        if (!is_plain(added(squares)) && m.largest > 0 && m.largest <= DBL_MAX) {                                                     \
            unit = 1 / m.largest <= DBL_MAX ? 1 / m.largest : 0x1p1000;                                                               \
            for (int lane = 0; lane < SIDE; lane++) squares[lane] = 0;                                                                \
            FOR_ALL(i, count, SECOND_PASS)                                                                                            \
        }                                                                                                                             \
        m.root_mean_square = count > 0 ? sqrt(added(squares) / (double)count) / unit : 0;                                             \
        if (!(m.root_mean_square <= DBL_MAX)) m.root_mean_square = INFINITY;                                                          \
        return m;                                                                                                                     \
    }                                                                                                                                 \
    double rk_distance_##name(const T *a, const T *b, int64_t count) {                                                                \
        double largest[SIDE] = {0}, squares[SIDE] = {0}, unit = 1, most = 0;                                                          \
        FOR_ALL(i, count, FIRST_DISTANCE)                                                                                             \
        for (int lane = 0; lane < SIDE; lane++) most = largest[lane] > most ? largest[lane] : most;                                   \
        if (!is_plain(added(squares)) && most > 0 && most <= DBL_MAX) {                                                               \
            unit = 1 / most <= DBL_MAX ? 1 / most : 0x1p1000;                                                                         \
            for (int lane = 0; lane < SIDE; lane++) squares[lane] = 0;                                                                \
            FOR_ALL(i, count, SECOND_DISTANCE)                                                                                        \
        }                                                                                                                             \
        return count > 0 ? sqrt(added(squares) / (double)count) / unit : 0;                                                           \
    }

#define FIRST_PASS(i, lane)                                                                                                           \
    const double size = fabs((double)x[i]);                                                                                           \
    largest[lane] = size > largest[lane] ? size : largest[lane];                                                                      \
    sizes[lane] += size;                                                                                                              \
    zeros[lane] += size == 0;                                                                                                         \
    squares[lane] += size * size;
#define SECOND_PASS(i, lane)                                                                                                          \
    const double s = (double)x[i] * unit;                                                                                             \
    squares[lane] += s * s;
#define FIRST_DISTANCE(i, lane)                                                                                                       \
    const double s = fabs((double)b[i] - (double)a[i]);                                                                               \
    largest[lane] = s > largest[lane] ? s : largest[lane];                                                                            \
    squares[lane] += s * s;
#define SECOND_DISTANCE(i, lane)                                                                                                      \
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
