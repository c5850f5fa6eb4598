// A tile of the product C = A B + bias: up to RK_TILE_ROWS rows × RK_TILE_VECTORS vectors of C, which stay in registers
// over a block of k. Each k takes RK_TILE_VECTORS loads of B, a number of A spread over a vector for each row, and a
// multiply-add for each accumulator.
//
// A tile's size is a constant of its function, so that its sums are registers. There is a function for each size; they
// stand in tables at the end.

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

/// With `packed`, A lies tile by tile and B in a panel. With `copying`, B is read where it lies, whole vectors of the
/// element type `b_row` apart, and written to the panel on the way.
RK_INLINE void N(tile)(const N(tile_job) *t, const int rows, const int vectors, const bool packed, const bool copying) {
    Vec sum[RK_TILE_ROWS][RK_TILE_VECTORS];
    RK_UNROLLED for (int r = 0; r < rows; r++) {
        RK_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = Load(t->start + r * t->start_row + v * LANES);
    }
    // One pointer for each row and one index for all of them: two additions for each k. Compilers know that the
    // pointers lie a_row apart and would chain them through additions; the empty assembly makes them forget.
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
        Vec line[RK_TILE_VECTORS];                                                                                                    \
        RK_UNROLLED for (int v = 0; v < vectors; v++) {                                                                               \
            line[v] = copying ? LoadAcross(source + v * LANES, b_row) : Load(b + v * LANES);                                          \
            if (copying) Store(panel + v * LANES, line[v]);                                                                           \
        }                                                                                                                             \
        RK_UNROLLED for (int r = 0; r < rows; r++) {                                                                                  \
            Vec x = Set(lines[r][place]);                                                                                             \
            RK_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = MulAddTerms(x, line[v], sum[r][v]);                             \
        }                                                                                                                             \
        place += a_column, b += b_row;                                                                                                \
        if (copying) source += b_row, panel += TILE_COLUMNS;                                                                          \
    }
    int64_t k = t->k;
    if (packed) {
        // While this tile is in the works a share of the next panel is fetched. (A comes line after line, which
        // processors fetch ahead unasked.)
        const int64_t per_line = CACHE_LINE_BYTES / (int64_t)sizeof(COMPUTE);
        const STORAGE *fetch = t->fetch;
        // And the next tile's rows of C, or of sums, where they lie far apart.
        if (t->out_row >= COLLIDING_ELEMENTS && !t->past_caches) {
            for (int r = 0; r < rows; r++) {
                const char *const row = N(further)(t, rows + r);
                RK_UNROLLED for (int i = 0; i < TILE_LINES; i++) __builtin_prefetch(row + i * CACHE_LINE_BYTES, 1);
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
