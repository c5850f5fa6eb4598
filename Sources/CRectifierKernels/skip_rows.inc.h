// The loop of a product that skips zeros of A: a panel's share of C, row by row.
//
// A row of C, up to SKIP_VECTORS vectors wide, stays in registers while the row of A passes. Each number that is not 0,
// spread over a vector, is multiplied with its line of the panel and added. Rows share no pattern of zeros, so no line
// is used twice from registers; the panel stays in the first cache instead. A load for each multiply-add is what
// processors can do, and the number takes one more, unless it comes from a register (SKIP_PACKS).

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
RK_INLINE int64_t N(panel_line)(int64_t vectors) { return rk_round_up(vectors * LANES, CACHE_LINE_BYTES / (int64_t)sizeof(COMPUTE)); }

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

/// In few registers: what a row begins with and has to be read from the stack is waited for, because where the one
/// before ends is not foreseen.
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
            RK_UNROLLED for (int i = 0; i < vectors * LANES * (int)sizeof(STORAGE); i += CACHE_LINE_BYTES) {
                __builtin_prefetch((const char *)fetch + i, 0, 2);
            }
            fetch += fetch_step;
        }
        Vec sum[SKIP_VECTORS];
        RK_UNROLLED for (int v = 0; v < vectors; v++) sum[v] = Load(from + v * LANES);
        RK_UNROLLED for (int v = 0; v < vectors; v += CACHE_LINE_BYTES / RK_VECTOR_BYTES) {
            __builtin_prefetch(from + from_row + v * LANES, 1);
        }
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
