// Which numbers of A are not 0: read off once, 64 to a word, as A is copied where it is not used as it lies.

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

/// For rows × `depth` numbers, at most 64, of A: which are not 0. With `copy`, copies them to rows SKIP_DEPTH long;
/// `packed`, only those that are not 0, side by side, and, where A is stored row by row, row after row.
static void N(find_nonzeros)(
    uint64_t *bits, COMPUTE *copy, bool packed, const STORAGE *a, int64_t row, int64_t column, int64_t rows, int64_t depth) {
    const uint64_t valid = ~(uint64_t)0 >> (SKIP_DEPTH - depth);
    if (column == TERMS) {
        for (int64_t r = 0; r < rows; r++, a += row) {
            uint64_t word = 0;
            for (int64_t k = 0; k < depth; k += LANES) {
                const Vec v = k + LANES <= depth ? LoadAlong(a + k * TERMS) : LoadAlongTail(a + k * TERMS, depth - k);
                const uint64_t flags = NonzeroBits(v) & valid >> k;
                word |= flags << k;
                if (packed) copy = N(append)(copy, v, flags);
                else if (copy) Store(copy + r * SKIP_DEPTH + k, v);
            }
            bits[r] = word;
        }
        return;
    }
    // All rows of LANES lines at a time, because the lines may lie so far apart that they push each other out of the
    // cache.
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

/// The share of numbers in a block's part of A that are not 0, from one line in SAMPLED_LINES as they lie in memory.
static double N(density)(const rk_product *p, const N(block) block) {
    const int64_t rows = block.row_end - block.row_begin;
    const bool by_rows = p->a_column == TERMS;
    const int64_t lines = by_rows ? rows : p->k, length = by_rows ? p->k : rows, step = by_rows ? p->a_row : p->a_column;
    const STORAGE *line = (const STORAGE *)p->a + block.row_begin * p->a_row;
    int64_t count = 0, seen = 0;
    for (int64_t i = lines / 2 % SAMPLED_LINES; i < lines; i += SAMPLED_LINES) {
        int64_t j = 0;
        for (; j + LANES <= length; j += LANES) {
            const STORAGE *const at = line + i * step + j * (by_rows ? TERMS : 1);
            count += __builtin_popcountll(NonzeroBits(by_rows ? LoadAlong(at) : LoadAcross(at, step)));
        }
        seen += j;
    }
    return seen ? (double)count / (double)seen : 1;
}

/// The same of a whole matrix that is stored by rows.
RK_INLINE double N(density_by_rows)(const rk_product *p) {
    rk_product q = *p;
    q.a_column = TERMS, q.k /= TERMS;
    return N(density)(&q, (N(block)){0, p->m, 0, 1});
}
