// Copies of the operands of a product, in the order in which its loops read them, and of its results.
//
// A panel is some lines of B over a few vectors of columns. A's rows are copied tile by tile, in each the rows of one k
// side by side: in place they would often lie a power of two apart and push each other out of the cache.

/// Room behind a packed tile, for a whole vector stored where fewer lanes count.
#define SLACK 16

/// Copies `depth` × `columns` of B to a panel: line k at k · `width`, whole vectors. What lies beyond `columns` is read
/// from somewhere valid, what lies beyond `depth` is written up to a whole vector.
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

/// Rows of the next tile when `left` are left: the last two share evenly, because a tile of a row or two starves the
/// multipliers.
RK_INLINE int64_t N(height)(int64_t left) {
    const bool whole = left >= 2 * RK_TILE_ROWS || left == RK_TILE_ROWS;
    return whole ? RK_TILE_ROWS : left > RK_TILE_ROWS ? (left + 1) / 2 : left;
}

/// Elements of a packed tile of A.
RK_INLINE int64_t N(group)(int64_t depth) { return RK_TILE_ROWS * depth + SLACK; }

/// Copies `rows` × `depth` of A tile by tile, in each the rows of one k side by side. Stores whole vectors: what a
/// store writes too much a later one overwrites, or it falls into the slack.
static void N(pack_a)(COMPUTE *copy, const STORAGE *a, int64_t row, int64_t column, int64_t rows, int64_t depth) {
    if (row == 1 && column != TERMS) {
        for (int64_t k = 0; k < depth; k += PACK_DEPTH) {
            const int64_t end = rk_min(k + PACK_DEPTH, depth);
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
                if (k + LANES <= depth) RK_UNROLLED for (int r = 0; r < LANES; r++) block[r] = LoadAlong(line[r] + k * TERMS);
                else RK_UNROLLED for (int r = 0; r < LANES; r++) block[r] = LoadAlongTail(line[r] + k * TERMS, depth - k);
                Transpose(block);
                COMPUTE *to = copy + k * RK_TILE_ROWS + first;
                if (k + LANES <= depth) RK_UNROLLED for (int j = 0; j < LANES; j++) Store(to + j * RK_TILE_ROWS, block[j]);
                else RK_UNROLLED for (int j = 0; j < LANES; j++) if (k + j < depth) Store(to + j * RK_TILE_ROWS, block[j]);
            }
        }
    }
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
