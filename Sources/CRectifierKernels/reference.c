// ===----------------------------------------------------------------------===//
// Each kernel in its plainest form, one element after another, straight from the header's words: what the fast ones
// are tested against, and what machines without a set of their own run. Functions are libm's, in double, rounded once.
// ===----------------------------------------------------------------------===//

#include "internal.h"

/// `x` rounded to nearest, ties to even, among the numbers of `digits` significant bits whose exponent is at least
/// `minimum`. Exact steps but one.
static double round_to_format(double x, int digits, int minimum) {
    int exponent;
    frexp(x, &exponent);
    if (exponent - 1 < minimum) exponent = minimum + 1;
    return ldexp(nearbyint(ldexp(x, digits - exponent)), exponent - digits);
}

static double load_float32(const float *p) { return *p; }
static void store_float32(float *p, double x) { *p = (float)x; }
static double load_float64(const double *p) { return *p; }
static void store_float64(double *p, double x) { *p = x; }

static double load_bfloat16(const uint16_t *p) {
    uint32_t bits = (uint32_t)*p << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void store_bfloat16(uint16_t *p, double x) {
    // A float holds every bfloat16; what rounds up past the largest one becomes an infinity by the cast.
    float rounded = isfinite(x) ? (float)round_to_format(x, 8, -126) : (float)x;
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    *p = (uint16_t)(bits >> 16) | (x != x ? 0x40 : 0);
}

static double load_float16(const uint16_t *p) {
    int exponent = *p >> 10 & 31, mantissa = *p & 1023;
    double x = exponent == 31 ? (mantissa ? NAN : INFINITY) : exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);
    return *p >> 15 ? -x : x;
}

static void store_float16(uint16_t *p, double x) {
    uint16_t sign = signbit(x) ? 0x8000 : 0;
    double a = isfinite(x) ? round_to_format(fabs(x), 11, -14) : fabs(x);
    if (a != a) {
        *p = sign | 0x7e00;
    } else if (a >= 65536) {
        *p = sign | 0x7c00;
    } else if (a < 0x1p-14) {
        *p = sign | (uint16_t)(a * 0x1p24);
    } else {
        int exponent;
        double fraction = frexp(a, &exponent);
        *p = sign | (uint16_t)((exponent + 14) << 10) | (uint16_t)(fraction * 2048 - 1024);
    }
}

void rk_clip_kernel(const rk_call *call, int part, int parts) {
    (void)parts;
    if (part != 0) return;
    const rk_clip *clip = &call->clip;
    double norm = sqrt(*clip->sum);
    *clip->norm = norm;
    // Scaling by NaN makes a gradient that overflowed visible in every weight, where scaling by limit / infinity = 0
    // would hide it.
    *clip->scale = !isfinite(norm) ? NAN : norm > clip->limit ? clip->limit / norm : 1;
}

#define ELEMENT float32
#define STORAGE float
#define COMPUTE float
#include "reference.inc.h"

#define ELEMENT float64
#define STORAGE double
#define COMPUTE double
#include "reference.inc.h"

#define ELEMENT bfloat16
#define STORAGE uint16_t
#define COMPUTE float
#include "reference.inc.h"

#define ELEMENT float16
#define STORAGE uint16_t
#define COMPUTE float
#include "reference.inc.h"

RK_TABLES(reference)
