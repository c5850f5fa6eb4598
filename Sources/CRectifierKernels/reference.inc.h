// The reference kernels of one element type. Included by reference.c with ELEMENT, STORAGE and COMPUTE defined.

#define LOAD(p) ((COMPUTE)N(load)(p))
#define STORE(p, x) N(store)(p, x)

// ===--- Elementwise programs -------------------------------------------------===//

static COMPUTE N(heaviside)(COMPUTE a, COMPUTE x, COMPUTE y, COMPUTE z) { return a != a ? a : a < 0 ? x : a == 0 ? y : z; }

static COMPUTE N(apply)(const rk_instruction *i, COMPUTE a, COMPUTE b, COMPUTE c) {
    COMPUTE x = (COMPUTE)i->x, y = (COMPUTE)i->y, z = (COMPUTE)i->z;
    switch ((rk_opcode)i->opcode) {
    case RK_OP_COPY: return a;
    case RK_OP_CONST: return x;
    case RK_OP_ADD: return a + b;
    case RK_OP_SUB: return a - b;
    case RK_OP_MUL: return a * b;
    case RK_OP_DIV: return a / b;
    case RK_OP_MAX: return a != a ? a : b != b ? b : a < b ? b : a;
    case RK_OP_MIN: return a != a ? a : b != b ? b : a > b ? b : a;
    case RK_OP_POW: return a != a ? a : b != b ? b : (COMPUTE)pow(a, b);
    case RK_OP_NEG: return -a;
    case RK_OP_ABS: return (COMPUTE)fabs(a);
    case RK_OP_SQRT: return (COMPUTE)sqrt(a);
    case RK_OP_EXP: return (COMPUTE)exp(a);
    case RK_OP_EXPM1: return (COMPUTE)expm1(a);
    case RK_OP_LOG: return (COMPUTE)log(a);
    case RK_OP_LOG1P: return (COMPUTE)log1p(a);
    // Of the two forms of each, the one whose exponential cannot overflow.
    case RK_OP_SIGMOID: return (COMPUTE)(a < 0 ? exp(a) / (1 + exp(a)) : 1 / (1 + exp(-a)));
    case RK_OP_TANH: return (COMPUTE)tanh(a);
    case RK_OP_SOFTPLUS: return (COMPUTE)(a > 0 ? a + log1p(exp(-a)) : log1p(exp(a)));
    case RK_OP_NORMAL_CDF: return (COMPUTE)(0.5 * erfc(-a * 0.70710678118654752440));
    case RK_OP_SIN: return (COMPUTE)sin(a);
    case RK_OP_COS: return (COMPUTE)cos(a);
    case RK_OP_RELU: return a != a ? a : a > 0 ? a : 0;
    case RK_OP_LEAKY: return a > 0 ? a : x * a;
    case RK_OP_HEAVISIDE: return N(heaviside)(a, x, y, z);
    case RK_OP_HEAVISIDE_MUL: return N(heaviside)(a, x, y, z) * b;
    case RK_OP_CLIP: return a < x ? x : a > y ? y : a;
    case RK_OP_CLIP_GATE: return a != a ? a : a == x || a == y ? z : a > x && a < y ? 1 : 0;
    case RK_OP_GREATER: return a != a ? a : b != b ? b : a > b;
    case RK_OP_GREATER_EQUAL: return a != a ? a : b != b ? b : a >= b;
    case RK_OP_EQUAL: return a != a ? a : b != b ? b : a == b;
    case RK_OP_SELECT: return a != a ? a : a != 0 ? b : c;
    case RK_OP_WATCH:
    case RK_OP_WATCH_TIE: return a;
    case RK_OP_COUNT: break;
    }
    return NAN;
}

/// What instructions with a counter do besides. RELU has no `b`: that is 0.
static void N(count_equal)(const rk_instruction *i, COMPUTE a, COMPUTE b) {
    STORAGE stored[2];
    STORE(&stored[0], a);
    STORE(&stored[1], i->opcode == RK_OP_WATCH ? (COMPUTE)i->x : b);
    if (LOAD(&stored[0]) == LOAD(&stored[1])) __atomic_fetch_add(i->counter, 1, __ATOMIC_RELAXED);
}

