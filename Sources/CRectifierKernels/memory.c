// Memory for arrays of numbers.

#define _GNU_SOURCE
#include "internal.h"

#include <stdlib.h>
#include <sys/resource.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#define HUGE_PAGE ((size_t)2 << 20)

void *rk_allocate(int64_t bytes) {
    const size_t size = (size_t)rk_max(bytes, 1);
    const bool huge = size >= HUGE_PAGE;
    void *memory = NULL;
    if (posix_memalign(&memory, huge ? HUGE_PAGE : 64, size) != 0) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    // Where it is refused, small pages do as well. Only whole huge pages are taken, so it costs no memory.
    if (huge) (void)madvise(memory, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
    memset(memory, 0, size);
    return memory;
}

void rk_free(void *memory) { free(memory); }

void rk_return_large_blocks(void) {
#if defined(__GLIBC__)
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

int64_t rk_address_space_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur > INT64_MAX) return INT64_MAX;
    return (int64_t)limit.rlim_cur;
}
