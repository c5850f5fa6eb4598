// Squares of LANES × LANES numbers turned in registers, and lanes moved in a circle.

// Swapping the off-diagonal blocks of size s of each 2s × 2s block, for s = LANES/2 ... 1, transposes LANES vectors of
// LANES lanes. For float the last two sizes are done inside 16-byte blocks by interleaving, which takes one instruction
// where swapping takes two. Of 64-byte vectors, which have four such blocks, the first two sizes are done at once, by
// instructions that need no table of indices.
#define LOW(j, s) ((j) & (s) ? LANES + (j) - (s) : (j))
#define HIGH(j, s) ((j) & (s) ? LANES + (j) : (j) + (s))
#define INTERLEAVE(j, s) (((j) & ~3) + (s) + ((j) >> 1 & 1) + ((j) & 1) * LANES)
#define JOIN(j, s) (((j) & ~3) + (s) + ((j) & 1) + ((j) >> 1 & 1) * LANES)
#define HALVES(j, s) ((j) / (LANES / 2) * LANES + (s) + (j) % (LANES / 2))
#define QUARTERS(j, s) ((j) / (LANES / 2) * LANES + (j) / (LANES / 4) % 2 * (LANES / 2) + (s) + (j) % (LANES / 4))
#if RK_VECTOR_BYTES == 64 && !WIDE
#define PAIR(T, a, b, s)                                                                                                              \
    __builtin_shufflevector(a, b, T(0, s), T(1, s), T(2, s), T(3, s), T(4, s), T(5, s), T(6, s), T(7, s), T(8, s), T(9, s), T(10, s), \
                            T(11, s), T(12, s), T(13, s), T(14, s), T(15, s))
#elif RK_VECTOR_BYTES / (4 + 4 * WIDE) == 8
#define PAIR(T, a, b, s) __builtin_shufflevector(a, b, T(0, s), T(1, s), T(2, s), T(3, s), T(4, s), T(5, s), T(6, s), T(7, s))
#elif RK_VECTOR_BYTES / (4 + 4 * WIDE) == 4
#define PAIR(T, a, b, s) __builtin_shufflevector(a, b, T(0, s), T(1, s), T(2, s), T(3, s))
#else
#define PAIR(T, a, b, s) __builtin_shufflevector(a, b, T(0, s), T(1, s))
#endif
#define SWAP_BLOCKS(s)                                                                                                                \
    if (LANES > s) {                                                                                                                  \
        RK_UNROLLED for (int i = 0; i < LANES; i++) {                                                                                 \
            if (i & s) continue;                                                                                                      \
            Vec a = v[i], b = v[(i + s) % LANES];                                                                                     \
            v[i] = PAIR(LOW, a, b, s % LANES);                                                                                        \
            v[(i + s) % LANES] = PAIR(HIGH, a, b, s % LANES);                                                                         \
        }                                                                                                                             \
    }

RK_INLINE void Transpose(Vec v[LANES]) {
#if RK_VECTOR_BYTES == 64
    RK_UNROLLED for (int i = 0; i < LANES / 4; i++) {
        Vec *const u = v + i;
        Vec a = PAIR(HALVES, u[0], u[LANES / 4], 0), b = PAIR(HALVES, u[LANES / 2], u[LANES * 3 / 4], 0);
        Vec c = PAIR(HALVES, u[0], u[LANES / 4], LANES / 2), d = PAIR(HALVES, u[LANES / 2], u[LANES * 3 / 4], LANES / 2);
        u[0] = PAIR(QUARTERS, a, b, 0), u[LANES / 4] = PAIR(QUARTERS, a, b, LANES / 4);
        u[LANES / 2] = PAIR(QUARTERS, c, d, 0), u[LANES * 3 / 4] = PAIR(QUARTERS, c, d, LANES / 4);
    }
#elif WIDE
    SWAP_BLOCKS(2)
#else
    SWAP_BLOCKS(4)
#endif
#if WIDE
    SWAP_BLOCKS(1)
#else
    RK_UNROLLED for (int i = 0; i < LANES; i += 4) {
        Vec a = PAIR(INTERLEAVE, v[i], v[i + 1], 0), b = PAIR(INTERLEAVE, v[i], v[i + 1], 2);
        Vec c = PAIR(INTERLEAVE, v[i + 2], v[i + 3], 0), d = PAIR(INTERLEAVE, v[i + 2], v[i + 3], 2);
        v[i] = PAIR(JOIN, a, c, 0), v[i + 1] = PAIR(JOIN, a, c, 2), v[i + 2] = PAIR(JOIN, b, d, 0), v[i + 3] = PAIR(JOIN, b, d, 2);
    }
#endif
}

#define ROTATED(j, s) (((j) + (s)) % LANES)

/// Lane i of the result is lane i + `places`, a power of two below LANES.
RK_INLINE Vec RotateLanes(Vec v, const int places) {
    if (places == 8) return PAIR(ROTATED, v, v, 8);
    if (places == 4) return PAIR(ROTATED, v, v, 4);
    if (places == 2) return PAIR(ROTATED, v, v, 2);
    return PAIR(ROTATED, v, v, 1);
}
#undef ROTATED

#undef SWAP_BLOCKS
#undef PAIR
#undef JOIN
#undef INTERLEAVE
#undef QUARTERS
#undef HALVES
#undef HIGH
#undef LOW