/// Where operand `slot` keeps element (row, column).
static STORAGE *N(place)(const rk_map *map, int slot, int64_t row, int64_t column) {
    const rk_operand *operand = &map->operands[slot];
    return (STORAGE *)operand->base + row * operand->row_stride + column * operand->column_stride;
}

/// Element (row, column) of operand `slot`.
static COMPUTE N(element)(const rk_map *map, int slot, int64_t row, int64_t column) {
    const rk_operand *operand = &map->operands[slot];
    if (!operand->labels) return LOAD(N(place)(map, slot, row, column));
    const int64_t place = row * operand->row_stride + column * operand->column_stride, classes = operand->labels->classes;
    return rk_label(operand->labels, place / classes) == place % classes;
}

static void N(map_range)(const rk_map *map, int64_t row_begin, int64_t row_end, int64_t column_begin, int64_t column_end) {
    for (int64_t row = row_begin; row < row_end; row++) {
        for (int64_t column = column_begin; column < column_end; column++) {
            COMPUTE temporaries[RK_MAP_TEMPORARIES] = {0};
            for (const rk_instruction *i = map->instructions; i < map->instructions + map->instruction_count; i++) {
                const uint16_t slots[3] = {i->a, i->b, i->c};
                COMPUTE arguments[3] = {0};
                for (int n = 0; n < rk_opcode_arguments(i->opcode); n++) {
                    arguments[n] = slots[n] < RK_MAP_OPERANDS ? N(element)(map, slots[n], row, column)
                                                              : temporaries[slots[n] - RK_MAP_OPERANDS];
                }
                COMPUTE result = N(apply)(i, arguments[0], arguments[1], arguments[2]);
                if (i->counter) N(count_equal)(i, arguments[0], arguments[1]);
                if (i->d < RK_MAP_OPERANDS) STORE(N(place)(map, i->d, row, column), result);
                else temporaries[i->d - RK_MAP_OPERANDS] = result;
            }
        }
    }
}

static void N(map)(const rk_call *call, int part, int parts) {
    const rk_map *map = &call->map;
    if (call->shared_rows == 0 || map->rows % call->shared_rows == 0) {
        const int64_t shared = call->shared_rows ? call->shared_rows : map->rows, height = shared ? map->rows / shared : 0;
        rk_range rows = rk_share(shared, 1, part, parts);
        N(map_range)(map, rows.begin * height, rows.end * height, 0, map->columns);
    } else {  // one run of all rows
        rk_range rows = rk_share(call->shared_rows, 1, part, parts);
        int64_t width = map->columns / call->shared_rows;
        N(map_range)(map, 0, 1, rows.begin * width, rows.end * width);
    }
}

// ===--- Products and sums ------------------------------------------------------===//

static void N(product)(const rk_call *call, int part, int parts) {
    const rk_product *p = &call->product;
    rk_range rows = rk_share(p->m, 1, part, parts);
    for (int64_t i = rows.begin; i < rows.end; i++) {
        for (int64_t j = 0; j < p->n; j++) {
            COMPUTE sum = 0;
            for (int64_t k = 0; k < p->k; k++) {
                COMPUTE a = LOAD((const STORAGE *)p->a + i * p->a_row + k * p->a_column);
                COMPUTE b = LOAD((const STORAGE *)p->b + k * p->b_row + j * p->b_column);
                sum += a * b;
            }
            if (p->bias) sum += LOAD((const STORAGE *)p->bias + j);
            STORE((STORAGE *)p->c + i * p->c_row + j, sum);
        }
    }
    if (p->epilogue) N(map_range)(p->epilogue, rows.begin, rows.end, 0, p->n);
}

