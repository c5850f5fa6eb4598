// Products too small to copy their operands for: what they cost is deciding and copying, not multiplying.

// ===--- A and B in the first cache ---------------------------------------------------------===//

RK_INLINE int64_t N(small_scratch)(int64_t n, int64_t k) { return (k + LANES) * rk_round_up(n, LANES); }

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

// ===--- Few rows -----------------------------------------------------------------------------===//

/// Few rows use each line of B so seldom that it is not copied: whole lines are added to whole rows of C, four at a
/// time as they stream by.
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

// ===--- One column ---------------------------------------------------------------------------===//

/// C's only column, where A is stored by rows: LANES rows at a time are turned in registers, so that each lane holds a
/// row's chain. Two such groups, because a chain waits for its multiply-adds.
static __attribute__((noinline)) void N(column)(const rk_product *p, const N(block) block) {
    const int64_t end = block.row_end;
    const Vec bias = Set(LoadBias(p, 0)[0]);
    for (int64_t row = block.row_begin; row < end; row += 2 * LANES) {
        const STORAGE *lines[2][LANES];
        for (int i = 0; i < 2 * LANES; i++) lines[i / LANES][i % LANES] = (const STORAGE *)p->a + rk_min(row + i, end - 1) * p->a_row;
        Vec sums[2] = {0};
        for (int64_t k = 0; k < p->k; k += LANES) {
            Vec block[2][LANES];
            RK_UNROLLED for (int g = 0; g < 2; g++) {
                if (k + LANES <= p->k) RK_UNROLLED for (int i = 0; i < LANES; i++) block[g][i] = LoadAlong(lines[g][i] + k * TERMS);
                else RK_UNROLLED for (int i = 0; i < LANES; i++) block[g][i] = LoadAlongTail(lines[g][i] + k * TERMS, p->k - k);
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

/// C's only column, where A is stored by columns: as a row it is a sum of A's lines.
RK_INLINE void N(column_as_row)(const rk_product *p, const N(block) block, COMPUTE *sums) {
    const rk_product q = N(exchanged)(p);
    N(few_rows)(&q, (N(block)){0, 1, block.row_begin, block.row_end}, sums, p->zeros != RK_ZEROS_MULTIPLIED);
}
