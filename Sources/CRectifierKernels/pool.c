// ===----------------------------------------------------------------------===//
// The fork-join pool. Every thread runs the same list of calls, each on its own part; they meet only after calls that
// say so, and at the end of the run. Waiting is spinning at first, because the next call or run is usually microseconds
// away; then threads sleep, so that a busy machine makes progress. To yield instead would not do: a scheduler that has
// put two threads on one processor leaves them there for long, but looks for an idle one when it wakes a thread.
// ===----------------------------------------------------------------------===//

#define _GNU_SOURCE
#include "internal.h"
#include "tuning.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

static inline void relax(void) {
#if RK_X86
    __builtin_ia32_pause();
#elif RK_ARM64
    __asm__ volatile("yield");
#endif
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct rk_pool {
    int threads;
    int64_t patience;  ///< nanoseconds to spin; none when there are more threads than processors to spin on
    const rk_call *calls;
    int64_t count;
    bool stop;
    _Alignas(APART_BYTES) atomic_uint generation;  ///< of the run; a change starts the workers
    _Alignas(APART_BYTES) atomic_uint phase;       ///< of the barrier; a change lets the waiting go
    _Alignas(APART_BYTES) atomic_int arrived;      ///< at the barrier
    _Alignas(APART_BYTES) atomic_int sleepers;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct worker {
        rk_pool *pool;
        int part;
        pthread_t thread;
    } workers[];
};

/// Spins until `*value` is no longer `old`; gives up after `patience` nanoseconds.
static bool spin(const atomic_uint *value, unsigned old, int64_t patience) {
    for (int64_t start = 0;;) {
        for (int i = 0; i < 64; i++) {
            if (atomic_load_explicit(value, memory_order_acquire) != old) return true;
            relax();
        }
        int64_t time = now();
        if (start == 0) start = time;
        if (time - start >= patience) return false;
    }
}

/// Waits until `*value` is no longer `old`.
static void await_change(rk_pool *pool, const atomic_uint *value, unsigned old) {
    if (spin(value, old, pool->patience)) return;
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(value) == old) pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
}

/// Lets those go who wait for it. Sequentially consistent on both sides, so that either we see a sleeper or it sees the
/// new value.
static void change(rk_pool *pool, atomic_uint *value) {
    atomic_fetch_add(value, 1);
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

static void meet(rk_pool *pool) {
    unsigned phase = atomic_load_explicit(&pool->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel) == pool->threads - 1) {
        atomic_store_explicit(&pool->arrived, 0, memory_order_relaxed);
        change(pool, &pool->phase);
    } else {
        await_change(pool, &pool->phase, phase);
    }
}

static void run_part(rk_pool *pool, int part) {
    const rk_call *calls = pool->calls;
    const int64_t count = pool->count;
    const int threads = pool->threads;
    const bool traced = rk_traces_routes();
    for (const rk_call *call = calls; call < calls + count; call++) {
        if (traced && (!call->solo || part == 0)) rk_trace_call(call, part, call->solo ? 1 : threads);
        if (!call->solo) call->kernel(call, part, threads);
        else if (part == 0) call->kernel(call, 0, 1);
        if (call->barrier && call + 1 < calls + count) meet(pool);
    }
    meet(pool);
}

static void *work(void *argument) {
    struct worker *worker = argument;
    rk_pool *pool = worker->pool;
    for (unsigned seen = 0;; seen++) {
        await_change(pool, &pool->generation, seen);
        if (pool->stop) return NULL;
        run_part(pool, worker->part);
    }
}

/// Logical processors that this process may run on.
static int processors(void) {
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

rk_pool *rk_pool_create(int threads) {
    if (threads < 1 || threads > 4096) return NULL;
    size_t size = rk_round_up(sizeof(rk_pool) + (size_t)threads * sizeof(struct worker), APART_BYTES);
    rk_pool *pool;
    if (posix_memalign((void **)&pool, APART_BYTES, size) != 0) return NULL;
    memset(pool, 0, size);
    pool->patience = threads <= processors() ? SPIN_NANOSECONDS : 0;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    // Counts the workers that stand, so that a failure half-way can be undone.
    for (pool->threads = 1; pool->threads < threads; pool->threads++) {
        struct worker *worker = &pool->workers[pool->threads];
        worker->pool = pool;
        worker->part = pool->threads;
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            rk_pool_destroy(pool);
            return NULL;
        }
    }
    return pool;
}

void rk_pool_destroy(rk_pool *pool) {
    if (!pool) return;
    pool->stop = true;
    change(pool, &pool->generation);
    for (int i = 1; i < pool->threads; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

int rk_pool_threads(const rk_pool *pool) { return pool ? pool->threads : 1; }

void rk_run(rk_pool *pool, const rk_call *calls, int64_t count) {
    if (!pool || pool->threads == 1) {
        const bool traced = rk_traces_routes();
        for (const rk_call *call = calls; call < calls + count; call++) {
            if (traced) rk_trace_call(call, 0, 1);
            call->kernel(call, 0, 1);
        }
        return;
    }
    pool->calls = calls;
    pool->count = count;
    change(pool, &pool->generation);
    run_part(pool, 0);
}

// ===--- Cores ----------------------------------------------------------------------===//

#if defined(__linux__)

static long read_number(const char *path) {
    FILE *file = fopen(path, "r");
    long number = -1;
    if (!file) return -1;
    if (fscanf(file, "%ld", &number) != 1) number = -1;
    fclose(file);
    return number;
}

/// CPUs that a control group's quota pays for, rounded up; -1 without a quota.
static int quota(void) {
    long limit = -1, period = -1;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (file) {
        if (fscanf(file, "%ld %ld", &limit, &period) != 2) limit = -1;
        fclose(file);
    } else {
        limit = read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
        period = read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    }
    return limit > 0 && period > 0 ? (int)((limit + period - 1) / period) : -1;
}

int rk_physical_cores(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    // A core is counted at the first allowed CPU that has its (package, core) pair.
    long seen[CPU_SETSIZE][2];
    int cores = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed)) continue;
        char path[96];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
        long package = read_number(path);
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/core_id", cpu);
        long core = read_number(path);
        if (core < 0) core = CPU_SETSIZE + cpu;  // not told: a core of its own
        bool known = false;
        for (int i = 0; i < cores; i++) known |= seen[i][0] == package && seen[i][1] == core;
        if (known) continue;
        seen[cores][0] = package;
        seen[cores++][1] = core;
    }
    int paid = quota();
    if (paid > 0 && paid < cores) cores = paid;
    return cores > 0 ? cores : 1;
}

#elif defined(__APPLE__)

int rk_physical_cores(void) {
    int cores = 0;
    size_t size = sizeof cores;
    if (sysctlbyname("hw.physicalcpu", &cores, &size, NULL, 0) != 0 || cores < 1) return 1;
    return cores;
}

#else

int rk_physical_cores(void) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (int)cores : 1;
}

#endif
