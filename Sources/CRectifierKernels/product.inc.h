// The product C = A B + bias.
//
// Each element of C is one chain of multiply-adds over k, ascending, from 0, and then the bias. Which tile, block, panel, part or path it
// falls into changes where its operands are read from, and whether terms 0 · b are computed, and nothing else; so its bits depend on A, B
// and the bias alone (and 0 · b is not NaN as long as B is finite).
//
// Where an instruction takes two terms of a chain at once (RK_PAIRS), an element of A's copy, of a panel and of what is skipped is a pair
// of them, p->k counts pairs, and the operands' strides along k are those from pair to pair.
//
// Small products are dense, without further thought. Of larger ones blocks of rows decide one by one whether zeros of A are skipped
// (skip.inc.h) or multiplied (dense.inc.h).

#define TILE_COLUMNS (RK_TILE_VECTORS * LANES)
/// Rows of a block, which rests in the second cache: that of processors with 64-byte vectors has 1 MB or more.
#define BLOCK_ROWS ((RK_VECTOR_BYTES == 64 ? 392 : 264) / RK_TILE_ROWS * RK_TILE_ROWS)
/// Rows that are not worth a copy of B.
#define FEW_ROWS 4
/// Rows of which a part has a multiple; of columns it has whole tiles, so that parts share no line of the cache.
#define ROW_UNIT 4
/// Elements from row to row of C that let its rows push each other out of the caches: partial sums had better rest elsewhere.
#define FAR_APART (4096 / (int64_t)sizeof(STORAGE))

/// Bytes of C that are more than the caches keep.
#define PAST_CACHES 16777216

#if RK_PAIRS
#define TERMS 2
#define MulAddTerms MulAddPairs
#else
#define TERMS 1
#define MulAddTerms MulAdd
#endif

