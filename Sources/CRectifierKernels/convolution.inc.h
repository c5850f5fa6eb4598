// Convolutions: products whose left rows are patches of images, and whose chains run over the patches' taps and, within
// a tap, over channels.
//
// Patches are never in memory as a whole. A block of rows of them is copied to scratch, which is 1 to 12 % of a dense
// block's work, and multiplied as any product is: bits, zeros that are skipped, tiles and panels are those of
// product.inc.h. In the gradient of weights chains run over all positions of all samples; there blocks are some
// positions long, and sums wait in scratch from block to block.

#include "sheets.inc.h"

/// Rows × terms of patches, as they lie one after another.
typedef struct {
    int64_t row_begin, row_end, k_begin, k_end;
} N(patch_block);

/// Copies patches of a group to rows `line` elements apart.
static void N(gather_patches)(const rk_convolution *c, int64_t group, const N(patch_block) block, STORAGE *to, int64_t line) {
    const STORAGE *const x = (const STORAGE *)c->product.a + group * c->channels;
    const int64_t channels = c->channels, first_tap = block.k_begin / channels;
    // Neighbouring pixels are one run of memory where a group has all channels.
    const bool joins = c->groups == 1;
    int64_t sample = block.row_begin / c->outputs, output = block.row_begin % c->outputs;
    for (int64_t row = block.row_begin; row < block.row_end; row++, to += line) {
        const int32_t *const places = c->places + output * c->taps;
        const STORAGE *const image = x + sample * c->pixels * c->pixel;
        for (int64_t k = block.k_begin, tap = first_tap; k < block.k_end;) {
            const int32_t place = places[tap];
            const int64_t within = k - tap * channels;
            int64_t end = ++tap * channels;
            if (joins) {
                for (int32_t next = place; end < block.k_end && places[tap] == (place < 0 ? -1 : ++next); tap++) end += channels;
            }
            const size_t bytes = (size_t)(rk_min(end, block.k_end) - k) * sizeof(STORAGE);
            if (place < 0) memset(to + k - block.k_begin, 0, bytes);
            else memcpy(to + k - block.k_begin, image + place * c->pixel + within, bytes);
            k = end;
        }
        if (++output == c->outputs) output = 0, sample++;
    }
}

// ===--- Forward, and the gradient of images ------------------------------------------------===//

/// Rows of patches that are multiplied at a time.
RK_INLINE int64_t N(patch_rows)(int64_t m, int64_t k) {
    const int64_t fit = PATCH_BYTES / ((int64_t)sizeof(STORAGE) * rk_max(k, 1)) / RK_TILE_ROWS * RK_TILE_ROWS;
    return rk_min(m, rk_min(rk_max(fit, 2 * RK_TILE_ROWS), BLOCK_ROWS));
}

/// From row to row of patches: where that is a multiple of a page they would push each other out of the caches.
RK_INLINE int64_t N(patch_line)(int64_t k) {
    const int64_t unit = CACHE_LINE_BYTES / (int64_t)sizeof(STORAGE), line = rk_round_up(k, unit);
    return line % COLLIDING_ELEMENTS ? line : line + unit;
}

/// Elements of the computing type that a block of patches takes.
RK_INLINE int64_t N(patch_room)(int64_t rows, int64_t line) {
    return rk_round_up((rows * line + LANES) * (int64_t)sizeof(STORAGE), CACHE_LINE_BYTES) / (int64_t)sizeof(COMPUTE);
}

static int64_t N(convolution_scratch)(const rk_convolution *c, int parts) {
    const rk_product *const p = &c->product;
#if RK_PAIRS
    if (p->k % 2) return OTHER_SET->convolution_scratch(c, parts);
#endif
    (void)parts;
    const int64_t rows = N(patch_rows)(p->m, p->k);
    const int64_t room = N(patch_room)(rows, N(patch_line)(p->k)) * (int64_t)sizeof(COMPUTE) + N(own_scratch)(rows, p->n, p->k);
    return N(has_sheet)(c) ? rk_max(room, rk_round_up(N(sheet_scratch)(c) * (int64_t)sizeof(COMPUTE), CACHE_LINE_BYTES)) : room;
}

