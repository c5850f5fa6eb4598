// The vocabulary the fast bodies are written in: vectors of the computing type, and moves between them and memory of
// the element type. Included per instruction set and element type.
//
//   V   W lanes of COMPUTE, RK_VECTOR_BYTES long    I   its integers, as comparisons give them: -1 or 0
//   D   DW lanes of double, RK_VECTOR_BYTES long    L   its integers
//   S   W lanes of the storage type
//
// A load may read past the end of its buffer by less than RK_PADDING bytes; a store writes its own elements only.

#define W (RK_VECTOR_BYTES / (int)sizeof(COMPUTE))
#define DW (RK_VECTOR_BYTES / 8)

#define N(name) RK_PASTE(name, ELEMENT)

#if WIDE
typedef int64_t N(I) __attribute__((vector_size(RK_VECTOR_BYTES)));
#else
typedef int32_t N(I) __attribute__((vector_size(RK_VECTOR_BYTES)));
#endif
typedef COMPUTE N(V) __attribute__((vector_size(RK_VECTOR_BYTES)));
typedef double N(D) __attribute__((vector_size(RK_VECTOR_BYTES)));
typedef int64_t N(L) __attribute__((vector_size(RK_VECTOR_BYTES)));
typedef uint64_t N(UL) __attribute__((vector_size(RK_VECTOR_BYTES)));
typedef STORAGE N(S) __attribute__((vector_size(RK_VECTOR_BYTES / sizeof(COMPUTE) * sizeof(STORAGE))));
/// What converts to one D.
typedef COMPUTE N(VD) __attribute__((vector_size(DW * sizeof(COMPUTE))));
typedef STORAGE N(SD) __attribute__((vector_size(DW * sizeof(STORAGE))));

#define V N(V)
#define I N(I)
#define D N(D)
#define L N(L)
#define S N(S)

// (Subtracting 0, unlike adding it, keeps -0 and costs nothing.)
#define SPLAT(x) ((COMPUTE)(x) - (V){0})
#define SPLAT_D(x) ((double)(x) - (D){0})
/// Lanes of `a` where the comparison `mask` holds, of `b` elsewhere.
#define PICK(mask, a, b) ((V)(((I)(mask) & (I)(a)) | (~(I)(mask) & (I)(b))))
#define PICK_D(mask, a, b) ((D)(((L)(mask) & (L)(a)) | (~(L)(mask) & (L)(b))))

#if RK_FMA
#define FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define FMA(a, b, c) ((a) * (b) + (c))
#endif

//===--- Moves in the computing type ---------------------------------------------===//

RK_INLINE V N(get)(const COMPUTE *p) {
    V v;
    memcpy(&v, p, sizeof v);
    return v;
}

RK_INLINE void N(put)(COMPUTE *p, V v) { memcpy(p, &v, sizeof v); }

/// Writes the first `size` bytes of `from`, fewer than 64. Powers of two, because a call of memcpy costs more than a tile's edge should.
RK_INLINE void N(put_bytes)(void *to, const void *from, int64_t size) {
    char *t = to;
    const char *f = from;
    if (RK_VECTOR_BYTES > 32 && size & 32) memcpy(t, f, 32), t += 32, f += 32;
    if (RK_VECTOR_BYTES > 16 && size & 16) memcpy(t, f, 16), t += 16, f += 16;
    if (size & 8) memcpy(t, f, 8), t += 8, f += 8;
    if (size & 4) memcpy(t, f, 4), t += 4, f += 4;
    if (size & 2) memcpy(t, f, 2);
}

/// The first `count` lanes, fewer than W.
RK_INLINE void N(put_some)(COMPUTE *p, V v, int64_t count) { N(put_bytes)(p, &v, count * (int64_t)sizeof(COMPUTE)); }

//===--- Moves in the element type --------------------------------------------------===//

#if FORMAT == RK_FORMAT_PLAIN

RK_INLINE V N(widen)(S s) { return s; }
RK_INLINE S N(narrow)(V v) { return v; }

#elif FORMAT == RK_FORMAT_BFLOAT16

typedef uint32_t N(U) __attribute__((vector_size(RK_VECTOR_BYTES)));
RK_INLINE V N(widen)(S s) { return (V)(__builtin_convertvector(s, N(U)) << 16); }

