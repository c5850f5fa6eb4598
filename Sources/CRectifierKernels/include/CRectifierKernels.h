// ===----------------------------------------------------------------------===//
// Everything numeric that runs for every sample. C, because only C can choose an
// instruction set at run time (Swift 6.3 has no per-function target attribute).
//
// A *kernel* is a function `void (const rk_call *, int part, int parts)`: it does
// its share, number `part` of `parts`, of the work its call describes. Kernels
// allocate nothing and keep no state. Each output element is written by exactly
// one part and summed in an order that only the shapes fix, so the results are the
// same bits for any number of parts.
//
// Each kernel exists per element type and per instruction set; `rk_table` gives the
// set for both. `reference.c` has each in its simplest form.
//
// Memory: every pointer may be read (never written) up to RK_PADDING bytes past its
// last element, so kernels need no scalar tail for loads. Buffers start at multiples
// of 64 bytes; rows inside them need not. Of a buffer whose rows are shared a part
// reads its own rows only, and nothing behind them: others are writing there.
// ===----------------------------------------------------------------------===//

#ifndef RECTIFIER_KERNELS_H
#define RECTIFIER_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RK_PADDING 64

/// Instruction sets, slowest first. `RK_NEON` exists on arm64 only, the others but
/// `RK_REFERENCE` on x86-64 only.
typedef enum { RK_REFERENCE, RK_BASELINE, RK_AVX2, RK_AVX512, RK_AVX512_BF16, RK_NEON, RK_ISA_COUNT } rk_isa;

/// Element types of buffers. Sums and elementwise arithmetic are done in the *computing type*:
/// `double` for RK_FLOAT64, `float` for all others. Rounding to a storage type is to nearest, ties to even.
typedef enum { RK_FLOAT32, RK_FLOAT64, RK_BFLOAT16, RK_FLOAT16, RK_TYPE_COUNT } rk_type;

/// What data sets are kept as.
typedef enum { RK_SOURCE_UINT8, RK_SOURCE_FLOAT32, RK_SOURCE_FLOAT64 } rk_source_type;

// ===--- Elementwise programs -----------------------------------------------===//

/// X(NAME, number of slot arguments). `x`, `y`, `z` are the instruction's constants. Every instruction gives NaN when
/// an argument is NaN, comparisons and selections included (SELECT: one it looks at; WATCH_TIE: a). MAX and MIN give
/// `a` on a tie, so MAX(-0.0, 0.0) is -0.0.
#define RK_OPCODES(X)                                                                                                                 \
    X(COPY, 1)        /* a */                                                                                                         \
    X(CONST, 0)       /* x */                                                                                                         \
    X(ADD, 2) X(SUB, 2) X(MUL, 2) X(DIV, 2)                                                                                           \
    X(MAX, 2) X(MIN, 2)                                                                                                               \
    X(POW, 2)         /* a to the power b, as C's pow but for NaN: pow(1, NaN), pow(NaN, 0) are NaN */                                \
    X(NEG, 1) X(ABS, 1) X(SQRT, 1)                                                                                                    \
    X(EXP, 1) X(EXPM1, 1) X(LOG, 1) X(LOG1P, 1)                                                                                       \
    X(SIGMOID, 1) X(TANH, 1)                                                                                                          \
    X(SOFTPLUS, 1)    /* log(1 + exp(a)) */                                                                                           \
    X(NORMAL_CDF, 1)  /* share of the standard normal law below a */                                                                  \
    X(SIN, 1) X(COS, 1)                                                                                                               \
    X(RELU, 1)        /* a > 0 ? a : 0; with a counter, also what WATCH does for x = 0 */                                             \
    X(LEAKY, 1)       /* a > 0 ? a : x * a */                                                                                         \
    X(HEAVISIDE, 1)   /* a < 0 ? x : a == 0 ? y : z; every derivative with one kink at 0 */                                           \
    X(HEAVISIDE_MUL, 2)  /* HEAVISIDE(a) * b: how a rectifier passes a gradient on */                                                 \
    X(CLIP, 1)        /* a < x ? x : a > y ? y : a */                                                                                 \
    X(CLIP_GATE, 1)   /* 1 inside (x, y), 0 outside, z at x and at y: the derivative of CLIP */                                       \
    X(GREATER, 2) X(GREATER_EQUAL, 2) X(EQUAL, 2)  /* 1 or 0 */                                                                       \
    X(SELECT, 3)      /* a != 0 ? b : c (c is not looked at where b is chosen) */                                                     \
    X(WATCH, 1)       /* a; adds to *counter how many elements equal x */                                                             \
    X(WATCH_TIE, 2)   /* a; adds to *counter how many elements equal b */

