// Pooling: a window's largest element, the way back from it, and sums over windows. A vector has channels of one pixel.
//
// Each body is one loop over a part's samples, windows and vectors of channels; what differs is what is done with a
// window's taps. Elements behind a sample's last channel may be another part's: the last vector of a pixel is read and
// written with as many lanes as there are channels.

/// The largest elements of a window, and the tap that has each.
typedef struct {
    Vec top;
    IntVec tap;
} N(largest);

/// Of the channels from `x` on, `left` of them: pixel p is at x + p · channels.
RK_INLINE N(largest) N(window_largest)(const rk_windows *w, const int32_t *places, const STORAGE *x, int64_t left, const rk_ties ties) {
    int64_t t = 0;
    while (places[t] < 0) t++;
    N(largest) l = {LoadPromoteN(x + places[t] * w->channels, left), (IntVec){0} + (int)t};
    for (t++; t < w->taps; t++) {
        if (places[t] < 0) continue;
        const Vec v = LoadPromoteN(x + places[t] * w->channels, left);
        const IntVec larger = (ties == RK_TIES_LAST ? v >= l.top : v > l.top) | ((v != v) & (l.top == l.top));
        l.top = IfThenElse(larger, v, l.top);
        l.tap = (larger & (int)t) | (~larger & l.tap);
    }
    return l;
}

/// Which lanes of a tap have part in the largest element. A NaN has it for itself.
RK_INLINE IntVec N(wins)(N(largest) l, int64_t t, Vec v, const rk_ties ties) {
    const IntVec is_first = l.tap == (int)t;
    return ties == RK_TIES_SPLIT ? is_first | (v == l.top) : is_first;
}

/// How many taps of a window hold its largest element.
RK_INLINE Vec N(tie_count)(const rk_windows *w, const int32_t *places, const STORAGE *x, int64_t left, N(largest) l) {
    IntVec count = {0};
    for (int64_t t = 0; t < w->taps; t++) {
        if (places[t] < 0) continue;
        count -= N(wins)(l, t, LoadPromoteN(x + places[t] * w->channels, left), RK_TIES_SPLIT);
    }
    return ConvertTo(count, Vec);
}

RK_INLINE void N(count_ties)(const rk_windows *w, const int32_t *places, const STORAGE *x, int64_t left, N(largest) l) {
    IntVec before = {0}, counted = FirstN(rk_min(left, LANES));
    if (!w->counts_zeros) counted &= l.top != 0;
    for (int64_t t = 0; t < w->taps; t++) {
        if (places[t] < 0) continue;
        const IntVec wins = N(wins)(l, t, LoadPromoteN(x + places[t] * w->channels, left), RK_TIES_SPLIT), ties = wins & before & counted;
        int64_t count = 0;
        for (int i = 0; i < LANES; i++) count -= ties[i];
        if (count > 0) __atomic_fetch_add(w->counters + t - 1, count, __ATOMIC_RELAXED);
        before |= wins;
    }
}

RK_INLINE void N(pick_vector)(
    const rk_windows *w, const int32_t *places, const STORAGE *x, const STORAGE *in, STORAGE *out, int64_t left, const rk_ties ties) {
    const N(largest) l = N(window_largest)(w, places, x, left, ties);
    if (w->counters) N(count_ties)(w, places, x, left, l);
    if (in == x) {
        DemoteStoreN(out, l.top, left);
        return;
    }
    Vec sum = Zero();
    IntVec any = {0};
    for (int64_t t = 0; t < w->taps; t++) {
        if (places[t] < 0) continue;
        const Vec v = LoadPromoteN(in + places[t] * w->channels, left);
        const IntVec wins = N(wins)(l, t, ties == RK_TIES_SPLIT ? LoadPromoteN(x + places[t] * w->channels, left) : v, ties);
        sum = IfThenElse(wins, IfThenElse(any, sum + v, v), sum);
        any |= wins;
    }
    if (ties == RK_TIES_SPLIT) sum = sum / N(tie_count)(w, places, x, left, l);
    DemoteStoreN(out, sum, left);
}

RK_INLINE void N(spread_vector)(
    const rk_windows *w, const int32_t *places, const bool *opens, const STORAGE *x, const STORAGE *in, STORAGE *out, int64_t left,
    const rk_ties ties) {
    const N(largest) l = N(window_largest)(w, places, x, left, ties);
    Vec g = LoadPromoteN(in, left);
    if (ties == RK_TIES_SPLIT) g = g / N(tie_count)(w, places, x, left, l);
    for (int64_t t = 0; t < w->taps; t++) {
        if (places[t] < 0) continue;
        const int64_t pixel = places[t] * w->channels;
        const Vec v = ties == RK_TIES_SPLIT ? LoadPromoteN(x + pixel, left) : g;
        const Vec term = IfThenElse(N(wins)(l, t, v, ties), g, Zero());
        DemoteStoreN(out + pixel, opens[t] ? term : LoadPromoteN(out + pixel, left) + term, left);
    }
}