/// Nearest, ties to even, by adding just under half a unit, or half when the last kept bit is odd; a NaN is cut and made quiet.
RK_INLINE S N(narrow)(V v) {
    N(U) u = (N(U))v, rounded = (u + 0x7fff + (u >> 16 & 1)) >> 16, nan = u >> 16 | 0x40;
    N(U) mask = (N(U))(v != v);
    return __builtin_convertvector((mask & nan) | (~mask & rounded), S);
}

#elif FORMAT == RK_FORMAT_FLOAT16

#if RK_HALF
typedef _Float16 N(H) __attribute__((vector_size(RK_VECTOR_BYTES / 2)));
RK_INLINE V N(widen)(S s) { return __builtin_convertvector((N(H))s, V); }
RK_INLINE S N(narrow)(V v) { return (S)__builtin_convertvector(v, N(H)); }
#else
typedef uint32_t N(U) __attribute__((vector_size(RK_VECTOR_BYTES)));

/// Exponent and mantissa moved into a float's place; a multiplication mends the bias, subnormals included.
RK_INLINE V N(widen)(S s) {
    N(U) u = __builtin_convertvector(s, N(U)), sign = (u & 0x8000) << 16, rest = (u & 0x7fff) << 13;
    N(U) special = (N(U))(rest >= (0x7c00u << 13));
    N(U) scaled = (N(U))((V)rest * SPLAT(0x1p112));
    return (V)(sign | (special & (rest | 0x7f800000)) | (~special & scaled));
}

/// Nearest, ties to even: normal results as bfloat16's, subnormal ones by adding 0.5, whose last place is theirs.
RK_INLINE S N(narrow)(V v) {
    N(U) u = (N(U))v, sign = u >> 16 & 0x8000, a = u & 0x7fffffff;
    N(U) normal = (a - 0x38000000 + 0xfff + (a >> 13 & 1)) >> 13;
    N(U) subnormal = (N(U))((V)a + SPLAT(0.5)) - 0x3f000000;
    N(U) small = (N(U))(a < 0x38800000), large = (N(U))(a >= 0x477ff000), nan = (N(U))(a > 0x7f800000);
    N(U) r = (small & subnormal) | (~small & normal);
    r = (large & 0x7c00) | (~large & r);
    r = (nan & (0x7e00 | (a >> 13 & 0x3ff))) | (~nan & r);
    return __builtin_convertvector(sign | r, S);
}
#endif
#endif

RK_INLINE V N(load)(const STORAGE *p) {
    S s;
    memcpy(&s, p, sizeof s);
    return N(widen)(s);
}

RK_INLINE void N(store)(STORAGE *p, V v) {
    S s = N(narrow)(v);
    memcpy(p, &s, sizeof s);
}

/// A multiple of its size from address 0, to memory and into no cache.
RK_INLINE void N(store_past_caches)(STORAGE *p, V v) { __builtin_nontemporal_store(N(narrow)(v), (S *)p); }

RK_INLINE void N(store_some)(STORAGE *p, V v, int64_t count) {
    S s = N(narrow)(v);
    N(put_bytes)(p, &s, count * (int64_t)sizeof(STORAGE));
}

/// Stores min(count, W) lanes, count > 0.
RK_INLINE void N(store_upto)(STORAGE *p, V v, int64_t count) {
    if (count >= W) N(store)(p, v);
    else N(store_some)(p, v, count);
}

RK_INLINE void N(put_upto)(COMPUTE *p, V v, int64_t count) {
    if (count >= W) N(put)(p, v);
    else N(put_some)(p, v, count);
}

RK_INLINE COMPUTE N(load_one)(const STORAGE *p) {
#if FORMAT == RK_FORMAT_PLAIN
    return *p;
#else
    S s = {*p};
    return N(widen)(s)[0];
#endif
}

RK_INLINE void N(store_one)(STORAGE *p, COMPUTE x) {
#if FORMAT == RK_FORMAT_PLAIN
    *p = x;
#else
    V v = {x};
    *p = N(narrow)(v)[0];
#endif
}

#if RK_VECTOR_BYTES == 64
//===--- Lanes ------------------------------------------------------------------------===//