typedef enum {
#define X(name, arguments) RK_OP_##name,
    RK_OPCODES(X)
#undef X
    RK_OP_COUNT
} rk_opcode;

/// Class numbers, which stand for a matrix of `classes` columns: 1 in each row's class, 0 elsewhere. Row r's class is
/// labels[(*indices)[r]]; one that is out of range gives a row of zeros. `*indices` is read when a call runs.
typedef struct {
    const int32_t *labels;
    const int32_t *const *indices;
    int64_t classes;
} rk_labels;

#define RK_MAP_OPERANDS 24
#define RK_MAP_TEMPORARIES 24

/// A matrix that an elementwise program reads or writes: element (row, column) is at
/// `base[row * row_stride + column * column_stride]`, in elements. `column_stride` is 0 or 1. A stride of 0 broadcasts.
/// A written operand has no stride of 0 (unless that extent is 1). Reading and writing the same operand is allowed;
/// what is read after being written is rounded to the element type. Otherwise operands written overlap no others.
typedef struct {
    void *base;
    int64_t row_stride;
    int64_t column_stride;
    /// If not NULL, the elements are those of this matrix, `base` is not looked at, and nothing is written. The strides
    /// are those of the whole matrix as it would lie in memory.
    const rk_labels *labels;
} rk_operand;

/// `d = opcode(a, b, c)` in the computing type. A slot below `operand_count` is that operand; the others, from
/// RK_MAP_OPERANDS on, are temporaries (RK_MAP_OPERANDS + i, i < RK_MAP_TEMPORARIES).
typedef struct {
    uint16_t opcode;
    uint16_t d, a, b, c;
    double x, y, z;
    /// WATCH, WATCH_TIE, RELU: counts elements as the element type rounds them; atomically, so parts may share it. May
    /// be NULL.
    int64_t *counter;
} rk_instruction;

/// An elementwise program over rows × columns elements.
typedef struct {
    int64_t rows, columns;
    int32_t operand_count, instruction_count;
    const rk_operand *operands;
    const rk_instruction *instructions;
} rk_map;

// ===--- Calls ----------------------------------------------------------------===//

/// What a product does about zeros of A. The bits of C are the same either way as long as B is finite: a skipped 0 · ∞
/// is no NaN. RK_ZEROS_BY_DENSITY skips them where they are many enough to pay, block by block.
typedef enum { RK_ZEROS_BY_DENSITY, RK_ZEROS_MULTIPLIED, RK_ZEROS_SKIPPED, RK_ZEROS_COUNT } rk_zeros;

/// C[m,n] = Σ_k A[m,k] B[k,n] + bias[n], then `epilogue` over C. k ascending from 0, the bias last: the same bits as a
/// map that adds it. A and B have any strides (a transpose is a matter of strides); one of each pair is 1 in practice,
/// and kernels may be slow otherwise.
typedef struct {
    const void *a, *b;
    void *c;
    int64_t a_row, a_column, b_row, b_column, c_row;  ///< strides in elements; C's columns are contiguous
    int64_t m, n, k;
    int32_t zeros;           ///< rk_zeros
    const void *bias;        ///< n elements or NULL
    const rk_map *epilogue;  ///< over m × n, or NULL; usually reads and writes C
    void *scratch;           ///< 64-byte aligned
    int64_t scratch_stride;  ///< bytes from one part's scratch to the next's, at least `product_scratch` and a multiple of 64
} rk_product;