RK_INLINE void N(fold_vector)(
    const rk_windows *w, const int32_t *places, const STORAGE *in, STORAGE *out, int64_t left, double scale, const bool scales_in) {
    Vec sum = Zero();
    for (int64_t t = 0; t < w->taps; t++) {
        if (places[t] < 0) continue;
        const Vec v = LoadPromoteN(in + places[t] * w->channels, left);
        sum += scales_in ? Set(w->scales[places[t]]) * v : v;
    }
    DemoteStoreN(out, scales_in ? sum : Set(scale) * sum, left);
}

/// `left` as a number the compiler sees where a whole vector is left: most of them are.
#define EACH_WINDOW_VECTOR(BODY)                                                                                                      \
    for (int64_t s = samples.begin; s < samples.end; s++) {                                                                           \
        for (int64_t o = 0; o < w->outputs; o++) {                                                                                    \
            const int32_t *const places = w->places + o * w->taps;                                                                    \
            const int64_t images = s * w->pixels * w->channels, windows = (s * w->outputs + o) * w->channels;                         \
            int64_t c = 0;                                                                                                            \
            for (; c + LANES <= w->channels; c += LANES) {                                                                            \
                const int64_t left = LANES;                                                                                           \
                BODY                                                                                                                  \
            }                                                                                                                         \
            if (c < w->channels) {                                                                                                    \
                const int64_t left = w->channels - c;                                                                                 \
                BODY                                                                                                                  \
            }                                                                                                                         \
        }                                                                                                                             \
    }

RK_INLINE void N(pick_as)(const rk_windows *w, const rk_range samples, const rk_ties ties) {
    const STORAGE *const x = w->x, *const in = w->in;
    STORAGE *const out = w->out;
    EACH_WINDOW_VECTOR(
        N(pick_vector)(w, places, x + images + c, in + images + c, out + windows + c, left, ties);)
}

RK_INLINE void N(spread_as)(const rk_windows *w, const rk_range samples, const rk_ties ties) {
    const STORAGE *const x = w->x, *const in = w->in;
    STORAGE *const out = w->out;
    for (int64_t s = samples.begin; s < samples.end; s++) {
        for (int64_t i = 0; i < w->unseen_count; i++) {
            memset(out + (s * w->pixels + w->unseen[i]) * w->channels, 0, (size_t)w->channels * sizeof(STORAGE));
        }
    }
    EACH_WINDOW_VECTOR(
        N(spread_vector)(w, places, w->opens + o * w->taps, x + images + c, in + windows + c, out + images + c, left, ties);)
}

RK_INLINE void N(fold_as)(const rk_windows *w, const rk_range samples, const bool scales_in) {
    const STORAGE *const in = w->in;
    STORAGE *const out = w->out;
    EACH_WINDOW_VECTOR(
        N(fold_vector)(w, places, in + images + c, out + windows + c, left, scales_in ? 1 : w->scales[o], scales_in);)
}
#undef EACH_WINDOW_VECTOR

static void N(pick)(const rk_call *call, int part, int parts) {
    const rk_windows *const w = &call->windows;
    const rk_range samples = rk_share(w->samples, 1, part, parts);
    switch (w->ties) {
    case RK_TIES_FIRST: N(pick_as)(w, samples, RK_TIES_FIRST); break;
    case RK_TIES_LAST: N(pick_as)(w, samples, RK_TIES_LAST); break;
    case RK_TIES_SPLIT: N(pick_as)(w, samples, RK_TIES_SPLIT); break;
    }
}

static void N(spread)(const rk_call *call, int part, int parts) {
    const rk_windows *const w = &call->windows;
    const rk_range samples = rk_share(w->samples, 1, part, parts);
    switch (w->ties) {
    case RK_TIES_FIRST: N(spread_as)(w, samples, RK_TIES_FIRST); break;
    case RK_TIES_LAST: N(spread_as)(w, samples, RK_TIES_LAST); break;
    case RK_TIES_SPLIT: N(spread_as)(w, samples, RK_TIES_SPLIT); break;
    }
}

static void N(fold)(const rk_call *call, int part, int parts) {
    const rk_windows *const w = &call->windows;
    const rk_range samples = rk_share(w->samples, 1, part, parts);
    if (w->scales_in) N(fold_as)(w, samples, true);
    else N(fold_as)(w, samples, false);
}
