// x86-64 with AVX2, FMA and F16C.

#include "internal.h"

#if RK_X86

#define RK_ISA avx2
#define RK_VECTOR_BYTES 32
#define RK_FMA 1
#define RK_HALF 1

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi"))), apply_to = function)
#include "kernels.inc.h"
#pragma clang attribute pop

#endif
