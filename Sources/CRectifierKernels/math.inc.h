// Elementary functions on whole vectors.
//
// For float (and the 16-bit types, whose arithmetic is float) they are evaluated in double with a relative error below 1e-10 and rounded
// once, which leaves about 0.5 units in the last place over the whole range, subnormal results included. Each 2 × DW floats take two passes.
//
//   exponential  x = n ln 2 + r, |r| ≤ ln 2 / 2; exp(r) - 1 = r (1 + r q(r)), q of degree 6 (Chebyshev nodes, error 1e-11);
//                2ⁿ by setting exponent bits. exp(x) - 1 = 2ⁿ (exp(r) - 1) + (2ⁿ - 1) keeps its digits near 0.
//   logarithm    x = 2ᵉ (1 + f), 1 + f in [√½, √2); log(1 + f) = 2 atanh(s), s = f / (2 + f), series in s² of degree 4 (error 2e-11).
//                log1p(x) takes f = x itself where e = 0, so it keeps its digits near 0.
//   the others   tanh x = y / (y + 2) with y = exp(2x) - 1; sigmoid x = 1 / (1 + exp(-x)); softplus x = max(x, 0) + log1p(exp(-|x|)).
//
// For double, and for pow, sin, cos and the normal law everywhere, libm is called lane by lane.

#if !WIDE

/// 2ⁿ and exp(r) - 1 of the decomposition above. Arguments are held to ±`limit`, where results are far outside float's range; NaN stays.
RK_INLINE D N(exp_parts)(D x, double limit, D *power) {
    x = PICK_D(x > limit, SPLAT_D(limit), x);
    x = PICK_D(x < -limit, SPLAT_D(-limit), x);
    const D magic = SPLAT_D(0x1.8p52);  // adding it rounds to an integer, found in the low bits
    D shifted = FMA(x, SPLAT_D(1.4426950408889634), magic), n = shifted - magic;
    D r = FMA(n, SPLAT_D(-0x1.62e42fefa39efp-1), x);
    *power = (D)(((L)shifted + 1023) << 52);
    D q = FMA(r, SPLAT_D(0.000024859589834589054), SPLAT_D(0.00019899285575896282));
    q = FMA(q, r, SPLAT_D(0.001388885403566671));
    q = FMA(q, r, SPLAT_D(0.0083332984698005894));
    q = FMA(q, r, SPLAT_D(0.041666666719012259));
    q = FMA(q, r, SPLAT_D(0.16666666719028935));
    q = FMA(q, r, SPLAT_D(0.5));
    return r * FMA(r, q, SPLAT_D(1));
}

RK_INLINE D N(exp_d)(D x) {
    D power, p = N(exp_parts)(x, 110, &power);
    return FMA(p, power, power);
}

RK_INLINE D N(expm1_d)(D x) {
    D power, p = N(exp_parts)(x, 110, &power);
    return PICK_D(x == 0, x, FMA(p, power, power - 1));
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

RK_INLINE D N(sigmoid_d)(D x) { return 1 / (N(exp_d)(-x) + 1); }

RK_INLINE D N(tanh_d)(D x) {
    D power, p = N(exp_parts)(x + x, 50, &power), y = FMA(p, power, power - 1);
    return PICK_D(x == 0, x, y / (y + 2));
}

RK_INLINE D N(softplus_d)(D x) {
    D small = N(exp_d)((D)((L)x | INT64_MIN)), u = small + 1;
    return PICK_D(x < 0, SPLAT_D(0), x) + N(log_parts)(u, small, true);
}

#define BY_DOUBLES(name)                                                                                                              \
    RK_INLINE V N(v_##name)(V x) {                                                                                                    \
        N(VD) half[2];                                                                                                                \
        memcpy(half, &x, sizeof x);                                                                                                   \
        for (int i = 0; i < 2; i++) half[i] = __builtin_convertvector(N(name##_d)(__builtin_convertvector(half[i], D)), N(VD));       \
        memcpy(&x, half, sizeof x);                                                                                                   \
        return x;                                                                                                                     \
    }

BY_DOUBLES(exp)
BY_DOUBLES(expm1)
BY_DOUBLES(log)
BY_DOUBLES(log1p)
BY_DOUBLES(sigmoid)
BY_DOUBLES(tanh)
BY_DOUBLES(softplus)
#undef BY_DOUBLES

#endif

#define BY_LANES(name, expression)                                                                                                    \
    static __attribute__((noinline)) V N(v_##name)(V v) {                                                                             \
        for (int i = 0; i < W; i++) {                                                                                                 \
            double x = v[i];                                                                                                          \
            v[i] = (COMPUTE)(expression);                                                                                             \
        }                                                                                                                             \
        return v;                                                                                                                     \
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
#endif
BY_LANES(sin, sin(x))
BY_LANES(cos, cos(x))
BY_LANES(normal_cdf, 0.5 * erfc(-x * 0.70710678118654752440))
#undef BY_LANES

static __attribute__((noinline)) V N(v_pow)(V a, V b) {
    V r;
    for (int i = 0; i < W; i++) r[i] = (COMPUTE)pow((double)a[i], (double)b[i]);
    r = PICK(b != b, b, r);
    return PICK(a != a, a, r);
}
