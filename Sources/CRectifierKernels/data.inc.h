// Moving and making data: copies between layouts, filling a batch from a data set, labels, dropout, tallies,
// conversions.

// ===--- Copies ---------------------------------------------------------------------------===//

typedef struct {
    int rank;
    int64_t extent[RK_COPY_RANK], in_stride[RK_COPY_RANK], out_stride[RK_COPY_RANK];
    const STORAGE *in;
    STORAGE *out;
} N(layout);

/// The same copy with as few dimensions as possible, the one that is densest in `out` last. False if it is empty.
static bool N(simplify)(const rk_copy *copy, N(layout) *l) {
    l->rank = 0, l->in = copy->in, l->out = copy->out;
    for (int d = 0; d < copy->rank; d++) {
        if (copy->extent[d] <= 0) return false;
        if (copy->extent[d] == 1) continue;
        int place = l->rank++;
        for (; place > 0 && l->out_stride[place - 1] < copy->out_stride[d]; place--) {
            l->extent[place] = l->extent[place - 1];
            l->in_stride[place] = l->in_stride[place - 1], l->out_stride[place] = l->out_stride[place - 1];
        }
        l->extent[place] = copy->extent[d], l->in_stride[place] = copy->in_stride[d], l->out_stride[place] = copy->out_stride[d];
    }
    int kept = 0;
    for (int d = 1; d < l->rank; d++) {
        const bool joined = l->in_stride[kept] == l->in_stride[d] * l->extent[d] && l->out_stride[kept] == l->out_stride[d] * l->extent[d];
        const int64_t extent = joined ? l->extent[kept] * l->extent[d] : l->extent[d];
        kept += !joined;
        l->extent[kept] = extent, l->in_stride[kept] = l->in_stride[d], l->out_stride[kept] = l->out_stride[d];
    }
    if (l->rank > 0) l->rank = kept + 1;
    return true;
}

/// out[i · out_row + j] = in[i + j · in_column], rows × columns: in squares of a vector's width through registers, the
/// rest one by one.
static void N(copy_transposed)(const STORAGE *in, int64_t in_column, STORAGE *out, int64_t out_row, int64_t rows, int64_t columns) {
    int64_t i = 0;
#if FORMAT == RK_FORMAT_PLAIN
    for (; i + LANES <= rows; i += LANES) {
        int64_t j = 0;
        for (; j + LANES <= columns; j += LANES) {
            Vec block[LANES];
            RK_UNROLLED for (int v = 0; v < LANES; v++) block[v] = Load(in + i + (j + v) * in_column);
            Transpose(block);
            RK_UNROLLED for (int v = 0; v < LANES; v++) Store(out + (i + v) * out_row + j, block[v]);
        }
        for (; j < columns; j++) for (int v = 0; v < LANES; v++) out[(i + v) * out_row + j] = in[i + v + j * in_column];
    }
#endif
    for (; i < rows; i += COPY_SIDE) {
        for (int64_t j = 0; j < columns; j += COPY_SIDE) {
            for (int64_t ii = i; ii < rk_min(i + COPY_SIDE, rows); ii++) {
                for (int64_t jj = j; jj < rk_min(j + COPY_SIDE, columns); jj++) out[ii * out_row + jj] = in[ii + jj * in_column];
            }
        }
    }
}

static void N(copy)(const rk_call *call, int part, int parts) {
    N(layout) l;
    if (!N(simplify)(&call->copy, &l)) return;
    if (l.rank == 0) {
        if (part == 0) *l.out = *l.in;
        return;
    }
    if (parts > 1) {
        int cut = 0;
        if (l.extent[0] < ROWS_PER_PART * parts) for (int d = 1; d < l.rank; d++) if (l.extent[d] > l.extent[cut]) cut = d;
        const rk_range range = rk_share(l.extent[cut], cut == l.rank - 1 ? ELEMENT_UNIT : 1, part, parts);
        l.in += range.begin * l.in_stride[cut], l.out += range.begin * l.out_stride[cut];
        l.extent[cut] = range.end - range.begin;
        if (l.extent[cut] <= 0) return;
    }
    const int last = l.rank - 1;
    const int64_t count = l.extent[last], in_stride = l.in_stride[last], out_stride = l.out_stride[last];

    // With the last dimension contiguous in `out`, one that is contiguous in `in` makes a transpose of the two.
    int across = -1;
    if (out_stride == 1 && in_stride != 1) for (int d = 0; d < last; d++) if (l.in_stride[d] == 1) across = d;
    int64_t rows = 1, across_stride = 0;
    if (across >= 0) {
        rows = l.extent[across], across_stride = l.out_stride[across];
        l.extent[across] = 1;
    }

    int64_t index[RK_COPY_RANK] = {0};
    const STORAGE *in = l.in;
    STORAGE *out = l.out;
    for (;;) {
        if (across >= 0) N(copy_transposed)(in, in_stride, out, across_stride, rows, count);
        else if (in_stride == 1 && out_stride == 1) memcpy(out, in, (size_t)count * sizeof(STORAGE));
        else for (int64_t i = 0; i < count; i++) out[i * out_stride] = in[i * in_stride];
        int d = last - 1;
        for (; d >= 0; d--) {
            in += l.in_stride[d], out += l.out_stride[d];
            if (++index[d] < l.extent[d]) break;
            in -= l.in_stride[d] * l.extent[d], out -= l.out_stride[d] * l.extent[d];
            index[d] = 0;
        }
        if (d < 0) return;
    }
}

