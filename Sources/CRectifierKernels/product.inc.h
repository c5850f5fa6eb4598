// The product C = A B + bias.
//
// Each element of C is one chain of multiply-adds over k, ascending, from 0, and then the bias. Which tile, block,
// panel, part or path it falls into changes where its operands are read from, and whether terms 0 · b are computed, and
// nothing else; so its bits depend on A, B and the bias alone (and 0 · b is not NaN as long as B is finite).
//
// Where an instruction takes two terms of a chain at once (RK_PAIRS), an element of A's copy, of a panel and of what is
// skipped is a pair of them, p->k counts pairs, and the operands' strides along k are those from pair to pair.
//
// Small products are dense, without further thought. Of larger ones blocks of rows decide one by one whether zeros of A
// are skipped (skip.inc.h) or multiplied (dense.inc.h).

/// What multiply-adds take: LANES elements, or pairs, that follow one another along k.
RK_INLINE Vec LoadAlong(const STORAGE *p) {
#if RK_PAIRS
    Vec v;  // of pairs, which begin at any element
    memcpy(&v, p, sizeof v);
    return v;
#else
    return LoadPromote(p);
#endif
}

/// Fewer than LANES, and 0 in the other lanes: what lies behind a part's last row of A another part may be writing.
RK_INLINE Vec LoadAlongTail(const STORAGE *p, int64_t count) {
#if RK_PAIRS
    return LoadTail((const COMPUTE *)p, count);
#else
    return LoadPromoteTail(p, count);
#endif
}

/// LANES that lie side by side, at places of k that are `k_step` elements apart.
RK_INLINE Vec LoadAcross(const STORAGE *p, int64_t k_step) {
#if RK_PAIRS
    return LoadPairs(p, p + k_step / TERMS);
#else
    (void)k_step;
    return LoadPromote(p);
#endif
}

/// A single one.
RK_INLINE COMPUTE LoadTerm(const STORAGE *p, int64_t k_step) {
#if RK_PAIRS
    const STORAGE pair[TERMS] = {p[0], p[k_step / TERMS]};
    COMPUTE x;
    memcpy(&x, pair, sizeof x);
    return x;
#else
    (void)k_step;
    return LoadPromoteOne(p);
#endif
}

typedef struct {
    int64_t row_begin, row_end, column_begin, column_end;
} N(block);

/// Bias from `column` on, never -0: added to a chain, it makes +0 of either 0.
RK_INLINE Vec LoadBias(const rk_product *p, int64_t column) {
    return p->bias ? LoadPromote((const STORAGE *)p->bias + column) + Zero() : Zero();
}

/// The product that gives C's columns as rows, where A is stored by columns, as it is in the gradient of weights: there
/// both sides may have zeros, and those of B are skipped by exchanging the two.
RK_INLINE rk_product N(exchanged)(const rk_product *p) {
    rk_product q = *p;
    q.a = p->b, q.a_row = p->b_column, q.a_column = p->b_row, q.b = p->a, q.b_row = p->a_column, q.b_column = p->a_row;
    q.m = p->n, q.n = p->m;
    return q;
}

/// Whether C is written past the caches, which would hold little of it by the time it is read, and would first read
/// what is overwritten.
RK_INLINE bool N(past_caches)(const rk_product *p) {
    const int64_t row = p->c_row * (int64_t)sizeof(STORAGE);
    return !p->epilogue && p->m * row >= STREAM_BYTES && ((uintptr_t)p->c | (uintptr_t)row) % RK_VECTOR_BYTES == 0;
}

/// Chains that begin and end elsewhere: rows of sums of the computing type, whole tiles wide.
typedef struct {
    COMPUTE *sums;
    int64_t row;    ///< elements from one to the next
    bool goes_on;   ///< chains begin with the sums
    bool stays;     ///< and end there
} N(chain);

#include "packing.inc.h"

#include "tile.inc.h"

#include "dense.inc.h"

#include "nonzeros.inc.h"

#include "skip_rows.inc.h"

#include "skip.inc.h"

#include "small.inc.h"

#include "routes.inc.h"

#include "peak.inc.h"