/// How windows lie that move pixel by pixel: under tap t of the output in row y, column x lies the pixel in row
/// y + shifts[2t], column x + shifts[2t + 1], or padding where there is none. All 0 where they do not move so.
typedef struct {
    int64_t in_columns, out_columns;  ///< of an image of X and of C
    int64_t run;                      ///< each so many taps follow each other: a column more, or less, from one to the next
    const int32_t *shifts;
} rk_frame;

/// A product whose left rows are patches of X[samples, pixels, channels in all]. Row s · outputs + o has for tap t the
/// pixel places[o · taps + t] of sample s, its channels one after another, or zeros where that is -1. Groups are
/// products of their own, each with its share of channels and of columns.
///
/// convolution: C[samples · outputs, columns] = patches · B + bias, then `epilogue` over C. B is [taps · channels,
/// columns]. `product.m` = samples · outputs, `n` = columns of a group, `k` = taps · channels of a group.
/// filters: C[taps · channels, columns] = patches^T · B, where B is [samples · outputs, columns]; `m` = taps · channels
/// of a group, `k` = samples · outputs. Neither bias nor epilogue.
/// In both `product.a` is X; rows of B and of C are contiguous, `b_row` and `c_row` elements apart.
typedef struct {
    rk_product product;
    const int32_t *places;
    int64_t outputs, taps, pixels;
    int64_t channels;  ///< of a group
    int64_t pixel;     ///< elements from pixel to pixel: the channels of all groups
    int64_t groups;
    rk_frame frame;
} rk_convolution;

typedef enum { RK_SUM, RK_MAXIMUM, RK_MINIMUM } rk_reduction;

/// out[o,i] = scale · reduce_c in[o,c,i]; row-major. Maximum and minimum give NaN when there is one.
typedef struct {
    const void *in;
    void *out;
    int64_t outer, count, inner;
    rk_reduction reduction;
    double scale;
} rk_reduce;

/// Which of the places that hold a window's largest element is meant: the first or the last of them, or all in equal
/// parts.
typedef enum { RK_TIES_FIRST, RK_TIES_LAST, RK_TIES_SPLIT } rk_ties;

/// Pooling. Windows stand at `outputs` places of images [samples, pixels, channels]; tap t of window o is over pixel
/// places[o · taps + t], or over padding where that is -1. Each window has a pixel. Channels are kept apart.
///
/// pick: x and `in` are images, out[samples, outputs, channels] is the element of `in` where x is largest in the
/// window. Of split ties it is their mean. Where `in` is x, it is the largest element itself. NaN is larger than all
/// numbers, and ties with no NaN.
/// spread: `in` is [samples, outputs, channels], `out` are images: each window's element is added to the pixel where x
/// is largest, or split, divided by the number of ties, to all of them. Windows add in their order, rounded to the
/// element type each time; the first one's element is stored as it is.
/// fold: out[o] = scales[o] · Σ_t in[o, t], from 0 on in the order of taps, without x. `scales_in`: the terms are
/// scales[place] · in[place] instead.
typedef struct {
    const void *x, *in;
    void *out;
    const int32_t *places;
    int64_t samples, pixels, outputs, taps, channels;
    rk_ties ties;           ///< pick, spread
    const bool *opens;      ///< spread: [outputs, taps], whether no window before has the pixel
    const int32_t *unseen;  ///< spread: the pixels that no window has, which get 0
    int64_t unseen_count;
    const double *scales;   ///< fold
    bool scales_in;
    /// pick: if not NULL, `taps` - 1 numbers. Number t - 1 counts the windows and channels whose largest element tap t
    /// has, and one before it as well; those where it is 0 only if `counts_zeros`. Atomically, so parts may share them.
    int64_t *counters;
    bool counts_zeros;
} rk_windows;

