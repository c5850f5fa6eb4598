// Blocks of the product C = A B + bias in which the zeros of A are skipped.
//
// The chain of each element is that of the dense block without its terms 0 · b, each of which would leave it as it was:
// a chain never holds -0 but for the underflow of a fused multiply-add, and the bias, which is never -0, is added last
// to either.

RK_INLINE int64_t N(skip_panels)(int64_t vectors) { return (vectors + SKIP_VECTORS - 1) / SKIP_VECTORS; }

/// Whether a row is used often enough to be packed.
RK_INLINE bool N(packs)(int64_t panels) { return SKIP_PACKS && panels > 1; }

typedef struct {
    int64_t panel, bits, a, sums;  ///< elements of the computing type
} N(skip_room);

RK_INLINE N(skip_room) N(room_to_skip)(int64_t m, int64_t n, int64_t k) {
    const int64_t rows = rk_min(m, BLOCK_ROWS), depths = (k + SKIP_DEPTH - 1) / SKIP_DEPTH;
    return (N(skip_room)){
        .panel = SKIP_DEPTH * N(panel_line)(SKIP_VECTORS), .bits = rk_round_up(depths * rows * 8 / (int64_t)sizeof(COMPUTE), 16),
        .a = depths * (rows + LANES) * SKIP_DEPTH, .sums = rows * rk_min(SKIP_GROUP * SKIP_VECTORS * LANES, rk_round_up(n, LANES)),
    };
}

RK_INLINE int64_t N(skip_scratch)(int64_t m, int64_t n, int64_t k) {
    const N(skip_room) r = N(room_to_skip)(m, n, k);
    return r.panel + r.bits + r.a + r.sums;
}

/// With `transposed`, what is computed is written to C as its columns. `chain`: NULL where chains begin with 0 and end
/// in C.
static void N(skip_block)(const rk_product *p, const N(block) block, COMPUTE *scratch, bool transposed, const N(chain) *chain) {
    const int64_t rows = block.row_end - block.row_begin, columns = block.column_end - block.column_begin;
    // Panels of equal width: a narrow one waits for its chains.
    const int64_t vectors = (columns + LANES - 1) / LANES, panels = N(skip_panels)(vectors);
    const bool packed = N(packs)(panels), plain = sizeof(STORAGE) == sizeof(COMPUTE), in_place = plain && p->a_column == TERMS && !packed;
    // Sums wait in C, if whole vectors of them fit and its rows do not lie so far apart that they push each other out
    // of the caches.
    const bool in_c = plain && !chain && !transposed && columns % LANES == 0 && p->c_row < COLLIDING_ELEMENTS;
    const bool past_caches = N(past_caches)(p);
    static const Vec zeros[SKIP_VECTORS];
    const N(skip_room) room = N(room_to_skip)(p->m, p->n, p->k);
    COMPUTE *const panel = scratch, *const copy = panel + room.panel + room.bits, *const sums = copy + room.a;
    uint64_t *const bits = (uint64_t *)(panel + room.panel);
    const int64_t copy_size = (rows + LANES) * SKIP_DEPTH;

    const STORAGE *const a = (const STORAGE *)p->a + block.row_begin * p->a_row;
    const int64_t a_row = in_place ? p->a_row : packed && p->a_column == TERMS ? 0 : SKIP_DEPTH;
    for (int64_t k = 0, d = 0; k < p->k; k += SKIP_DEPTH, d++) {
        N(find_nonzeros)(bits + d * rows, in_place ? NULL : copy + d * copy_size, packed, a + k * p->a_column, p->a_row, p->a_column, rows,
                         rk_min(SKIP_DEPTH, p->k - k));
    }

    const bool by_rows = p->b_column == 1, far = p->k * TERMS * p->n * (int64_t)sizeof(STORAGE) >= FETCH_BYTES;
    for (int64_t group = 0; group < panels; group += SKIP_GROUP) {
        const int64_t group_end = rk_min(group + SKIP_GROUP, panels), group_begin = block.column_begin + vectors * group / panels * LANES;
        for (int64_t k = 0, d = 0; k == 0 || k < p->k; k += SKIP_DEPTH, d++) {
            const int64_t depth = rk_min(SKIP_DEPTH, p->k - k);
            const bool first = k == 0 && !(chain && chain->goes_on), last = k + SKIP_DEPTH >= p->k && !(chain && chain->stays);
            for (int64_t i = group; i < group_end; i++) {
                const int64_t column = block.column_begin + vectors * i / panels * LANES;
                const int64_t width = block.column_begin + vectors * (i + 1) / panels * LANES - column;
                const int64_t in_use = rk_min(width, block.column_end - column);
                STORAGE *const c = (STORAGE *)p->c + block.row_begin * p->c_row + column;
                COMPUTE *const waiting = in_c ? (COMPUTE *)c : chain ? chain->sums + column - block.column_begin : sums + (column - group_begin) * rows;
                const int64_t waiting_row = in_c ? p->c_row : chain ? chain->row : width;
                const bool to_c = last && !transposed;
                Vec bias[SKIP_VECTORS];
                N(skip_job) t = {
                    .bits = bits + d * rows, .panel = panel, .rows = rows,
                    .a = in_place ? (const COMPUTE *)a + k : copy + d * copy_size, .a_row = a_row,
                    .from = first ? (const COMPUTE *)zeros : waiting, .from_row = first ? 0 : waiting_row,
                    .to = to_c ? (void *)c : waiting, .stored = to_c ? in_use : 0, .past_caches = to_c && past_caches && in_use == width,
                    .to_row = to_c ? p->c_row * (int64_t)sizeof(STORAGE) : waiting_row * (int64_t)sizeof(COMPUTE),
                };
                if (last) {
                    for (int v = 0; v < width / LANES; v++) bias[v] = LoadBias(p, column + v * LANES);
                    t.bias = (const COMPUTE *)bias;
                }
                const STORAGE *b = (const STORAGE *)p->b + k * p->b_row + column * p->b_column;
                // A matrix as wide as a panel is one as it lies.
                const int64_t line = N(panel_line)(width / LANES);
                if (plain && by_rows && p->b_row == line) t.panel = (const COMPUTE *)b;
                else N(pack_b)(panel, line, b, p->b_row, p->b_column, depth, in_use);
                // The next panel is the one beside this one, or the group's first one over the next numbers.
                t.fetch = i + 1 < group_end ? b + width * p->b_column
                                            : (const STORAGE *)p->b + (k + SKIP_DEPTH) * p->b_row + group_begin * p->b_column;
                t.fetch_lines = !far ? 0 : by_rows ? SKIP_DEPTH : width, t.fetch_step = by_rows ? p->b_row : p->b_column;
                // The start of each line now: where each lies on a page of its own, what is fetched between
                // multiply-adds is not waited for.
                for (int64_t line = 0; line < t.fetch_lines; line++) __builtin_prefetch(t.fetch + line * t.fetch_step, 0, 2);
                N(skips)[packed][width / LANES - 1](&t);
                if (last && transposed) {
                    STORAGE *const columns_of_c = (STORAGE *)p->c + column * p->c_row + block.row_begin;
                    N(store_transposed)(columns_of_c, p->c_row, waiting, waiting_row, rows, in_use);
                }
            }
        }
    }
}