#if RK_EMULATE_AVX512
/// The lanes whose bits are set, side by side from the first lane on. (Behind them is anything.)
RK_INLINE V N(packed)(V v, uint64_t bits) {
    V packed = v;
    for (int i = 0; bits; i++, bits &= bits - 1) packed[i] = v[__builtin_ctzll(bits)];
    return packed;
}
RK_INLINE I N(index)(int i) { return i - (I){0}; }
/// The lane of that index, in all lanes.
RK_INLINE V N(spread)(V v, I index) { return SPLAT(v[index[0]]); }
#else
#if WIDE
RK_INLINE V N(packed)(V v, uint64_t bits) { return __builtin_ia32_compressdf512_mask(v, v, (uint8_t)bits); }
RK_INLINE V N(spread)(V v, I index) { return __builtin_ia32_permvardf512(v, index); }
#else
RK_INLINE V N(packed)(V v, uint64_t bits) { return __builtin_ia32_compresssf512_mask(v, v, (uint16_t)bits); }
RK_INLINE V N(spread)(V v, I index) { return __builtin_ia32_permvarsf512(v, index); }
#endif
RK_INLINE I N(index)(int i) {
    I index = i - (I){0};
    __asm__("" : "+v"(index));  // kept in a register: to load it would cost what it is there to save
    return index;
}
#endif
#endif

#if RK_PAIRS
//===--- Pairs ------------------------------------------------------------------------===//

// Two numbers of the element type in a lane of V, the first in its lower half.

/// Lane i: the pair p[i], q[i].
RK_INLINE V N(pairs)(const STORAGE *p, const STORAGE *q) {
    S first, second;
    memcpy(&first, p, sizeof first);
    memcpy(&second, q, sizeof second);
    return (V)(__builtin_convertvector(first, N(U)) | __builtin_convertvector(second, N(U)) << 16);
}

#if RK_EMULATE_AVX512
RK_INLINE V N(flushed)(V v) { return PICK(((N(U))v & 0x7fffffff) < 0x00800000, (V)((N(U))v & 0x80000000), v); }

/// As the instruction is specified: the second term, then the first, each rounded once, and subnormal numbers are 0.
RK_INLINE V N(multiply_add_pairs)(V a, V b, V sum) {
    const V a0 = N(flushed)((V)((N(U))a << 16)), a1 = N(flushed)((V)((N(U))a & 0xffff0000));
    const V b0 = N(flushed)((V)((N(U))b << 16)), b1 = N(flushed)((V)((N(U))b & 0xffff0000));
    return N(flushed)(FMA(a0, b0, N(flushed)(FMA(a1, b1, N(flushed)(sum)))));
}
#else
typedef __bf16 N(halves) __attribute__((vector_size(RK_VECTOR_BYTES)));

/// sum + both products, as AVX512-BF16 rounds them (it takes subnormal numbers for 0).
RK_INLINE V N(multiply_add_pairs)(V a, V b, V sum) { return __builtin_ia32_dpbf16ps_512(sum, (N(halves))a, (N(halves))b); }
#endif
#endif

//===--- Doubles ------------------------------------------------------------------------===//

/// DW elements, exactly.
RK_INLINE D N(load_d)(const STORAGE *p) {
#if FORMAT == RK_FORMAT_PLAIN
    N(VD) v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, D);
#else
    // Through a full vector, as `widen` takes one; its upper lanes are dropped.
    S s = {0};
    memcpy(&s, p, DW * sizeof(STORAGE));
    V v = N(widen)(s);
    N(VD) half;
    memcpy(&half, &v, sizeof half);
    return __builtin_convertvector(half, D);
#endif
}

/// Rounds once. The 16-bit types go through float, which is exact enough only if its last bit remembers that something was cut:
/// rounding to odd (truncate, then set the last bit if inexact) makes the second rounding right.
RK_INLINE N(SD) N(narrow_d)(D d) {
#if FORMAT == RK_FORMAT_PLAIN
    return __builtin_convertvector(d, N(SD));
#else
    typedef int32_t bits __attribute__((vector_size(DW * 4)));
    N(VD) nearest = __builtin_convertvector(d, N(VD));
    D back = __builtin_convertvector(nearest, D);
    L magnitude = (L)d & 0x7fffffffffffffff, away = ((L)back & 0x7fffffffffffffff) > magnitude;
    L inexact = (L)(back != d) & (L)(d == d);
    // Comparing magnitudes as integers works for doubles. A step towards 0 undoes rounding away from it.
    bits odd = (bits)nearest + __builtin_convertvector(away & inexact, bits);
    odd |= __builtin_convertvector(inexact, bits) & 1;
    V v = {0};
    memcpy(&v, &odd, sizeof odd);
    S s = N(narrow)(v);
    N(SD) half;
    memcpy(&half, &s, sizeof half);
    return half;
#endif
}

RK_INLINE void N(store_d)(STORAGE *p, D d) {
    N(SD) s = N(narrow_d)(d);
    memcpy(p, &s, sizeof s);
}

