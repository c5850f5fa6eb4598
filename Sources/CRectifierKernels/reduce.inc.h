// Sums, maxima and minima over one axis, and over a whole buffer.
//
// Along contiguous elements four vectors run side by side over blocks of 4 W; what is left over goes to the first of them; then they are
// joined as (0 + 1) + (2 + 3), and their lanes in halves. Across rows (inner > 1) each element has one chain, in order. Both orders follow
// from the shape alone.

/// One step of a reduction. Maximum and minimum take every NaN, and keep one: it compares as neither more nor less.
RK_INLINE V N(join)(V a, V b, const rk_reduction reduction) {
    if (reduction == RK_SUM) return a + b;
    return PICK(b != b, b, reduction == RK_MAXIMUM ? PICK(b > a, b, a) : PICK(b < a, b, a));
}

RK_INLINE V N(identity)(const rk_reduction reduction) {
    return SPLAT(reduction == RK_SUM ? 0 : reduction == RK_MAXIMUM ? -INFINITY : INFINITY);
}

RK_INLINE COMPUTE N(reduce_line)(const STORAGE *in, int64_t count, const rk_reduction reduction) {
    const V identity = N(identity)(reduction);
    V sums[4] = {identity, identity, identity, identity};
    int64_t i = 0;
    for (; i + 4 * W <= count; i += 4 * W) {
        for (int s = 0; s < 4; s++) sums[s] = N(join)(sums[s], N(load)(in + i + s * W), reduction);
    }
    for (; i < count; i += W) {
        V x = N(load)(in + i);
        if (count - i < W) x = PICK(N(first_lanes)(count - i), x, identity);
        sums[0] = N(join)(sums[0], x, reduction);
    }
    V total = N(join)(N(join)(sums[0], sums[1], reduction), N(join)(sums[2], sums[3], reduction), reduction);
    if (W > 8) total = N(join)(total, N(rotate)(total, 8), reduction);
    if (W > 4) total = N(join)(total, N(rotate)(total, 4), reduction);
    if (W > 2) total = N(join)(total, N(rotate)(total, 2), reduction);
    return N(join)(total, N(rotate)(total, 1), reduction)[0];
}

/// `vectors` vectors of columns, down `count` rows.
RK_INLINE void N(reduce_strip)(const STORAGE *in, STORAGE *out, int64_t count, int64_t inner, int64_t columns, COMPUTE scale, const int vectors,
                               const rk_reduction reduction) {
    V sums[8];
    for (int v = 0; v < vectors; v++) sums[v] = N(identity)(reduction);
    for (int64_t c = 0; c < count; c++, in += inner) {
        for (int v = 0; v < vectors; v++) sums[v] = N(join)(sums[v], N(load)(in + v * W), reduction);
    }
    for (int v = 0; v < vectors; v++) N(store_upto)(out + v * W, SPLAT(scale) * sums[v], columns - v * W);
}

RK_INLINE void N(reduce_as)(const rk_reduce *r, int part, int parts, const rk_reduction reduction) {
    const STORAGE *in = r->in;
    STORAGE *out = r->out;
    const COMPUTE scale = (COMPUTE)r->scale;
    if (r->inner == 1) {
        const rk_range range = rk_share(r->outer, 1, part, parts);
        for (int64_t o = range.begin; o < range.end; o++) N(store_one)(out + o, scale * N(reduce_line)(in + o * r->count, r->count, reduction));
        return;
    }
    const int64_t strip = 8 * W, strips = (r->inner + strip - 1) / strip;
    const rk_range range = rk_share(r->outer * strips, 1, part, parts);
    for (int64_t s = range.begin; s < range.end; s++) {
        const int64_t o = s / strips, end = rk_min((s % strips + 1) * strip, r->inner);
        int64_t i = s % strips * strip;
        const STORAGE *from = in + o * r->count * r->inner;
        STORAGE *to = out + o * r->inner;
        if (i + strip <= end) {
            N(reduce_strip)(from + i, to + i, r->count, r->inner, strip, scale, 8, reduction);
            continue;
        }
        for (; i + 2 * W <= end; i += 2 * W) N(reduce_strip)(from + i, to + i, r->count, r->inner, 2 * W, scale, 2, reduction);
        for (; i < end; i += W) N(reduce_strip)(from + i, to + i, r->count, r->inner, end - i, scale, 1, reduction);
    }
}

static void N(reduce)(const rk_call *call, int part, int parts) {
    const rk_reduce *r = &call->reduce;
    if (r->outer <= 0 || r->inner <= 0) return;
    switch (r->reduction) {
    case RK_SUM: N(reduce_as)(r, part, parts, RK_SUM); break;
    case RK_MAXIMUM: N(reduce_as)(r, part, parts, RK_MAXIMUM); break;
    case RK_MINIMUM: N(reduce_as)(r, part, parts, RK_MINIMUM); break;
    }
}

RK_INLINE double N(accumulate_as)(const STORAGE *in, int64_t count, const bool squares) {
    D sums[4] = {SPLAT_D(0), SPLAT_D(0), SPLAT_D(0), SPLAT_D(0)};
    int64_t i = 0;
    for (; i + 4 * DW <= count; i += 4 * DW) {
        for (int s = 0; s < 4; s++) {
            const D x = N(load_d)(in + i + s * DW);
            sums[s] += squares ? x * x : x;
        }
    }
    for (; i < count; i += DW) {
        D x = N(load_d)(in + i);
        if (count - i < DW) x = PICK_D(N(first_lanes_d)(count - i), x, SPLAT_D(0));
        sums[0] += squares ? x * x : x;
    }
    return N(sum_lanes)((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

static void N(accumulate)(const rk_call *call, int part, int parts) {
    (void)parts;
    if (part != 0) return;
    const rk_accumulate *s = &call->accumulate;
    const double total = s->squares ? N(accumulate_as)(s->in, s->count, true) : N(accumulate_as)(s->in, s->count, false);
    *s->total = (s->reset ? 0 : *s->total) + total;
}

/// Infinities and NaN are the values whose difference from themselves is not 0. The buffer may lack padding.
static int64_t N(count_nonfinite)(const void *in, int64_t count) {
    const STORAGE *p = in;
    int64_t found = 0, i = 0;
    while (i + W <= count) {
        const int64_t end = rk_min(i + (1 << 20), count);  // lanes must not overflow
        I lanes = {0};
        for (; i + W <= end; i += W) {
            const V x = N(load)(p + i);
            lanes += x - x != 0;
        }
        for (int j = 0; j < W; j++) found -= lanes[j];
    }
    for (; i < count; i++) found += !isfinite(N(load_one)(p + i));
    return found;
}
