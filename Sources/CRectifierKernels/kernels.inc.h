// All kernels of one instruction set. Included with
//
//   RK_ISA            its name                         RK_VECTOR_BYTES   16, 32 or 64
//   RK_FMA            whether it fuses multiply-adds   RK_HALF           whether it converts float16
//   RK_PAIRS          whether products of bfloat16 take two terms at once (of those alone: avx512bf16.c)

#define ELEMENT float32
#define STORAGE float
#define COMPUTE float
#define FORMAT RK_FORMAT_PLAIN
#define WIDE 0
#include "element.inc.h"

#define ELEMENT float64
#define STORAGE double
#define COMPUTE double
#define FORMAT RK_FORMAT_PLAIN
#define WIDE 1
#include "element.inc.h"

#define ELEMENT bfloat16
#define STORAGE uint16_t
#define COMPUTE float
#define FORMAT RK_FORMAT_BFLOAT16
#define WIDE 0
#include "element.inc.h"

#define ELEMENT float16
#define STORAGE uint16_t
#define COMPUTE float
#define FORMAT RK_FORMAT_FLOAT16
#define WIDE 0
#include "element.inc.h"

RK_TABLES(RK_ISA)
