// How a product is computed: what there is to choose from stands at RK_ROUTES in the header, and the choice is made by
// `route`, at the end of this file, and nowhere else. Routes differ in time and in no bit.

// ===--- Products that are left to another instruction set ---------------------------------------===//

#if RK_PAIRS
/// A chain of an odd number of terms: the last one would have no partner.
#define OTHER_SET (&rk_avx512_kernels[RK_BFLOAT16])
RK_INLINE rk_route N(route_to_other_set)(const rk_product *p) { return p->k % 2 ? RK_ROUTE_SINGLE_TERMS : RK_ROUTE_BY_PARTS; }
#elif RK_VECTOR_BYTES == 64 && FORMAT == RK_FORMAT_PLAIN
/// Rows of C that half a vector holds, and chains so short that there is little else to do than to fill vectors and to
/// turn them: vectors half as long give the same bits sooner.
#define OTHER_SET (&rk_avx2_kernels[WIDE ? RK_FLOAT64 : RK_FLOAT32])
RK_INLINE rk_route N(route_to_other_set)(const rk_product *p) {
    return p->n <= LANES / 2 && p->k <= LANES ? RK_ROUTE_HALF_VECTORS : RK_ROUTE_BY_PARTS;
}
#else
RK_INLINE rk_route N(route_to_other_set)(const rk_product *p) {
    (void)p;
    return RK_ROUTE_BY_PARTS;
}
#endif

// ===--- What pays -----------------------------------------------------------------------------===//

/// Whether B lies in the first cache, or a tile reads it only once, and dense tiles are about as fast as anything.
RK_INLINE bool N(is_small)(int64_t m, int64_t n, int64_t k) {
    const bool near = k * rk_round_up(n, LANES) <= NEAR_ELEMENTS || (m <= RK_TILE_ROWS && n <= TILE_COLUMNS);
    return sizeof(STORAGE) == sizeof(COMPUTE) && near && (k <= SHORT_CHAIN || m * n * k <= SMALL_TERMS);
}

/// About how many cycles a block takes dense (see tuning.h).
static double N(dense_cycles)(const rk_product *p, const N(block) block) {
    const int64_t vectors = (block.column_end - block.column_begin + LANES - 1) / LANES;
    return DENSE_CYCLES * (double)((block.row_end - block.row_begin) * p->k * vectors);
}

/// The same with the zeros of A skipped, where a share `density` of A is none; infinity where that is never done.
static double N(skip_cycles_at)(const rk_product *p, const N(block) block, double density) {
    const int64_t rows = block.row_end - block.row_begin, vectors = (block.column_end - block.column_begin + LANES - 1) / LANES;
    const int64_t panels = N(skip_panels)(vectors), depths = (p->k + SKIP_DEPTH - 1) / SKIP_DEPTH;
    if (rows < SKIP_LEAST_ROWS || p->k < SKIP_LEAST_TERMS || vectors < SKIP_LEAST_VECTORS) return INFINITY;
    if (p->a_row != 1 && p->a_column != TERMS) return INFINITY;
    const bool packed = N(packs)(panels);
    const double width = (double)vectors / (double)panels;
    const double number = fmax(packed ? SKIP_CYCLES_PACKED * width : SKIP_CYCLES * (width + 1), CHAIN_CYCLES);
    const double visit = width + (packed ? VISIT_CYCLES_PACKED : VISIT_CYCLES);
    const double row = density * (double)p->k * number + (double)depths * visit;
    const double panel = (double)p->k * width * (p->b_column == 1 ? COPY_CYCLES : TURN_CYCLES);
    return (double)panels * ((double)rows * row + panel);
}

/// The same from a sample of A.
static double N(skip_cycles)(const rk_product *p, const N(block) block) {
    return N(skip_cycles_at)(p, block, N(density)(p, block));
}

/// Whether to skip zeros of A.
RK_INLINE bool N(skipping_pays)(const rk_product *p, const N(block) block) {
    if (p->zeros == RK_ZEROS_MULTIPLIED || p->k == 0) return false;
    return p->zeros == RK_ZEROS_SKIPPED || N(skip_cycles)(p, block) < N(dense_cycles)(p, block);
}

/// Whether skipping zeros of B takes less time than both skipping those of A and skipping none. All parts find the
/// same.
static bool N(exchange_pays)(const rk_product *p) {
    if (p->zeros == RK_ZEROS_MULTIPLIED || p->a_row != 1 || p->a_column == TERMS || p->b_column != 1 || p->bias) return false;
    const rk_product q = N(exchanged)(p);
    const N(block) whole = {0, p->m, 0, p->n}, exchanged = {0, p->n, 0, p->m};
    const double cycles = N(skip_cycles)(&q, exchanged) + TRANSPOSE_CYCLES * (double)(p->m * p->n);
    return cycles < N(skip_cycles)(p, whole) && (p->zeros == RK_ZEROS_SKIPPED || cycles < N(dense_cycles)(p, whole));
}

// ===--- Shares of parts -----------------------------------------------------------------------===//

RK_INLINE N(block) N(whole)(const rk_product *p) { return (N(block)){0, p->m, 0, p->n}; }

RK_INLINE int64_t N(largest_share)(int64_t count, int64_t unit, int parts) {
    return rk_min((count + unit * parts - 1) / (unit * parts) * unit, count);
}