// ===--- Batches --------------------------------------------------------------------------===//

typedef uint8_t N(bytes) __attribute__((vector_size(DOUBLE_LANES)));
typedef float N(floats) __attribute__((vector_size(DOUBLE_LANES * 4)));

/// A sample of `TYPE`, whose vectors of DOUBLE_LANES lanes are `VECTOR`s, in double. The last vector is read element by
/// element: data sets have no padding.
#define GATHER_BY_DOUBLES(TYPE, VECTOR)                                                                                               \
    for (int64_t j = 0; j < g->width; j += DOUBLE_LANES) {                                                                            \
        const TYPE *p = (const TYPE *)g->source + (int64_t)indices[row] * g->width + j;                                               \
        VECTOR v = {0};                                                                                                               \
        if (g->width - j >= DOUBLE_LANES) memcpy(&v, p, sizeof v);                                                                    \
        else for (int64_t i = 0; i < g->width - j; i++) v[i] = p[i];                                                                  \
        StoreDoubleN(out + j, (ConvertTo(v, DoubleVec) - shift) * scale, g->width - j);                                               \
    }

RK_INLINE void N(fetch_sample)(const rk_gather *g, int64_t row, int64_t end) {
    if (row >= end) return;
    const int64_t bytes = g->width * (g->source_type == RK_SOURCE_UINT8 ? 1 : g->source_type == RK_SOURCE_FLOAT32 ? 4 : 8);
    const char *sample = (const char *)g->source + (*g->indices)[row] * bytes;
    for (int64_t i = 0; i < rk_min(bytes, GATHER_AHEAD_BYTES); i += 64) __builtin_prefetch(sample + i);
}

#if FORMAT == RK_FORMAT_PLAIN && !WIDE
typedef uint8_t N(wide_bytes) __attribute__((vector_size(LANES)));

/// (byte - shift) · (high + low), a multiply-add in float with scale in two parts: nearly always what rounding the
/// double once gives.
RK_INLINE Vec N(scaled_bytes)(N(wide_bytes) bytes, Vec shift, Vec high, Vec low) {
    const Vec x = ConvertTo(bytes, Vec) - shift;
    return MulAdd(x, high, x * low);
}

/// Bytes to float in float arithmetic, four times as fast as by doubles. There are 256 cases, so whether this is exact
/// is simply tried. False if it is not.
static bool N(gather_bytes)(const rk_gather *g, int64_t begin, int64_t end) {
    const Vec shift = Set(g->shift), high = Set(g->scale), low = Set(g->scale - (double)high[0]);
    for (int first = 0; first < 256; first += LANES) {
        N(wide_bytes) bytes;
        for (int i = 0; i < LANES; i++) bytes[i] = (uint8_t)(first + i);
        const Vec fast = N(scaled_bytes)(bytes, shift, high, low);
        for (int i = 0; i < LANES; i++) if (fast[i] != (COMPUTE)((first + i - g->shift) * g->scale)) return false;
    }
    for (int64_t row = begin; row < end; row++) {
        N(fetch_sample)(g, row + GATHER_AHEAD, end);
        const uint8_t *in = (const uint8_t *)g->source + (int64_t)(*g->indices)[row] * g->width;
        COMPUTE *out = (COMPUTE *)g->out + row * g->width;
        int64_t j = 0;
        for (; j + LANES <= g->width; j += LANES) {
            N(wide_bytes) bytes;
            memcpy(&bytes, in + j, sizeof bytes);
            Store(out + j, N(scaled_bytes)(bytes, shift, high, low));
        }
        for (; j < g->width; j++) out[j] = (COMPUTE)((in[j] - g->shift) * g->scale);
    }
    return true;
}