/// Element (row, k) of a group's patches.
static COMPUTE N(patch)(const rk_convolution *c, int64_t group, int64_t row, int64_t k) {
    const int32_t place = c->places[row % c->outputs * c->taps + k / c->channels];
    if (place < 0) return 0;
    const int64_t pixel = row / c->outputs * c->pixels + place;
    return LOAD((const STORAGE *)c->product.a + pixel * c->pixel + group * c->channels + k % c->channels);
}

static void N(convolution)(const rk_call *call, int part, int parts) {
    const rk_convolution *c = &call->convolution;
    const rk_product *p = &c->product;
    const int64_t unit = call->shared_rows ? p->m / call->shared_rows : 1;
    rk_range rows = rk_share(p->m / unit, 1, part, parts);
    rows.begin *= unit, rows.end *= unit;
    for (int64_t i = rows.begin; i < rows.end; i++) {
        for (int64_t j = 0; j < c->groups * p->n; j++) {
            COMPUTE sum = 0;
            for (int64_t k = 0; k < p->k; k++) sum += N(patch)(c, j / p->n, i, k) * LOAD((const STORAGE *)p->b + k * p->b_row + j);
            if (p->bias) sum += LOAD((const STORAGE *)p->bias + j);
            STORE((STORAGE *)p->c + i * p->c_row + j, sum);
        }
    }
    if (p->epilogue) N(map_range)(p->epilogue, rows.begin, rows.end, 0, c->groups * p->n);
}

static void N(filters)(const rk_call *call, int part, int parts) {
    const rk_convolution *c = &call->convolution;
    const rk_product *p = &c->product;
    rk_range rows = rk_share(p->m, 1, part, parts);
    for (int64_t i = rows.begin; i < rows.end; i++) {
        for (int64_t j = 0; j < c->groups * p->n; j++) {
            COMPUTE sum = 0;
            for (int64_t k = 0; k < p->k; k++) sum += N(patch)(c, j / p->n, k, i) * LOAD((const STORAGE *)p->b + k * p->b_row + j);
            STORE((STORAGE *)p->c + i * p->c_row + j, sum);
        }
    }
}

static int64_t N(convolution_scratch)(const rk_convolution *c, int parts) {
    (void)c, (void)parts;
    return 0;
}

static int64_t N(filters_scratch)(const rk_convolution *c, int parts) { return N(convolution_scratch)(c, parts); }

static rk_route N(product_route)(const rk_call *call, int part, int parts, int64_t block) {
    const rk_range rows = rk_share(call->product.m, 1, part, parts);
    return block == 0 && rows.begin < rows.end ? RK_ROUTE_REFERENCE : RK_ROUTE_NOTHING;
}

static int64_t N(product_scratch)(int64_t m, int64_t n, int64_t k, int parts) {
    (void)m, (void)n, (void)k, (void)parts;
    return 0;
}

static void N(reduce)(const rk_call *call, int part, int parts) {
    const rk_reduce *r = &call->reduce;
    rk_range range = rk_share(r->outer * r->inner, 1, part, parts);
    for (int64_t n = range.begin; n < range.end; n++) {
        const STORAGE *in = (const STORAGE *)r->in + n / r->inner * r->count * r->inner + n % r->inner;
        COMPUTE value = r->reduction == RK_SUM ? 0 : r->reduction == RK_MAXIMUM ? -(COMPUTE)INFINITY : (COMPUTE)INFINITY;
        for (int64_t c = 0; c < r->count; c++) {
            COMPUTE x = LOAD(in + c * r->inner);
            switch (r->reduction) {
            case RK_SUM: value += x; break;
            case RK_MAXIMUM: value = value != value ? value : x != x || x > value ? x : value; break;
            case RK_MINIMUM: value = value != value ? value : x != x || x < value ? x : value; break;
            }
        }
        STORE((STORAGE *)r->out + n, (COMPUTE)r->scale * value);
    }
}

