// Convolutions whose windows move pixel by pixel (rk_frame), zeros skipped without any patches.
//
// Where zeros are is found once for each pixel, and not for each tap that it comes to lie under. What they are
// multiplied with lies at a fixed distance for each tap, because images, or sums, stand on a *sheet*: row by row and
// sample after sample, with room between rows for what a window reaches beyond them.
//
// Chains are those of patches without their terms 0 · b.

/// Rows of sums, to which lines are added, each times a number. Row r adds those whose bits are set in bits[r ·
/// bits_step].
typedef struct {
    const uint64_t *bits;
    const COMPUTE *numbers, *lines;
    COMPUTE *sums;
    int64_t rows, bits_step, numbers_row, line, sums_row;
} N(line_job);

RK_INLINE void N(add_numbered_lines)(const N(line_job) *t, const int vectors) {
    // Out of reach of the stores, which may be to anything as far as a compiler knows.
    const int64_t bits_step = t->bits_step, numbers_row = t->numbers_row, line = t->line, sums_row = t->sums_row;
    const uint64_t *word = t->bits;
    const COMPUTE *const lines = t->lines, *numbers = t->numbers;
    COMPUTE *sums = t->sums;
    for (int64_t left = t->rows; left > 0; left--, word += bits_step, numbers += numbers_row, sums += sums_row) {
        uint64_t bits = *word;
        if (!bits) continue;
        Vec sum[LINE_VECTORS];
        RK_UNROLLED for (int v = 0; v < vectors; v++) sum[v] = Load(sums + v * LANES);
        RK_ALIGNED_LOOP do {
            const int64_t k = __builtin_ctzll(bits);
            bits &= bits - 1;
            const Vec x = Set(numbers[k]);
            const COMPUTE *const at = lines + k * line;
            RK_UNROLLED for (int v = 0; v < vectors; v++) sum[v] = MulAddTerms(x, Load(at + v * LANES), sum[v]);
        } while (bits);
        RK_UNROLLED for (int v = 0; v < vectors; v++) Store(sums + v * LANES, sum[v]);
    }
}

#define LINES(vectors) static void RK_PASTE(N(lines), vectors)(const N(line_job) *t) { N(add_numbered_lines)(t, vectors); }
#define NAME(vectors) RK_PASTE(N(lines), vectors),
#if LINE_VECTORS == 12
#define EACH_WIDTH(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#else
#define EACH_WIDTH(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13)
#endif
EACH_WIDTH(LINES)
/// By vectors - 1.
static void (*const N(line_functions)[])(const N(line_job) *) = {EACH_WIDTH(NAME)};
#undef EACH_WIDTH
#undef NAME
#undef LINES

/// Of a convolution, as it is computed on sheets.
typedef struct {
    int64_t samples;                     ///< of a block
    int64_t in_rows, in_columns, out_rows, out_columns;
    int64_t chunks;                      ///< words of bits for a pixel
    int64_t columns, vectors, panels;    ///< of sums: elements in whole vectors
    int64_t joined;                      ///< taps whose sums are one row
    int64_t pitch, image, reach;         ///< of the sheet of sums: from row to row, from sample to sample, before the first
    int64_t bits, copy, panel, sums;     ///< elements of the computing type
} N(sheet);

RK_INLINE N(sheet) N(sheet_of)(const rk_convolution *c) {
    const rk_product *const p = &c->product;
    N(sheet) s = {.in_columns = c->frame.in_columns, .out_columns = c->frame.out_columns};
    s.in_rows = c->pixels / s.in_columns, s.out_rows = c->outputs / s.out_columns;
    const int64_t channels = c->channels / TERMS;
    s.chunks = (channels + SKIP_DEPTH - 1) / SKIP_DEPTH;
    s.columns = rk_round_up(p->n, LANES), s.vectors = s.columns / LANES;
    const bool joins = s.columns == p->n && s.chunks == 1 && c->frame.run * s.vectors <= LINE_VECTORS;
    s.joined = joins ? c->frame.run : 1;
    s.panels = s.joined > 1 ? 1 : (s.vectors + PANEL_VECTORS - 1) / PANEL_VECTORS;
    s.pitch = s.out_columns + s.joined - 1, s.image = s.out_rows * s.pitch, s.reach = s.joined - 1;
    const int64_t samples = p->m / c->outputs, size = s.image * s.columns * (int64_t)sizeof(COMPUTE);
    s.samples = rk_min(samples, rk_max(1, SHEET_BYTES / size));
    const int64_t pixels = s.samples * c->pixels;
    s.bits = rk_round_up(s.chunks * pixels * 8 / (int64_t)sizeof(COMPUTE), 16);
    s.copy = sizeof(STORAGE) == sizeof(COMPUTE) ? 0 : pixels * s.chunks * SKIP_DEPTH;
    s.panel = SKIP_DEPTH * rk_max(s.joined * s.columns, PANEL_VECTORS * LANES);
    s.sums = (s.samples * s.image + 2 * s.reach) * s.columns;
    return s;
}