/// Samples of few numbers, taken as they are: the processor itself looks far enough ahead. False if they are more.
static bool N(gather_narrow)(const rk_gather *g, int64_t begin, int64_t end) {
    const int32_t *const indices = *g->indices;
    switch (g->width) {
#define NARROW(width)                                                                                                                 \
    case width:                                                                                                                       \
        for (int64_t row = begin; row < end; row++) {                                                                                 \
            memcpy((float *)g->out + row * width, (const float *)g->source + (int64_t)indices[row] * width, width * sizeof(float));   \
        }                                                                                                                             \
        return true;
        NARROW(1) NARROW(2) NARROW(3) NARROW(4)
#undef NARROW
    default: return false;
    }
}

/// Numbers taken as they are.
static void N(gather_floats)(const rk_gather *g, int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
        N(fetch_sample)(g, row + GATHER_AHEAD, end);
        const float *in = (const float *)g->source + (int64_t)(*g->indices)[row] * g->width;
        float *out = (float *)g->out + row * g->width;
        int64_t j = 0;
        for (; j + LANES <= g->width; j += LANES) Store(out + j, Load(in + j));
        CopyBytes(out + j, in + j, (g->width - j) * (int64_t)sizeof(float));
    }
}
#endif

static void N(gather)(const rk_call *call, int part, int parts) {
    const rk_gather *g = &call->gather;
    const int32_t *indices = *g->indices;
    const DoubleVec shift = SetDouble(g->shift), scale = SetDouble(g->scale);
    const rk_range rows = rk_share(g->rows, 1, part, parts);
#if FORMAT == RK_FORMAT_PLAIN && !WIDE
    const bool plain = g->source_type == RK_SOURCE_FLOAT32 && g->shift == 0 && g->scale == 1;
    if (plain && N(gather_narrow)(g, rows.begin, rows.end)) return;
#endif
    for (int64_t row = rows.begin; row < rows.begin + GATHER_AHEAD; row++) N(fetch_sample)(g, row, rows.end);
#if FORMAT == RK_FORMAT_PLAIN && !WIDE
    if (g->source_type == RK_SOURCE_UINT8 && N(gather_bytes)(g, rows.begin, rows.end)) return;
    if (plain) return N(gather_floats)(g, rows.begin, rows.end);
#endif
    for (int64_t row = rows.begin; row < rows.end; row++) {
        N(fetch_sample)(g, row + GATHER_AHEAD, rows.end);
        STORAGE *out = (STORAGE *)g->out + row * g->width;
        switch ((rk_source_type)g->source_type) {
        case RK_SOURCE_UINT8: GATHER_BY_DOUBLES(uint8_t, N(bytes)) break;
        case RK_SOURCE_FLOAT64: GATHER_BY_DOUBLES(double, DoubleVec) break;
        case RK_SOURCE_FLOAT32:
#if WIDE
            GATHER_BY_DOUBLES(float, N(floats))
#else
            {
                const float *p = (const float *)g->source + (int64_t)indices[row] * g->width;
                int64_t j = 0;
                for (; j + LANES <= g->width; j += LANES) DemoteStore(out + j, (Load(p + j) - Set(g->shift)) * Set(g->scale));
                for (; j < g->width; j++) DemoteStoreOne(out + j, (p[j] - (float)g->shift) * (float)g->scale);
            }
#endif
            break;
        }
    }
}

#undef GATHER_BY_DOUBLES

static void N(one_hot)(const rk_call *call, int part, int parts) {
    const rk_one_hot *o = &call->one_hot;
    STORAGE one;
    DemoteStoreOne(&one, 1);
    const rk_range rows = rk_share(o->rows, 1, part, parts);
    const int64_t classes = o->labels->classes;
    STORAGE *out = (STORAGE *)o->out;
    memset(out + rows.begin * classes, 0, (size_t)((rows.end - rows.begin) * classes) * sizeof(STORAGE));
    for (int64_t row = rows.begin; row < rows.end; row++) {
        const int64_t label = rk_label(o->labels, row);
        if (label >= 0) out[row * classes + label] = one;
    }
}