static void N(accumulate)(const rk_call *call, int part, int parts) {
    (void)parts;
    if (part != 0) return;
    const rk_accumulate *s = &call->accumulate;
    double total = 0;
    for (int64_t i = 0; i < s->count; i++) {
        double x = N(load)((const STORAGE *)s->in + i);
        total += s->squares ? x * x : x;
    }
    *s->total = (s->reset ? 0 : *s->total) + total;
}

// ===--- Windows ----------------------------------------------------------------===//

/// Where element (window, tap) of a channel lies in images; -1 over padding.
static int64_t N(pixel)(const rk_windows *w, int64_t sample, int64_t window, int64_t tap, int64_t channel) {
    const int32_t place = w->places[window * w->taps + tap];
    return place < 0 ? -1 : (sample * w->pixels + place) * w->channels + channel;
}

/// Whether a is a window's largest element rather than b.
static bool N(is_larger)(COMPUTE a, COMPUTE b) { return a > b || (a != a && b == b); }

/// Whether each tap of a window has part in its largest element. Gives how many have.
static int64_t N(winners)(const rk_windows *w, int64_t sample, int64_t window, int64_t channel, bool *wins) {
    int64_t winner = -1, count = 0;
    COMPUTE top = 0;
    for (int64_t t = 0; t < w->taps; t++) {
        const int64_t pixel = N(pixel)(w, sample, window, t, channel);
        wins[t] = false;
        if (pixel < 0) continue;
        const COMPUTE x = LOAD((const STORAGE *)w->x + pixel);
        if (winner >= 0 && !N(is_larger)(x, top) && !(w->ties == RK_TIES_LAST && x == top)) continue;
        winner = t, top = x;
    }
    for (int64_t t = 0; t < w->taps; t++) {
        const int64_t pixel = N(pixel)(w, sample, window, t, channel);
        if (pixel < 0) continue;
        const bool ties = t == winner || LOAD((const STORAGE *)w->x + pixel) == top;
        if (w->counters && ties && count > 0 && (w->counts_zeros || top != 0)) {
            __atomic_fetch_add(w->counters + t - 1, 1, __ATOMIC_RELAXED);
        }
        wins[t] = w->ties == RK_TIES_SPLIT ? ties : t == winner;
        count += ties;
    }
    return w->ties == RK_TIES_SPLIT ? count : 1;
}

#define EACH_WINDOW                                                                                                                   \
    const rk_windows *w = &call->windows;                                                                                             \
    const rk_range samples = rk_share(w->samples, 1, part, parts);                                                                    \
    for (int64_t s = samples.begin; s < samples.end; s++)                                                                             \
        for (int64_t o = 0; o < w->outputs; o++)                                                                                      \
            for (int64_t c = 0; c < w->channels; c++)

static void N(pick)(const rk_call *call, int part, int parts) {
    EACH_WINDOW {
        bool wins[w->taps];
        const int64_t count = N(winners)(w, s, o, c, wins);
        COMPUTE sum = 0, first = 0;
        bool any = false;
        for (int64_t t = 0; t < w->taps; t++) {
            if (!wins[t]) continue;
            const COMPUTE value = LOAD((const STORAGE *)w->in + N(pixel)(w, s, o, t, c));
            first = any ? first : value, sum = any ? sum + value : value, any = true;
        }
        STORE((STORAGE *)w->out + (s * w->outputs + o) * w->channels + c, w->in == w->x ? first : sum / (COMPUTE)count);
    }
}

static void N(spread)(const rk_call *call, int part, int parts) {
    EACH_WINDOW {
        bool wins[w->taps];
        const int64_t count = N(winners)(w, s, o, c, wins);
        const COMPUTE g = LOAD((const STORAGE *)w->in + (s * w->outputs + o) * w->channels + c) / (COMPUTE)count;
        for (int64_t t = 0; t < w->taps; t++) {
            const int64_t pixel = N(pixel)(w, s, o, t, c);
            if (pixel < 0) continue;
            STORAGE *out = (STORAGE *)w->out + pixel;
            const COMPUTE term = wins[t] ? g : 0;
            STORE(out, w->opens[o * w->taps + t] ? term : LOAD(out) + term);
        }
        if (o > 0) continue;
        for (int64_t i = 0; i < w->unseen_count; i++) STORE((STORAGE *)w->out + (s * w->pixels + w->unseen[i]) * w->channels + c, 0);
    }
}

