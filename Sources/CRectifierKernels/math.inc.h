// Elementary functions on whole vectors.
//
// For float (and the 16-bit types, whose arithmetic is float) exp, expm1, sigmoid and tanh are evaluated in float, within 2 units in the
// last place over the whole range, subnormal results included. Logarithms and softplus are evaluated in double with a relative error below
// 1e-10 and rounded once, which leaves about half a unit; each 2 × DW floats take two passes.
//
//   exponential  x = n ln 2 + r, |r| ≤ ln 2 / 2; exp(r) - 1 = r + r² q(r), q of degree 4 in float (error 2e-8), 6 in double (1e-11);
//                2ⁿ by setting exponent bits. exp(x) - 1 = 2ⁿ (exp(r) - 1) + (2ⁿ - 1) keeps its digits near 0.
//   logarithm    x = 2ᵉ (1 + f), 1 + f in [√½, √2); log(1 + f) = 2 atanh(s), s = f / (2 + f), series in s² of degree 4 (error 2e-11).
//                log1p(x) takes f = x itself where e = 0, so it keeps its digits near 0.
//   tanh         |x| < 11/16: x + x³ p(x²), p of degree 4 (error 1.3e-8); else 1 - 2 / (exp(2 |x|) + 1), exp(2 |x|) = 2ⁿ 2ᶠ with |f| ≤ ½
//                and a polynomial of degree 5 (error 9e-8, of which a third reaches the result).
//   the others   sigmoid x = exp(min(x, 0)) / (1 + exp(-|x|)); softplus x = max(x, 0) + log1p(exp(-|x|)).
//
// For double, and for pow, sin, cos and the normal law everywhere, libm is called lane by lane.

#if !WIDE

/// Arguments are held to ±110, where results are far outside float's range; NaN stays.
RK_INLINE D N(exp_d)(D x) {
    x = PICK_D(x > 110, SPLAT_D(110), x);
    x = PICK_D(x < -110, SPLAT_D(-110), x);
    const D magic = SPLAT_D(0x1.8p52);  // adding it rounds to an integer, found in the low bits
    const D shifted = FMA(x, SPLAT_D(1.4426950408889634), magic), n = shifted - magic;
    const D r = FMA(n, SPLAT_D(-0x1.62e42fefa39efp-1), x);
    const D power = (D)(((L)shifted + 1023) << 52);
    D q = FMA(r, SPLAT_D(0.000024859589834589054), SPLAT_D(0.00019899285575896282));
    q = FMA(q, r, SPLAT_D(0.001388885403566671));
    q = FMA(q, r, SPLAT_D(0.0083332984698005894));
    q = FMA(q, r, SPLAT_D(0.041666666719012259));
    q = FMA(q, r, SPLAT_D(0.16666666719028935));
    q = FMA(q, r, SPLAT_D(0.5));
    return FMA(r * FMA(r, q, SPLAT_D(1)), power, power);
}

/// log(u), where u = 1 + small when `small` is given to more digits than u - 1 has. Right for normal u only.
RK_INLINE D N(log_parts)(D u, D small, bool shifted) {
    // Subtracting √½ from the bits makes the exponent of what is left that of u / √½, rounded down.
    L bits = (L)u - 0x3fe6a09e667f3bcd, exponent = bits & ~0xfffffffffffff;
    D fraction = (D)((L)u - exponent);
    // The exponent as a double: placed in the low bits of 2⁵² + 2¹⁰, which is then taken off. Shifted without sign (AVX2 has no other).
    L biased = (L)((N(UL))(exponent + ((L){0} + (1024LL << 52))) >> 52);
    D exponent_d = (D)(biased | 0x4330000000000000) - SPLAT_D(0x1p52 + 1024);
    D f = shifted ? PICK_D(exponent == 0, small, fraction - 1) : fraction - 1;
    D s = f / (f + 2), t = s * s;
    D p = FMA(t, SPLAT_D(0.11665807235921750), SPLAT_D(0.14275389316595983));
    p = FMA(p, t, SPLAT_D(0.20000061105905325));
    p = FMA(p, t, SPLAT_D(0.33333333277021006));
    D twice = s + s;
    return FMA(exponent_d, SPLAT_D(0.69314718055994531), FMA(twice * t, p, twice));
}