RK_INLINE UnsignedLongVec N(mix)(UnsignedLongVec z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void N(dropout)(const rk_call *call, int part, int parts) {
    const rk_dropout *d = &call->dropout;
    STORAGE *out = d->out;
    const uint64_t gamma = 0x9e3779b97f4a7c15u, first = *d->position * (uint64_t)d->columns;
    const LongVec threshold = (LongVec){0} + (int64_t)rk_dropout_threshold(d->rate);
    const DoubleVec kept = SetDouble(1 / (1 - d->rate));
    const rk_range rows = rk_share(d->rows, 1, part, parts), range = {rows.begin * d->columns, rows.end * d->columns};
    // rk_draw of DOUBLE_LANES neighbours at a time: their arguments to the mixing function lie a constant apart.
    UnsignedLongVec argument;
    for (int i = 0; i < DOUBLE_LANES; i++) {
        argument[i] = rk_stream(*d->seed, d->purpose, *d->epoch) + (first + (uint64_t)range.begin + (uint64_t)i + 1) * gamma;
    }
    for (int64_t i = range.begin; i < range.end; i += DOUBLE_LANES, argument += gamma * DOUBLE_LANES) {
        const LongVec dropped = (LongVec)(N(mix)(argument) >> 40) < threshold;
        StoreDoubleN(out + i, IfThenElseDouble(dropped, ZeroDouble(), kept), range.end - i);
    }
}

// ===--- Tallies ----------------------------------------------------------------------------===//

/// What rows [begin, end) say of two vectors of columns from `column` on.
RK_INLINE void N(tally_columns)(const rk_tally *t, rk_unit *units, rk_range rows, int64_t column) {
    enum { VECTORS = 2 };
    IntVec active[VECTORS] = {0}, first[VECTORS] = {0}, last[VECTORS] = {0}, place = {0};
    Vec largest[VECTORS];
    for (int v = 0; v < VECTORS; v++) largest[v] = Set(-INFINITY);
    const int64_t left = t->columns - column;
    const STORAGE *in = (const STORAGE *)t->in + rows.begin * t->columns + column;
    for (int64_t row = rows.begin; row < rows.end; row++, in += t->columns) {
        place += 1;
        RK_UNROLLED for (int v = 0; v < VECTORS; v++) {
            if (left <= v * LANES) break;
            const Vec z = LoadPromoteN(in + v * LANES, left - v * LANES);
            const IntVec open = (IntVec)(z > 0);
            active[v] -= open;
            first[v] |= open & (IntVec)(first[v] == 0) & place;
            last[v] = (open & place) | (~open & last[v]);
            largest[v] = IfThenElse(z > largest[v], z, largest[v]);
        }
    }
    const int64_t before = (int64_t)*t->position * t->height + rows.begin;
    for (int v = 0; v < VECTORS; v++) {
        for (int64_t lane = 0; lane < LANES && v * LANES + lane < left; lane++) {
            rk_unit *const unit = &units[column + v * LANES + lane];
            if (active[v][lane] > 0) {
                unit->active += (double)active[v][lane];
                if (unit->first == 0) unit->first = (double)((before + (int64_t)first[v][lane] - 1) / t->height + 1);
                unit->last = (double)((before + (int64_t)last[v][lane] - 1) / t->height + 1);
                unit->step = (double)*t->step;
            }
            if ((double)largest[v][lane] > unit->largest) unit->largest = (double)largest[v][lane];
        }
    }
}

static void N(tally)(const rk_call *call, int part, int parts) {
    const rk_tally *t = &call->tally;
    const rk_range rows = rk_share(t->rows, t->height, part, parts);
    if (rows.begin >= rows.end) return;
    for (int64_t column = 0; column < t->columns; column += 2 * LANES) {
        N(tally_columns)(t, t->units + part * t->columns, rows, column);
    }
}

// ===--- Conversions: of buffers that may lack padding ---------------------------------------===//

static void N(from_double)(void *out, const double *in, int64_t count) {
    STORAGE *to = out;
    int64_t i = 0;
    for (; i + DOUBLE_LANES <= count; i += DOUBLE_LANES) {
        DoubleVec d;
        memcpy(&d, in + i, sizeof d);
        StoreDouble(to + i, d);
    }
    for (; i < count; i++) StoreDoubleN(to + i, SetDouble(in[i]), 1);
}

static void N(to_double)(double *out, const void *in, int64_t count) {
    const STORAGE *from = in;
    int64_t i = 0;
    for (; i + DOUBLE_LANES <= count; i += DOUBLE_LANES) {
        DoubleVec d = LoadDouble(from + i);
        memcpy(out + i, &d, sizeof d);
    }
    for (; i < count; i++) out[i] = (double)LoadPromoteOne(from + i);
}
