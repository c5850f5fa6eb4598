// Blocks of the product C = A B + bias in which every element of A is multiplied.
//
// For each block of k and each panel of columns, a tile wide, all tiles of rows meet the panel, which is PANEL_DEPTH
// lines long and stays in the first cache. Panels are filled by their first tile as it reads B, or, when B is
// transposed, by transposes in registers beforehand. A's block is copied once. While a tile is computed a share of the
// next panel is fetched. Between blocks of k partial sums rest in C, or, when C's type would round them or its rows lie
// too far apart, in scratch.
//
// With few columns A is read in place, because a copy would not be used often enough to pay.

typedef struct {
    int64_t panel, a, sums;  ///< elements of the computing type
} N(dense_room);

/// Whether partial sums of `n` columns rest in C: whole vectors, because what lies behind a row may be another part's.
RK_INLINE bool N(sums_in_c)(int64_t n) { return sizeof(STORAGE) == sizeof(COMPUTE) && n % LANES == 0 && n < COLLIDING_ELEMENTS; }

/// From row to row of sums that do not: a line more than they need, so that they do not collide as C's would.
RK_INLINE int64_t N(sums_row)(int64_t columns) { return rk_round_up(columns, TILE_COLUMNS) + CACHE_LINE_BYTES / (int64_t)sizeof(COMPUTE); }

RK_INLINE N(dense_room) N(room)(int64_t m, int64_t n, int64_t k) {
    const int64_t rows = rk_min(m, BLOCK_ROWS), depth = rk_min(k, PANEL_DEPTH), groups = rows / RK_TILE_ROWS + 2;
    N(dense_room) r = {(depth + LANES) * TILE_COLUMNS, groups * N(group)(depth) + SLACK, 0};
    if (!N(sums_in_c)(n) && k > PANEL_DEPTH) r.sums = rows * N(sums_row)(n);
    r.panel = rk_round_up(r.panel, 16), r.a = rk_round_up(r.a, 16);
    return r;
}

/// Elements of scratch for any block of a product.
RK_INLINE int64_t N(dense_scratch)(int64_t m, int64_t n, int64_t k) {
    const N(dense_room) r = N(room)(m, n, k);
    return r.panel + r.a + r.sums;
}