/// The values at the ends of a logarithm's range: of 0, infinity, NaN and what is negative.
RK_INLINE D N(log_ends)(D u, D value) {
    value = PICK_D(u == 0, SPLAT_D(-INFINITY), value);
    value = PICK_D(u < 0, SPLAT_D(NAN), value);
    return PICK_D((u == INFINITY) | (u != u), u, value);
}

RK_INLINE D N(log_d)(D x) { return N(log_ends)(x, N(log_parts)(x, x, false)); }

RK_INLINE D N(log1p_d)(D x) {
    D u = x + 1;
    return PICK_D(x == 0, x, N(log_ends)(u, N(log_parts)(u, x, true)));
}

RK_INLINE D N(softplus_d)(D x) {
    D small = N(exp_d)((D)((L)x | INT64_MIN)), u = small + 1;
    return PICK_D(x < 0, SPLAT_D(0), x) + N(log_parts)(u, small, true);
}

//===--- In float ----------------------------------------------------------------------------===//

/// The n of the decomposition above, as a number in the exponent's place; `*rest` becomes exp(r) - 1.
RK_INLINE I N(exp_split)(V x, V *rest) {
    const V magic = SPLAT(0x1.8p23f);  // adding it rounds to an integer, found in the low bits
    const V shifted = FMA(x, SPLAT(1.44269504f), magic), n = shifted - magic;
    // The first part of ln 2 is so short that n times it is exact; what r loses by rounding is kept.
    const V most = FMA(n, SPLAT(-0x1.62e4p-1f), x), r = FMA(n, SPLAT(-0x1.7f7d1cp-20f), most);
    const V lost = FMA(n, SPLAT(-0x1.7f7d1cp-20f), most - r);
    V q = FMA(r, SPLAT(0.00138825073f), SPLAT(0.00836658198f));
    q = FMA(q, r, SPLAT(0.0416672006f));
    q = FMA(q, r, SPLAT(0.166665435f));
    q = FMA(q, r, SPLAT(0.49999997f));
    *rest = FMA(r * r, q, lost) + r;
    return ((I)shifted - (I)magic) << 23;
}

#define ONE_BITS 0x3f800000

/// In two factors, because 2ⁿ may be too large or too small where the result is not.
RK_INLINE V N(v_exp)(V x) {
    x = PICK(x > 89, SPLAT(89), x);
    x = PICK(x < -104, SPLAT(-104), x);
    V rest;
    const I n = N(exp_split)(x, &rest), half = n >> 1 & ~0x7fffff;
    const V scale = (V)(half + ONE_BITS);
    return FMA(rest, scale, scale) * (V)(n - half + ONE_BITS);
}

/// With half of 2ⁿ, which is finite where the result is.
RK_INLINE V N(v_expm1)(V x) {
    const V from = x;
    x = PICK(x > 89, SPLAT(89), x);
    x = PICK(x < -20, SPLAT(-20), x);
    V rest;
    const I n = N(exp_split)(x, &rest);
    const V scale = (V)(n - (1 << 23) + ONE_BITS), sum = FMA(rest, scale, scale - SPLAT(0.5f));
    return PICK(from == 0, from, PICK(n == 0, rest, sum + sum));
}

RK_INLINE V N(v_sigmoid)(V x) {
    const V one = SPLAT(1), e = N(v_exp)(-__builtin_elementwise_abs(x)), sum = one + e, lost = e - (sum - one);
    const V value = PICK(x < 0, e, one) / sum;
    // What the sum lost by rounding, which would otherwise be half of the error.
    return FMA(value, -lost * PICK(x < 0, one - value, value), value);
}