/// Row-wise functions of in[rows, columns]. softmax, log_softmax: out[rows, columns]; log_sum_exp: out[rows];
/// cross_entropy: out[rows] = -Σ_j target_j log_softmax(in)_j, where a target of 0 contributes 0 whatever the logit.
typedef struct {
    const void *in;
    const void *target;  ///< cross_entropy only: [rows, columns]
    const rk_labels *labels;  ///< cross_entropy only: if not NULL, instead of `target`
    void *out;
    int64_t rows, columns;
} rk_rows;

#define RK_COPY_RANK 6

/// out[Σ i_d out_stride_d] = in[Σ i_d in_stride_d] for every index below `extent`: transposes, slices, joins,
/// broadcasts.
typedef struct {
    const void *in;
    void *out;
    int32_t rank;
    int64_t extent[RK_COPY_RANK], in_stride[RK_COPY_RANK], out_stride[RK_COPY_RANK];
} rk_copy;

/// Fills a batch: out[r, j] = (source[index[r], j] - shift) * scale, computed in double and rounded once for the 8-bit
/// and float64 sources, in float for float32 → float types. `*indices` is read when the call runs, so the caller moves
/// it from batch to batch.
typedef struct {
    const void *source;
    int32_t source_type;          ///< rk_source_type
    int64_t width;                ///< elements in a sample
    const int32_t *const *indices;
    int64_t rows;
    void *out;
    double shift, scale;
} rk_gather;

/// Writes the matrix that labels stand for: out[rows, classes].
typedef struct {
    const rk_labels *labels;
    int64_t rows;
    void *out;
} rk_one_hot;

/// Dropout: out[r, j] = 0 with probability `rate`, else 1 / (1 - rate). The draw is number (*position + r) * columns +
/// j of the stream whose key is rk_stream(*seed, purpose, *epoch): it depends on the sample's position in the epoch and
/// on nothing else.
typedef struct {
    void *out;
    int64_t rows, columns;
    double rate;
    uint64_t purpose;
    const uint64_t *seed, *epoch, *position;
} rk_dropout;

/// What has been seen of one unit: whole numbers, kept as doubles. Before anything is, 0 throughout, but `largest`
/// -infinity.
typedef struct {
    double active;   ///< rows whose element was above 0
    double first;    ///< the place in the epoch of the first of them, from 1; 0 where there is none
    double last;     ///< and of the last
    double step;     ///< the step that the last one was in
    double largest;  ///< of all elements
} rk_unit;

/// Adds in[rows, columns] to what is known of each column. Part p adds to units[p * columns ...], so that parts share
/// nothing; whoever reads adds the parts up. A sample has `height` rows; row r is at place *position + r / height of
/// the epoch, and the batch is that of step *step. NaN is neither above 0 nor the largest.
typedef struct {
    const void *in;
    int64_t rows, columns, height;
    const uint64_t *position, *step;
    rk_unit *units;
} rk_tally;

/// Numbers an optimizer update reads when it runs; the caller changes them between steps.
typedef struct {
    double learning_rate;
    double momentum;  ///< SGD, RMSProp
    double beta1, beta2;  ///< Adam; RMSProp's decay is beta2
    double epsilon;
    double correction1, correction2;  ///< Adam: 1 - beta1^t, 1 - beta2^t
    double decay;           ///< decoupled: w -= learning_rate * decay * w, before the step (AdamW)
    double l2, l1;          ///< added to the gradient: l2 * w + l1 * sign(w), sign(0) = 0
    double gradient_scale;  ///< multiplies the gradient first (clipping)
} rk_hyper;

