// What the files of this target share and nobody else sees.

#ifndef RECTIFIER_KERNELS_INTERNAL_H
#define RECTIFIER_KERNELS_INTERNAL_H

#include "include/CRectifierKernels.h"

#include <math.h>
#include <string.h>

// Sums and products round as written: a multiply-add is fused where the code says so, not where a compiler likes.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#define RK_X86 1
#elif defined(__aarch64__) || defined(__arm64__)
#define RK_ARM64 1
#endif

#if RK_X86
#include <immintrin.h>
#endif

/// How an element type is stored.
#define RK_FORMAT_PLAIN 0  // as its computing type
#define RK_FORMAT_BFLOAT16 1
#define RK_FORMAT_FLOAT16 2

#define RK_INLINE static inline __attribute__((always_inline, unused))
#define RK_LOCAL static __attribute__((unused))

/// Before a hot loop: where its code begins is worth up to 4 % where another thread shares the core, and would
/// otherwise change with any line above it.
#if defined(__has_c_attribute)
#if __has_c_attribute(clang::code_align)
#define RK_ALIGNED_LOOP [[clang::code_align(64)]]
#endif
#endif
#ifndef RK_ALIGNED_LOOP
#define RK_ALIGNED_LOOP
#endif

/// Before a loop that indexes an array by its counter: such an array is in registers if every loop over it is unrolled,
/// and in memory, from its first line on, if one is not.
#define RK_UNROLLED _Pragma("clang loop unroll(full)")

#define RK_PASTE_(a, b) a##_##b
#define RK_PASTE(a, b) RK_PASTE_(a, b)
/// The name of a function for the element type that is being compiled: N(product) is product_float32 in turn, and so
/// on.
#define N(name) RK_PASTE(name, ELEMENT)

/// One table per instruction set, indexed by `rk_type`.
extern const rk_kernels rk_reference_kernels[RK_TYPE_COUNT];
extern const rk_kernels rk_baseline_kernels[RK_TYPE_COUNT];
extern const rk_kernels rk_avx2_kernels[RK_TYPE_COUNT];
extern const rk_kernels rk_avx512_kernels[RK_TYPE_COUNT];
extern const rk_kernels rk_avx512bf16_kernels;  // of bfloat16; of everything else avx512's
extern const rk_kernels rk_neon_kernels[RK_TYPE_COUNT];

/// A burst of `rounds` rounds of multiply-adds in registers; returns how many floating-point operations that was.
typedef double (*rk_peak_burst)(int64_t rounds);
extern const rk_peak_burst rk_reference_peak[RK_TYPE_COUNT];
extern const rk_peak_burst rk_baseline_peak[RK_TYPE_COUNT];
extern const rk_peak_burst rk_avx2_peak[RK_TYPE_COUNT];
extern const rk_peak_burst rk_avx512_peak[RK_TYPE_COUNT];
extern const rk_peak_burst rk_avx512bf16_peak;
extern const rk_peak_burst rk_neon_peak[RK_TYPE_COUNT];

extern const unsigned char rk_opcode_argument_counts[RK_OP_COUNT];

/// What a product's route is chosen for (routes.inc.h).
typedef enum { RK_WHOLE, RK_SHARE, RK_BLOCK } rk_extent;

/// How a part sums a convolution's gradient of weights.
typedef enum { RK_FILTERS_DENSE, RK_FILTERS_SKIP_IMAGES, RK_FILTERS_SKIP_GRADIENTS, RK_FILTERS_ON_SHEET } rk_filter_way;

/// Whether RECTIFIER_TRACE asks for routes.
bool rk_traces_routes(void);
/// Prints how a part is about to compute a product; nothing for other kernels.
void rk_trace_call(const rk_call *call, int part, int parts);

/// Gradient clipping is the same for every type and instruction set.
void rk_clip_kernel(const rk_call *call, int part, int parts);

#define RK_TABLE(element)                                                                                                             \
    {                                                                                                                                 \
        .map = map_##element, .product = product_##element, .convolution = convolution_##element, \
        .filters = filters_##element, .convolution_scratch = convolution_scratch_##element,                                            \
        .filters_scratch = filters_scratch_##element, .reduce = reduce_##element, .pick = pick_##element,            \
        .spread = spread_##element, .fold = fold_##element, .softmax = softmax_##element,                 \
        .log_softmax = log_softmax_##element, .log_sum_exp = log_sum_exp_##element, .cross_entropy = cross_entropy_##element,         \
        .copy = copy_##element, .gather = gather_##element, .one_hot = one_hot_##element, .dropout = dropout_##element,               \
        .tally = tally_##element,                                                                                                        \
        .sgd = sgd_##element, .nesterov = nesterov_##element, .adam = adam_##element, .rmsprop = rmsprop_##element,                   \
        .accumulate = accumulate_##element, .clip = rk_clip_kernel, .product_scratch = product_scratch_##element,                     \
        .product_route = product_route_##element,                                                                                     \
        .count_nonfinite = count_nonfinite_##element, .from_double = from_double_##element, .to_double = to_double_##element,         \
    }

/// The tables of one instruction set, from the functions it has named after each element type.
#define RK_TABLES(isa) RK_TABLES_(isa)
#define RK_TABLES_(isa)                                                                                                               \
    const rk_kernels rk_##isa##_kernels[RK_TYPE_COUNT] = {                                                                            \
        RK_TABLE(float32), RK_TABLE(float64), RK_TABLE(bfloat16), RK_TABLE(float16)};                                                 \
    const rk_peak_burst rk_##isa##_peak[RK_TYPE_COUNT] = {burst_float32, burst_float64, burst_bfloat16, burst_float16};

/// Share `part` of `parts` of `count` things, cut at multiples of `unit`.
typedef struct {
    int64_t begin, end;
} rk_range;

/// The class of a row, -1 where it is out of range.
RK_INLINE int64_t rk_label(const rk_labels *l, int64_t row) {
    const int64_t label = l->labels[(*l->indices)[row]];
    return label < l->classes ? label : -1;
}

RK_INLINE rk_range rk_share(int64_t count, int64_t unit, int part, int parts) {
    if (parts == 1) return (rk_range){0, count};
    int64_t units = (count + unit - 1) / unit;
    int64_t begin = units * part / parts * unit, end = units * (part + 1) / parts * unit;
    return (rk_range){begin < count ? begin : count, end < count ? end : count};
}

/// Below this a number of the computing type has lost places, and many processors take longer over it.
#define RK_SMALLEST_NORMAL(T) (sizeof(T) == 4 ? 0x1p-126 : 0x1p-1022)

RK_INLINE int64_t rk_min(int64_t a, int64_t b) { return a < b ? a : b; }
RK_INLINE int64_t rk_max(int64_t a, int64_t b) { return a > b ? a : b; }
RK_INLINE int64_t rk_round_up(int64_t a, int64_t unit) { return (a + unit - 1) / unit * unit; }

/// The first integer k with k · 2⁻²⁴ ≥ rate: a draw's upper 24 bits below it mean "dropped".
RK_INLINE uint64_t rk_dropout_threshold(double rate) { return (uint64_t)ceil(rate * 0x1p24); }

#endif
