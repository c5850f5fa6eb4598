// Blocks of the product C = A B + bias in which the zeros of A are skipped.
//
// One row of C, over a panel of up to SKIP_VECTORS vectors of columns, stays in registers while the row of A passes: each number that is
// not 0, spread over a vector, is multiplied with a line of the panel and added. Rows share no pattern of zeros, so no line is used twice
// from registers; the panel, 64 lines of B, stays in the first cache instead. A load for each multiply-add is what processors can do: one
// more, for the number, is the limit, unless it comes from a register (SKIP_PACKS).
// Which numbers are not 0 is read off A once, 64 to a word, as A is copied where it is not used as it lies.
//
// The chain of each element is that of the dense block without its terms 0 · b, each of which would leave it as it was: a chain never
// holds -0 but for the underflow of a fused multiply-add, and the bias, which is never -0, is added last to either.

// As wide as registers and the first cache allow: every panel costs each row a visit.
#if RK_VECTOR_BYTES == 64
#define SKIP_VECTORS 9  // 36 kB
#else
#define SKIP_VECTORS 13  // 28 kB of vectors of 32 bytes
#endif
#define SKIP_DEPTH 64
/// Whether there are enough registers to load LANES numbers at once and to spread one after another from there. For that the numbers of a row
/// that are not 0 are packed side by side. (Adding two terms at once takes so long that loads are not the limit.)
#if RK_VECTOR_BYTES == 64 && !RK_PAIRS
#define SKIP_PACKS 1
#else
#define SKIP_PACKS 0
#endif
/// Panels whose slices of A and C rest in the second cache together are taken together.
#define SKIP_GROUP 4
/// Bytes of B from which on its lines have to be fetched: less stays in the second cache, and fetching would only take the place of loads.
#define SKIP_FAR 262144

typedef struct {
    const uint64_t *bits;  ///< of each row
    const COMPUTE *a;
    const COMPUTE *panel;
    const COMPUTE *from;   ///< each row's sums so far
    void *to;              ///< where they go, rows `to_row` bytes apart
    const COMPUTE *bias;   ///< whole vectors to add at the end, or NULL before it
    int64_t rows, a_row;   ///< a_row 0: packed numbers of a row follow those of the one before
    int64_t from_row, to_row;
    int64_t stored;        ///< at the end: how many elements of C, past the caches or not; 0 where sums stay as they are
    bool past_caches;
    const STORAGE *fetch;  ///< what to fetch for the next panel: a little with each row, from lines `fetch_step` apart
    int64_t fetch_lines, fetch_step;
} N(skip_job);

/// Elements from line to line of a panel, which begin with lines of the cache.
RK_INLINE int64_t N(panel_line)(int64_t vectors) { return rk_round_up(vectors * LANES, 64 / (int64_t)sizeof(COMPUTE)); }

/// Adds to the sums of a row each number of `a` that is not 0 times its line of the panel.
RK_INLINE void N(add_lines)(Vec *sum, uint64_t bits, const COMPUTE *a, const COMPUTE *panel, const int vectors) {
    RK_ALIGNED_LOOP while (bits) {
        const int64_t k = __builtin_ctzll(bits);
        bits &= bits - 1;
        const Vec x = Set(a[k]);
        const COMPUTE *const line = panel + k * N(panel_line)(vectors);
        RK_UNROLLED for (int v = 0; v < vectors; v++) sum[v] = MulAddTerms(x, Load(line + v * LANES), sum[v]);
    }
}

#if SKIP_PACKS
/// The same for the numbers alone, side by side.
RK_INLINE void N(add_lines_packed)(
    Vec *sum, uint64_t bits, const COMPUTE *numbers, const IntVec index[LANES], const COMPUTE *panel, const int vectors) {
    while (bits) {
        const Vec some = Load(numbers);
        RK_UNROLLED for (int i = 0; i < LANES; i++) {
            const COMPUTE *const line = panel + __builtin_ctzll(bits) * N(panel_line)(vectors);
            const Vec x = BroadcastLane(some, index[i]);
            RK_UNROLLED for (int v = 0; v < vectors; v++) sum[v] = MulAddTerms(x, Load(line + v * LANES), sum[v]);
            bits &= bits - 1;
            if (!bits) break;
        }
        numbers += LANES;
    }
}
#endif

