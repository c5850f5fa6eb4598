// Sums, maxima and minima over one axis, and over a whole buffer.
//
// Along contiguous elements four vectors run side by side over blocks of 4 LANES; what is left over goes to the first
// of them; then they are joined as (0 + 1) + (2 + 3), and their lanes in halves. Across rows (inner > 1) each element
// has one chain, in order. Both orders follow from the shape alone.

/// One step of a reduction. Maximum and minimum take every NaN, and keep one: it compares as neither more nor less.
RK_INLINE Vec N(join)(Vec a, Vec b, const rk_reduction reduction) {
    if (reduction == RK_SUM) return a + b;
    return IfThenElse(b != b, b, reduction == RK_MAXIMUM ? IfThenElse(b > a, b, a) : IfThenElse(b < a, b, a));
}

RK_INLINE Vec N(identity)(const rk_reduction reduction) {
    return Set(reduction == RK_SUM ? 0 : reduction == RK_MAXIMUM ? -INFINITY : INFINITY);
}

/// With `readable` elements up to the end of the part's lines; those behind are another part's to write.
RK_INLINE COMPUTE N(reduce_line)(const STORAGE *in, int64_t count, int64_t readable, const rk_reduction reduction) {
    const Vec identity = N(identity)(reduction);
    Vec sums[4] = {identity, identity, identity, identity};
    int64_t i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
        for (int s = 0; s < 4; s++) sums[s] = N(join)(sums[s], LoadPromote(in + i + s * LANES), reduction);
    }
    for (; i < count; i += LANES) {
        Vec x = LoadPromoteN(in + i, readable - i);
        if (count - i < LANES) x = IfThenElse(FirstN(count - i), x, identity);
        sums[0] = N(join)(sums[0], x, reduction);
    }
    Vec total = N(join)(N(join)(sums[0], sums[1], reduction), N(join)(sums[2], sums[3], reduction), reduction);
    if (LANES > 8) total = N(join)(total, RotateLanes(total, 8), reduction);
    if (LANES > 4) total = N(join)(total, RotateLanes(total, 4), reduction);
    if (LANES > 2) total = N(join)(total, RotateLanes(total, 2), reduction);
    return N(join)(total, RotateLanes(total, 1), reduction)[0];
}

/// `vectors` vectors of columns, down `count` rows. One alone may have fewer lanes than a vector: what lies behind the
/// last row is not read.
RK_INLINE void N(reduce_strip)(
    const STORAGE *in, int64_t readable, STORAGE *out, int64_t count, int64_t inner, int64_t columns, COMPUTE scale, const int vectors,
    const rk_reduction reduction) {
    Vec sums[REDUCE_VECTORS];
    for (int v = 0; v < vectors; v++) sums[v] = N(identity)(reduction);
    for (int64_t c = 0; c < count; c++, in += inner, readable -= inner) {
        for (int v = 0; v < vectors; v++) {
            sums[v] = N(join)(sums[v], vectors > 1 ? LoadPromote(in + v * LANES) : LoadPromoteN(in, readable), reduction);
        }
    }
    for (int v = 0; v < vectors; v++) DemoteStoreN(out + v * LANES, Set(scale) * sums[v], columns - v * LANES);
}

RK_INLINE void N(reduce_as)(const rk_reduce *r, int part, int parts, const rk_reduction reduction) {
    const STORAGE *in = r->in;
    STORAGE *out = r->out;
    const COMPUTE scale = (COMPUTE)r->scale;
    if (r->inner == 1) {
        const rk_range range = rk_share(r->outer, 1, part, parts);
        for (int64_t o = range.begin; o < range.end; o++) {
            const COMPUTE line = N(reduce_line)(in + o * r->count, r->count, (range.end - o) * r->count, reduction);
            DemoteStoreOne(out + o, scale * line);
        }
        return;
    }
    const int64_t size = r->count * r->inner, strip = REDUCE_VECTORS * LANES, strips = (r->inner + strip - 1) / strip;
    const rk_range range = rk_share(r->outer * strips, 1, part, parts);
    for (int64_t s = range.begin; s < range.end; s++) {
        const int64_t o = s / strips, end = rk_min((s % strips + 1) * strip, r->inner);
        int64_t i = s % strips * strip;
        const STORAGE *from = in + o * size;
        STORAGE *to = out + o * r->inner;
        if (i + strip <= end) {
            N(reduce_strip)(from + i, size - i, to + i, r->count, r->inner, strip, scale, REDUCE_VECTORS, reduction);
            continue;
        }
        for (; i + 2 * LANES <= end; i += 2 * LANES) {
            N(reduce_strip)(from + i, size - i, to + i, r->count, r->inner, 2 * LANES, scale, 2, reduction);
        }
        for (; i < end; i += LANES) N(reduce_strip)(from + i, size - i, to + i, r->count, r->inner, end - i, scale, 1, reduction);
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
    DoubleVec sums[4] = {ZeroDouble(), ZeroDouble(), ZeroDouble(), ZeroDouble()};
    int64_t i = 0;
    for (; i + 4 * DOUBLE_LANES <= count; i += 4 * DOUBLE_LANES) {
        for (int s = 0; s < 4; s++) {
            const DoubleVec x = LoadDouble(in + i + s * DOUBLE_LANES);
            sums[s] += squares ? x * x : x;
        }
    }
    for (; i < count; i += DOUBLE_LANES) {
        DoubleVec x = LoadDouble(in + i);
        if (count - i < DOUBLE_LANES) x = IfThenElseDouble(FirstNDouble(count - i), x, ZeroDouble());
        sums[0] += squares ? x * x : x;
    }
    return ReduceSum((sums[0] + sums[1]) + (sums[2] + sums[3]));
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
    while (i + LANES <= count) {
        const int64_t end = rk_min(i + (1 << 20), count);  // lanes must not overflow
        IntVec lanes = {0};
        for (; i + LANES <= end; i += LANES) {
            const Vec x = LoadPromote(p + i);
            lanes += x - x != 0;
        }
        for (int j = 0; j < LANES; j++) found -= lanes[j];
    }
    for (; i < count; i++) found += !isfinite(LoadPromoteOne(p + i));
    return found;
}