RK_INLINE V N(v_tanh)(V x) {
    const V a = __builtin_elementwise_abs(x), z = a * a;
    V p = FMA(z, SPLAT(-0.00523224100f), SPLAT(0.0201910567f));
    p = FMA(p, z, SPLAT(-0.0535946116f));
    p = FMA(p, z, SPLAT(0.133296117f));
    p = FMA(p, z, SPLAT(-0.333332121f));
    const V small = FMA(a * z, p, a);
    // exp(2a) = 2ⁿ 2ᶠ to as many digits as matter where 2 / (exp(2a) + 1) is less than a half of the result.
    const V held = PICK(a > 10, SPLAT(10), a), magic = SPLAT(0x1.8p23f), shifted = FMA(held, SPLAT(2.88539008f), magic);
    const V f = FMA(held, SPLAT(2.88539008f), magic - shifted);
    V e = FMA(f, SPLAT(0.00132647273f), SPLAT(0.00967151299f));
    e = FMA(e, f, SPLAT(0.0555073359f));
    e = FMA(e, f, SPLAT(0.240222424f));
    e = FMA(e, f, SPLAT(0.693147004f));
    e = FMA(e, f, SPLAT(1));
    const V large = SPLAT(1) - SPLAT(2) / FMA(e, (V)(((I)shifted << 23) + ONE_BITS), SPLAT(1));
    return (V)((I)PICK(a < SPLAT(0.6875f), small, large) | ((I)x & INT32_MIN));
}

#undef ONE_BITS

//===--- Through doubles ---------------------------------------------------------------------===//

#define BY_DOUBLES(name)                                                                                                              \
    RK_INLINE V N(v_##name)(V x) {                                                                                                    \
        N(VD) half[2];                                                                                                                \
        memcpy(half, &x, sizeof x);                                                                                                   \
        for (int i = 0; i < 2; i++) half[i] = __builtin_convertvector(N(name##_d)(__builtin_convertvector(half[i], D)), N(VD));       \
        memcpy(&x, half, sizeof x);                                                                                                   \
        return x;                                                                                                                     \
    }

BY_DOUBLES(log)
BY_DOUBLES(log1p)
BY_DOUBLES(softplus)
#undef BY_DOUBLES

#endif

// In memory, handed on by address: a compiler then leaves the upper halves of registers clear, which the mathematical library's code for
// older processors, where that is all there is, runs three times as fast for.
#define BY_LANES(name, formula)                                                                                                    \
    static __attribute__((noinline)) void N(name##_lanes)(COMPUTE *lanes) {                                                           \
        for (int i = 0; i < W; i++) {                                                                                                 \
            const double x = lanes[i];                                                                                                \
            lanes[i] = (COMPUTE)(formula);                                                                                         \
        }                                                                                                                             \
    }                                                                                                                                 \
    RK_INLINE V N(v_##name)(V v) {                                                                                                    \
        COMPUTE lanes[W];                                                                                                             \
        N(put)(lanes, v);                                                                                                             \
        N(name##_lanes)(lanes);                                                                                                       \
        return N(get)(lanes);                                                                                                         \
    }

#if WIDE
BY_LANES(exp, exp(x))
BY_LANES(expm1, expm1(x))
BY_LANES(log, log(x))
BY_LANES(log1p, log1p(x))
BY_LANES(sigmoid, x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)))
BY_LANES(tanh, tanh(x))
BY_LANES(softplus, x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))
RK_INLINE D N(exp_d)(D x) { return N(v_exp)(x); }
RK_INLINE D N(log_d)(D x) { return N(v_log)(x); }
#endif
BY_LANES(sin, sin(x))
BY_LANES(cos, cos(x))
BY_LANES(normal_cdf, 0.5 * erfc(-x * 0.70710678118654752440))
#undef BY_LANES

static __attribute__((noinline)) void N(pow_lanes)(COMPUTE *a, const COMPUTE *b) {
    for (int i = 0; i < W; i++) a[i] = (COMPUTE)pow((double)a[i], (double)b[i]);
}

RK_INLINE V N(v_pow)(V a, V b) {
    COMPUTE x[W], y[W];
    N(put)(x, a), N(put)(y, b);
    N(pow_lanes)(x, y);
    const V r = PICK(b != b, b, N(get)(x));
    return PICK(a != a, a, r);
}