/// A product of one block of rows, without its epilogue.
static void N(block_product)(const rk_product *product, COMPUTE *scratch) {
    rk_product room;
    const rk_product *const p = N(in_terms)(product, &room);
    const N(block) whole = N(whole)(p);
    const N(traits) traits = N(traits_of)(p);
    rk_route route = N(route)(NULL, p, traits, RK_SHARE, whole);
    if (route == RK_ROUTE_BY_BLOCKS) route = N(route)(NULL, p, traits, RK_BLOCK, whole);
    switch (route) {
    case RK_ROUTE_COLUMN: N(column)(p, whole); break;
    case RK_ROUTE_SMALL: N(small_block)(p, whole, scratch); break;
    case RK_ROUTE_FEW_ROWS: N(few_rows)(p, whole, scratch, p->zeros != RK_ZEROS_MULTIPLIED); break;
    case RK_ROUTE_SKIPPING: N(skip_block)(p, whole, scratch, false, NULL); break;
    default: N(dense_block)(p, whole, scratch, NULL); break;
    }
}

/// What a part computes: samples that it keeps from call to call, or rows, whole samples where these come out even.
RK_INLINE rk_range N(output_share)(const rk_call *call, const rk_convolution *c, int part, int parts) {
    const int64_t samples = c->product.m / c->outputs, shared = call->shared_rows ? call->shared_rows : samples;
    if (call->shared_rows == 0 && samples % parts != 0 && samples < 8 * parts) return rk_share(c->product.m, RK_TILE_ROWS, part, parts);
    const rk_range share = rk_share(shared, 1, part, parts);
    const int64_t rows = c->product.m / shared;
    return (rk_range){share.begin * rows, share.end * rows};
}

/// Rows of C by way of patches.
static void N(multiply_patches)(const rk_convolution *c, const rk_range share, COMPUTE *scratch) {
    const rk_product *const p = &c->product;
    const int64_t size = N(patch_rows)(p->m, p->k), line = N(patch_line)(p->k);
    STORAGE *const patches = (STORAGE *)scratch;
    for (int64_t row = share.begin, end; row < share.end; row = end) {
        // The last two blocks share evenly.
        const int64_t left = share.end - row;
        end = row + (left > size && left < 2 * size ? rk_round_up(left / 2, RK_TILE_ROWS) : rk_min(size, left));
        for (int64_t group = 0; group < c->groups; group++) {
            N(gather_patches)(c, group, (N(patch_block)){row, end, 0, p->k}, patches, line);
            rk_product q = *p;
            q.a = patches, q.a_row = line, q.a_column = 1, q.m = end - row;
            q.b = (const STORAGE *)p->b + group * p->n;
            q.c = (STORAGE *)p->c + row * p->c_row + group * p->n;
            q.bias = p->bias ? (const STORAGE *)p->bias + group * p->n : NULL;
            N(block_product)(&q, scratch + N(patch_room)(size, line));
        }
        if (p->epilogue) N(map_block)(p->epilogue, row, end, 0, c->groups * p->n);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);  // stores past the caches keep to no order otherwise
}

