//===----------------------------------------------------------------------===//
// The multiply-add peak that products are measured against: the best of many short bursts of independent chains in
// registers (`burst` in each instruction set), so that a moment in which others had the core does not lower it.
//===----------------------------------------------------------------------===//

#define _GNU_SOURCE
#include "internal.h"

#include <time.h>

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const rk_peak_burst *bursts(rk_isa isa) {
    switch (isa) {
    case RK_REFERENCE: return rk_reference_peak;
#if RK_X86
    case RK_BASELINE: return rk_baseline_peak;
    case RK_AVX2: return rk_avx2_peak;
    case RK_AVX512: return rk_avx512_peak;
#endif
#if RK_ARM64
    case RK_NEON: return rk_neon_peak;
#endif
    default: return NULL;
    }
}

double rk_peak_flops(rk_type type, rk_isa isa, double seconds) {
    if (!rk_table_for(type, isa)) return 0;
    rk_peak_burst burst = bursts(isa)[type];
    double best = 0, start = seconds_now(), begin = start;
    do {
        double operations = burst(20000), end = seconds_now();
        if (end > begin && operations / (end - begin) > best) best = operations / (end - begin);
        begin = end;
    } while (begin - start < seconds);
    return best;
}
