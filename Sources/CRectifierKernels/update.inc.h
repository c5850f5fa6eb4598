// Optimizer updates: one pass over weights, gradient and state, in the computing type; formulas at rk_update in the
// header. The numbers of rk_hyper are combined in double where they meet each other only, and rounded to the computing
// type once.

typedef struct {
    Vec rate, momentum, beta1, rest1, beta2, rest2, epsilon, step1, factor2, decay, l2, l1, scale;
} N(hyper);

RK_INLINE N(hyper) N(hyper_vectors)(const rk_hyper *h) {
    return (N(hyper)){
        .rate = Set(h->learning_rate), .momentum = Set(h->momentum), .beta1 = Set(h->beta1), .rest1 = Set(1 - h->beta1),
        .beta2 = Set(h->beta2), .rest2 = Set(1 - h->beta2), .epsilon = Set(h->epsilon), .step1 = Set(h->learning_rate / h->correction1),
        .factor2 = Set(1 / h->correction2), .decay = Set(h->learning_rate * h->decay), .l2 = Set(h->l2), .l1 = Set(h->l1),
        .scale = Set(h->gradient_scale),
    };
}

/// The gradient with clipping and penalties; `*w` becomes the weight after decoupled decay. `plain`: there are neither
/// penalties nor decay.
RK_INLINE Vec N(prepare)(const N(hyper) *h, Vec g, Vec *w, bool plain) {
    if (plain) return h->scale * g;
    const Vec one = Set(1), zero = Zero(), sign = IfThenElse(*w > 0, one, IfThenElse(*w < 0, -one, zero));
    g = h->scale * g + h->l2 * *w + h->l1 * sign;
    *w -= h->decay * *w;
    return g;
}

/// Runs the body for each vector: `w` and `g` are given, and the body changes `w`. Lanes beyond the part's range are
/// computed and dropped.
#define EACH_WEIGHT(body)                                                                                                             \
    const rk_update *u = &call->update;                                                                                               \
    const N(hyper) h = N(hyper_vectors)(u->hyper);                                                                                    \
    COMPUTE *const weights = u->weights, *const state1 = u->state1, *const state2 = u->state2;                                        \
    const STORAGE *const gradient = u->gradient;                                                                                      \
    STORAGE *const copy = u->copy;                                                                                                    \
    (void)state1, (void)state2;                                                                                                       \
    const rk_range range = rk_share(u->count, ELEMENT_UNIT, part, parts);                                                             \
    int64_t i = range.begin;                                                                                                          \
    if (!copy && u->hyper->l1 == 0 && u->hyper->l2 == 0 && u->hyper->decay == 0) {                                                    \
        for (; i + LANES <= range.end; i += LANES) EACH_VECTOR(true, LANES, body)                                                     \
    }                                                                                                                                 \
    for (; i < range.end; i += LANES) EACH_VECTOR(false, range.end - i, body)

#define EACH_VECTOR(plain, count, body)                                                                                               \
    {                                                                                                                                 \
        const int64_t left = count;                                                                                                   \
        Vec w = Load(weights + i), g = N(prepare)(&h, LoadPromote(gradient + i), &w, plain);                                          \
        body;                                                                                                                         \
        StoreN(weights + i, w, left);                                                                                                 \
        if (!plain && copy) DemoteStoreN(copy + i, w, left);                                                                          \
    }

/// Sets a state vector and gives it back.
RK_INLINE Vec N(keep)(COMPUTE *state, Vec v, int64_t left) {
    StoreN(state, v, left);
    return v;
}

/// The same with 0 for what is too small for a normal number. A state decays while its gradient is 0; rounding would
/// leave it at the smallest number there is for good, where roots and quotients take twice as long.
RK_INLINE Vec N(keep_normal)(COMPUTE *state, Vec v, int64_t left) {
    const Vec smallest = Set(RK_SMALLEST_NORMAL(COMPUTE));
    return N(keep)(state, IfThenElse(Abs(v) < smallest, Zero(), v), left);
}

static void N(sgd)(const rk_call *call, int part, int parts) {
    if (call->update.state1) {
        EACH_WEIGHT(w -= h.rate * N(keep)(state1 + i, h.momentum * Load(state1 + i) + g, left))
    } else {
        EACH_WEIGHT(w -= h.rate * g)
    }
}

static void N(nesterov)(const rk_call *call, int part, int parts) {
    if (call->update.state1) {
        EACH_WEIGHT(w -= h.rate * (g + h.momentum * N(keep)(state1 + i, h.momentum * Load(state1 + i) + g, left)))
    } else {
        EACH_WEIGHT(w -= h.rate * (g + h.momentum * g))
    }
}

static void N(adam)(const rk_call *call, int part, int parts) {
    EACH_WEIGHT({
        const Vec m = N(keep_normal)(state1 + i, h.beta1 * Load(state1 + i) + h.rest1 * g, left);
        const Vec v = N(keep_normal)(state2 + i, h.beta2 * Load(state2 + i) + h.rest2 * (g * g), left);
        w -= h.step1 * m / (Sqrt(v * h.factor2) + h.epsilon);
    })
}

static void N(rmsprop)(const rk_call *call, int part, int parts) {
    const bool moving = call->update.hyper->momentum > 0;
    EACH_WEIGHT({
        const Vec v = N(keep_normal)(state2 + i, h.beta2 * Load(state2 + i) + h.rest2 * (g * g), left);
        Vec change = g / (Sqrt(v) + h.epsilon);
        if (moving) change = N(keep)(state1 + i, h.momentum * Load(state1 + i) + change, left);
        w -= h.rate * change;
    })
}

#undef EACH_VECTOR
#undef EACH_WEIGHT