static void N(fold)(const rk_call *call, int part, int parts) {
    EACH_WINDOW {
        COMPUTE sum = 0;
        for (int64_t t = 0; t < w->taps; t++) {
            const int64_t pixel = N(pixel)(w, s, o, t, c);
            if (pixel < 0) continue;
            const COMPUTE scale = w->scales_in ? (COMPUTE)w->scales[w->places[o * w->taps + t]] : 1;
            sum += scale * LOAD((const STORAGE *)w->in + pixel);
        }
        STORE((STORAGE *)w->out + (s * w->outputs + o) * w->channels + c, w->scales_in ? sum : (COMPUTE)w->scales[o] * sum);
    }
}

// ===--- Rows -------------------------------------------------------------------===//

/// log Σ exp(in_j) = maximum + rest; both NaN when a logit is.
typedef struct {
    double maximum, rest;
} N(normalizer);

static N(normalizer) N(normalize)(const STORAGE *in, int64_t columns) {
    double maximum = -INFINITY, sum = 0;
    for (int64_t j = 0; j < columns; j++) {
        double x = LOAD(in + j);
        if (x != x) return (N(normalizer)){x, x};
        if (x > maximum) maximum = x;
    }
    if (isinf(maximum)) return (N(normalizer)){maximum, 0};
    for (int64_t j = 0; j < columns; j++) sum += exp(LOAD(in + j) - maximum);
    return (N(normalizer)){maximum, log(sum)};
}

#define EACH_ROW                                                                                                                      \
    const rk_rows *r = &call->rows;                                                                                                   \
    const int64_t columns = r->columns;                                                                                               \
    const rk_range rows = rk_share(r->rows, 1, part, parts);                                                                          \
    const STORAGE *in = (const STORAGE *)r->in + rows.begin * columns;                                                                \
    for (int64_t row = rows.begin; row < rows.end; row++, in += columns)

static void N(softmax)(const rk_call *call, int part, int parts) {
    EACH_ROW {
        N(normalizer) n = N(normalize)(in, columns);
        for (int64_t j = 0; j < columns; j++) STORE((STORAGE *)r->out + row * columns + j, exp((LOAD(in + j) - n.maximum) - n.rest));
    }
}

static void N(log_softmax)(const rk_call *call, int part, int parts) {
    EACH_ROW {
        N(normalizer) n = N(normalize)(in, columns);
        for (int64_t j = 0; j < columns; j++) STORE((STORAGE *)r->out + row * columns + j, (LOAD(in + j) - n.maximum) - n.rest);
    }
}

static void N(log_sum_exp)(const rk_call *call, int part, int parts) {
    EACH_ROW {
        N(normalizer) n = N(normalize)(in, columns);
        STORE((STORAGE *)r->out + row, n.maximum + n.rest);
    }
}

static void N(cross_entropy)(const rk_call *call, int part, int parts) {
    EACH_ROW {
        N(normalizer) n = N(normalize)(in, columns);
        double loss = 0;
        for (int64_t j = 0; j < columns; j++) {
            double target = r->labels ? rk_label(r->labels, row) == j : LOAD((const STORAGE *)r->target + row * columns + j);
            if (target != 0) loss += target * ((n.maximum - LOAD(in + j)) + n.rest);
        }
        STORE((STORAGE *)r->out + row, loss);
    }
}

// ===--- Data -------------------------------------------------------------------===//

static void N(copy_dimension)(const rk_copy *copy, int dimension, const STORAGE *in, STORAGE *out) {
    if (dimension == copy->rank) {
        *out = *in;
        return;
    }
    for (int64_t i = 0; i < copy->extent[dimension]; i++) {
        N(copy_dimension)(copy, dimension + 1, in + i * copy->in_stride[dimension], out + i * copy->out_stride[dimension]);
    }
}

