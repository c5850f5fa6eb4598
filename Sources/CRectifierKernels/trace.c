// ===----------------------------------------------------------------------===//
// RECTIFIER_TRACE=routes: how products are computed, a line for each shape and route, when they are run for the first
// time by `rk_run`. Off, it costs a branch for each call.
// ===----------------------------------------------------------------------===//

#include "internal.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum trace { TRACE_NOTHING, TRACE_ROUTES, TRACE_UNKNOWN };

static enum trace wanted_trace(void) {
    // Two threads may both work it out; they find the same.
    static atomic_int known = -1;
    int trace = atomic_load_explicit(&known, memory_order_relaxed);
    if (trace < 0) {
        const char *wanted = getenv("RECTIFIER_TRACE");
        trace = !wanted || !*wanted ? TRACE_NOTHING : strcmp(wanted, "routes") == 0 ? TRACE_ROUTES : TRACE_UNKNOWN;
        atomic_store_explicit(&known, trace, memory_order_relaxed);
    }
    return (enum trace)trace;
}

bool rk_traces_routes(void) { return wanted_trace() == TRACE_ROUTES; }

bool rk_trace_is_unknown(void) { return wanted_trace() == TRACE_UNKNOWN; }

/// Whether a line with this key is the first. When the table is full no line is new.
static bool is_new(uint64_t key) {
    static _Atomic uint64_t seen[4096];
    const uint64_t size = sizeof seen / sizeof *seen;
    for (uint64_t i = 0; i < size; i++) {
        uint64_t found = 0;
        if (atomic_compare_exchange_strong(&seen[(key + i) % size], &found, key)) return true;
        if (found == key) return false;
    }
    return false;
}

static void trace_product(const rk_call *call, int part, int parts, rk_type type, rk_isa isa) {
    static const char *const types[RK_TYPE_COUNT] = {"float32", "float64", "bfloat16", "float16"};
    const rk_product *const p = &call->product;
    const char a = p->a_row == 1 && p->a_column != 1 ? 't' : 'n', b = p->b_row == 1 && p->b_column != 1 ? 't' : 'n';
    for (int64_t block = 0;; block++) {
        const rk_route route = rk_table_for(type, isa)->product_route(call, part, parts, block);
        if (route == RK_ROUTE_NOTHING) return;
        const uint64_t rest = (uint64_t)route | (uint64_t)type << 8 | (uint64_t)isa << 16 | (uint64_t)a << 24 | (uint64_t)b << 32;
        const uint64_t key = rk_draw(rk_draw(rk_draw((uint64_t)p->m, (uint64_t)p->n), (uint64_t)p->k), rest) | 1;
        if (is_new(key)) {
            fprintf(
                stderr, "product %lldx%lldx%lld %c%c %s %s: %s\n", (long long)p->m, (long long)p->n, (long long)p->k, a, b, types[type],
                rk_isa_name(isa), rk_route_name((int)route));
        }
        // What another set does with what it is left.
        if (route == RK_ROUTE_HALF_VECTORS) trace_product(call, part, parts, type, RK_AVX2);
        if (route == RK_ROUTE_SINGLE_TERMS) trace_product(call, part, parts, type, RK_AVX512);
    }
}

void rk_trace_call(const rk_call *call, int part, int parts) {
    for (rk_isa isa = 0; isa < RK_ISA_COUNT; isa++) {
        for (rk_type type = 0; type < RK_TYPE_COUNT; type++) {
            const rk_kernels *const kernels = rk_table_for(type, isa);
            if (!kernels || kernels->product != call->kernel) continue;
            trace_product(call, part, parts, type, isa);
            return;
        }
    }
}
