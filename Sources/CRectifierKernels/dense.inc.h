// A block of the product C = A B + bias in which every element of A is multiplied, and the multiply-add peak it is measured against.
//
// Tile: up to RK_TILE_ROWS rows × RK_TILE_VECTORS vectors of C stay in registers over a block of k. For each k that takes RK_TILE_VECTORS
// loads of B, a broadcast from A for each row, and a multiply-add for each accumulator. Registers: 6 × 2 + 2 + 1 of 16 (AVX2, SSE2),
// 14 × 2 + 2 + 1 of 32 (AVX-512), 6 × 4 + 4 + 1 of 32 (NEON).
//
// For each block of k, for each panel of columns (a tile wide), all row tiles meet the panel, which is PANEL_DEPTH × a tile's width and
// stays in the first cache. Panels are filled by their first tile as it reads B, or, when B is transposed, by transposes in
// registers beforehand. A's block is copied once, tile by tile, in each the rows of one k side by side. (In place its rows would often
// lie a power of two apart and push each other out of the cache.) While a tile is computed a share of the next panel is fetched. Between
// blocks of k partial sums rest in C, or, when C's type would round them or its rows lie too far apart, in scratch.
//
// When there are few columns A is read in place, because a copy would not be used often enough to pay. Small products read both where
// they lie, over all of k at once, and skip what larger ones have to think about (`small_block`).

#define PANEL_DEPTH (RK_VECTOR_BYTES == 64 ? 256 : 320)
/// Elements that an operand may span and still lie in the first cache, with room for others.
#define NEAR (16384 / (int64_t)sizeof(COMPUTE))
/// Lines of the cache in a row of a tile of the element type.
#define TILE_LINES ((TILE_COLUMNS * (int)sizeof(STORAGE) + 63) / 64)
/// Room behind a packed group, for a whole vector stored where fewer lanes count.
#define SLACK 16

typedef struct {
    int64_t k;
    const COMPUTE *a;
    const void *b;
    COMPUTE *panel;
    int64_t a_row, a_column, b_row;
    int64_t rows;    ///< of all tiles of a strip
    int64_t a_tile;  ///< from one of them to the next in A, or 0 where its rows follow one another
    const COMPUTE *start;  ///< the sums to start from
    int64_t start_row;
    const COMPUTE *bias;  ///< whole vectors to add at the end, or NULL before it
    void *out;
    int64_t out_row, columns;
    bool partial;      ///< `out` is in the computing type
    bool past_caches;  ///< write to it past the caches
    const STORAGE *fetch;  ///< what else to fetch, TILE_LINES, `fetch_beside` apart, for each line of A's rows, `fetch_step` apart
    int64_t fetch_beside, fetch_step;
} N(tile_job);

/// Where results go that lie `rows` further down.
RK_INLINE void *N(further)(const N(tile_job) *t, int64_t rows) {
    return (char *)t->out + rows * t->out_row * (int64_t)(t->partial ? sizeof(COMPUTE) : sizeof(STORAGE));
}