/// Whether windows lie so that a convolution and its gradients have a sheet, and what stands on it is not larger than
/// the caches.
RK_INLINE bool N(has_sheet)(const rk_convolution *c) {
    return c->frame.shifts && c->groups == 1 && c->channels % TERMS == 0 && c->product.zeros != RK_ZEROS_MULTIPLIED
        && rk_max(c->outputs * c->product.n, c->pixels * c->pixel) * (int64_t)sizeof(COMPUTE) <= 4 * SHEET_BYTES;
}

/// Cycles of a row's visit that adds `numbers` lines.
RK_INLINE double N(visit_cycles)(double numbers, int64_t vectors) {
    const double line = vectors > PANEL_VECTORS ? LINE_CYCLES_FAR * (double)vectors : SKIP_CYCLES * (double)(vectors + 1);
    return numbers * fmax(line, CHAIN_CYCLES) + VISIT_CYCLES_SHEET + (double)vectors;
}

/// Whether zeros of samples' images are many enough.
static bool N(sheet_pays)(const rk_convolution *c, const N(sheet) *s, const rk_range samples) {
    if (c->product.zeros == RK_ZEROS_SKIPPED) return true;
    const int64_t pixels = (samples.end - samples.begin) * c->pixels;
    const rk_product images = {
        .a = (const STORAGE *)c->product.a + samples.begin * c->pixels * c->pixel, .a_row = c->pixel, .m = pixels, .k = c->pixel};
    const double channels = (double)c->channels / TERMS, terms = channels * (double)c->taps;
    const double dense = terms * (DENSE_CYCLES * (double)s->vectors + PATCH_CYCLES / LANES);
    const double visit = N(visit_cycles)(N(density_by_rows)(&images) * channels / (double)s->chunks, s->joined * s->vectors / s->panels);
    return (double)(s->panels * s->chunks * c->taps / s->joined) * visit < dense;
}

RK_INLINE int64_t N(sheet_scratch)(const rk_convolution *c) {
    const N(sheet) s = N(sheet_of)(c);
    return s.bits + s.copy + s.panel + s.sums;
}

