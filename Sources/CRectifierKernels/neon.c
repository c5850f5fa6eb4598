// arm64: NEON, which every such machine has.

#include "internal.h"

#if RK_ARM64

#define RK_ISA neon
#define RK_VECTOR_BYTES 16
#define RK_FMA 1
#define RK_HALF 1

#include "kernels.inc.h"

#endif