/// With `packed`, A lies tile by tile and B in a panel. With `copying`, B is read where it lies, whole vectors of the element type `b_row`
/// apart, and written to the panel on the way.
RK_INLINE void N(tile)(const N(tile_job) *t, const int rows, const int vectors, const bool packed, const bool copying) {
    Vec sum[RK_TILE_ROWS][RK_TILE_VECTORS];
    RK_UNROLLED for (int r = 0; r < rows; r++) {
        RK_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = Load(t->start + r * t->start_row + v * LANES);
    }
    // One pointer for each row and one index for all of them: two additions for each k. Compilers know that the pointers lie a_row apart
    // and would chain them through additions; the empty assembly makes them forget.
    const int64_t a_row = packed ? 1 : t->a_row;
    const int64_t a_column = packed ? RK_TILE_ROWS : t->a_column;
    const int64_t b_row = packed && !copying ? TILE_COLUMNS : t->b_row;
    const STORAGE *source = (const STORAGE *)t->b;
    COMPUTE *panel = t->panel;
    const COMPUTE *lines[RK_TILE_ROWS], *b = t->b;
    RK_UNROLLED for (int r = 0; r < rows; r++) {
        lines[r] = t->a + r * a_row;
        if (rows <= 8 && !packed) __asm__("" : "+r"(lines[r]));
    }
    int64_t place = 0;
#define ONE_K                                                                                                                         \
    {                                                                                                                                 \
        Vec line[RK_TILE_VECTORS];                                                                                                      \
        RK_UNROLLED for (int v = 0; v < vectors; v++) {                                                                               \
            line[v] = copying ? LoadAcross(source + v * LANES, b_row) : Load(b + v * LANES);                                                 \
            if (copying) Store(panel + v * LANES, line[v]);                                                                              \
        }                                                                                                                             \
        RK_UNROLLED for (int r = 0; r < rows; r++) {                                                                                  \
            Vec x = Set(lines[r][place]);                                                                                             \
            RK_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = MulAddTerms(x, line[v], sum[r][v]);                            \
        }                                                                                                                             \
        place += a_column, b += b_row, source += b_row, panel += TILE_COLUMNS;                                                        \
    }
    int64_t k = t->k;
    if (packed) {
        // While this tile is in the works a share of the next panel is fetched. (A comes line after line, which
        // processors fetch ahead unasked.)
        const int64_t per_line = 64 / (int64_t)sizeof(COMPUTE);
        const STORAGE *fetch = t->fetch;
        // And the next tile's rows of C, or of sums, where they lie far apart.
        if (t->out_row >= FAR_APART && !t->past_caches) {
            for (int r = 0; r < rows; r++) {
                RK_UNROLLED for (int i = 0; i < TILE_LINES; i++) __builtin_prefetch((const char *)N(further)(t, rows + r) + i * 64, 1);
            }
        }
        for (; k >= per_line; k -= per_line) {
            RK_UNROLLED for (int i = 0; i < TILE_LINES; i++) __builtin_prefetch(fetch + i * t->fetch_beside, 0, 2);
            fetch += t->fetch_step;
            _Pragma("clang loop unroll(disable)") RK_ALIGNED_LOOP for (int64_t i = 0; i < per_line; i += 4) { ONE_K ONE_K ONE_K ONE_K }
        }
    }
    _Pragma("clang loop unroll(disable)") RK_ALIGNED_LOOP for (; k > 0; k--) ONE_K
#undef ONE_K
    if (t->bias) {
        RK_UNROLLED for (int v = 0; v < vectors; v++) {
            const Vec bias = Load(t->bias + v * LANES);
            RK_UNROLLED for (int r = 0; r < rows; r++) sum[r][v] += bias;
        }
    }
    const int64_t columns = t->columns, out_row = t->out_row;
    void *const out = t->out;
    if (t->partial) {
        RK_UNROLLED for (int r = 0; r < rows; r++) {  // scratch has whole vectors
            RK_UNROLLED for (int v = 0; v < vectors; v++) Store((COMPUTE *)out + r * out_row + v * LANES, sum[r][v]);
        }
    } else if (t->past_caches && columns >= vectors * LANES) {
        RK_UNROLLED for (int r = 0; r < rows; r++) {
            RK_UNROLLED for (int v = 0; v < vectors; v++) DemoteStream((STORAGE *)out + r * out_row + v * LANES, sum[r][v]);
        }
    } else if (columns >= vectors * LANES) {
        RK_UNROLLED for (int r = 0; r < rows; r++) {
            RK_UNROLLED for (int v = 0; v < vectors; v++) DemoteStore((STORAGE *)out + r * out_row + v * LANES, sum[r][v]);
        }
    } else {
        RK_UNROLLED for (int r = 0; r < rows; r++) {
            RK_UNROLLED for (int v = 0; v < vectors - 1; v++) DemoteStore((STORAGE *)out + r * out_row + v * LANES, sum[r][v]);
            DemoteStoreTail((STORAGE *)out + r * out_row + (vectors - 1) * LANES, sum[r][vectors - 1], columns - (vectors - 1) * LANES);
        }
    }
}

/// Rows of the next tile when `left` are left: the last two share evenly, because a tile of a row or two starves the multipliers.
RK_INLINE int64_t N(height)(int64_t left) { return left >= 2 * RK_TILE_ROWS || left == RK_TILE_ROWS ? RK_TILE_ROWS : left > RK_TILE_ROWS ? (left + 1) / 2 : left; }