/// In few registers: what a row begins with and has to be read from the stack is waited for, because where the one before ends is not
/// foreseen.
RK_INLINE void N(skip)(const N(skip_job) *t, const int vectors, const bool packed) {
    // What the loops read, out of reach of the stores, which may be to anything as far as a compiler knows.
    const int64_t a_row = t->a_row, from_row = t->from_row, to_row = t->to_row, fetch_step = t->fetch_step;
    const uint64_t *word = t->bits;
    const uint64_t *const end = word + t->rows, *const fetch_end = word + t->fetch_lines;
    const COMPUTE *const panel = t->panel, *const bias = t->bias, *a = t->a, *from = t->from;
    char *to = t->to;
    const STORAGE *fetch = t->fetch;
    const int64_t stored = t->stored;
    const bool past_caches = t->past_caches;
#if SKIP_PACKS
    IntVec index[LANES];
    RK_UNROLLED for (int i = 0; i < LANES; i++) index[i] = LaneIndex(i);
#endif
    for (uint64_t next = *word; word < end; from += from_row, to += to_row) {
        const uint64_t bits = next;
        next = *++word;  // (behind the last there is scratch)
        __asm__ volatile("" : "+r"(next));  // now
        if (word <= fetch_end) {
            RK_UNROLLED for (int i = 0; i < vectors * LANES * (int)sizeof(STORAGE); i += 64) __builtin_prefetch((const char *)fetch + i, 0, 2);
            fetch += fetch_step;
        }
        Vec sum[SKIP_VECTORS];
        RK_UNROLLED for (int v = 0; v < vectors; v++) sum[v] = Load(from + v * LANES);
        RK_UNROLLED for (int v = 0; v < vectors; v += 64 / RK_VECTOR_BYTES) __builtin_prefetch(from + from_row + v * LANES, 1);
        const COMPUTE *const numbers = a;
        a += packed && !a_row ? __builtin_popcountll(bits) : a_row;
#if SKIP_PACKS
        if (packed) {
            __builtin_prefetch(a);
            N(add_lines_packed)(sum, bits, numbers, index, panel, vectors);
        }
#endif
        if (!packed) N(add_lines)(sum, bits, numbers, panel, vectors);
        if (!bias) {
            RK_UNROLLED for (int v = 0; v < vectors; v++) Store((COMPUTE *)to + v * LANES, sum[v]);
            continue;
        }
        RK_UNROLLED for (int v = 0; v < vectors; v++) sum[v] += Load(bias + v * LANES);
        if (past_caches) {
            RK_UNROLLED for (int v = 0; v < vectors; v++) DemoteStream((STORAGE *)to + v * LANES, sum[v]);
        } else if (stored) {
            RK_UNROLLED for (int v = 0; v < vectors - 1; v++) DemoteStore((STORAGE *)to + v * LANES, sum[v]);
            DemoteStoreN((STORAGE *)to + (vectors - 1) * LANES, sum[vectors - 1], stored - (vectors - 1) * LANES);
        } else {
            RK_UNROLLED for (int v = 0; v < vectors; v++) Store((COMPUTE *)to + v * LANES, sum[v]);
        }
    }
}

#define SKIP(vectors) static void RK_PASTE(N(skip), vectors)(const N(skip_job) *t) { N(skip)(t, vectors, false); }
#define SKIP_PACKED(vectors) static void RK_PASTE(N(skip_packed), vectors)(const N(skip_job) *t) { N(skip)(t, vectors, true); }
#if SKIP_VECTORS == 9
#define EACH_WIDTH(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9)
#else
#define EACH_WIDTH(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13)
#endif
EACH_WIDTH(SKIP)
#if SKIP_PACKS
EACH_WIDTH(SKIP_PACKED)
#endif
typedef void (*N(skip_function))(const N(skip_job) *);
#define NAME(vectors) RK_PASTE(N(skip), vectors),
#define NAME_PACKED(vectors) RK_PASTE(N(skip_packed), vectors),
/// By whether rows are packed, and by vectors - 1.
static const N(skip_function) N(skips)[SKIP_PACKS + 1][SKIP_VECTORS] = {
    {EACH_WIDTH(NAME)},
#if SKIP_PACKS
    {EACH_WIDTH(NAME_PACKED)},
#endif
};
#undef NAME_PACKED
#undef NAME
#undef EACH_WIDTH
#undef SKIP_PACKED
#undef SKIP