/// One parameter range. `weights`, `state1`, `state2` are in the computing type; `gradient` and `copy` in the element
/// type. `copy`, when not NULL, receives the new weights rounded to the element type.
/// sgd: v = momentum v + g; w -= lr v; nesterov: w -= lr (g + momentum v); with momentum 0 state1 may be NULL.
/// adam: m = b1 m + (1-b1) g; v = b2 v + (1-b2) g²; w -= lr (m / c1) / (sqrt(v / c2) + eps).
/// rmsprop: v = b2 v + (1-b2) g²; u = g / (sqrt(v) + eps); momentum > 0: m = momentum m + u; w -= lr m, else w -= lr u.
/// adam's m and v, and rmsprop's v, become 0 where they are too small for a normal number.
typedef struct {
    void *weights;
    const void *gradient;
    void *state1, *state2;
    void *copy;
    int64_t count;
    const rk_hyper *hyper;
} rk_update;

/// *total += Σ in[i], or Σ in[i]² (`squares`); from 0 when `reset`. In double, in an order that only `count` fixes.
/// Part 0 does it all.
typedef struct {
    const void *in;
    int64_t count;
    double *total;
    bool squares, reset;
} rk_accumulate;

/// *norm = sqrt(*sum); *scale = *norm > limit ? limit / *norm : 1, NaN when the norm is infinite or NaN. Gradient
/// clipping. Part 0 does it.
typedef struct {
    const double *sum;
    double limit;
    double *norm, *scale;
} rk_clip;

typedef struct rk_call rk_call;
typedef void (*rk_kernel)(const rk_call *call, int part, int parts);

struct rk_call {
    rk_kernel kernel;
    bool solo;      ///< too small to split: part 0 does it alone
    bool barrier;   ///< every part waits for all others after this call
    /// If not 0: each part takes its share (rk_share) of so many rows, and of what the call reads and writes row by row
    /// touches those rows only. Calls that share alike need no barrier between them. If 0, parts are cut as suits the
    /// kernel.
    int64_t shared_rows;
    union {
        rk_map map;
        rk_product product;
        rk_convolution convolution;
        rk_reduce reduce;
        rk_windows windows;
        rk_rows rows;
        rk_copy copy;
        rk_gather gather;
        rk_one_hot one_hot;
        rk_dropout dropout;
        rk_tally tally;
        rk_update update;
        rk_accumulate accumulate;
        rk_clip clip;
    };
};

// ===--- Kernels ---------------------------------------------------------------===//

/// The ways to compute a product, or a part's share of it, or a block of rows of a share: X(NAME, as it is printed).
/// They differ in time and in no bit. Which one is taken is decided in routes.inc.h; docs/kernels.md says when and why.
#define RK_ROUTES(X)                                                                                                                  \
    X(NOTHING, "nothing")              /* there is nothing to do */                                                                   \
    X(REFERENCE, "reference")          /* three loops */                                                                              \
    X(HALF_VECTORS, "half-vectors")    /* left to AVX2: rows of C that half a vector of AVX-512 holds */                              \
    X(SINGLE_TERMS, "single-terms")    /* left to AVX-512: an odd number of terms, where AVX512-BF16 takes two at once */             \
    X(EXCHANGED, "exchanged")          /* B^T A^T, whose left side has more zeros to skip, written to C as its columns */             \
    X(COLUMN_AS_ROW, "column-as-row")  /* one column, A stored by columns: a sum of A's lines */                                      \
    X(COLUMN, "column")                /* one column, A stored by rows: squares of A turned in registers */                           \
    X(SMALL, "small")                  /* dense tiles over A and B where they lie */                                                  \
    X(FEW_ROWS, "few-rows")            /* lines of B added to rows of C as they stream by */                                          \
    X(SKIPPING, "skipping")            /* panels of B, zeros of A skipped */                                                          \
    X(DENSE, "dense")                  /* panels of B, every element of A multiplied */                                               \
    X(BY_PARTS, "by-parts")            /* no route yet: to be asked again for each part's share */                                    \
    X(BY_BLOCKS, "by-blocks")          /* no route yet: to be asked again for each block of rows */