/// Moves on to the next tile down, whose share of A lies `a_step` further.
RK_INLINE void N(descend)(N(tile_job) *t, int64_t height, int64_t a_step) {
    t->a += a_step;
    t->start += height * t->start_row;
    t->out = N(further)(t, height);
}

typedef void (*N(tile_function))(const N(tile_job) *);

#if RK_TILE_ROWS == 14
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#else
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6)
#endif

/// All tiles of `t->rows` rows, of which A or B is not packed.
RK_INLINE void N(strip)(const N(tile_job) *job, const int vectors) {
    N(tile_job) t = *job;
    for (int64_t left = t.rows, height; left > 0; left -= height) {
        height = N(height)(left);
#define TILE(rows) case rows: N(tile)(&t, rows, vectors, false, false); break;
        switch (height) { EACH_HEIGHT(TILE) }
#undef TILE
        N(descend)(&t, height, t.a_tile ? t.a_tile : height * t.a_row);
    }
}

#define STRIP(vectors) static void RK_PASTE(N(strip), vectors)(const N(tile_job) *t) { N(strip)(t, vectors); }
STRIP(1) STRIP(2)
#if RK_TILE_VECTORS == 4
STRIP(3) STRIP(4)
/// By vectors - 1.
static const N(tile_function) N(strips)[] = {RK_PASTE(N(strip), 1), RK_PASTE(N(strip), 2), RK_PASTE(N(strip), 3), RK_PASTE(N(strip), 4)};
#else
static const N(tile_function) N(strips)[] = {RK_PASTE(N(strip), 1), RK_PASTE(N(strip), 2)};
#endif
#undef STRIP

#define PACKED_TILE(rows) static void N(packed_tile_##rows)(const N(tile_job) *t) { N(tile)(t, rows, RK_TILE_VECTORS, true, false); }
#define NAME(rows) N(packed_tile_##rows),
EACH_HEIGHT(PACKED_TILE)
/// By rows - 1.
static const N(tile_function) N(packed_tiles)[RK_TILE_ROWS] = {EACH_HEIGHT(NAME)};
/// The first tile of a panel, which fills it.
static void N(copying_tile)(const N(tile_job) *t) { N(tile)(t, RK_TILE_ROWS, RK_TILE_VECTORS, true, true); }
#undef NAME
#undef PACKED_TILE
#undef EACH_HEIGHT

//===--- Copy of A --------------------------------------------------------------------===//

/// Elements of a packed tile of A.
RK_INLINE int64_t N(group)(int64_t depth) { return RK_TILE_ROWS * depth + SLACK; }

/// Copies `rows` × `depth` of A tile by tile, in each the rows of one k side by side. Stores whole vectors: what a store writes too much
/// a later one overwrites, or it falls into the slack.
static void N(pack_a)(COMPUTE *copy, const STORAGE *a, int64_t row, int64_t column, int64_t rows, int64_t depth) {
    if (row == 1) {
        // Sixteen k at a time keep the lines of A that the next tile shares in the cache.
        for (int64_t k = 0; k < depth; k += 16) {
            const int64_t end = rk_min(k + 16, depth);
            COMPUTE *to = copy;
            for (int64_t i = 0, height; i < rows; i += height, to += N(group)(depth)) {
                height = N(height)(rows - i);
                for (int64_t kk = k; kk < end; kk++) {
                    for (int v = 0; v < height; v += LANES) Store(to + kk * RK_TILE_ROWS + v, LoadAcross(a + i + kk * column + v, column));
                }
            }
        }
        return;
    }
    for (int64_t i = 0, height; i < rows; i += height, copy += N(group)(depth), a += height * row) {
        height = N(height)(rows - i);
        if (column != TERMS) {
            for (int64_t k = 0; k < depth; k++) {
                for (int64_t r = 0; r < height; r++) copy[k * RK_TILE_ROWS + r] = LoadTerm(a + r * row + k * column, column);
            }
            continue;
        }
        // Last rows first, because their vectors are the ones that reach into the next k.
        for (int64_t first = (height - 1) / LANES * LANES; first >= 0; first -= LANES) {
            const STORAGE *line[LANES];
            for (int r = 0; r < LANES; r++) line[r] = a + rk_min(first + r, height - 1) * row;
            for (int64_t k = 0; k < depth; k += LANES) {
                Vec block[LANES];
                RK_UNROLLED for (int r = 0; r < LANES; r++) block[r] = LoadAlong(line[r] + k * TERMS);
                Transpose(block);
                COMPUTE *to = copy + k * RK_TILE_ROWS + first;
                if (k + LANES <= depth) RK_UNROLLED for (int j = 0; j < LANES; j++) Store(to + j * RK_TILE_ROWS, block[j]);
                else RK_UNROLLED for (int j = 0; j < LANES; j++) if (k + j < depth) Store(to + j * RK_TILE_ROWS, block[j]);
            }
        }
    }
}