//===--- What is not 0 ------------------------------------------------------------------===//

typedef bool N(Flags) __attribute__((ext_vector_type(LANES)));

/// Bit i: whether lane i is not 0. (NaN is not.)
RK_INLINE uint64_t NonzeroBits(Vec v) {
    const N(Flags) flags = ConvertTo(v != 0, N(Flags));
    uint64_t bits = 0;
    memcpy(&bits, &flags, (LANES + 7) / 8);
    return bits & (((uint64_t)1 << LANES) - 1);
}

/// Puts down the lanes whose bits are set, side by side; returns where they end.
RK_INLINE COMPUTE *N(append)(COMPUTE *to, Vec v, uint64_t flags) {
#if SKIP_PACKS
    Store(to, Compress(v, flags));
#else
    (void)v;
#endif
    return to + __builtin_popcountll(flags);
}

/// For rows × `depth` numbers, at most 64, of A: which are not 0. With `copy`, copies them to rows SKIP_DEPTH long; `packed`, only those that
/// are not 0, side by side, and, where A is stored row by row, row after row.
static void N(find_nonzeros)(
    uint64_t *bits, COMPUTE *copy, bool packed, const STORAGE *a, int64_t row, int64_t column, int64_t rows, int64_t depth) {
    const uint64_t valid = ~(uint64_t)0 >> (SKIP_DEPTH - depth);
    if (column == TERMS) {
        for (int64_t r = 0; r < rows; r++, a += row) {
            uint64_t word = 0;
            for (int64_t k = 0; k < depth; k += LANES) {
                const Vec v = LoadAlong(a + k * TERMS);
                const uint64_t flags = NonzeroBits(v) & valid >> k;
                word |= flags << k;
                if (packed) copy = N(append)(copy, v, flags);
                else if (copy) Store(copy + r * SKIP_DEPTH + k, v);
            }
            bits[r] = word;
        }
        return;
    }
    // All rows of LANES lines at a time, because the lines may lie so far apart that they push each other out of the cache.
    for (int64_t r = 0; r < rows; r++) bits[r] = 0;
    for (int64_t k = 0; k < depth; k += LANES) {
        const STORAGE *lines[LANES];
        for (int j = 0; j < LANES; j++) lines[j] = a + rk_min(k + j, depth - 1) * column;
        for (int64_t r = 0; r < rows; r += LANES) {
            Vec block[LANES];
            RK_UNROLLED for (int j = 0; j < LANES; j++) {
                if (row == 1) block[j] = LoadAcross(lines[j] + r, column);
                else for (int i = 0; i < LANES; i++) block[j][i] = LoadTerm(lines[j] + rk_min(r + i, rows - 1) * row, column);
            }
            Transpose(block);
            RK_UNROLLED for (int j = 0; j < LANES; j++) {
                if (r + j >= rows) break;
                const uint64_t flags = NonzeroBits(block[j]) & valid >> k;
                COMPUTE *const to = copy + (r + j) * SKIP_DEPTH;
                if (packed) N(append)(to + __builtin_popcountll(bits[r + j]), block[j], flags);
                else Store(to + k, block[j]);
                bits[r + j] |= flags << k;
            }
        }
    }
}

/// The share of numbers in a block's part of A that are not 0, from every eighth line as they lie in memory.
static double N(density)(const rk_product *p, const N(block) block) {
    const int64_t rows = block.row_end - block.row_begin;
    const bool by_rows = p->a_column == TERMS;
    const int64_t lines = by_rows ? rows : p->k, length = by_rows ? p->k : rows, step = by_rows ? p->a_row : p->a_column;
    const STORAGE *line = (const STORAGE *)p->a + block.row_begin * p->a_row;
    int64_t count = 0, seen = 0;
    for (int64_t i = lines / 2 % 8; i < lines; i += 8) {
        int64_t j = 0;
        for (; j + LANES <= length; j += LANES) {
            const STORAGE *const at = line + i * step + j * (by_rows ? TERMS : 1);
            count += __builtin_popcountll(NonzeroBits(by_rows ? LoadAlong(at) : LoadAcross(at, step)));
        }
        seen += j;
    }
    return seen ? (double)count / (double)seen : 1;
}