typedef enum {
#define X(name, text) RK_ROUTE_##name,
    RK_ROUTES(X)
#undef X
    RK_ROUTE_COUNT
} rk_route;

/// X(name, member of rk_call it reads)
#define RK_KERNELS(X)                                                                              \
    X(map, map) X(product, product) X(convolution, convolution) X(filters, convolution) X(reduce, reduce) \
    X(pick, windows) X(spread, windows) X(fold, windows)                                           \
    X(softmax, rows) X(log_softmax, rows) X(log_sum_exp, rows) X(cross_entropy, rows)              \
    X(copy, copy) X(gather, gather) X(one_hot, one_hot) X(dropout, dropout) X(tally, tally)         \
    X(sgd, update) X(nesterov, update) X(adam, update) X(rmsprop, update)                          \
    X(accumulate, accumulate) X(clip, clip)

/// The kernels for one element type and one instruction set.
typedef struct {
#define X(name, member) rk_kernel name;
    RK_KERNELS(X)
#undef X
    /// Bytes of scratch that each part of a product of this size needs.
    int64_t (*product_scratch)(int64_t m, int64_t n, int64_t k, int parts);
    /// The same of a convolution, and of its gradient of weights, whose `product` has sizes and strides.
    int64_t (*convolution_scratch)(const rk_convolution *convolution, int parts);
    int64_t (*filters_scratch)(const rk_convolution *convolution, int parts);
    /// The route by which part `part` of `parts` computes block `block` of its share of a product, as A's zeros are
    /// now; NOTHING beyond the last block. Many routes have one block only.
    rk_route (*product_route)(const rk_call *call, int part, int parts, int64_t block);
    /// Number of elements that are infinite or NaN.
    int64_t (*count_nonfinite)(const void *in, int64_t count);
    /// Conversion to and from float64, `count` elements.
    void (*from_double)(void *out, const double *in, int64_t count);
    void (*to_double)(double *out, const void *in, int64_t count);
} rk_kernels;

/// What numbers are like as a whole. `root_mean_square` is infinite where one is not finite.
typedef struct {
    double largest, root_mean_square;
    double sizes;  ///< the sum of all
    double zeros;  ///< how many there are
} rk_moments;

rk_moments rk_moments_float32(const float *x, int64_t count);
rk_moments rk_moments_float64(const double *x, int64_t count);
/// The root mean square of b - a.
double rk_distance_float32(const float *a, const float *b, int64_t count);
double rk_distance_float64(const double *a, const double *b, int64_t count);
/// Sums, sums of squares and of sizes of the columns of x[rows, columns].
void rk_column_moments(const double *x, int64_t rows, int64_t columns, double *sums, double *squares, double *sizes);
/// Places where one is above 0 and the other is not.
int64_t rk_sign_changes(const double *a, const double *b, int64_t count);
/// Places where `above` is not 0, and |below| at most `share` of |above|; `*asked`: where it is not 0.
int64_t rk_blocked(const double *below, const double *above, int64_t count, double share, int64_t *asked);

/// The kernels of this machine's best instruction set, or of the one named by the environment variable RECTIFIER_ISA
/// (reference, baseline, avx2, avx512, avx512bf16, neon). NULL if that one is unknown or this machine lacks it.
const rk_kernels *rk_table(rk_type type);
/// The kernels of one instruction set; NULL where the machine lacks it.
const rk_kernels *rk_table_for(rk_type type, rk_isa isa);
bool rk_isa_available(rk_isa isa);
/// What `rk_table` uses. RK_ISA_COUNT if RECTIFIER_ISA names none that this machine has.
rk_isa rk_isa_selected(void);
const char *rk_isa_name(rk_isa isa);

/// What products do about zeros, from the environment variable RECTIFIER_ZEROS (density, multiply, skip;
/// RK_ZEROS_BY_DENSITY by default). RK_ZEROS_COUNT if it names none of them.
rk_zeros rk_zeros_selected(void);
/// The same for programs that are made from now on, whatever the environment says: for benchmarks and tests that
/// compare both.
void rk_zeros_select(rk_zeros zeros);

