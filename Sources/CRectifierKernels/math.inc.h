// Elementary functions on whole vectors.
//
// For float (and the 16-bit types, whose arithmetic is float) exp, expm1, sigmoid and tanh are evaluated in float,
// within 2 units in the last place over the whole range, subnormal results included. Logarithms and softplus are
// evaluated in double with a relative error below 1e-10 and rounded once, which leaves about half a unit; each 2 ×
// DOUBLE_LANES floats take two passes.
//
//   exponential  x = n ln 2 + r, |r| ≤ ln 2 / 2; exp(r) - 1 = r + r² q(r), q of degree 4 in float (error 2e-8), 6 in
//                double (1e-11); 2ⁿ by setting exponent bits. exp(x) - 1 = 2ⁿ (exp(r) - 1) + (2ⁿ - 1) keeps its digits
//                near 0.
//   logarithm    x = 2ᵉ (1 + f), 1 + f in [√½, √2); log(1 + f) = 2 atanh(s), s = f / (2 + f), series in s² of degree 4
//                (error 2e-11). log1p(x) takes f = x itself where e = 0, so it keeps its digits near 0.
//   tanh         |x| < 11/16: x + x³ p(x²), p of degree 4 (error 1.3e-8); else 1 - 2 / (exp(2 |x|) + 1), exp(2 |x|) =
//                2ⁿ 2ᶠ with |f| ≤ ½ and a polynomial of degree 5 (error 9e-8, of which a third reaches the result).
//   the others   sigmoid x = exp(min(x, 0)) / (1 + exp(-|x|)); softplus x = max(x, 0) + log1p(exp(-|x|)).
//
// For double, and for pow, sin, cos and the normal law everywhere, libm is called lane by lane.

#if !WIDE

/// Arguments are held to ±110, where results are far outside float's range; NaN stays.
RK_INLINE DoubleVec N(exp_d)(DoubleVec x) {
    x = IfThenElseDouble(x > 110, SetDouble(110), x);
    x = IfThenElseDouble(x < -110, SetDouble(-110), x);
    const DoubleVec magic = SetDouble(0x1.8p52);  // adding it rounds to an integer, found in the low bits
    const DoubleVec shifted = MulAdd(x, SetDouble(1.4426950408889634), magic), n = shifted - magic;
    const DoubleVec r = MulAdd(n, SetDouble(-0x1.62e42fefa39efp-1), x);
    const DoubleVec power = (DoubleVec)(((LongVec)shifted + 1023) << 52);
    DoubleVec q = MulAdd(r, SetDouble(0.000024859589834589054), SetDouble(0.00019899285575896282));
    q = MulAdd(q, r, SetDouble(0.001388885403566671));
    q = MulAdd(q, r, SetDouble(0.0083332984698005894));
    q = MulAdd(q, r, SetDouble(0.041666666719012259));
    q = MulAdd(q, r, SetDouble(0.16666666719028935));
    q = MulAdd(q, r, SetDouble(0.5));
    return MulAdd(r * MulAdd(r, q, SetDouble(1)), power, power);
}

/// log(u), where u = 1 + small when `small` is given to more digits than u - 1 has. Right for normal u only.
RK_INLINE DoubleVec N(log_parts)(DoubleVec u, DoubleVec small, bool shifted) {
    // Subtracting √½ from the bits makes the exponent of what is left that of u / √½, rounded down.
    LongVec bits = (LongVec)u - 0x3fe6a09e667f3bcd, exponent = bits & ~0xfffffffffffff;
    DoubleVec fraction = (DoubleVec)((LongVec)u - exponent);
    // The exponent as a double: placed in the low bits of 2⁵² + 2¹⁰, which is then taken off. Shifted without sign
    // (AVX2 has no other).
    LongVec biased = (LongVec)((UnsignedLongVec)(exponent + ((LongVec){0} + (1024LL << 52))) >> 52);
    DoubleVec exponent_d = (DoubleVec)(biased | 0x4330000000000000) - SetDouble(0x1p52 + 1024);
    DoubleVec f = shifted ? IfThenElseDouble(exponent == 0, small, fraction - 1) : fraction - 1;
    DoubleVec s = f / (f + 2), t = s * s;
    DoubleVec p = MulAdd(t, SetDouble(0.11665807235921750), SetDouble(0.14275389316595983));
    p = MulAdd(p, t, SetDouble(0.20000061105905325));
    p = MulAdd(p, t, SetDouble(0.33333333277021006));
    DoubleVec twice = s + s;
    return MulAdd(exponent_d, SetDouble(0.69314718055994531), MulAdd(twice * t, p, twice));
}

