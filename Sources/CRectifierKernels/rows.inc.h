// The softmax family. With maximum M of a row and R = log Σ exp(x - M): log-sum-exp = M + R, log-softmax = (x - M) - R,
// softmax = exp of that, cross-entropy = Σ target ((M - x) + R). Everything after loading is in double, so rows far
// from 0 and losses near 0 keep their digits. Where M is infinite R is 0: infinities come out as limits or NaN, never
// as plausible numbers. A NaN makes the row NaN.

/// Of DOUBLE_LANES rows, whose logarithms are taken at once.
typedef struct {
    double maximum[DOUBLE_LANES], rest[DOUBLE_LANES];
} N(normalizers);

/// DOUBLE_LANES logits from `in` on; lanes beyond `left` are -infinity. What lies behind `readable` is not read.
RK_INLINE DoubleVec N(logits)(const STORAGE *in, int64_t left, int64_t readable) {
    DoubleVec x = LoadDoubleN(in, readable);
    return left >= DOUBLE_LANES ? x : IfThenElseDouble(FirstNDouble(left), x, SetDouble(-INFINITY));
}

RK_INLINE double N(row_maximum)(const STORAGE *in, int64_t columns, int64_t readable) {
    DoubleVec largest = SetDouble(-INFINITY);
    LongVec nan = {0};
    for (int64_t j = 0; j < columns; j += DOUBLE_LANES) {
        DoubleVec x = N(logits)(in + j, columns - j, readable - j);
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
static N(normalizers) N(normalize)(const STORAGE *in, int64_t columns, int64_t rows, int64_t readable) {
    N(normalizers) n;
    double sums[DOUBLE_LANES];
    for (int i = 0; i < DOUBLE_LANES; i++) sums[i] = 1;
    for (int64_t i = 0; i < rows; i++, in += columns, readable -= columns) {
        const double maximum = n.maximum[i] = N(row_maximum)(in, columns, readable);
        if (isinf(maximum)) continue;
        DoubleVec sum = ZeroDouble();
        for (int64_t j = 0; j < columns; j += DOUBLE_LANES) sum += N(exp_d)(N(logits)(in + j, columns - j, readable - j) - maximum);
        sums[i] = ReduceSum(sum);
    }
    DoubleVec sum;
    memcpy(&sum, sums, sizeof sum);
    const DoubleVec rest = N(log_d)(sum);
    memcpy(n.rest, &rest, sizeof rest);
    return n;
}

/// With `readable` elements of `in` up to the end of the part's rows; those behind are another part's to write.
typedef void N(row_function)(const rk_rows *r, int64_t row, const STORAGE *in, int64_t readable, double maximum, double rest);

RK_INLINE void N(each_row)(const rk_call *call, int part, int parts, N(row_function) *function) {
    const rk_rows *const r = &call->rows;
    const rk_range rows = rk_share(r->rows, 1, part, parts);
    const STORAGE *in = (const STORAGE *)r->in + rows.begin * r->columns;
    for (int64_t first = rows.begin; first < rows.end; first += DOUBLE_LANES) {
        const int64_t end = rk_min(first + DOUBLE_LANES, rows.end);
        const N(normalizers) n = N(normalize)(in, r->columns, end - first, (rows.end - first) * r->columns);
        for (int64_t row = first; row < end; row++, in += r->columns) {
            function(r, row, in, (rows.end - row) * r->columns, n.maximum[row - first], n.rest[row - first]);
        }
    }
}

RK_INLINE void N(softmax_row)(const rk_rows *r, int64_t row, const STORAGE *in, int64_t readable, double maximum, double rest) {
    STORAGE *const out = (STORAGE *)r->out + row * r->columns;
    for (int64_t j = 0; j < r->columns; j += DOUBLE_LANES) {
        StoreDoubleN(out + j, N(exp_d)((LoadDoubleN(in + j, readable - j) - maximum) - rest), r->columns - j);
    }
}

RK_INLINE void N(log_softmax_row)(const rk_rows *r, int64_t row, const STORAGE *in, int64_t readable, double maximum, double rest) {
    STORAGE *const out = (STORAGE *)r->out + row * r->columns;
    for (int64_t j = 0; j < r->columns; j += DOUBLE_LANES) {
        StoreDoubleN(out + j, (LoadDoubleN(in + j, readable - j) - maximum) - rest, r->columns - j);
    }
}

RK_INLINE void N(log_sum_exp_row)(const rk_rows *r, int64_t row, const STORAGE *in, int64_t readable, double maximum, double rest) {
    (void)in, (void)readable;
    StoreDoubleN((STORAGE *)r->out + row, SetDouble(maximum + rest), 1);
}

RK_INLINE void N(cross_entropy_row)(const rk_rows *r, int64_t row, const STORAGE *in, int64_t readable, double maximum, double rest) {
    const STORAGE *const target = (const STORAGE *)r->target + row * r->columns;
    DoubleVec loss = ZeroDouble();
    for (int64_t j = 0; j < r->columns; j += DOUBLE_LANES) {
        const DoubleVec t = LoadDoubleN(target + j, readable - j), term = t * ((maximum - LoadDoubleN(in + j, readable - j)) + rest);
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