static void N(convolution)(const rk_call *call, int part, int parts) {
    const rk_convolution *const c = &call->convolution;
    const rk_product *const p = &c->product;
#if RK_PAIRS
    if (p->k % 2) {
        OTHER_SET->convolution(call, part, parts);
        return;
    }
#endif
    const rk_range share = N(output_share)(call, c, part, parts);
    COMPUTE *const scratch = (COMPUTE *)((char *)p->scratch + part * p->scratch_stride);
    if (!N(has_sheet)(c) || share.begin % c->outputs || share.end % c->outputs) {
        N(multiply_patches)(c, share, scratch);
        return;
    }
    const N(sheet) s = N(sheet_of)(c);
    for (int64_t sample = share.begin / c->outputs, end = share.end / c->outputs; sample < end; sample += s.samples) {
        const rk_range samples = {sample, rk_min(sample + s.samples, end)};
        const rk_range rows = {samples.begin * c->outputs, samples.end * c->outputs};
        if (N(sheet_pays)(c, &s, samples)) {
            N(skip_on_sheet)(c, &s, samples, scratch);
            if (p->epilogue) N(map_block)(p->epilogue, rows.begin, rows.end, 0, p->n);
        } else {
            N(multiply_patches)(c, rows, scratch);
        }
    }
}

// ===--- The gradient of weights ---------------------------------------------------------------===//

/// Terms of the gradient of weights that a part computes of each group.
RK_INLINE rk_range N(filter_share)(const rk_product *p, int part, int parts) { return rk_share(p->m, FILTER_UNIT, part, parts); }

/// From row to row of sums: whole tiles, and a line more.
RK_INLINE int64_t N(filter_sums)(const rk_product *p, int parts) {
    const int64_t terms = rk_min(p->m, (p->m + FILTER_UNIT * parts - 1) / (FILTER_UNIT * parts) * FILTER_UNIT);
    return rk_max(terms * N(sums_row)(p->n), p->n * N(sums_row)(terms)) + LANES;
}

RK_INLINE int64_t N(filter_line)(const rk_product *p, int parts) {
    return N(patch_line)(rk_min(p->m, (p->m + FILTER_UNIT * parts - 1) / (FILTER_UNIT * parts) * FILTER_UNIT));
}

static int64_t N(filters_scratch)(const rk_convolution *c, int parts) {
    const rk_product *const p = &c->product;
#if RK_PAIRS
    if (p->k % 2) return OTHER_SET->filters_scratch(c, parts);
#endif
    const int64_t most = rk_max(p->m, p->n), depth = rk_min(p->k, FILTER_DEPTH);
    const int64_t room = rk_max(rk_max(N(dense_scratch)(p->m, p->n, depth), N(dense_scratch)(p->n, p->m, depth)),
                                rk_max(N(skip_scratch)(p->m, p->n, depth), N(skip_scratch)(p->n, p->m, depth)));
    int64_t count = rk_round_up(N(filter_sums)(p, parts), 16) + N(patch_room)(depth, N(filter_line)(p, parts)) + room + most;
#if !RK_PAIRS
    if (N(has_sheet)(c)) count = rk_max(count, N(filter_sheet_scratch)(c));
#endif
    return rk_round_up(count * (int64_t)sizeof(COMPUTE), CACHE_LINE_BYTES);
}

/// What takes the least time, as zeros of images and gradients are now. All parts find the same.
static rk_filter_way N(way_of)(const rk_convolution *c) {
    const rk_product *const p = &c->product;
    if (p->zeros == RK_ZEROS_MULTIPLIED) return RK_FILTERS_DENSE;
    const int64_t depth = rk_min(p->k, FILTER_DEPTH) / TERMS;
    const rk_product images = {.a = p->a, .a_row = c->pixel, .a_column = 1, .m = p->k / c->outputs * c->pixels, .k = c->pixel};
    const rk_product gradients = {.a = p->b, .a_row = p->b_row, .a_column = 1, .m = p->k, .k = p->b_row};
    rk_product q = {.a_row = 1, .a_column = 2, .m = p->m, .n = p->n, .k = depth, .b_column = 1}, t = q;
    t.m = p->n, t.n = p->m;
    const double blocks = (double)p->k / TERMS / (double)rk_max(depth, 1), patches = PATCH_CYCLES / LANES * (double)p->m * (double)p->k;
    const double density = N(density_by_rows)(&gradients);
    const double dense = blocks * N(dense_cycles)(&q, N(whole)(&q)) + patches;
    const double by_images = blocks * N(skip_cycles_at)(&q, N(whole)(&q), N(density_by_rows)(&images)) + patches;
    const double by_gradients = blocks * N(skip_cycles_at)(&t, N(whole)(&t), density) + patches;
    const double least = fmin(by_images, by_gradients);
    double on_sheet = INFINITY;
#if !RK_PAIRS
    if (N(has_sheet)(c)) on_sheet = N(filter_sheet_cycles)(c, density);
#endif
    if (on_sheet < fmin(least, p->zeros == RK_ZEROS_SKIPPED ? INFINITY : dense)) return RK_FILTERS_ON_SHEET;
    if (least == INFINITY || (p->zeros != RK_ZEROS_SKIPPED && dense <= least)) return RK_FILTERS_DENSE;
    return by_images <= by_gradients ? RK_FILTERS_SKIP_IMAGES : RK_FILTERS_SKIP_GRADIENTS;
}