//===--- Block ------------------------------------------------------------------------===//

typedef struct {
    int64_t panel, a, sums;  ///< elements of the computing type
} N(dense_room);

/// Whether partial sums of `n` columns rest in C.
RK_INLINE bool N(sums_in_c)(int64_t n) { return sizeof(STORAGE) == sizeof(COMPUTE) && n < FAR_APART; }

/// From row to row of sums that do not: a line more than they need, so that they do not collide as C's would.
RK_INLINE int64_t N(sums_row)(int64_t columns) { return rk_round_up(columns, TILE_COLUMNS) + 64 / (int64_t)sizeof(COMPUTE); }

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

static void N(dense_block)(const rk_product *p, const N(block) block, COMPUTE *scratch) {
    const int64_t rows = block.row_end - block.row_begin, columns = block.column_end - block.column_begin;
    const bool plain = sizeof(STORAGE) == sizeof(COMPUTE);
    const int64_t a_row = p->a_row, a_column = p->k * TERMS == 1 ? 1 : p->a_column;
    const int64_t b_row = p->b_row, b_column = p->n == 1 ? 1 : p->b_column;
    const bool a_near = (rows - 1) * a_row + (p->k - 1) * a_column < NEAR;
    const bool a_in_place = plain && (a_near || (a_column == TERMS && columns <= 4 * TILE_COLUMNS));
    const bool b_in_place = plain && b_column == 1 && (rows <= 2 * RK_TILE_ROWS || p->k * b_row < NEAR);
    const int64_t depth_limit = a_in_place && b_in_place ? rk_max(p->k, 1) : PANEL_DEPTH;

    const N(dense_room) room = N(room)(p->m, p->n, p->k);
    COMPUTE *const panel = scratch, *const a_copy = panel + room.panel, *const sums = a_copy + room.a;
    const bool in_c = N(sums_in_c)(p->n), past_caches = N(past_caches)(p);

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
        const bool first = k == 0, last = k + block_depth >= p->k;
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
                // Down the rows of the next panel, a tile's share after another; or along its columns, as many for each tile.
                const bool more = column + 2 * TILE_COLUMNS <= block.column_end;
                t.fetch = more ? b + TILE_COLUMNS * b_column : (const STORAGE *)p->b;
                t.fetch_beside = !more ? 0 : b_column == 1 ? 64 / (int64_t)sizeof(STORAGE) : b_column;
                t.fetch_step = !more ? 0 : b_column == 1 ? b_row : 64 / (int64_t)sizeof(COMPUTE) * b_row;
                fetch_tile = !more ? 0 : b_column == 1 ? depth / (64 / (int64_t)sizeof(COMPUTE)) * b_row : TILE_LINES * b_column;
            }
            Vec zeros[RK_TILE_VECTORS] = {0}, bias[RK_TILE_VECTORS];
            if (last) {
                for (int v = 0; v < vectors; v++) bias[v] = LoadBias(p, column + v * LANES);
                t.bias = (const COMPUTE *)bias;
            }
            const bool packed = !a_in_place && !b_in_place && vectors == RK_TILE_VECTORS;
            const bool copying = packed && b_column == 1 && N(height)(rows) == RK_TILE_ROWS;
            if (!b_in_place && !copying) N(pack_b)(panel, TILE_COLUMNS, b, b_row, b_column, depth, t.columns);
            COMPUTE *const rest = in_c ? (COMPUTE *)p->c + block.row_begin * p->c_row + column : sums + column - block.column_begin;
            const int64_t rest_row = in_c ? p->c_row : N(sums_row)(columns);
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

//===--- Small products -------------------------------------------------------------------===//