static void N(copy)(const rk_call *call, int part, int parts) {
    if (part == 0) N(copy_dimension)(&call->copy, 0, call->copy.in, call->copy.out);
    (void)parts;
}

static void N(gather)(const rk_call *call, int part, int parts) {
    const rk_gather *g = &call->gather;
    rk_range rows = rk_share(g->rows, 1, part, parts);
    for (int64_t row = rows.begin; row < rows.end; row++) {
        for (int64_t j = 0; j < g->width; j++) {
            int64_t place = (*g->indices)[row] * g->width + j;
            double value = 0;
            switch ((rk_source_type)g->source_type) {
            case RK_SOURCE_UINT8: value = (((const uint8_t *)g->source)[place] - g->shift) * g->scale; break;
            case RK_SOURCE_FLOAT32: value = ((COMPUTE)((const float *)g->source)[place] - (COMPUTE)g->shift) * (COMPUTE)g->scale; break;
            case RK_SOURCE_FLOAT64: value = (((const double *)g->source)[place] - g->shift) * g->scale; break;
            }
            STORE((STORAGE *)g->out + row * g->width + j, value);
        }
    }
}

static void N(one_hot)(const rk_call *call, int part, int parts) {
    const rk_one_hot *o = &call->one_hot;
    rk_range rows = rk_share(o->rows, 1, part, parts);
    const int64_t classes = o->labels->classes;
    for (int64_t row = rows.begin; row < rows.end; row++) {
        for (int64_t j = 0; j < classes; j++) STORE((STORAGE *)o->out + row * classes + j, j == rk_label(o->labels, row));
    }
}

static void N(dropout)(const rk_call *call, int part, int parts) {
    const rk_dropout *d = &call->dropout;
    uint64_t key = rk_stream(*d->seed, d->purpose, *d->epoch), first = *d->position * (uint64_t)d->columns;
    rk_range rows = rk_share(d->rows, 1, part, parts), range = {rows.begin * d->columns, rows.end * d->columns};
    for (int64_t n = range.begin; n < range.end; n++) {
        double uniform = (double)(rk_draw(key, first + (uint64_t)n) >> 40) * 0x1p-24;
        STORE((STORAGE *)d->out + n, uniform < d->rate ? 0 : 1 / (1 - d->rate));
    }
}

static void N(tally)(const rk_call *call, int part, int parts) {
    const rk_tally *t = &call->tally;
    rk_range rows = rk_share(t->rows, t->height, part, parts);
    for (int64_t row = rows.begin; row < rows.end; row++) {
        const double place = (double)(*t->position + (uint64_t)(row / t->height) + 1);
        for (int64_t j = 0; j < t->columns; j++) {
            COMPUTE z = LOAD((const STORAGE *)t->in + row * t->columns + j);
            rk_unit *unit = &t->units[part * t->columns + j];
            if (z > 0) {
                unit->active += 1;
                if (unit->first == 0) unit->first = place;
                unit->last = place;
                unit->step = (double)*t->step;
            }
            if (z > unit->largest) unit->largest = z;
        }
    }
}

// ===--- Updates ------------------------------------------------------------------===//

/// The gradient with clipping and penalties, and the weight after decoupled decay.
static COMPUTE N(prepare)(const rk_update *u, int64_t i, COMPUTE *weight) {
    const rk_hyper *h = u->hyper;
    COMPUTE w = ((const COMPUTE *)u->weights)[i], sign = (COMPUTE)((w > 0) - (w < 0));
    *weight = w - (COMPUTE)(h->learning_rate * h->decay) * w;
    return (COMPUTE)h->gradient_scale * LOAD((const STORAGE *)u->gradient + i) + (COMPUTE)h->l2 * w + (COMPUTE)h->l1 * sign;
}

static void N(finish)(const rk_update *u, int64_t i, COMPUTE weight) {
    ((COMPUTE *)u->weights)[i] = weight;
    if (u->copy) STORE((STORAGE *)u->copy + i, weight);
}

