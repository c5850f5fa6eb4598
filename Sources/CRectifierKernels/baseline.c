// Any x86-64: SSE2. No fused multiply-add, 16-byte vectors, float16 converted by integer arithmetic.

#include "internal.h"

#if RK_X86

#define RK_ISA baseline
#define RK_VECTOR_BYTES 16
#define RK_FMA 0
#define RK_HALF 0

#include "kernels.inc.h"

#endif
