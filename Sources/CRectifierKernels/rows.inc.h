// The softmax family. With maximum M of a row and R = log Σ exp(x - M): log-sum-exp = M + R, log-softmax = (x - M) - R,
// softmax = exp of that, cross-entropy = Σ target ((M - x) + R). Everything after loading is in double, so rows far
// from 0 and losses near 0 keep their digits. Where M is infinite R is 0: infinities come out as limits or NaN, never
// as plausible numbers. A NaN makes the row NaN.

/// Of DOUBLE_LANES rows, whose logarithms are taken at once.
typedef struct {
    double maximum[DOUBLE_LANES], rest[DOUBLE_LANES];
} N(normalizers);

/// DOUBLE_LANES elements from `p` on, and nothing from `end` on, where the part's rows end and another's begin. NULL
/// where that is far off.
RK_INLINE DoubleVec N(own)(const STORAGE *p, const STORAGE *end) { return end == NULL ? LoadDouble(p) : LoadDoubleN(p, end - p); }

/// Logits from `in` on; lanes beyond `left` are -infinity.
RK_INLINE DoubleVec N(logits)(const STORAGE *in, int64_t left, const STORAGE *end) {
    DoubleVec x = N(own)(in, end);
    return left >= DOUBLE_LANES ? x : IfThenElseDouble(FirstNDouble(left), x, SetDouble(-INFINITY));
}

RK_INLINE double N(row_maximum)(const STORAGE *in, int64_t columns, const STORAGE *end) {
    DoubleVec largest = SetDouble(-INFINITY);
    LongVec nan = {0};
    for (int64_t j = 0; j < columns; j += DOUBLE_LANES) {
        DoubleVec x = N(logits)(in + j, columns - j, end);
        largest = IfThenElseDouble(x > largest, x, largest);
        nan |= x != x;
    }
    double maximum = -INFINITY;
    RK_UNROLLED for (int i = 0; i < DOUBLE_LANES; i++) {
        if (nan[i]) return NAN;
        maximum = largest[i] > maximum ? largest[i] : maximum;
    }
    return maximum;
}

/// Of `rows`, at most DOUBLE_LANES.
RK_INLINE N(normalizers) N(normalize)(const STORAGE *in, int64_t columns, int64_t rows, const STORAGE *end) {
    N(normalizers) n;
    double sums[DOUBLE_LANES];
    for (int i = 0; i < DOUBLE_LANES; i++) sums[i] = 1;
    for (int64_t i = 0; i < rows; i++, in += columns) {
        const double maximum = n.maximum[i] = N(row_maximum)(in, columns, end);
        if (isinf(maximum)) continue;
        DoubleVec sum = ZeroDouble();
        for (int64_t j = 0; j < columns; j += DOUBLE_LANES) sum += N(exp_d)(N(logits)(in + j, columns - j, end) - maximum);
        sums[i] = ReduceSum(sum);
    }
    DoubleVec sum;
    memcpy(&sum, sums, sizeof sum);
    const DoubleVec rest = N(log_d)(sum);
    memcpy(n.rest, &rest, sizeof rest);
    return n;
}

typedef void N(row_function)(const rk_rows *r, int64_t row, const STORAGE *in, const STORAGE *end, double maximum, double rest);

RK_INLINE void N(rows_from)(
    const rk_rows *r, int64_t first, int64_t rows, const STORAGE *in, const STORAGE *end, N(row_function) *const function) {
    const N(normalizers) n = N(normalize)(in, r->columns, rows, end);
    for (int64_t i = 0; i < rows; i++) function(r, first + i, in + i * r->columns, end, n.maximum[i], n.rest[i]);
}

RK_INLINE void N(each_row)(const rk_call *call, int part, int parts, N(row_function) *const function) {
    const rk_rows *const r = &call->rows;
    const rk_range rows = rk_share(r->rows, 1, part, parts);
    const STORAGE *const all = r->in, *const end = all + rows.end * r->columns;
    for (int64_t first = rows.begin; first < rows.end; first += DOUBLE_LANES) {
        const int64_t last = rk_min(first + DOUBLE_LANES, rows.end);
        const STORAGE *const in = all + first * r->columns;
        if ((rows.end - last) * r->columns >= DOUBLE_LANES) N(rows_from)(r, first, last - first, in, NULL, function);
        else N(rows_from)(r, first, last - first, in, end, function);
    }
}

RK_INLINE void N(softmax_row)(const rk_rows *r, int64_t row, const STORAGE *in, const STORAGE *end, double maximum, double rest) {
    STORAGE *const out = (STORAGE *)r->out + row * r->columns;
    for (int64_t j = 0; j < r->columns; j += DOUBLE_LANES) {
        StoreDoubleN(out + j, N(exp_d)((N(own)(in + j, end) - maximum) - rest), r->columns - j);
    }
}

RK_INLINE void N(log_softmax_row)(const rk_rows *r, int64_t row, const STORAGE *in, const STORAGE *end, double maximum, double rest) {
    STORAGE *const out = (STORAGE *)r->out + row * r->columns;
    for (int64_t j = 0; j < r->columns; j += DOUBLE_LANES) {
        StoreDoubleN(out + j, (N(own)(in + j, end) - maximum) - rest, r->columns - j);
    }
}

RK_INLINE void N(log_sum_exp_row)(const rk_rows *r, int64_t row, const STORAGE *in, const STORAGE *end, double maximum, double rest) {
    (void)in, (void)end;
    StoreDoubleN((STORAGE *)r->out + row, SetDouble(maximum + rest), 1);
}

RK_INLINE void N(cross_entropy_row)(const rk_rows *r, int64_t row, const STORAGE *in, const STORAGE *end, double maximum, double rest) {
    if (r->labels) {
        const int64_t label = rk_label(r->labels, row);
        const double loss = label < 0 ? 0 : (maximum - (double)LoadPromoteOne(in + label)) + rest;
        StoreDoubleN((STORAGE *)r->out + row, SetDouble(loss), 1);
        return;
    }
    const STORAGE *const target = (const STORAGE *)r->target + row * r->columns, *const target_end = end ? target + (end - in) : NULL;
    DoubleVec loss = ZeroDouble();
    for (int64_t j = 0; j < r->columns; j += DOUBLE_LANES) {
        const DoubleVec t = N(own)(target + j, target_end), term = t * ((maximum - N(own)(in + j, end)) + rest);
        LongVec counted = t != 0;
        if (r->columns - j < DOUBLE_LANES) counted &= FirstNDouble(r->columns - j);
        loss += IfThenElseDouble(counted, term, ZeroDouble());
    }
    StoreDoubleN((STORAGE *)r->out + row, SetDouble(ReduceSum(loss)), 1);
}

#define KERNEL(name) static void N(name)(const rk_call *call, int part, int parts) { N(each_row)(call, part, parts, N(name##_row)); }
KERNEL(softmax)
KERNEL(log_softmax)
KERNEL(log_sum_exp)
KERNEL(cross_entropy)
#undef KERNEL