/// The values at the ends of a logarithm's range: of 0, infinity, NaN and what is negative.
RK_INLINE DoubleVec N(log_ends)(DoubleVec u, DoubleVec value) {
    value = IfThenElseDouble(u == 0, SetDouble(-INFINITY), value);
    value = IfThenElseDouble(u < 0, SetDouble(NAN), value);
    return IfThenElseDouble((u == INFINITY) | (u != u), u, value);
}

RK_INLINE DoubleVec N(log_d)(DoubleVec x) { return N(log_ends)(x, N(log_parts)(x, x, false)); }

RK_INLINE DoubleVec N(log1p_d)(DoubleVec x) {
    DoubleVec u = x + 1;
    return IfThenElseDouble(x == 0, x, N(log_ends)(u, N(log_parts)(u, x, true)));
}

RK_INLINE DoubleVec N(softplus_d)(DoubleVec x) {
    DoubleVec small = N(exp_d)((DoubleVec)((LongVec)x | INT64_MIN)), u = small + 1;
    return IfThenElseDouble(x < 0, ZeroDouble(), x) + N(log_parts)(u, small, true);
}

// ===--- In float ----------------------------------------------------------------------------===//

/// The n of the decomposition above, as a number in the exponent's place; `*rest` becomes exp(r) - 1.
RK_INLINE IntVec N(exp_split)(Vec x, Vec *rest) {
    const Vec magic = Set(0x1.8p23f);  // adding it rounds to an integer, found in the low bits
    const Vec shifted = MulAdd(x, Set(1.44269504f), magic), n = shifted - magic;
    // The first part of ln 2 is so short that n times it is exact; what r loses by rounding is kept.
    const Vec most = MulAdd(n, Set(-0x1.62e4p-1f), x), r = MulAdd(n, Set(-0x1.7f7d1cp-20f), most);
    const Vec lost = MulAdd(n, Set(-0x1.7f7d1cp-20f), most - r);
    Vec q = MulAdd(r, Set(0.00138825073f), Set(0.00836658198f));
    q = MulAdd(q, r, Set(0.0416672006f));
    q = MulAdd(q, r, Set(0.166665435f));
    q = MulAdd(q, r, Set(0.49999997f));
    *rest = MulAdd(r * r, q, lost) + r;
    return ((IntVec)shifted - (IntVec)magic) << 23;
}

#define ONE_BITS 0x3f800000

/// In two factors, because 2ⁿ may be too large or too small where the result is not.
RK_INLINE Vec N(v_exp)(Vec x) {
    x = IfThenElse(x > 89, Set(89), x);
    x = IfThenElse(x < -104, Set(-104), x);
    Vec rest;
    const IntVec n = N(exp_split)(x, &rest), half = n >> 1 & ~0x7fffff;
    const Vec scale = (Vec)(half + ONE_BITS);
    return MulAdd(rest, scale, scale) * (Vec)(n - half + ONE_BITS);
}

/// With half of 2ⁿ, which is finite where the result is.
RK_INLINE Vec N(v_expm1)(Vec x) {
    const Vec from = x;
    x = IfThenElse(x > 89, Set(89), x);
    x = IfThenElse(x < -20, Set(-20), x);
    Vec rest;
    const IntVec n = N(exp_split)(x, &rest);
    const Vec scale = (Vec)(n - (1 << 23) + ONE_BITS), sum = MulAdd(rest, scale, scale - Set(0.5f));
    return IfThenElse(from == 0, from, IfThenElse(n == 0, rest, sum + sum));
}

RK_INLINE Vec N(v_sigmoid)(Vec x) {
    const Vec one = Set(1), e = N(v_exp)(-Abs(x)), sum = one + e, lost = e - (sum - one);
    const Vec value = IfThenElse(x < 0, e, one) / sum;
    // What the sum lost by rounding, which would otherwise be half of the error.
    return MulAdd(value, -lost * IfThenElse(x < 0, one - value, value), value);
}

