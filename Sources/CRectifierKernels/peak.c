// ===----------------------------------------------------------------------===//
// The multiply-add peak that products are measured against: the median rate of short bursts of independent chains
// in registers (`burst` in each instruction set), so that moments in which others had the core do not count.
// ===----------------------------------------------------------------------===//

#define _GNU_SOURCE
#include "internal.h"

#include <stdlib.h>
#include <time.h>

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static rk_peak_burst burst_of(rk_type type, rk_isa isa) {
    switch (isa) {
    case RK_REFERENCE: return rk_reference_peak[type];
#if RK_X86
    case RK_BASELINE: return rk_baseline_peak[type];
    case RK_AVX2: return rk_avx2_peak[type];
    case RK_AVX512: return rk_avx512_peak[type];
    case RK_AVX512_BF16: return type == RK_BFLOAT16 ? rk_avx512bf16_peak : rk_avx512_peak[type];
#endif
#if RK_ARM64
    case RK_NEON: return rk_neon_peak[type];
#endif
    default: return NULL;
    }
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double rk_peak_flops(rk_type type, rk_isa isa, double seconds) {
    if (!rk_table_for(type, isa)) return 0;
    const rk_peak_burst burst = burst_of(type, isa);
    double rates[1024];
    int count = 0;
    const double start = seconds_now();
    for (double begin = start; count < 1024 && (count < 3 || begin - start < seconds);) {
        const double operations = burst(20000), end = seconds_now();
        if (end > begin) rates[count++] = operations / (end - begin);
        begin = end;
    }
    qsort(rates, (size_t)count, sizeof *rates, compare);
    return rates[count / 2];
}