static COMPUTE N(keep_normal)(COMPUTE *state, COMPUTE x) { return *state = fabs((double)x) < RK_SMALLEST_NORMAL(COMPUTE) ? 0 : x; }

#define EACH_WEIGHT                                                                                                                   \
    const rk_update *u = &call->update;                                                                                               \
    const rk_hyper *h = u->hyper;                                                                                                     \
    COMPUTE *state1 = u->state1, *state2 = u->state2;                                                                                 \
    const COMPUTE rate = (COMPUTE)h->learning_rate, momentum = (COMPUTE)h->momentum;                                                  \
    (void)state1, (void)state2, (void)momentum;                                                                                       \
    const rk_range range = rk_share(u->count, 64, part, parts);                                                                       \
    for (int64_t i = range.begin; i < range.end; i++)

static void N(sgd)(const rk_call *call, int part, int parts) {
    EACH_WEIGHT {
        COMPUTE w, v = N(prepare)(u, i, &w);
        if (state1) v = state1[i] = momentum * state1[i] + v;
        N(finish)(u, i, w - rate * v);
    }
}

static void N(nesterov)(const rk_call *call, int part, int parts) {
    EACH_WEIGHT {
        COMPUTE w, g = N(prepare)(u, i, &w), v = g;
        if (state1) v = state1[i] = momentum * state1[i] + g;
        N(finish)(u, i, w - rate * (g + momentum * v));
    }
}

static void N(adam)(const rk_call *call, int part, int parts) {
    EACH_WEIGHT {
        COMPUTE w, g = N(prepare)(u, i, &w);
        COMPUTE m = N(keep_normal)(state1 + i, (COMPUTE)h->beta1 * state1[i] + (COMPUTE)(1 - h->beta1) * g);
        COMPUTE v = N(keep_normal)(state2 + i, (COMPUTE)h->beta2 * state2[i] + (COMPUTE)(1 - h->beta2) * (g * g));
        COMPUTE root = (COMPUTE)sqrt(v / (COMPUTE)h->correction2);
        N(finish)(u, i, w - rate * (m / (COMPUTE)h->correction1) / (root + (COMPUTE)h->epsilon));
    }
}

static void N(rmsprop)(const rk_call *call, int part, int parts) {
    EACH_WEIGHT {
        COMPUTE w, g = N(prepare)(u, i, &w);
        COMPUTE v = N(keep_normal)(state2 + i, (COMPUTE)h->beta2 * state2[i] + (COMPUTE)(1 - h->beta2) * (g * g));
        COMPUTE change = g / ((COMPUTE)sqrt(v) + (COMPUTE)h->epsilon);
        if (momentum > 0) change = state1[i] = momentum * state1[i] + change;
        N(finish)(u, i, w - rate * change);
    }
}

// ===--- Conversions ----------------------------------------------------------------===//

static int64_t N(count_nonfinite)(const void *in, int64_t count) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) found += !isfinite(LOAD((const STORAGE *)in + i));
    return found;
}

static void N(from_double)(void *out, const double *in, int64_t count) {
    for (int64_t i = 0; i < count; i++) STORE((STORAGE *)out + i, in[i]);
}

static void N(to_double)(double *out, const void *in, int64_t count) {
    for (int64_t i = 0; i < count; i++) out[i] = N(load)((const STORAGE *)in + i);
}

static double N(burst)(int64_t rounds) {
    COMPUTE sums[8] = {0}, x = 1, y = (COMPUTE)0.5;
    for (int64_t i = 0; i < rounds; i++) {
        for (int j = 0; j < 8; j++) sums[j] = sums[j] * x + y;
        __asm__ volatile("" : : "r"(sums) : "memory");
    }
    return (double)rounds * 16;
}

#undef EACH_WEIGHT
#undef EACH_ROW
#undef STORE
#undef LOAD
#undef COMPUTE
#undef STORAGE
#undef ELEMENT
