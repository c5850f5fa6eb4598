// The softmax family. With maximum M of a row and R = log Σ exp(x - M): log-sum-exp = M + R, log-softmax = (x - M) - R, softmax = exp of
// that, cross-entropy = Σ target ((M - x) + R). Everything after loading is in double, so rows far from 0 and losses near 0 keep their
// digits. Where M is infinite R is 0: infinities come out as limits or NaN, never as plausible numbers. A NaN makes the row NaN.

/// Of DW rows, whose logarithms are taken at once.
typedef struct {
    double maximum[DW], rest[DW];
} N(normalizers);

/// DW logits from `in` on; lanes beyond `left` are -infinity.
RK_INLINE D N(logits)(const STORAGE *in, int64_t left) {
    D x = N(load_d)(in);
    return left >= DW ? x : PICK_D(N(first_lanes_d)(left), x, SPLAT_D(-INFINITY));
}

RK_INLINE double N(row_maximum)(const STORAGE *in, int64_t columns) {
    D largest = SPLAT_D(-INFINITY);
    L nan = {0};
    for (int64_t j = 0; j < columns; j += DW) {
        D x = N(logits)(in + j, columns - j);
        largest = PICK_D(x > largest, x, largest);
        nan |= x != x;
    }
    double maximum = -INFINITY;
    RK_UNROLLED for (int i = 0; i < DW; i++) {
        if (nan[i]) return NAN;
        maximum = largest[i] > maximum ? largest[i] : maximum;
    }
    return maximum;
}

/// Of `rows`, at most DW.
static N(normalizers) N(normalize)(const STORAGE *in, int64_t columns, int64_t rows) {
    N(normalizers) n;
    double sums[DW];
    for (int i = 0; i < DW; i++) sums[i] = 1;
    for (int64_t i = 0; i < rows; i++, in += columns) {
        const double maximum = n.maximum[i] = N(row_maximum)(in, columns);
        if (isinf(maximum)) continue;
        D sum = SPLAT_D(0);
        for (int64_t j = 0; j < columns; j += DW) sum += N(exp_d)(N(logits)(in + j, columns - j) - maximum);
        sums[i] = N(sum_lanes)(sum);
    }
    D sum;
    memcpy(&sum, sums, sizeof sum);
    const D rest = N(log_d)(sum);
    memcpy(n.rest, &rest, sizeof rest);
    return n;
}

typedef void N(row_function)(const rk_rows *r, int64_t row, const STORAGE *in, double maximum, double rest);

RK_INLINE void N(each_row)(const rk_call *call, int part, int parts, N(row_function) *function) {
    const rk_rows *const r = &call->rows;
    const rk_range rows = rk_share(r->rows, 1, part, parts);
    const STORAGE *in = (const STORAGE *)r->in + rows.begin * r->columns;
    for (int64_t first = rows.begin; first < rows.end; first += DW) {
        const int64_t end = rk_min(first + DW, rows.end);
        const N(normalizers) n = N(normalize)(in, r->columns, end - first);
        for (int64_t row = first; row < end; row++, in += r->columns) function(r, row, in, n.maximum[row - first], n.rest[row - first]);
    }
}

RK_INLINE void N(softmax_row)(const rk_rows *r, int64_t row, const STORAGE *in, double maximum, double rest) {
    STORAGE *const out = (STORAGE *)r->out + row * r->columns;
    for (int64_t j = 0; j < r->columns; j += DW) {
        N(store_d_upto)(out + j, N(exp_d)((N(load_d)(in + j) - maximum) - rest), r->columns - j);
    }
}

RK_INLINE void N(log_softmax_row)(const rk_rows *r, int64_t row, const STORAGE *in, double maximum, double rest) {
    STORAGE *const out = (STORAGE *)r->out + row * r->columns;
    for (int64_t j = 0; j < r->columns; j += DW) N(store_d_upto)(out + j, (N(load_d)(in + j) - maximum) - rest, r->columns - j);
}

RK_INLINE void N(log_sum_exp_row)(const rk_rows *r, int64_t row, const STORAGE *in, double maximum, double rest) {
    (void)in;
    N(store_d_upto)((STORAGE *)r->out + row, SPLAT_D(maximum + rest), 1);
}

RK_INLINE void N(cross_entropy_row)(const rk_rows *r, int64_t row, const STORAGE *in, double maximum, double rest) {
    const STORAGE *const target = (const STORAGE *)r->target + row * r->columns;
    D loss = SPLAT_D(0);
    for (int64_t j = 0; j < r->columns; j += DW) {
        const D t = N(load_d)(target + j), term = t * ((maximum - N(load_d)(in + j)) + rest);
        L counted = t != 0;
        if (r->columns - j < DW) counted &= N(first_lanes_d)(r->columns - j);
        loss += PICK_D(counted, term, SPLAT_D(0));
    }
    N(store_d_upto)((STORAGE *)r->out + row, SPLAT_D(N(sum_lanes)(loss)), 1);
}

#define KERNEL(name) static void N(name)(const rk_call *call, int part, int parts) { N(each_row)(call, part, parts, N(name##_row)); }
KERNEL(softmax)
KERNEL(log_softmax)
KERNEL(log_sum_exp)
KERNEL(cross_entropy)
#undef KERNEL