/// - `chain`: NULL where chains begin with 0 and end in C.
static void N(dense_block)(const rk_product *p, const N(block) block, COMPUTE *scratch, const N(chain) *chain) {
    const int64_t rows = block.row_end - block.row_begin, columns = block.column_end - block.column_begin;
    const bool plain = sizeof(STORAGE) == sizeof(COMPUTE);
    const int64_t a_row = p->a_row, a_column = p->k * TERMS == 1 ? 1 : p->a_column;
    const int64_t b_row = p->b_row, b_column = p->n == 1 ? 1 : p->b_column;
    const bool a_near = (rows - 1) * a_row + (p->k - 1) * a_column < NEAR_ELEMENTS;
    const bool a_in_place = plain && (a_near || (a_column == TERMS && columns <= COPY_A_ABOVE_TILES * TILE_COLUMNS));
    const bool b_in_place = plain && b_column == 1 && (rows <= COPY_B_ABOVE_TILES * RK_TILE_ROWS || p->k * b_row < NEAR_ELEMENTS);
    const int64_t depth_limit = a_in_place && b_in_place ? rk_max(p->k, 1) : PANEL_DEPTH;

    const N(dense_room) room = N(room)(p->m, p->n, p->k);
    COMPUTE *const panel = scratch, *const a_copy = panel + room.panel, *const sums = a_copy + room.a;
    const bool in_c = !chain && N(sums_in_c)(p->n), past_caches = N(past_caches)(p);

    // Blocks of equal depth: a last one that is short would cost as much to prepare as a whole one.
    const int64_t depths = (p->k + depth_limit - 1) / depth_limit, block_depth = depths > 1 ? (p->k + depths - 1) / depths : depth_limit;
    for (int64_t k = 0; k == 0 || k < p->k; k += block_depth) {
        const int64_t depth = rk_min(block_depth, p->k - k);
        N(tile_job) t = {.k = depth, .a_row = a_row, .a_column = a_column};
        const COMPUTE *a = (const COMPUTE *)p->a + block.row_begin * a_row + k * a_column;
        if (!a_in_place) {
            a = a_copy, t.a_row = 1, t.a_column = RK_TILE_ROWS;
            N(pack_a)(a_copy, (const STORAGE *)p->a + block.row_begin * a_row + k * a_column, a_row, a_column, rows, depth);
        }
        const bool first = k == 0 && !(chain && chain->goes_on), last = k + block_depth >= p->k && !(chain && chain->stays);
        t.partial = !in_c && !last;
        t.past_caches = past_caches && last;

        for (int64_t column = block.column_begin; column < block.column_end; column += TILE_COLUMNS) {
            t.columns = rk_min(TILE_COLUMNS, block.column_end - column);
            const int64_t vectors = (t.columns + LANES - 1) / LANES;
            const STORAGE *b = (const STORAGE *)p->b + k * b_row + column * b_column;
            int64_t fetch_tile = 0;
            if (b_in_place) {
                t.b = b, t.b_row = b_row;
            } else {
                t.b = panel, t.b_row = TILE_COLUMNS;
                // Down the rows of the next panel, a tile's share after another; or along its columns, as many for each
                // tile.
                const bool more = column + 2 * TILE_COLUMNS <= block.column_end;
                t.fetch = more ? b + TILE_COLUMNS * b_column : (const STORAGE *)p->b;
                const int64_t per_line = CACHE_LINE_BYTES / (int64_t)sizeof(COMPUTE);
                t.fetch_beside = !more ? 0 : b_column == 1 ? CACHE_LINE_BYTES / (int64_t)sizeof(STORAGE) : b_column;
                t.fetch_step = !more ? 0 : b_column == 1 ? b_row : per_line * b_row;
                fetch_tile = !more ? 0 : b_column == 1 ? depth / per_line * b_row : TILE_LINES * b_column;
            }
            Vec zeros[RK_TILE_VECTORS] = {0}, bias[RK_TILE_VECTORS];
            if (last) {
                for (int v = 0; v < vectors; v++) bias[v] = LoadBias(p, column + v * LANES);
                t.bias = (const COMPUTE *)bias;
            }
            const bool packed = !a_in_place && !b_in_place && vectors == RK_TILE_VECTORS;
            const bool copying = packed && b_column == 1 && N(height)(rows) == RK_TILE_ROWS;
            if (!b_in_place && !copying) N(pack_b)(panel, TILE_COLUMNS, b, b_row, b_column, depth, t.columns);
            COMPUTE *const rest = in_c ? (COMPUTE *)p->c + block.row_begin * p->c_row + column
                                       : (chain ? chain->sums : sums) + column - block.column_begin;
            const int64_t rest_row = in_c ? p->c_row : chain ? chain->row : N(sums_row)(columns);
            t.a = a;
            t.start = first ? (const COMPUTE *)zeros : rest;
            t.start_row = first ? 0 : rest_row;
            t.out = t.partial ? (void *)rest : (void *)((STORAGE *)p->c + block.row_begin * p->c_row + column);
            t.out_row = t.partial ? rest_row : p->c_row;
            if (!packed) {
                t.rows = rows, t.a_tile = a_in_place ? 0 : N(group)(depth);
                N(strips)[vectors - 1](&t);
                continue;
            }
            for (int64_t i = 0, height; i < rows; i += height) {
                height = N(height)(rows - i);
                if (copying && i == 0) {
                    N(tile_job) first_tile = t;
                    first_tile.b = b, first_tile.b_row = b_row, first_tile.panel = panel;
                    N(copying_tile)(&first_tile);
                } else {
                    N(packed_tiles)[height - 1](&t);
                }
                N(descend)(&t, height, N(group)(depth));
                t.fetch += fetch_tile;
            }
        }
    }
}