RK_INLINE void N(store_d_upto)(STORAGE *p, D d, int64_t count) {
    N(SD) s = N(narrow_d)(d);
    if (count >= DW) memcpy(p, &s, sizeof s);
    else N(put_bytes)(p, &s, count * (int64_t)sizeof(STORAGE));
}

RK_INLINE double N(sum_lanes)(D d) {
    double sum = 0;
    RK_UNROLLED for (int i = 0; i < DW; i++) sum += d[i];
    return sum;
}

/// -1 in the first `count` lanes (0 ... W), 0 in the others.
RK_INLINE I N(first_lanes)(int64_t count) {
    static const int32_t lanes[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    I mask;
    memcpy(&mask, lanes + 16 - count * (int64_t)(sizeof(COMPUTE) / 4), sizeof mask);
    return mask;
}

RK_INLINE L N(first_lanes_d)(int64_t count) {
    static const int64_t lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    L mask;
    memcpy(&mask, lanes + 8 - count, sizeof mask);
    return mask;
}

//===--- Transposes ---------------------------------------------------------------------===//

// Swapping the off-diagonal blocks of size s of each 2s × 2s block, for s = W/2 ... 1, transposes W vectors of W lanes. For float the last
// two sizes are done inside 16-byte blocks by interleaving, which takes one instruction where swapping takes two. Of 64-byte vectors,
// which have four such blocks, the first two sizes are done at once, by instructions that need no table of indices.
#define LOW(j, s) ((j) & (s) ? W + (j) - (s) : (j))
#define HIGH(j, s) ((j) & (s) ? W + (j) : (j) + (s))
#define INTERLEAVE(j, s) (((j) & ~3) + (s) + ((j) >> 1 & 1) + ((j) & 1) * W)
#define JOIN(j, s) (((j) & ~3) + (s) + ((j) & 1) + ((j) >> 1 & 1) * W)
#define HALVES(j, s) ((j) / (W / 2) * W + (s) + (j) % (W / 2))
#define QUARTERS(j, s) ((j) / (W / 2) * W + (j) / (W / 4) % 2 * (W / 2) + (s) + (j) % (W / 4))
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
    if (W > s) {                                                                                                                      \
        RK_UNROLLED for (int i = 0; i < W; i++) {                                                                                     \
            if (i & s) continue;                                                                                                      \
            V a = v[i], b = v[(i + s) % W];                                                                                           \
            v[i] = PAIR(LOW, a, b, s % W);                                                                                            \
            v[(i + s) % W] = PAIR(HIGH, a, b, s % W);                                                                                 \
        }                                                                                                                             \
    }

RK_INLINE void N(transpose)(V v[W]) {
#if RK_VECTOR_BYTES == 64
    RK_UNROLLED for (int i = 0; i < W / 4; i++) {
        V *const u = v + i;
        V a = PAIR(HALVES, u[0], u[W / 4], 0), b = PAIR(HALVES, u[W / 2], u[W * 3 / 4], 0);
        V c = PAIR(HALVES, u[0], u[W / 4], W / 2), d = PAIR(HALVES, u[W / 2], u[W * 3 / 4], W / 2);
        u[0] = PAIR(QUARTERS, a, b, 0), u[W / 4] = PAIR(QUARTERS, a, b, W / 4);
        u[W / 2] = PAIR(QUARTERS, c, d, 0), u[W * 3 / 4] = PAIR(QUARTERS, c, d, W / 4);
    }
#elif WIDE
    SWAP_BLOCKS(2)
#else
    SWAP_BLOCKS(4)
#endif
#if WIDE
    SWAP_BLOCKS(1)
#else
    RK_UNROLLED for (int i = 0; i < W; i += 4) {
        V a = PAIR(INTERLEAVE, v[i], v[i + 1], 0), b = PAIR(INTERLEAVE, v[i], v[i + 1], 2);
        V c = PAIR(INTERLEAVE, v[i + 2], v[i + 3], 0), d = PAIR(INTERLEAVE, v[i + 2], v[i + 3], 2);
        v[i] = PAIR(JOIN, a, c, 0), v[i + 1] = PAIR(JOIN, a, c, 2), v[i + 2] = PAIR(JOIN, b, d, 0), v[i + 3] = PAIR(JOIN, b, d, 2);
    }
#endif
}

#define ROTATED(j, s) (((j) + (s)) % W)

/// Lane i of the result is lane i + `places`, a power of two below W.
RK_INLINE V N(rotate)(V v, const int places) {
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