static void N(skip_on_sheet)(const rk_convolution *c, const N(sheet) *s, const rk_range samples, COMPUTE *scratch) {
    rk_product room;
    const rk_product *const p = N(in_terms)(&c->product, &room);
    const bool plain = sizeof(STORAGE) == sizeof(COMPUTE);
    const int64_t count = samples.end - samples.begin, pixels = count * c->pixels, channels = c->channels / TERMS;
    uint64_t *const bits = (uint64_t *)scratch;
    COMPUTE *const copy = scratch + s->bits, *const panel = copy + s->copy, *const sums = panel + s->panel;
    const STORAGE *const x = (const STORAGE *)p->a + samples.begin * c->pixels * c->pixel;
    for (int64_t d = 0; d < s->chunks; d++) {
        const int64_t depth = rk_min(SKIP_DEPTH, channels - d * SKIP_DEPTH);
        N(find_nonzeros)(bits + d * pixels, plain ? NULL : copy + d * pixels * SKIP_DEPTH, false, x + d * SKIP_DEPTH * TERMS, c->pixel,
                         TERMS, pixels, depth);
    }
    for (int64_t i = 0; i < s->panels; i++) {
        const int64_t column = s->vectors * i / s->panels * LANES, width = s->vectors * (i + 1) / s->panels * LANES - column;
        const int64_t in_use = rk_min(width, p->n - column);
        memset(sums, 0, (size_t)((count * s->image + 2 * s->reach) * width) * sizeof(COMPUTE));
        for (int64_t tap = 0; tap < c->taps; tap += s->joined) {
            const int32_t *const shift = c->frame.shifts + 2 * tap;
            // Taps of a run shift by a column more, or less, each: the leftmost of a pixel's outputs is the last tap's,
            // or the first's. Each output has its taps in ascending order if pixels follow each other upwards, or
            // downwards.
            const bool down = s->joined > 1 && shift[3] < shift[1];
            const int64_t dy = shift[0], dx = shift[1], least = s->joined == 1 || !down ? dx : dx - s->joined + 1, most = least + s->joined - 1;
            const int64_t x_begin = rk_max(0, least), x_end = rk_min(s->in_columns, s->out_columns + most);
            const int64_t y_begin = rk_max(0, dy), y_end = rk_min(s->in_rows, s->out_rows + dy), length = x_end - x_begin;
            if (length <= 0) continue;
            for (int64_t k = 0, d = 0; k < channels; k += SKIP_DEPTH, d++) {
                const int64_t depth = rk_min(SKIP_DEPTH, channels - k);
                const STORAGE *const b = (const STORAGE *)p->b + (tap * channels + k) * p->b_row + column;
                N(line_job) t = {.lines = panel, .line = s->joined * width, .rows = length, .bits_step = down ? -1 : 1,
                                 .sums_row = (down ? -1 : 1) * width,
                                 .numbers_row = (down ? -1 : 1) * (plain ? c->pixel : SKIP_DEPTH)};
                if (plain && s->panels == 1 && s->joined == 1 && in_use == width && p->b_row == width) {  // one as it lies
                    t.lines = (const COMPUTE *)b, t.line = p->b_row;
                } else {
                    for (int64_t j = 0; j < s->joined; j++) {
                        const int64_t place = down ? j : s->joined - 1 - j;
                        N(pack_b)(panel + place * width, t.line, b + j * channels * p->b_row, p->b_row, 1, depth, in_use);
                    }
                }
                void (*const add)(const N(line_job) *) = N(line_functions)[s->joined * width / LANES - 1];
                for (int64_t sample = 0; sample < count; sample++) {
                    const COMPUTE *const numbers = plain ? (const COMPUTE *)x + k : copy + d * pixels * SKIP_DEPTH;
                    for (int64_t y = y_begin; y < y_end; y++) {
                        const int64_t first = down ? x_end - 1 : x_begin, pixel = sample * c->pixels + y * s->in_columns + first;
                        t.bits = bits + d * pixels + pixel;
                        t.numbers = numbers + pixel * (plain ? c->pixel : SKIP_DEPTH);
                        t.sums = sums + (s->reach + sample * s->image + (y - dy) * s->pitch + first - most) * width;
                        add(&t);
                    }
                }
            }
        }
        for (int64_t sample = 0; sample < count; sample++) {
            for (int64_t y = 0; y < s->out_rows; y++) {
                const COMPUTE *from = sums + (s->reach + sample * s->image + y * s->pitch) * width;
                STORAGE *to = (STORAGE *)p->c + ((samples.begin + sample) * c->outputs + y * s->out_columns) * p->c_row + column;
                for (int64_t o = 0; o < s->out_columns; o++, from += width, to += p->c_row) {
                    int64_t j = 0;
                    for (; j + LANES <= in_use; j += LANES) DemoteStore(to + j, Load(from + j) + LoadBias(p, column + j));
                    if (j < in_use) DemoteStoreN(to + j, Load(from + j) + LoadBias(p, column + j), in_use - j);
                }
            }
        }
    }
}

// ===--- The gradient of weights ----------------------------------------------------------------===//

#if !RK_PAIRS  // which would be others on a sheet

/// Of a gradient of weights: images stand on the sheet, and positions of it are terms of chains.
typedef struct {
    int64_t samples;                  ///< of a block
    int64_t in_rows, in_columns, out_rows, out_columns;
    int64_t pitch, image, reach;
    int64_t pixel, vectors;           ///< elements from position to position; vectors of a pixel
    int64_t joined, panels;           ///< taps, or shares of a pixel, whose sums are one row
    int64_t sheet, lines, bits, copy, sums_row;
} N(filter_sheet);