static void N(filters)(const rk_call *call, int part, int parts) {
    const rk_convolution *const c = &call->convolution;
    const rk_product *const p = &c->product;
#if RK_PAIRS
    if (p->k % 2) {
        OTHER_SET->filters(call, part, parts);
        return;
    }
#endif
    const rk_filter_way way = N(way_of)(c);
#if !RK_PAIRS
    if (way == RK_FILTERS_ON_SHEET) {
        const rk_range filters = rk_share(p->n, SHEET_FILTERS, part, parts);
        if (filters.begin < filters.end) N(filters_on_sheet)(c, filters, (COMPUTE *)((char *)p->scratch + part * p->scratch_stride));
        return;
    }
#endif
    const rk_range share = N(filter_share)(p, part, parts);
    const int64_t terms = share.end - share.begin;
    if (terms <= 0) return;
    const bool exchanged = way == RK_FILTERS_SKIP_GRADIENTS;
    const int64_t line = N(filter_line)(p, parts);
    COMPUTE *const sums = (COMPUTE *)((char *)p->scratch + part * p->scratch_stride);
    STORAGE *const patches = (STORAGE *)(sums + rk_round_up(N(filter_sums)(p, parts), 16));
    COMPUTE *const scratch = (COMPUTE *)patches + N(patch_room)(rk_min(p->k, FILTER_DEPTH), line);
    for (int64_t group = 0; group < c->groups; group++) {
        STORAGE *const to = (STORAGE *)p->c + share.begin * p->c_row + group * p->n;
        for (int64_t k = 0; k == 0 || k < p->k; k += FILTER_DEPTH) {
            const int64_t depth = rk_min(FILTER_DEPTH, p->k - k);
            N(gather_patches)(c, group, (N(patch_block)){k, k + depth, share.begin, share.end}, patches, line);
            rk_product q = {
                .a = patches, .a_row = 1, .a_column = line, .b = (const STORAGE *)p->b + k * p->b_row + group * p->n, .b_row = p->b_row,
                .b_column = 1, .c = to, .c_row = p->c_row, .m = terms, .n = p->n, .k = depth,
            }, room;
            if (exchanged) q = N(exchanged)(&q);
            const rk_product *const chunk = N(in_terms)(&q, &room);
            const int64_t sums_row = N(sums_row)(chunk->n);
            for (int64_t row = 0; row < chunk->m; row += BLOCK_ROWS) {
                const N(block) block = {row, rk_min(row + BLOCK_ROWS, chunk->m), 0, chunk->n};
                const N(chain) chain = {sums + row * sums_row, sums_row, k > 0, k + depth < p->k};
                if (way == RK_FILTERS_DENSE) N(dense_block)(chunk, block, scratch, &chain);
                else N(skip_block)(chunk, block, scratch, exchanged, &chain);
            }
        }
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
