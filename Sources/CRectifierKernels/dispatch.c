// ===----------------------------------------------------------------------===//
// Which instruction sets this machine has, and the table that follows from it.
// ===----------------------------------------------------------------------===//

#include "internal.h"

#include <stdlib.h>

static const char *const isa_names[RK_ISA_COUNT] = {"reference", "baseline", "avx2", "avx512", "avx512bf16", "neon"};

const char *rk_isa_name(rk_isa isa) { return (unsigned)isa < RK_ISA_COUNT ? isa_names[isa] : "none"; }

bool rk_isa_available(rk_isa isa) {
    switch (isa) {
    case RK_REFERENCE: return true;
#if RK_X86
    case RK_BASELINE: return true;
    case RK_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")
            && __builtin_cpu_supports("bmi");
    case RK_AVX512:
#if RK_EMULATE_AVX512
        return rk_isa_available(RK_AVX2);
#else
        return rk_isa_available(RK_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#endif
    case RK_AVX512_BF16:
#if RK_EMULATE_AVX512
        return rk_isa_available(RK_AVX2);
#else
        return rk_isa_available(RK_AVX512) && __builtin_cpu_supports("avx512bf16");
#endif
#endif
#if RK_ARM64
    case RK_NEON: return true;
#endif
    default: return false;
    }
}

/// Worked out once per process: reading the environment again later would race with whoever sets it.
static rk_isa select_isa(void) {
    const char *wanted = getenv("RECTIFIER_ISA");
    rk_isa best = RK_REFERENCE;
    for (rk_isa isa = RK_REFERENCE; isa < RK_ISA_COUNT; isa++) {
        if (!rk_isa_available(isa)) continue;
        if (wanted && *wanted && strcmp(wanted, isa_names[isa]) == 0) return isa;
        best = isa;
    }
    return wanted && *wanted ? RK_ISA_COUNT : best;
}

rk_isa rk_isa_selected(void) {
    // Two threads may both work it out; they find the same.
    static _Atomic int selected = -1;
    int isa = __c11_atomic_load(&selected, __ATOMIC_RELAXED);
    if (isa < 0) {
        isa = (int)select_isa();
        __c11_atomic_store(&selected, isa, __ATOMIC_RELAXED);
    }
    return (rk_isa)isa;
}

const rk_kernels *rk_table_for(rk_type type, rk_isa isa) {
    if ((unsigned)type >= RK_TYPE_COUNT || !rk_isa_available(isa)) return NULL;
    switch (isa) {
    case RK_REFERENCE: return &rk_reference_kernels[type];
#if RK_X86
    case RK_BASELINE: return &rk_baseline_kernels[type];
    case RK_AVX2: return &rk_avx2_kernels[type];
    case RK_AVX512: return &rk_avx512_kernels[type];
    case RK_AVX512_BF16: return type == RK_BFLOAT16 ? &rk_avx512bf16_kernels : &rk_avx512_kernels[type];
#endif
#if RK_ARM64
    case RK_NEON: return &rk_neon_kernels[type];
#endif
    default: return NULL;
    }
}

const rk_kernels *rk_table(rk_type type) { return rk_table_for(type, rk_isa_selected()); }

// Worked out when it is first asked for, unless something was selected before.
static _Atomic int zeros_selected = -1;

static rk_zeros select_zeros(void) {
    static const char *const names[RK_ZEROS_COUNT] = {"density", "multiply", "skip"};
    const char *wanted = getenv("RECTIFIER_ZEROS");
    if (!wanted || !*wanted) return RK_ZEROS_BY_DENSITY;
    for (rk_zeros zeros = 0; zeros < RK_ZEROS_COUNT; zeros++) {
        if (strcmp(wanted, names[zeros]) == 0) return zeros;
    }
    return RK_ZEROS_COUNT;
}

rk_zeros rk_zeros_selected(void) {
    int zeros = __c11_atomic_load(&zeros_selected, __ATOMIC_RELAXED);
    if (zeros < 0) {
        zeros = (int)select_zeros();
        __c11_atomic_store(&zeros_selected, zeros, __ATOMIC_RELAXED);
    }
    return (rk_zeros)zeros;
}

void rk_zeros_select(rk_zeros zeros) { __c11_atomic_store(&zeros_selected, (int)zeros, __ATOMIC_RELAXED); }

int64_t rk_type_size(rk_type type) {
    switch (type) {
    case RK_FLOAT32: return 4;
    case RK_FLOAT64: return 8;
    case RK_BFLOAT16: case RK_FLOAT16: return 2;
    case RK_TYPE_COUNT: break;
    }
    return 0;
}

// ===--- Lists of everything there is ---------------------------------------------===//

#define X(name, member) #name,
static const char *const kernel_names[] = {RK_KERNELS(X)};
#undef X
#define X(name, text) text,
static const char *const route_names[] = {RK_ROUTES(X)};
#undef X
#define X(name, arguments) #name,
static const char *const opcode_names[] = {RK_OPCODES(X)};
#undef X
#define X(name, arguments) arguments,
const unsigned char rk_opcode_argument_counts[RK_OP_COUNT] = {RK_OPCODES(X)};
#undef X

int rk_kernel_count(void) { return sizeof kernel_names / sizeof *kernel_names; }
const char *rk_kernel_name(int index) { return index >= 0 && index < rk_kernel_count() ? kernel_names[index] : NULL; }
const char *rk_route_name(int route) { return route >= 0 && route < RK_ROUTE_COUNT ? route_names[route] : NULL; }
const char *rk_opcode_name(int opcode) { return opcode >= 0 && opcode < RK_OP_COUNT ? opcode_names[opcode] : NULL; }
int rk_opcode_arguments(int opcode) { return opcode >= 0 && opcode < RK_OP_COUNT ? rk_opcode_argument_counts[opcode] : 0; }

rk_kernel rk_kernel_at(const rk_kernels *kernels, int index) {
    int i = 0;
#define X(name, member)                                                                                                               \
    if (i++ == index) return kernels->name;
    RK_KERNELS(X)
#undef X
    return NULL;
}