/// Bytes of scratch for a product that is left to nobody else.
static int64_t N(own_scratch)(int64_t m, int64_t n, int64_t k) {
    const int64_t skip = rk_max(N(skip_scratch)(m, n, k), N(skip_scratch)(n, m, k)), few_rows = rk_max(m, n) + LANES;
    const int64_t large = rk_max(N(dense_scratch)(m, n, k), rk_max(skip, few_rows));
    const int64_t count = N(is_small)(m, n, k) ? rk_max(large, N(small_scratch)(n, k)) : large;
    return rk_round_up(count * (int64_t)sizeof(COMPUTE), CACHE_LINE_BYTES);
}

static int64_t N(product_scratch)(int64_t m, int64_t n, int64_t k, int parts) {
#ifdef OTHER_SET
    const rk_product p = {.m = m, .n = n, .k = k};
    if (N(route_to_other_set)(&p) == RK_ROUTE_HALF_VECTORS) return OTHER_SET->product_scratch(m, n, k, parts);
#endif
    (void)parts;
    return N(own_scratch)(m, n, k);
}

/// A part's share of the exchanged product.
static __attribute__((noinline)) void N(exchanged_share)(const rk_product *p, COMPUTE *scratch, int part, int parts) {
    const rk_product q = N(exchanged)(p);
    const N(block) share = N(split)(&q, TILE_COLUMNS, ROW_UNIT, part, parts);
    if (share.column_end <= share.column_begin) return;
    const int64_t size = N(block_rows)(share.row_end - share.row_begin);
    for (int64_t row = share.row_begin; row < share.row_end; row += size) {
        N(skip_block)(&q, (N(block)){row, rk_min(row + size, share.row_end), share.column_begin, share.column_end}, scratch, true, NULL);
    }
    if (q.epilogue) N(map_block)(q.epilogue, share.column_begin, share.column_end, share.row_begin, share.row_end);
}

/// A share block by block, each with its epilogue while what was computed is at hand.
static void N(blocks)(
    const rk_call *call, const rk_product *p, const N(traits) traits, const N(block) share, COMPUTE *scratch) {
    const int64_t size = N(block_rows)(share.row_end - share.row_begin);
    for (int64_t row = share.row_begin; row < share.row_end; row += size) {
        const N(block) block = {row, rk_min(row + size, share.row_end), share.column_begin, share.column_end};
        switch (N(route)(call, p, traits, RK_BLOCK, block)) {
        case RK_ROUTE_FEW_ROWS: N(few_rows)(p, block, scratch, p->zeros != RK_ZEROS_MULTIPLIED); break;
        case RK_ROUTE_SKIPPING: N(skip_block)(p, block, scratch, false, NULL); break;
        default: N(dense_block)(p, block, scratch, NULL); break;
        }
        if (p->epilogue) N(map_block)(p->epilogue, block.row_begin, block.row_end, block.column_begin, block.column_end);
    }
    if (N(past_caches)(p)) __atomic_thread_fence(__ATOMIC_SEQ_CST);  // such stores keep to no order otherwise
}

static void N(product)(const rk_call *call, int part, int parts) {
    rk_product room;
    const rk_product *const p = N(in_terms)(&call->product, &room);
    COMPUTE *const scratch = (COMPUTE *)((char *)p->scratch + part * p->scratch_stride);
    const N(traits) traits = N(traits_of)(p);
    switch (N(route)(call, p, traits, RK_WHOLE, N(whole)(p))) {
#ifdef OTHER_SET
    case RK_ROUTE_SINGLE_TERMS:
    case RK_ROUTE_HALF_VECTORS: OTHER_SET->product(call, part, parts); return;
#endif
    case RK_ROUTE_EXCHANGED: N(exchanged_share)(p, scratch, part, parts); return;
    default: break;
    }
    const N(block) share = N(share)(call, p, part, parts);
    switch (N(route)(call, p, traits, RK_SHARE, share)) {
    case RK_ROUTE_NOTHING: return;
    case RK_ROUTE_COLUMN_AS_ROW: N(column_as_row)(p, share, scratch); break;
    case RK_ROUTE_COLUMN: N(column)(p, share); break;
    case RK_ROUTE_SMALL: N(small_block)(p, share, scratch); break;
    default: N(blocks)(call, p, traits, share, scratch); return;
    }
    if (p->epilogue) N(map_block)(p->epilogue, share.row_begin, share.row_end, share.column_begin, share.column_end);
}

#include "convolution.inc.h"

#undef OTHER_SET
#undef SLACK