/// About how many cycles a block takes dense, and skipping, on a core with two loads and two multiply-adds a cycle. The figures lie between
/// what was measured there alone and beside others on the same core, who take loads away; what they decide changes no result.
static double N(dense_cycles)(const rk_product *p, const N(block) block) {
    const int64_t vectors = (block.column_end - block.column_begin + LANES - 1) / LANES;
    return 0.55 * (double)((block.row_end - block.row_begin) * p->k * vectors);
}

RK_INLINE int64_t N(skip_panels)(int64_t vectors) { return (vectors + SKIP_VECTORS - 1) / SKIP_VECTORS; }

/// Whether a row is used often enough to be packed.
RK_INLINE bool N(packs)(int64_t panels) { return SKIP_PACKS && panels > 1; }

static double N(skip_cycles)(const rk_product *p, const N(block) block) {
    const int64_t rows = block.row_end - block.row_begin, vectors = (block.column_end - block.column_begin + LANES - 1) / LANES;
    const int64_t panels = N(skip_panels)(vectors), depths = (p->k + SKIP_DEPTH - 1) / SKIP_DEPTH;
    if (rows < 16 || p->k < 32 || vectors < 4 || (p->a_row != 1 && p->a_column != TERMS)) return INFINITY;
    const bool packed = N(packs)(panels);
    const double width = (double)vectors / (double)panels;
    const double number = fmax(packed ? 0.53 * width : 0.6 * (width + 1), 4);  // a chain waits 4 cycles for its multiply-add
    const double row = N(density)(p, block) * (double)p->k * number + (double)depths * (width + (packed ? 30 : 40));
    const double panel = (double)p->k * width * (p->b_column == 1 ? 1 : 3);
    return (double)panels * ((double)rows * row + panel);
}

//===--- Block ------------------------------------------------------------------------===//

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

/// Writes `rows` × `columns` sums to C as its columns.
static void N(store_transposed)(STORAGE *c, int64_t c_row, const COMPUTE *sums, int64_t sums_row, int64_t rows, int64_t columns) {
    for (int64_t j = 0; j < columns; j += LANES) {
        for (int64_t r = 0; r < rows; r += LANES) {
            Vec block[LANES];
            RK_UNROLLED for (int i = 0; i < LANES; i++) block[i] = Load(sums + rk_min(r + i, rows - 1) * sums_row + j);
            Transpose(block);
            if (r + LANES <= rows && j + LANES <= columns) {
                RK_UNROLLED for (int i = 0; i < LANES; i++) DemoteStore(c + (j + i) * c_row + r, block[i]);
            } else {
                RK_UNROLLED for (int i = 0; i < LANES; i++) if (j + i < columns) DemoteStoreN(c + (j + i) * c_row + r, block[i], rows - r);
            }
        }
    }
}