RK_INLINE N(filter_sheet) N(filter_sheet_of)(const rk_convolution *c) {
    N(filter_sheet) s = {.in_columns = c->frame.in_columns, .out_columns = c->frame.out_columns};
    s.in_rows = c->pixels / s.in_columns, s.out_rows = c->outputs / s.out_columns;
    // Room for what windows reach beyond rows on either side, and beyond images above and below.
    int64_t columns = s.in_columns, rows = s.in_rows;
    for (int64_t t = 0; t < c->taps; t++) {
        const int64_t dy = c->frame.shifts[2 * t], dx = c->frame.shifts[2 * t + 1];
        columns = rk_max(columns, rk_max(s.in_columns - dx, s.out_columns + dx));
        rows = rk_max(rows, rk_max(s.in_rows - dy, s.out_rows + dy));
    }
    s.pitch = rk_max(columns, s.out_columns), s.image = rk_max(rows, s.out_rows) * s.pitch;
    for (int64_t t = 0; t < c->taps; t++) {
        const int64_t shift = c->frame.shifts[2 * t] * s.pitch + c->frame.shifts[2 * t + 1];
        s.reach = rk_max(s.reach, shift < 0 ? -shift : shift);
    }
    s.pixel = rk_round_up(c->channels, LANES), s.vectors = s.pixel / LANES;
    const bool joins = s.pixel == c->channels && c->frame.run * s.vectors <= LINE_VECTORS
        && (c->taps == 1 || c->frame.shifts[3] > c->frame.shifts[1]);
    s.joined = joins ? c->frame.run : 1;
    s.panels = s.joined > 1 ? 1 : (s.vectors + PANEL_VECTORS - 1) / PANEL_VECTORS;
    const int64_t count = c->product.k / c->outputs;
    s.samples = rk_min(count, rk_max(1, SHEET_BYTES / (s.image * s.pixel * (int64_t)sizeof(COMPUTE))));
    s.sheet = (s.samples * s.image + 2 * s.reach + SKIP_DEPTH) * s.pixel;
    const int64_t filters = rk_round_up(c->product.n, LANES);
    s.lines = rk_round_up(SKIP_DEPTH * filters * (int64_t)sizeof(STORAGE), CACHE_LINE_BYTES) / (int64_t)sizeof(COMPUTE);
    s.bits = rk_round_up(filters * 8 / (int64_t)sizeof(COMPUTE), 16), s.copy = (filters + LANES) * SKIP_DEPTH;
    s.sums_row = c->taps * s.pixel + LANES;  // not a power of two from row to row
    return s;
}

RK_INLINE int64_t N(filter_sheet_scratch)(const rk_convolution *c) {
    const N(filter_sheet) s = N(filter_sheet_of)(c);
    return s.sheet + s.lines + s.bits + s.copy + SKIP_DEPTH * rk_min(s.vectors, PANEL_VECTORS) * LANES + c->product.n * s.sums_row + 64;
}

/// About how many cycles it takes, where a share `density` of what is handed back is not 0.
RK_INLINE double N(filter_sheet_cycles)(const rk_convolution *c, double density) {
    const N(filter_sheet) s = N(filter_sheet_of)(c);
    const double words = (double)(c->product.k / c->outputs * s.image) / SKIP_DEPTH;
    const double numbers = density * SKIP_DEPTH * (double)c->outputs / (double)s.image;
    const double visits = (double)(c->product.n * (c->taps / s.joined) * s.panels) * words;
    return visits * N(visit_cycles)(numbers, s.joined * s.vectors / s.panels);
}