/// What multiply-adds take: LANES elements, or pairs, that follow one another along k.
RK_INLINE Vec LoadAlong(const STORAGE *p) {
#if RK_PAIRS
    return Load((const COMPUTE *)p);
#else
    return LoadPromote(p);
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

/// Copies `depth` × `columns` of B to a panel: line k at k · `width`, whole vectors. What lies beyond `columns` is read from somewhere
/// valid, what lies beyond `depth` is written up to a whole vector.
RK_INLINE void N(pack_b)(
    COMPUTE *panel, const int64_t width, const STORAGE *b, int64_t row, int64_t column, int64_t depth, int64_t columns) {
    const int64_t vectors = (columns + LANES - 1) / LANES;
    if (column == 1) {
        for (int64_t k = 0; k < depth; k++, b += row, panel += width) {
            for (int64_t v = 0; v < vectors; v++) Store(panel + v * LANES, LoadAcross(b + v * LANES, row));
        }
    } else if (row == TERMS) {
        for (int64_t v = 0; v < vectors; v++) {
            const STORAGE *line[LANES];
            for (int j = 0; j < LANES; j++) line[j] = b + rk_min(v * LANES + j, columns - 1) * column;
            for (int64_t k = 0; k < depth; k += LANES) {
                Vec block[LANES];
                RK_UNROLLED for (int j = 0; j < LANES; j++) block[j] = LoadAlong(line[j] + k * TERMS);
                Transpose(block);
                RK_UNROLLED for (int j = 0; j < LANES; j++) Store(panel + (k + j) * width + v * LANES, block[j]);
            }
        }
    } else {
        for (int64_t k = 0; k < depth; k++) {
            for (int64_t j = 0; j < columns; j++) panel[k * width + j] = LoadTerm(b + k * row + j * column, row);
        }
    }
}

/// Whether C is written past the caches, which would hold little of it by the time it is read, and would first read what is overwritten.
RK_INLINE bool N(past_caches)(const rk_product *p) {
    const int64_t row = p->c_row * (int64_t)sizeof(STORAGE);
    return !p->epilogue && p->m * row >= PAST_CACHES && ((uintptr_t)p->c | (uintptr_t)row) % RK_VECTOR_BYTES == 0;
}

/// Blocks of equal size: a last one of few rows would cost as much to prepare as a whole one.
RK_INLINE int64_t N(block_rows)(int64_t rows) {
    const int64_t blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    return blocks <= 1 ? rows : rk_round_up((rows + blocks - 1) / blocks, RK_TILE_ROWS);
}

#include "dense.inc.h"

#include "skip.inc.h"

#if RK_VECTOR_BYTES == 64 && FORMAT == RK_FORMAT_PLAIN
#define HALF_AS_WIDE (&rk_avx2_kernels[WIDE ? RK_FLOAT64 : RK_FLOAT32])
/// Whether vectors half as long hold a row, and there is little else to do than to fill and to turn them: those are the same bits sooner.
RK_INLINE bool N(is_narrow)(int64_t n, int64_t k) { return n <= LANES / 2 && k <= LANES; }
#endif

static int64_t N(product_scratch)(int64_t m, int64_t n, int64_t k, int parts) {
#ifdef HALF_AS_WIDE
    if (N(is_narrow)(n, k)) return HALF_AS_WIDE->product_scratch(m, n, k, parts);
#endif
    (void)parts;
    const int64_t skip = rk_max(N(skip_scratch)(m, n, k), N(skip_scratch)(n, m, k)), few_rows = rk_max(m, n) + LANES;
    const int64_t large = rk_max(N(dense_scratch)(m, n, k), rk_max(skip, few_rows));
    const int64_t count = N(is_small)(m, n, k) ? rk_max(large, N(small_scratch)(n, k)) : large;
    return rk_round_up(count * (int64_t)sizeof(COMPUTE), 64);
}

RK_INLINE int64_t N(largest_share)(int64_t count, int64_t unit, int parts) {
    return rk_min((count + unit * parts - 1) / (unit * parts) * unit, count);
}

/// The share of a part, of rows or of columns, whole units each: what comes out even. By rows each part copies only its own share of A, by
/// columns only its own share of B, which is more work as a rule, because A is used as it lies unless it is stored by columns.
RK_INLINE N(block) N(split)(const rk_product *p, int64_t row_unit, int64_t column_unit, int part, int parts) {
    if (parts == 1) return (N(block)){0, p->m, 0, p->n};
    const int64_t by_rows = N(largest_share)(p->m, row_unit, parts) * p->n, by_columns = N(largest_share)(p->n, column_unit, parts) * p->m;
    const bool rows_first = p->a_row == 1 && 2 * p->m >= p->n;
    if (rows_first ? by_rows <= by_columns + by_columns / 16 : by_rows + by_rows / 16 < by_columns) {
        const rk_range rows = rk_share(p->m, row_unit, part, parts);
        return (N(block)){rows.begin, rows.end, 0, p->n};
    }
    const rk_range columns = rk_share(p->n, column_unit, part, parts);
    return (N(block)){0, p->m, columns.begin, columns.end};
}

/// The product that gives C's columns as rows, where A is stored by columns, as it is in the gradient of weights: there both sides may have
/// zeros, and those of B are skipped by exchanging the two.
RK_INLINE rk_product N(exchanged)(const rk_product *p) {
    rk_product q = *p;
    q.a = p->b, q.a_row = p->b_column, q.a_column = p->b_row, q.b = p->a, q.b_row = p->a_column, q.b_column = p->a_row;
    q.m = p->n, q.n = p->m;
    return q;
}

/// Whether skipping zeros of B takes less time than both skipping those of A and skipping none. All parts find the same.
static bool N(exchange_pays)(const rk_product *p) {
    if (p->zeros == RK_ZEROS_MULTIPLIED || p->a_row != 1 || p->a_column == TERMS || p->b_column != 1 || p->bias) return false;
    const rk_product q = N(exchanged)(p);
    const N(block) whole = {0, p->m, 0, p->n}, exchanged = {0, p->n, 0, p->m};
    const double cycles = N(skip_cycles)(&q, exchanged) + 0.5 * (double)(p->m * p->n);
    return cycles < N(skip_cycles)(p, whole) && (p->zeros == RK_ZEROS_SKIPPED || cycles < N(dense_cycles)(p, whole));
}

/// Whether to skip zeros of A.
RK_INLINE bool N(skipping_pays)(const rk_product *p, const N(block) block) {
    if (p->zeros == RK_ZEROS_MULTIPLIED || p->k == 0) return false;
    return p->zeros == RK_ZEROS_SKIPPED || N(skip_cycles)(p, block) < N(dense_cycles)(p, block);
}

/// A share of the exchanged product.
static void N(skip_exchanged)(const rk_product *q, const N(block) share, COMPUTE *scratch) {
    if (share.column_end <= share.column_begin) return;
    const int64_t size = N(block_rows)(share.row_end - share.row_begin);
    for (int64_t row = share.row_begin; row < share.row_end; row += size) {
        N(skip_block)(q, (N(block)){row, rk_min(row + size, share.row_end), share.column_begin, share.column_end}, scratch, true);
    }
    if (q->epilogue) N(map_block)(q->epilogue, share.column_begin, share.column_end, share.row_begin, share.row_end);
}

/// Block by block, each as its zeros advise, and its epilogue while what was computed is at hand.
static void N(blocks)(const rk_product *p, const N(block) share, COMPUTE *scratch) {
    const int64_t block_rows = N(block_rows)(share.row_end - share.row_begin);
    for (int64_t row = share.row_begin; row < share.row_end; row += block_rows) {
        const N(block) block = {row, rk_min(row + block_rows, share.row_end), share.column_begin, share.column_end};
        const bool few = block.row_end - row <= FEW_ROWS && (p->b_column == 1 || p->n == 1);
        if (few) N(few_rows)(p, block, scratch, p->zeros != RK_ZEROS_MULTIPLIED);
        else if (N(skipping_pays)(p, block)) N(skip_block)(p, block, scratch, false);
        else N(dense_block)(p, block, scratch);
        if (p->epilogue) N(map_block)(p->epilogue, block.row_begin, block.row_end, block.column_begin, block.column_end);
    }
    if (N(past_caches)(p)) __atomic_thread_fence(__ATOMIC_SEQ_CST);  // such stores keep to no order otherwise
}

/// C's only column, where A is stored by rows: LANES rows at a time are turned in registers, so that each lane holds a row's chain. Two such
/// groups, because a chain waits for its multiply-adds.
static void N(column)(const rk_product *p, int64_t begin, int64_t end) {
    const Vec bias = Set(LoadBias(p, 0)[0]);
    for (int64_t row = begin; row < end; row += 2 * LANES) {
        const STORAGE *lines[2][LANES];
        for (int i = 0; i < 2 * LANES; i++) lines[i / LANES][i % LANES] = (const STORAGE *)p->a + rk_min(row + i, end - 1) * p->a_row;
        Vec sums[2] = {0};
        for (int64_t k = 0; k < p->k; k += LANES) {
            Vec block[2][LANES];
            RK_UNROLLED for (int g = 0; g < 2; g++) {
                RK_UNROLLED for (int i = 0; i < LANES; i++) block[g][i] = LoadAlong(lines[g][i] + k * TERMS);
                Transpose(block[g]);
            }
            const STORAGE *const b = (const STORAGE *)p->b + k * p->b_row;
            RK_UNROLLED for (int j = 0; j < LANES; j++) {
                if (k + j >= p->k) break;
                const Vec x = Set(LoadTerm(b + j * p->b_row, p->b_row));
                RK_UNROLLED for (int g = 0; g < 2; g++) sums[g] = MulAddTerms(block[g][j], x, sums[g]);
            }
        }
        STORAGE *const c = (STORAGE *)p->c + row;
        DemoteStoreN(c, sums[0] + bias, end - row);
        if (row + LANES < end) DemoteStoreN(c + LANES, sums[1] + bias, end - row - LANES);
    }
}

static void N(product)(const rk_call *call, int part, int parts) {
#if RK_PAIRS
    if (call->product.k % TERMS) return rk_avx512_kernels[RK_BFLOAT16].product(call, part, parts);  // one would have no partner
    rk_product in_pairs = call->product;
    in_pairs.k /= TERMS, in_pairs.a_column *= TERMS, in_pairs.b_row *= TERMS;
    const rk_product *p = &in_pairs;
#else
    const rk_product *p = &call->product;
#endif
#ifdef HALF_AS_WIDE
    if (N(is_narrow)(p->n, p->k)) return HALF_AS_WIDE->product(call, part, parts);
#endif
    COMPUTE *const scratch = (COMPUTE *)((char *)p->scratch + part * p->scratch_stride);
    const bool one_column = p->n == 1 && p->c_row == 1, dense = p->zeros != RK_ZEROS_SKIPPED;
    const bool small = dense && N(is_small)(p->m, p->n, p->k);
    if (!one_column && !small && call->shared_rows == 0 && N(exchange_pays)(p)) {
        const rk_product q = N(exchanged)(p);
        N(skip_exchanged)(&q, N(split)(&q, TILE_COLUMNS, ROW_UNIT, part, parts), scratch);
        return;
    }
    const rk_range kept = rk_share(p->m, 1, part, parts);
    const N(block) share = call->shared_rows > 0 ? (N(block)){kept.begin, kept.end, 0, p->n} : N(split)(p, ROW_UNIT, TILE_COLUMNS, part, parts);
    const int64_t rows = share.row_end - share.row_begin;
    if (rows <= 0 || share.column_end <= share.column_begin) return;
    if (one_column && p->a_row == 1 && !p->bias) {  // as a row it is a sum of A's lines
        const rk_product q = N(exchanged)(p);
        N(few_rows)(&q, (N(block)){0, 1, share.row_begin, share.row_end}, scratch, p->zeros != RK_ZEROS_MULTIPLIED);
    } else if (one_column && p->a_column == TERMS && rows > FEW_ROWS && dense) {
        N(column)(p, share.row_begin, share.row_end);
    } else if (small && rows <= BLOCK_ROWS) {
        N(small_block)(p, share, scratch);
    } else {
        N(blocks)(p, share, scratch);
        return;
    }
    if (p->epilogue) N(map_block)(p->epilogue, share.row_begin, share.row_end, share.column_begin, share.column_end);
}

#undef HALF_AS_WIDE
#undef MulAddTerms
#undef TERMS
#undef PAST_CACHES
#undef FAR_APART
#undef ROW_UNIT
#undef FEW_ROWS
#undef BLOCK_ROWS
#undef TILE_COLUMNS
