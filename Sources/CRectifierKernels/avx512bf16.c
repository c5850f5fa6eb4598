// x86-64 with AVX-512 and AVX512-BF16, which has products of bfloat16 take two terms with each multiply-add. All else
// is avx512.c's.
//
// That rounds otherwise than a chain of single terms: a level of its own, because each level gives the same bits
// everywhere.

#include "internal.h"

#if RK_X86

#define RK_VECTOR_BYTES 64
#define RK_FMA 1
#define RK_HALF 1
#define RK_PAIRS 1

#if RK_EMULATE_AVX512
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi"))), apply_to = function)
#else
#pragma clang attribute push(                                                                                                         \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c,bmi"))), apply_to = function)
#endif
#define ELEMENT bfloat16
#define STORAGE uint16_t
#define COMPUTE float
#define FORMAT RK_FORMAT_BFLOAT16
#define WIDE 0
#include "element.inc.h"
#pragma clang attribute pop

const rk_kernels rk_avx512bf16_kernels = RK_TABLE(bfloat16);
const rk_peak_burst rk_avx512bf16_peak = burst_bfloat16;

#endif