/// Puts images on the sheet, with zeros between.
static void N(lay_images)(const rk_convolution *c, const N(filter_sheet) *s, int64_t first, int64_t count, COMPUTE *sheet) {
    const STORAGE *from = (const STORAGE *)c->product.a + first * c->pixels * c->pixel;
    memset(sheet, 0, (size_t)((count * s->image + 2 * s->reach + SKIP_DEPTH) * s->pixel) * sizeof(COMPUTE));
    for (int64_t sample = 0; sample < count; sample++) {
        for (int64_t y = 0; y < s->in_rows; y++) {
            COMPUTE *to = sheet + (s->reach + sample * s->image + y * s->pitch) * s->pixel;
            for (int64_t x = 0; x < s->in_columns; x++, from += c->pixel, to += s->pixel) {
                int64_t j = 0;
                for (; j + LANES <= c->channels; j += LANES) Store(to + j, LoadPromote(from + j));
                if (j < c->channels) Store(to + j, LoadPromoteTail(from + j, c->channels - j));
            }
        }
    }
}

/// Filters `share` of the gradient of weights; zeros of what is handed back are skipped.
static void N(filters_on_sheet)(const rk_convolution *c, const rk_range share, COMPUTE *scratch) {
    const N(filter_sheet) s = N(filter_sheet_of)(c);
    const rk_product *const p = &c->product;
    const int64_t filters = share.end - share.begin, lines_row = rk_round_up(filters, LANES), samples = p->k / c->outputs;
    COMPUTE *const sheet = scratch, *const copy = sheet + s.sheet + s.lines + s.bits, *const panel = copy + s.copy;
    STORAGE *const lines = (STORAGE *)(sheet + s.sheet);
    uint64_t *const bits = (uint64_t *)(sheet + s.sheet + s.lines);
    COMPUTE *const sums = panel + SKIP_DEPTH * rk_min(s.vectors, PANEL_VECTORS) * LANES;
    memset(sums, 0, (size_t)(filters * s.sums_row) * sizeof(COMPUTE));
    for (int64_t first = 0; first < samples; first += s.samples) {
        const int64_t count = rk_min(s.samples, samples - first);
        N(lay_images)(c, &s, first, count, sheet);
        // Position q of the sheet, in row y of the images' rows and column x.
        const STORAGE *g = (const STORAGE *)p->b + first * c->outputs * p->b_row + share.begin;
        for (int64_t q = 0, x = 0, y = 0; q < count * s.image; q += SKIP_DEPTH) {
            bool any = false;
            for (int64_t i = 0; i < SKIP_DEPTH; i++) {
                const bool is_output = x < s.out_columns && y < s.out_rows && q + i < count * s.image;
                if (is_output) memcpy(lines + i * lines_row, g, (size_t)filters * sizeof(STORAGE)), g += p->b_row, any = true;
                else memset(lines + i * lines_row, 0, (size_t)filters * sizeof(STORAGE));
                if (++x == s.pitch) {
                    x = 0;
                    if (++y == s.image / s.pitch) y = 0;
                }
            }
            if (!any) continue;
            N(find_nonzeros)(bits, copy, false, lines, 1, lines_row, filters, SKIP_DEPTH);
            for (int64_t tap = 0; tap < c->taps; tap += s.joined) {
                const int64_t shift = c->frame.shifts[2 * tap] * s.pitch + c->frame.shifts[2 * tap + 1];
                for (int64_t i = 0; i < s.panels; i++) {
                    const int64_t column = s.vectors * i / s.panels * LANES, width = s.vectors * (i + 1) / s.panels * LANES - column;
                    N(line_job) t = {
                        .bits = bits, .bits_step = 1, .numbers = copy, .numbers_row = SKIP_DEPTH,
                        .lines = sheet + (s.reach + q + shift) * s.pixel + column, .line = s.pixel,
                        .sums = sums + tap * s.pixel + column, .sums_row = s.sums_row, .rows = filters,
                    };
                    if (s.panels > 1) {
                        for (int64_t k = 0; k < SKIP_DEPTH; k++) {
                            for (int64_t v = 0; v < width; v += LANES) Store(panel + k * width + v, Load(t.lines + k * s.pixel + v));
                        }
                        t.lines = panel, t.line = width;
                    }
                    N(line_functions)[(s.joined > 1 ? s.joined * s.vectors : width / LANES) - 1](&t);
                }
            }
        }
    }
    for (int64_t tap = 0; tap < c->taps; tap++) {
        N(store_transposed)((STORAGE *)p->c + tap * c->channels * p->c_row + share.begin, p->c_row, sums + tap * s.pixel, s.sums_row, filters,
                            c->channels);
    }
}
#endif