/// With `transposed`, what is computed is written to C as its columns.
static void N(skip_block)(const rk_product *p, const N(block) block, COMPUTE *scratch, bool transposed) {
    const int64_t rows = block.row_end - block.row_begin, columns = block.column_end - block.column_begin;
    // Panels of equal width: a narrow one waits for its chains.
    const int64_t vectors = (columns + LANES - 1) / LANES, panels = N(skip_panels)(vectors);
    const bool packed = N(packs)(panels), plain = sizeof(STORAGE) == sizeof(COMPUTE), in_place = plain && p->a_column == TERMS && !packed;
    // Sums wait in C, if whole vectors of them fit and its rows do not lie so far apart that they push each other out of the caches.
    const bool in_c = plain && !transposed && columns % LANES == 0 && p->c_row < FAR_APART;
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

    const bool by_rows = p->b_column == 1, far = p->k * TERMS * p->n * (int64_t)sizeof(STORAGE) >= SKIP_FAR;
    for (int64_t group = 0; group < panels; group += SKIP_GROUP) {
        const int64_t group_end = rk_min(group + SKIP_GROUP, panels), group_begin = block.column_begin + vectors * group / panels * LANES;
        for (int64_t k = 0, d = 0; k == 0 || k < p->k; k += SKIP_DEPTH, d++) {
            const int64_t depth = rk_min(SKIP_DEPTH, p->k - k);
            const bool last = k + SKIP_DEPTH >= p->k;
            for (int64_t i = group; i < group_end; i++) {
                const int64_t column = block.column_begin + vectors * i / panels * LANES;
                const int64_t width = block.column_begin + vectors * (i + 1) / panels * LANES - column;
                const int64_t in_use = rk_min(width, block.column_end - column);
                STORAGE *const c = (STORAGE *)p->c + block.row_begin * p->c_row + column;
                COMPUTE *const waiting = in_c ? (COMPUTE *)c : sums + (column - group_begin) * rows;
                const int64_t waiting_row = in_c ? p->c_row : width;
                const bool to_c = last && !transposed;
                Vec bias[SKIP_VECTORS];
                N(skip_job) t = {
                    .bits = bits + d * rows, .panel = panel, .rows = rows,
                    .a = in_place ? (const COMPUTE *)a + k : copy + d * copy_size, .a_row = a_row,
                    .from = k == 0 ? (const COMPUTE *)zeros : waiting, .from_row = k == 0 ? 0 : waiting_row,
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
                // The start of each line now: where each lies on a page of its own, what is fetched between multiply-adds is not waited for.
                for (int64_t line = 0; line < t.fetch_lines; line++) __builtin_prefetch(t.fetch + line * t.fetch_step, 0, 2);
                N(skips)[packed][width / LANES - 1](&t);
                if (last && transposed) {
                    N(store_transposed)((STORAGE *)p->c + column * p->c_row + block.row_begin, p->c_row, waiting, waiting_row, rows, in_use);
                }
            }
        }
    }
}

//===--- Few rows -------------------------------------------------------------------------===//

/// Few rows use each line of B so seldom that it is not copied: whole lines are added to whole rows of C, four at a time as they stream by.
static void N(few_rows)(const rk_product *p, const N(block) block, COMPUTE *sums, bool skipping) {
    const int64_t columns = block.column_end - block.column_begin;
    for (int64_t row = block.row_begin; row < block.row_end; row++) {
        const STORAGE *const a = (const STORAGE *)p->a + row * p->a_row, *const b = (const STORAGE *)p->b + block.column_begin;
        for (int64_t j = 0; j < columns; j += LANES) Store(sums + j, Zero());
        const STORAGE *lines[4];
        COMPUTE x[4];
        int waiting = 0;
        for (int64_t k = 0; k < p->k; k++) {
            x[waiting] = LoadTerm(a + k * p->a_column, p->a_column);
            if (skipping && x[waiting] == 0) continue;
            lines[waiting++] = b + k * p->b_row;
            if (waiting < 4) continue;
            waiting = 0;
            const Vec x0 = Set(x[0]), x1 = Set(x[1]), x2 = Set(x[2]), x3 = Set(x[3]);
            const STORAGE *const b0 = lines[0], *const b1 = lines[1], *const b2 = lines[2], *const b3 = lines[3];
            for (int64_t j = 0; j < columns; j += LANES) {
                Vec sum = Load(sums + j);
                sum = MulAddTerms(x0, LoadAcross(b0 + j, p->b_row), sum);
                sum = MulAddTerms(x1, LoadAcross(b1 + j, p->b_row), sum);
                sum = MulAddTerms(x2, LoadAcross(b2 + j, p->b_row), sum);
                sum = MulAddTerms(x3, LoadAcross(b3 + j, p->b_row), sum);
                Store(sums + j, sum);
            }
        }
        STORAGE *const c = (STORAGE *)p->c + row * p->c_row + block.column_begin;
        for (int64_t j = 0; j < columns; j += LANES) {
            Vec sum = Load(sums + j);
            for (int i = 0; i < waiting; i++) sum = MulAddTerms(Set(x[i]), LoadAcross(lines[i] + j, p->b_row), sum);
            DemoteStoreN(c + j, sum + LoadBias(p, block.column_begin + j), columns - j);
        }
    }
}

#undef SKIP_FAR
#undef SKIP_GROUP
#undef SKIP_DEPTH
#undef SKIP_PACKS
#undef SKIP_VECTORS
