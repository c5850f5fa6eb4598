// x86-64 with AVX-512 (F, BW, DQ, VL).
//
// With RK_EMULATE_AVX512 defined the same bodies, 64-byte vectors and all, are compiled for AVX2: a way to test them on
// machines without AVX-512.

#include "internal.h"

#if RK_X86

#define RK_ISA avx512
#define RK_VECTOR_BYTES 64
#define RK_FMA 1
#define RK_HALF 1

#if RK_EMULATE_AVX512
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi"))), apply_to = function)
#else
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi"))), apply_to = function)
#endif
#include "kernels.inc.h"
#pragma clang attribute pop

#endif
