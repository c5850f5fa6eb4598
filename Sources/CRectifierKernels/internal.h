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

#define RK_INLINE static inline __attribute__((always_inline, unused))
#define RK_LOCAL static __attribute__((unused))

#define RK_PASTE_(a, b) a##_##b
#define RK_PASTE(a, b) RK_PASTE_(a, b)

/// One table per instruction set, indexed by `rk_type`.
extern const rk_kernels rk_reference_kernels[RK_TYPE_COUNT];
extern const rk_kernels rk_baseline_kernels[RK_TYPE_COUNT];
extern const rk_kernels rk_avx2_kernels[RK_TYPE_COUNT];
extern const rk_kernels rk_avx512_kernels[RK_TYPE_COUNT];
extern const rk_kernels rk_neon_kernels[RK_TYPE_COUNT];

/// A burst of `rounds` rounds of multiply-adds in registers; returns how many floating-point operations that was.
typedef double (*rk_peak_burst)(int64_t rounds);
extern const rk_peak_burst rk_reference_peak[RK_TYPE_COUNT];
extern const rk_peak_burst rk_baseline_peak[RK_TYPE_COUNT];
extern const rk_peak_burst rk_avx2_peak[RK_TYPE_COUNT];
extern const rk_peak_burst rk_avx512_peak[RK_TYPE_COUNT];
extern const rk_peak_burst rk_neon_peak[RK_TYPE_COUNT];

/// Gradient clipping is the same for every type and instruction set.
void rk_clip_kernel(const rk_step *step, int part, int parts);

/// Share `part` of `parts` of `count` things, cut at multiples of `unit`.
typedef struct {
    int64_t begin, end;
} rk_range;

RK_INLINE rk_range rk_share(int64_t count, int64_t unit, int part, int parts) {
    if (parts == 1) return (rk_range){0, count};
    int64_t units = (count + unit - 1) / unit;
    int64_t begin = units * part / parts * unit, end = units * (part + 1) / parts * unit;
    return (rk_range){begin < count ? begin : count, end < count ? end : count};
}

RK_INLINE int64_t rk_min(int64_t a, int64_t b) { return a < b ? a : b; }
RK_INLINE int64_t rk_max(int64_t a, int64_t b) { return a > b ? a : b; }
RK_INLINE int64_t rk_round_up(int64_t a, int64_t unit) { return (a + unit - 1) / unit * unit; }

/// The first integer k with k · 2⁻²⁴ ≥ rate: a draw's upper 24 bits below it mean "dropped".
RK_INLINE uint64_t rk_dropout_threshold(double rate) { return (uint64_t)ceil(rate * 0x1p24); }

#endif