/// Multiply-adds that take little more time than to find out whether skipping zeros would pay.
#define SMALL_TERMS 32768
/// Terms of a chain that are too few for it to pay.
#define SHORT_CHAIN 32

RK_INLINE int64_t N(small_scratch)(int64_t n, int64_t k) { return (k + LANES) * rk_round_up(n, LANES); }

/// Whether B lies in the first cache, or a tile reads it only once, and dense tiles are about as fast as anything.
RK_INLINE bool N(is_small)(int64_t m, int64_t n, int64_t k) {
    const bool near = k * rk_round_up(n, LANES) <= NEAR || (m <= RK_TILE_ROWS && n <= TILE_COLUMNS);
    return sizeof(STORAGE) == sizeof(COMPUTE) && near && (k <= SHORT_CHAIN || m * n * k <= SMALL_TERMS);
}

/// A block of a small product, A and, unless it is transposed, B where they lie.
static void N(small_block)(const rk_product *p, const N(block) block, COMPUTE *panel) {
    const int64_t columns = block.column_end - block.column_begin;
    N(tile_job) t = {
        .k = p->k, .a = (const COMPUTE *)p->a + block.row_begin * p->a_row, .a_row = p->a_row, .a_column = p->a_column,
        .rows = block.row_end - block.row_begin, .out_row = p->c_row,
    };
    const COMPUTE *b = (const COMPUTE *)p->b + block.column_begin * p->b_column;
    t.b_row = p->b_row;
    if (p->b_column != 1 && columns > 1) {
        t.b_row = rk_round_up(columns, LANES);
        N(pack_b)(panel, t.b_row, (const STORAGE *)b, p->b_row, p->b_column, p->k, columns);
        b = panel;
    }
    Vec zeros[RK_TILE_VECTORS] = {0}, bias[RK_TILE_VECTORS];
    t.start = (const COMPUTE *)zeros, t.bias = (const COMPUTE *)bias;
    for (int64_t j = 0; j < columns; j += TILE_COLUMNS) {
        t.columns = rk_min(TILE_COLUMNS, columns - j);
        const int64_t vectors = (t.columns + LANES - 1) / LANES;
        for (int v = 0; v < vectors; v++) bias[v] = LoadBias(p, block.column_begin + j + v * LANES);
        t.b = b + j, t.out = (STORAGE *)p->c + block.row_begin * p->c_row + block.column_begin + j;
        N(strips)[vectors - 1](&t);
    }
}

//===--- Peak -------------------------------------------------------------------------------===//

#define CHAINS (RK_TILE_ROWS * RK_TILE_VECTORS)
#if RK_PAIRS
#define BURST(sum, x, y) MulAddTerms(x, y, sum)
#else
#define BURST(sum, x, y) MulAdd(sum, x, y)
#endif

static double N(burst)(int64_t rounds) {
    // Each chain swings between two numbers with unlike digits: multipliers fed the same numbers again and again draw less power, and a
    // processor may run faster for it than any product can.
    volatile COMPUTE factor = (COMPUTE)-0.9999999, seed = (COMPUTE)0.7390851332;
    Vec x = Set(factor), y, sums[CHAINS];
    for (int i = 0; i < LANES; i++) y[i] = seed * (COMPUTE)(i + 1.618);
    for (int j = 0; j < CHAINS; j++) sums[j] = y * (COMPUTE)(0.1234567 * (j + 1));
#if RK_PAIRS
    const STORAGE there_and_back[TERMS] = {0x3f3d, 0xbf3d};  // 0.74 and -0.74
    x = Set(LoadTerm(there_and_back, TERMS)), y = (Vec)(((UnsignedVec)y & 0xffff0000) | (UnsignedVec)y >> 16);
#endif
    for (int64_t i = 0; i < rounds; i++) {
        RK_UNROLLED for (int j = 0; j < CHAINS; j++) sums[j] = BURST(sums[j], x, y);
    }
    Vec total = sums[0];
    for (int j = 1; j < CHAINS; j++) total += sums[j];
    volatile COMPUTE sink = total[0];
    (void)sink;
    return (double)rounds * CHAINS * LANES * 2 * TERMS;
}

#undef BURST
#undef CHAINS
#undef SHORT_CHAIN
#undef SMALL_TERMS
#undef SLACK
#undef TILE_LINES
#undef NEAR
#undef PANEL_DEPTH
