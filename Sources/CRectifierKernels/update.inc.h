// Optimiser updates: one pass over weights, gradient and state, in the computing type; formulas at rk_update in the header. The numbers of
// rk_hyper are combined in double where they meet each other only, and rounded to the computing type once.

typedef struct {
    V rate, momentum, beta1, rest1, beta2, rest2, epsilon, step1, factor2, decay, l2, l1, scale;
} N(hyper);

RK_INLINE N(hyper) N(hyper_vectors)(const rk_hyper *h) {
    return (N(hyper)){
        .rate = SPLAT(h->learning_rate), .momentum = SPLAT(h->momentum), .beta1 = SPLAT(h->beta1), .rest1 = SPLAT(1 - h->beta1),
        .beta2 = SPLAT(h->beta2), .rest2 = SPLAT(1 - h->beta2), .epsilon = SPLAT(h->epsilon), .step1 = SPLAT(h->learning_rate / h->correction1),
        .factor2 = SPLAT(1 / h->correction2), .decay = SPLAT(h->learning_rate * h->decay), .l2 = SPLAT(h->l2), .l1 = SPLAT(h->l1),
        .scale = SPLAT(h->gradient_scale),
    };
}

/// The gradient with clipping and penalties; `*w` becomes the weight after decoupled decay. `plain`: there are neither penalties nor decay.
RK_INLINE V N(prepare)(const N(hyper) *h, V g, V *w, bool plain) {
    if (plain) return h->scale * g;
    const V one = SPLAT(1), zero = SPLAT(0), sign = PICK(*w > 0, one, PICK(*w < 0, -one, zero));
    g = h->scale * g + h->l2 * *w + h->l1 * sign;
    *w -= h->decay * *w;
    return g;
}

/// Runs the body for each vector: `w` and `g` are given, and the body changes `w`. Lanes beyond the part's range are computed and dropped.
#define EACH_WEIGHT(body)                                                                                                             \
    const rk_update *u = &call->update;                                                                                               \
    const N(hyper) h = N(hyper_vectors)(u->hyper);                                                                                    \
    COMPUTE *const weights = u->weights, *const state1 = u->state1, *const state2 = u->state2;                                        \
    const STORAGE *const gradient = u->gradient;                                                                                      \
    STORAGE *const copy = u->copy;                                                                                                    \
    (void)state1, (void)state2;                                                                                                       \
    const rk_range range = rk_share(u->count, 64, part, parts);                                                                       \
    int64_t i = range.begin;                                                                                                          \
    if (!copy && u->hyper->l1 == 0 && u->hyper->l2 == 0 && u->hyper->decay == 0) {                                                    \
        for (; i + W <= range.end; i += W) EACH_VECTOR(true, W, body)                                                                 \
    }                                                                                                                                 \
    for (; i < range.end; i += W) EACH_VECTOR(false, range.end - i, body)

#define EACH_VECTOR(plain, count, body)                                                                                               \
    {                                                                                                                                 \
        const int64_t left = count;                                                                                                   \
        V w = N(get)(weights + i), g = N(prepare)(&h, N(load)(gradient + i), &w, plain);                                              \
        body;                                                                                                                         \
        N(put_upto)(weights + i, w, left);                                                                                            \
        if (!plain && copy) N(store_upto)(copy + i, w, left);                                                                         \
    }

/// Sets a state vector and gives it back.
RK_INLINE V N(keep)(COMPUTE *state, V v, int64_t left) {
    N(put_upto)(state, v, left);
    return v;
}

/// The same with 0 for what is too small for a normal number. A state decays while its gradient is 0; rounding would leave it at the smallest
/// number there is for good, where roots and quotients take twice as long.
RK_INLINE V N(keep_normal)(COMPUTE *state, V v, int64_t left) {
    const V smallest = SPLAT(RK_SMALLEST_NORMAL(COMPUTE));
    return N(keep)(state, PICK(__builtin_elementwise_abs(v) < smallest, SPLAT(0), v), left);
}

static void N(sgd)(const rk_call *call, int part, int parts) {
    if (call->update.state1) {
        EACH_WEIGHT(w -= h.rate * N(keep)(state1 + i, h.momentum * N(get)(state1 + i) + g, left))
    } else {
        EACH_WEIGHT(w -= h.rate * g)
    }
}

static void N(nesterov)(const rk_call *call, int part, int parts) {
    if (call->update.state1) {
        EACH_WEIGHT(w -= h.rate * (g + h.momentum * N(keep)(state1 + i, h.momentum * N(get)(state1 + i) + g, left)))
    } else {
        EACH_WEIGHT(w -= h.rate * (g + h.momentum * g))
    }
}

static void N(adam)(const rk_call *call, int part, int parts) {
    EACH_WEIGHT({
        const V m = N(keep_normal)(state1 + i, h.beta1 * N(get)(state1 + i) + h.rest1 * g, left);
        const V v = N(keep_normal)(state2 + i, h.beta2 * N(get)(state2 + i) + h.rest2 * (g * g), left);
        w -= h.step1 * m / (__builtin_elementwise_sqrt(v * h.factor2) + h.epsilon);
    })
}

static void N(rmsprop)(const rk_call *call, int part, int parts) {
    const bool moving = call->update.hyper->momentum > 0;
    EACH_WEIGHT({
        const V v = N(keep_normal)(state2 + i, h.beta2 * N(get)(state2 + i) + h.rest2 * (g * g), left);
        V change = g / (__builtin_elementwise_sqrt(v) + h.epsilon);
        if (moving) change = N(keep)(state1 + i, h.momentum * N(get)(state1 + i) + change, left);
        w -= h.rate * change;
    })
}

#undef EACH_VECTOR
#undef EACH_WEIGHT
