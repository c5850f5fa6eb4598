// The softmax family. With maximum M of a row and R = log Σ exp(x - M): log-sum-exp = M + R, log-softmax = (x - M) - R, softmax = exp of
// that, cross-entropy = Σ target ((M - x) + R). Everything after loading is in double, so rows far from 0 and losses near 0 keep their
// digits. Where M is infinite R is 0: infinities come out as limits or NaN, never as plausible numbers. A NaN makes the row NaN.

typedef struct {
    double maximum, rest;
} N(normalizer);

/// DW logits from `in` on; lanes beyond `left` are -infinity.
RK_INLINE D N(logits)(const STORAGE *in, int64_t left) {
    D x = N(load_d)(in);
    return left >= DW ? x : PICK_D(N(first_lanes_d)(left), x, SPLAT_D(-INFINITY));
}

static N(normalizer) N(normalize)(const STORAGE *in, int64_t columns) {
    D largest = SPLAT_D(-INFINITY);
    L nan = {0};
    for (int64_t j = 0; j < columns; j += DW) {
        D x = N(logits)(in + j, columns - j);
        largest = PICK_D(x > largest, x, largest);
        nan |= x != x;
    }
    double maximum = -INFINITY;
    RK_UNROLLED for (int i = 0; i < DW; i++) {
        if (nan[i]) return (N(normalizer)){NAN, NAN};
        maximum = largest[i] > maximum ? largest[i] : maximum;
    }
    if (isinf(maximum)) return (N(normalizer)){maximum, 0};
    D sum = SPLAT_D(0);
    for (int64_t j = 0; j < columns; j += DW) sum += N(exp_d)(N(logits)(in + j, columns - j) - maximum);
    return (N(normalizer)){maximum, log(N(sum_lanes)(sum))};
}

#define EACH_ROW                                                                                                                      \
    const rk_rows *r = &step->rows;                                                                                                   \
    const int64_t columns = r->columns;                                                                                               \
    const rk_range rows = rk_share(r->rows, 1, part, parts);                                                                          \
    const STORAGE *in = (const STORAGE *)r->in + rows.begin * columns;                                                                \
    for (int64_t row = rows.begin; row < rows.end; row++, in += columns)

static void N(softmax)(const rk_step *step, int part, int parts) {
    EACH_ROW {
        const N(normalizer) n = N(normalize)(in, columns);
        STORAGE *out = (STORAGE *)r->out + row * columns;
        for (int64_t j = 0; j < columns; j += DW) N(store_d_upto)(out + j, N(exp_d)((N(load_d)(in + j) - n.maximum) - n.rest), columns - j);
    }
}

static void N(log_softmax)(const rk_step *step, int part, int parts) {
    EACH_ROW {
        const N(normalizer) n = N(normalize)(in, columns);
        STORAGE *out = (STORAGE *)r->out + row * columns;
        for (int64_t j = 0; j < columns; j += DW) N(store_d_upto)(out + j, (N(load_d)(in + j) - n.maximum) - n.rest, columns - j);
    }
}

static void N(log_sum_exp)(const rk_step *step, int part, int parts) {
    EACH_ROW {
        const N(normalizer) n = N(normalize)(in, columns);
        N(store_d_upto)((STORAGE *)r->out + row, SPLAT_D(n.maximum + n.rest), 1);
    }
}

static void N(cross_entropy)(const rk_step *step, int part, int parts) {
    EACH_ROW {
        const N(normalizer) n = N(normalize)(in, columns);
        const STORAGE *target = (const STORAGE *)r->target + row * columns;
        D loss = SPLAT_D(0);
        for (int64_t j = 0; j < columns; j += DW) {
            const D t = N(load_d)(target + j), term = t * ((n.maximum - N(load_d)(in + j)) + n.rest);
            L counted = t != 0;
            if (columns - j < DW) counted &= N(first_lanes_d)(columns - j);
            loss += PICK_D(counted, term, SPLAT_D(0));
        }
        N(store_d_upto)((STORAGE *)r->out + row, SPLAT_D(N(sum_lanes)(loss)), 1);
    }
}

#undef EACH_ROW