int64_t rk_type_size(rk_type type);

/// The table as a list, for tests that must not forget one: names in the order of RK_KERNELS, NULL beyond the last.
int rk_kernel_count(void);
const char *rk_kernel_name(int index);
rk_kernel rk_kernel_at(const rk_kernels *kernels, int index);
/// A route's name as in RK_ROUTES, NULL beyond the last. With RECTIFIER_TRACE=routes each run of a product by `rk_run`
/// prints its shape, what of it is stored by columns (t) or by rows (n), element type, instruction set and routes to
/// standard error, once each.
const char *rk_route_name(int route);
/// Whether RECTIFIER_TRACE names what is not traced.
bool rk_trace_is_unknown(void);
/// An opcode's name as in RK_OPCODES, NULL beyond the last, and the number of its slot arguments.
const char *rk_opcode_name(int opcode);
int rk_opcode_arguments(int opcode);

/// Multiply-adds per second of one thread times 2, in this type, at this instruction set, kept in registers: the peak
/// that products are measured against. Runs for about `seconds`.
double rk_peak_flops(rk_type type, rk_isa isa, double seconds);

// ===--- Random numbers ---------------------------------------------------------===//

/// Counter-based: draw `index` of a stream is a function of (key, index) alone. SplitMix64's output function.
static inline uint64_t rk_mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
static inline uint64_t rk_draw(uint64_t key, uint64_t index) { return rk_mix(key + (index + 1) * 0x9e3779b97f4a7c15u); }
/// The key of the stream for one purpose in one epoch.
static inline uint64_t rk_stream(uint64_t seed, uint64_t purpose, uint64_t epoch) {
    return rk_draw(rk_draw(rk_draw(0x5265637469666965u, seed), purpose), epoch);
}

// ===--- Memory -------------------------------------------------------------------===//

/// Takes `count` blocks of 64 bytes into a state of SHA-256, by the processor's own instructions where it has them.
void rk_sha256(uint32_t state[8], const uint8_t *blocks, int64_t count);
/// The same without them.
void rk_sha256_portable(uint32_t state[8], const uint8_t *blocks, int64_t count);

/// Zeros, 64-byte aligned; much of it at a time in huge pages, where the system gives them: large products and updates
/// walk through many pages at once. NULL when there is not enough.
void *rk_allocate(int64_t bytes);
void rk_free(void *memory);
/// Lets the process give blocks of a megabyte and more back to the system as soon as they are freed, where the
/// allocator can be told (glibc). It would keep those of up to 32 MB, in holes that the next larger block does not fit.
void rk_return_large_blocks(void);
/// Bytes of address space that this process may take (`ulimit -v`); INT64_MAX where there is no limit.
int64_t rk_address_space_limit(void);

// ===--- Threads -----------------------------------------------------------------===//

/// A fork-join pool: `threads - 1` workers that spin briefly for the next run, then sleep.
typedef struct rk_pool rk_pool;
/// NULL if the threads cannot be made. A pool is used by one caller at a time.
rk_pool *rk_pool_create(int threads);
void rk_pool_destroy(rk_pool *pool);
int rk_pool_threads(const rk_pool *pool);
/// Runs the calls in order, each on all threads of the pool. `pool` may be NULL: one thread, the same code path.
void rk_run(rk_pool *pool, const rk_call *calls, int64_t count);
/// Cores that are not hyperthreads of another.
int rk_physical_cores(void);

/// Calls `work` with each index below `count`, on as many as `threads` threads: the caller's, and as many beside it as
/// the system gives. Returns when all is done.
void rk_side_by_side(int threads, int64_t count, void (*work)(void *context, int64_t index), void *context);
/// Runs `work` on a thread of its own, with a stack of 8 MB. False where the system gives none.
bool rk_start_thread(void *(*work)(void *context), void *context);

#endif