RK_INLINE Vec N(v_tanh)(Vec x) {
    const Vec a = Abs(x), z = a * a;
    Vec p = MulAdd(z, Set(-0.00523224100f), Set(0.0201910567f));
    p = MulAdd(p, z, Set(-0.0535946116f));
    p = MulAdd(p, z, Set(0.133296117f));
    p = MulAdd(p, z, Set(-0.333332121f));
    const Vec small = MulAdd(a * z, p, a);
    // exp(2a) = 2ⁿ 2ᶠ to as many digits as matter where 2 / (exp(2a) + 1) is less than a half of the result.
    const Vec held = IfThenElse(a > 10, Set(10), a), magic = Set(0x1.8p23f), shifted = MulAdd(held, Set(2.88539008f), magic);
    const Vec f = MulAdd(held, Set(2.88539008f), magic - shifted);
    Vec e = MulAdd(f, Set(0.00132647273f), Set(0.00967151299f));
    e = MulAdd(e, f, Set(0.0555073359f));
    e = MulAdd(e, f, Set(0.240222424f));
    e = MulAdd(e, f, Set(0.693147004f));
    e = MulAdd(e, f, Set(1));
    const Vec large = Set(1) - Set(2) / MulAdd(e, (Vec)(((IntVec)shifted << 23) + ONE_BITS), Set(1));
    return (Vec)((IntVec)IfThenElse(a < Set(0.6875f), small, large) | ((IntVec)x & INT32_MIN));
}

#undef ONE_BITS

// ===--- Through doubles ---------------------------------------------------------------------===//

#define BY_DOUBLES(name)                                                                                                              \
    RK_INLINE Vec N(v_##name)(Vec x) {                                                                                                \
        ShortVec half[2];                                                                                                             \
        memcpy(half, &x, sizeof x);                                                                                                   \
        for (int i = 0; i < 2; i++) half[i] = ConvertTo(N(name##_d)(ConvertTo(half[i], DoubleVec)), ShortVec);                        \
        memcpy(&x, half, sizeof x);                                                                                                   \
        return x;                                                                                                                     \
    }

BY_DOUBLES(log)
BY_DOUBLES(log1p)
BY_DOUBLES(softplus)
#undef BY_DOUBLES

#endif

// In memory, handed on by address: a compiler then leaves the upper halves of registers clear, which the mathematical
// library's code for older processors, where that is all there is, runs three times as fast for.
#define BY_LANES(name, formula)                                                                                                       \
    static __attribute__((noinline)) void N(name##_lanes)(COMPUTE *lanes) {                                                           \
        for (int i = 0; i < LANES; i++) {                                                                                             \
            const double x = lanes[i];                                                                                                \
            lanes[i] = (COMPUTE)(formula);                                                                                            \
        }                                                                                                                             \
    }                                                                                                                                 \
    RK_INLINE Vec N(v_##name)(Vec v) {                                                                                                \
        COMPUTE lanes[LANES];                                                                                                         \
        Store(lanes, v);                                                                                                              \
        N(name##_lanes)(lanes);                                                                                                       \
        return Load(lanes);                                                                                                           \
    }

#if WIDE
BY_LANES(exp, exp(x))
BY_LANES(expm1, expm1(x))
BY_LANES(log, log(x))
BY_LANES(log1p, log1p(x))
BY_LANES(sigmoid, x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)))
BY_LANES(tanh, tanh(x))
BY_LANES(softplus, x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))
RK_INLINE DoubleVec N(exp_d)(DoubleVec x) { return N(v_exp)(x); }
RK_INLINE DoubleVec N(log_d)(DoubleVec x) { return N(v_log)(x); }
#endif
BY_LANES(sin, sin(x))
BY_LANES(cos, cos(x))
BY_LANES(normal_cdf, 0.5 * erfc(-x * 0.70710678118654752440))
#undef BY_LANES

static __attribute__((noinline)) void N(pow_lanes)(COMPUTE *a, const COMPUTE *b) {
    for (int i = 0; i < LANES; i++) a[i] = (COMPUTE)pow((double)a[i], (double)b[i]);
}

RK_INLINE Vec N(v_pow)(Vec a, Vec b) {
    COMPUTE x[LANES], y[LANES];
    Store(x, a), Store(y, b);
    N(pow_lanes)(x, y);
    const Vec r = IfThenElse(b != b, b, Load(x));
    return IfThenElse(a != a, a, r);
}