/// The share of a part, of rows or of columns, whole units each: what comes out even. By rows each part copies only its
/// own share of A, by columns only its own share of B, which is more work as a rule, because A is used as it lies
/// unless it is stored by columns.
RK_INLINE N(block) N(split)(const rk_product *p, int64_t row_unit, int64_t column_unit, int part, int parts) {
    if (parts == 1) return N(whole)(p);
    const int64_t by_rows = N(largest_share)(p->m, row_unit, parts) * p->n, by_columns = N(largest_share)(p->n, column_unit, parts) * p->m;
    const bool rows_first = p->a_row == 1 && 2 * p->m >= p->n;
    if (rows_first ? by_rows <= by_columns + by_columns / SPLIT_MARGIN : by_rows + by_rows / SPLIT_MARGIN < by_columns) {
        const rk_range rows = rk_share(p->m, row_unit, part, parts);
        return (N(block)){rows.begin, rows.end, 0, p->n};
    }
    const rk_range columns = rk_share(p->n, column_unit, part, parts);
    return (N(block)){0, p->m, columns.begin, columns.end};
}

/// What a part computes of a product that is not exchanged: the rows it keeps from call to call, or its share of C.
RK_INLINE N(block) N(share)(const rk_call *call, const rk_product *p, int part, int parts) {
    if (parts == 1) return N(whole)(p);
    if (call->shared_rows == 0) return N(split)(p, ROW_UNIT, TILE_COLUMNS, part, parts);
    const rk_range kept = rk_share(p->m, 1, part, parts);
    return (N(block)){kept.begin, kept.end, 0, p->n};
}

/// Blocks of equal size: a last one of few rows would cost as much to prepare as a whole one.
RK_INLINE int64_t N(block_rows)(int64_t rows) {
    const int64_t blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    return blocks <= 1 ? rows : rk_round_up((rows + blocks - 1) / blocks, RK_TILE_ROWS);
}

// ===--- The choice ----------------------------------------------------------------------------===//

/// What is so of a product as a whole, worked out once: the smallest products take less time than to do it again.
typedef struct {
    bool one_column, may_multiply, small;
} N(traits);

RK_INLINE N(traits) N(traits_of)(const rk_product *p) {
    const bool may_multiply = p->zeros != RK_ZEROS_SKIPPED;
    return (N(traits)){p->n == 1 && p->c_row == 1, may_multiply, may_multiply && N(is_small)(p->m, p->n, p->k)};
}

/// How `region` of C is computed. It is asked about a product as a whole, about a part's share of it where that answers
/// RK_ROUTE_BY_PARTS, and about each block of rows of a share where that answers RK_ROUTE_BY_BLOCKS. `p` is the call's
/// product, in pairs where there are (`in_terms`).
RK_INLINE rk_route N(route)(
    const rk_call *call, const rk_product *p, const N(traits) is, const rk_extent extent, const N(block) region) {
    const int64_t rows = region.row_end - region.row_begin, columns = region.column_end - region.column_begin;
    switch (extent) {
    case RK_WHOLE: {
        const rk_route other = N(route_to_other_set)(&call->product);
        if (other != RK_ROUTE_BY_PARTS) return other;
        const bool exchange = !is.one_column && !is.small && call->shared_rows == 0 && N(exchange_pays)(p);
        return exchange ? RK_ROUTE_EXCHANGED : RK_ROUTE_BY_PARTS;
    }
    case RK_SHARE:
        if (rows <= 0 || columns <= 0) return RK_ROUTE_NOTHING;
        if (is.one_column && p->a_row == 1 && !p->bias) return RK_ROUTE_COLUMN_AS_ROW;
        if (is.one_column && p->a_column == TERMS && rows > FEW_ROWS && is.may_multiply) return RK_ROUTE_COLUMN;
        return is.small && rows <= BLOCK_ROWS ? RK_ROUTE_SMALL : RK_ROUTE_BY_BLOCKS;
    case RK_BLOCK:
        if (rows <= FEW_ROWS && (p->b_column == 1 || p->n == 1)) return RK_ROUTE_FEW_ROWS;
        return N(skipping_pays)(p, region) ? RK_ROUTE_SKIPPING : RK_ROUTE_DENSE;
    }
    return RK_ROUTE_NOTHING;
}

/// The product as its bodies take it: with RK_PAIRS k counts pairs of terms, and strides along k are those from pair to
/// pair. In `room`, if it is not the same.
RK_INLINE const rk_product *N(in_terms)(const rk_product *p, rk_product *room) {
    if (TERMS == 1) return p;
    *room = *p;
    room->k /= TERMS, room->a_column *= TERMS, room->b_row *= TERMS;
    return room;
}

/// For tests and for RECTIFIER_TRACE, in the order in which `product` asks.
static rk_route N(product_route)(const rk_call *call, int part, int parts, int64_t block) {
    rk_product room;
    const rk_product *const p = N(in_terms)(&call->product, &room);
    const N(traits) traits = N(traits_of)(p);
    rk_route route = N(route)(call, p, traits, RK_WHOLE, N(whole)(p));
    const N(block) share = N(share)(call, p, part, parts);
    if (route == RK_ROUTE_BY_PARTS) route = N(route)(call, p, traits, RK_SHARE, share);
    if (route != RK_ROUTE_BY_BLOCKS) return block == 0 ? route : RK_ROUTE_NOTHING;
    const int64_t size = N(block_rows)(share.row_end - share.row_begin), row = share.row_begin + block * size;
    if (row >= share.row_end) return RK_ROUTE_NOTHING;
    return N(route)(
        call, p, traits, RK_BLOCK, (N(block)){row, rk_min(row + size, share.row_end), share.column_begin, share.column_end});
}
