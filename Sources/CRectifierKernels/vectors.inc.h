// What the words of vocabulary.h mean for one instruction set and element type: vectors, and moves between them and
// memory.
//
// A load may read past the end of its buffer by less than RK_PADDING bytes, but not into rows of another part, which
// writes them (`LoadN`); a store writes its own elements only.

#include "tuning.h"
#include "vocabulary.h"

#if WIDE
typedef int64_t IntVec __attribute__((vector_size(RK_VECTOR_BYTES)));
#else
typedef int32_t IntVec __attribute__((vector_size(RK_VECTOR_BYTES)));
#endif
typedef COMPUTE Vec __attribute__((vector_size(RK_VECTOR_BYTES)));
typedef double DoubleVec __attribute__((vector_size(RK_VECTOR_BYTES)));
typedef int64_t LongVec __attribute__((vector_size(RK_VECTOR_BYTES)));
typedef uint64_t UnsignedLongVec __attribute__((vector_size(RK_VECTOR_BYTES)));
typedef STORAGE StoredVec __attribute__((vector_size(LANES * sizeof(STORAGE))));
typedef COMPUTE ShortVec __attribute__((vector_size(DOUBLE_LANES * sizeof(COMPUTE))));
typedef STORAGE ShortStoredVec __attribute__((vector_size(DOUBLE_LANES * sizeof(STORAGE))));

// ===--- Moves in the computing type ---------------------------------------------===//

RK_INLINE Vec Load(const COMPUTE *p) {
    Vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

RK_INLINE void Store(COMPUTE *p, Vec v) { memcpy(p, &v, sizeof v); }

/// Copies `size` bytes, fewer than 64. Powers of two, because a call of memcpy costs more than a tile's edge should.
RK_INLINE void CopyBytes(void *to, const void *from, int64_t size) {
    char *t = to;
    const char *f = from;
    if (RK_VECTOR_BYTES > 32 && size & 32) memcpy(t, f, 32), t += 32, f += 32;
    if (RK_VECTOR_BYTES > 16 && size & 16) memcpy(t, f, 16), t += 16, f += 16;
    if (size & 8) memcpy(t, f, 8), t += 8, f += 8;
    if (size & 4) memcpy(t, f, 4), t += 4, f += 4;
    if (size & 2) memcpy(t, f, 2);
}

/// The first `count` lanes, fewer than LANES.
RK_INLINE void StoreTail(COMPUTE *p, Vec v, int64_t count) {
#if RK_VECTOR_BYTES == 64 && !RK_EMULATE_AVX512 && WIDE
    _mm512_mask_storeu_pd(p, (__mmask8)((1u << count) - 1), v);
#elif RK_VECTOR_BYTES == 64 && !RK_EMULATE_AVX512
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), v);
#else
    CopyBytes(p, &v, count * (int64_t)sizeof(COMPUTE));
#endif
}

/// -1 in the first `count` lanes (0 ... LANES), 0 in the others.
RK_INLINE IntVec FirstN(int64_t count) {
    static const int32_t lanes[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    IntVec mask;
    memcpy(&mask, lanes + 16 - count * (int64_t)(sizeof(COMPUTE) / 4), sizeof mask);
    return mask;
}

RK_INLINE Vec LoadTail(const COMPUTE *p, int64_t count) {
#if RK_VECTOR_BYTES == 64 && !RK_EMULATE_AVX512 && WIDE
    return _mm512_maskz_loadu_pd((__mmask8)((1u << count) - 1), p);
#elif RK_VECTOR_BYTES == 64 && !RK_EMULATE_AVX512
    return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#elif RK_VECTOR_BYTES == 32 && WIDE
    return _mm256_maskload_pd(p, (__m256i)FirstN(count));
#elif RK_VECTOR_BYTES == 32
    return _mm256_maskload_ps(p, (__m256i)FirstN(count));
#else
    Vec v = Zero();
    CopyBytes(&v, p, count * (int64_t)sizeof(COMPUTE));
    return v;
#endif
}

RK_INLINE Vec LoadN(const COMPUTE *p, int64_t count) { return count >= LANES ? Load(p) : LoadTail(p, count); }

// ===--- Moves in the element type --------------------------------------------------===//

#if FORMAT == RK_FORMAT_PLAIN

RK_INLINE Vec Promote(StoredVec s) { return s; }
RK_INLINE StoredVec Demote(Vec v) { return v; }

#elif FORMAT == RK_FORMAT_BFLOAT16

typedef uint32_t UnsignedVec __attribute__((vector_size(RK_VECTOR_BYTES)));
RK_INLINE Vec Promote(StoredVec s) { return (Vec)(ConvertTo(s, UnsignedVec) << 16); }

/// Nearest, ties to even, by adding just under half a unit, or half when the last kept bit is odd; a NaN is cut and
/// made quiet.
RK_INLINE StoredVec Demote(Vec v) {
    UnsignedVec u = (UnsignedVec)v, rounded = (u + 0x7fff + (u >> 16 & 1)) >> 16, nan = u >> 16 | 0x40;
    UnsignedVec mask = (UnsignedVec)(v != v);
    return ConvertTo((mask & nan) | (~mask & rounded), StoredVec);
}

#elif FORMAT == RK_FORMAT_FLOAT16

#if RK_HALF
typedef _Float16 HalfVec __attribute__((vector_size(RK_VECTOR_BYTES / 2)));
RK_INLINE Vec Promote(StoredVec s) { return ConvertTo((HalfVec)s, Vec); }
RK_INLINE StoredVec Demote(Vec v) { return (StoredVec)ConvertTo(v, HalfVec); }
#else
typedef uint32_t UnsignedVec __attribute__((vector_size(RK_VECTOR_BYTES)));

/// Exponent and mantissa moved into a float's place; a multiplication mends the bias, subnormals included.
RK_INLINE Vec Promote(StoredVec s) {
    UnsignedVec u = ConvertTo(s, UnsignedVec), sign = (u & 0x8000) << 16, rest = (u & 0x7fff) << 13;
    UnsignedVec special = (UnsignedVec)(rest >= (0x7c00u << 13));
    UnsignedVec scaled = (UnsignedVec)((Vec)rest * Set(0x1p112));
    return (Vec)(sign | (special & (rest | 0x7f800000)) | (~special & scaled));
}

/// Nearest, ties to even: normal results as bfloat16's, subnormal ones by adding 0.5, whose last place is theirs.
RK_INLINE StoredVec Demote(Vec v) {
    UnsignedVec u = (UnsignedVec)v, sign = u >> 16 & 0x8000, a = u & 0x7fffffff;
    UnsignedVec normal = (a - 0x38000000 + 0xfff + (a >> 13 & 1)) >> 13;
    UnsignedVec subnormal = (UnsignedVec)((Vec)a + Set(0.5)) - 0x3f000000;
    UnsignedVec small = (UnsignedVec)(a < 0x38800000), large = (UnsignedVec)(a >= 0x477ff000), nan = (UnsignedVec)(a > 0x7f800000);
    UnsignedVec r = (small & subnormal) | (~small & normal);
    r = (large & 0x7c00) | (~large & r);
    r = (nan & (0x7e00 | (a >> 13 & 0x3ff))) | (~nan & r);
    return ConvertTo(sign | r, StoredVec);
}
#endif
#endif

RK_INLINE Vec LoadPromote(const STORAGE *p) {
    StoredVec s;
    memcpy(&s, p, sizeof s);
    return Promote(s);
}

RK_INLINE Vec LoadPromoteTail(const STORAGE *p, int64_t count) {
#if FORMAT == RK_FORMAT_PLAIN
    return LoadTail(p, count);
#else
    StoredVec s = {0};
    CopyBytes(&s, p, count * (int64_t)sizeof(STORAGE));
    return Promote(s);
#endif
}

RK_INLINE Vec LoadPromoteN(const STORAGE *p, int64_t count) { return count >= LANES ? LoadPromote(p) : LoadPromoteTail(p, count); }

RK_INLINE void DemoteStore(STORAGE *p, Vec v) {
    StoredVec s = Demote(v);
    memcpy(p, &s, sizeof s);
}

/// A multiple of its size from address 0, to memory and into no cache.
RK_INLINE void DemoteStream(STORAGE *p, Vec v) { __builtin_nontemporal_store(Demote(v), (StoredVec *)p); }

RK_INLINE void DemoteStoreTail(STORAGE *p, Vec v, int64_t count) {
#if FORMAT == RK_FORMAT_PLAIN
    StoreTail(p, v, count);
#else
    StoredVec s = Demote(v);
    CopyBytes(p, &s, count * (int64_t)sizeof(STORAGE));
#endif
}

/// Stores min(count, LANES) lanes, count > 0.
RK_INLINE void DemoteStoreN(STORAGE *p, Vec v, int64_t count) {
    if (count >= LANES) DemoteStore(p, v);
    else DemoteStoreTail(p, v, count);
}

RK_INLINE void StoreN(COMPUTE *p, Vec v, int64_t count) {
    if (count >= LANES) Store(p, v);
    else StoreTail(p, v, count);
}

RK_INLINE COMPUTE LoadPromoteOne(const STORAGE *p) {
#if FORMAT == RK_FORMAT_PLAIN
    return *p;
#else
    StoredVec s = {*p};
    return Promote(s)[0];
#endif
}

RK_INLINE void DemoteStoreOne(STORAGE *p, COMPUTE x) {
#if FORMAT == RK_FORMAT_PLAIN
    *p = x;
#else
    Vec v = {x};
    *p = Demote(v)[0];
#endif
}

#if RK_VECTOR_BYTES == 64
// ===--- Lanes ------------------------------------------------------------------------===//

#if RK_EMULATE_AVX512
/// The lanes whose bits are set, side by side from the first lane on. (Behind them is anything.)
RK_INLINE Vec Compress(Vec v, uint64_t bits) {
    Vec packed = v;
    for (int i = 0; bits; i++, bits &= bits - 1) packed[i] = v[__builtin_ctzll(bits)];
    return packed;
}
RK_INLINE IntVec LaneIndex(int i) { return i - (IntVec){0}; }
/// The lane of that index, in all lanes.
RK_INLINE Vec BroadcastLane(Vec v, IntVec index) { return Set(v[index[0]]); }
#else
#if WIDE
RK_INLINE Vec Compress(Vec v, uint64_t bits) { return __builtin_ia32_compressdf512_mask(v, v, (uint8_t)bits); }
RK_INLINE Vec BroadcastLane(Vec v, IntVec index) { return __builtin_ia32_permvardf512(v, index); }
#else
RK_INLINE Vec Compress(Vec v, uint64_t bits) { return __builtin_ia32_compresssf512_mask(v, v, (uint16_t)bits); }
RK_INLINE Vec BroadcastLane(Vec v, IntVec index) { return __builtin_ia32_permvarsf512(v, index); }
#endif
RK_INLINE IntVec LaneIndex(int i) {
    IntVec index = i - (IntVec){0};
    __asm__("" : "+v"(index));  // kept in a register: to load it would cost what it is there to save
    return index;
}
#endif
#endif

#if RK_PAIRS
// ===--- Pairs ------------------------------------------------------------------------===//

// Two numbers of the element type in a lane of Vec, the first in its lower half.

/// Lane i: the pair p[i], q[i].
RK_INLINE Vec LoadPairs(const STORAGE *p, const STORAGE *q) {
    StoredVec first, second;
    memcpy(&first, p, sizeof first);
    memcpy(&second, q, sizeof second);
    return (Vec)(ConvertTo(first, UnsignedVec) | ConvertTo(second, UnsignedVec) << 16);
}

#if RK_EMULATE_AVX512
RK_INLINE Vec FlushSubnormals(Vec v) {
    const UnsignedVec u = (UnsignedVec)v;
    return IfThenElse((u & 0x7fffffff) < 0x00800000, (Vec)(u & 0x80000000), v);
}

/// As the instruction is specified: the second term, then the first, each rounded once, and subnormal numbers are 0.
RK_INLINE Vec MulAddPairs(Vec a, Vec b, Vec sum) {
    const Vec a0 = FlushSubnormals((Vec)((UnsignedVec)a << 16)), a1 = FlushSubnormals((Vec)((UnsignedVec)a & 0xffff0000));
    const Vec b0 = FlushSubnormals((Vec)((UnsignedVec)b << 16)), b1 = FlushSubnormals((Vec)((UnsignedVec)b & 0xffff0000));
    return FlushSubnormals(MulAdd(a0, b0, FlushSubnormals(MulAdd(a1, b1, FlushSubnormals(sum)))));
}
#else
typedef __bf16 BFloatVec __attribute__((vector_size(RK_VECTOR_BYTES)));

/// sum + both products, as AVX512-BF16 rounds them (it takes subnormal numbers for 0).
RK_INLINE Vec MulAddPairs(Vec a, Vec b, Vec sum) { return __builtin_ia32_dpbf16ps_512(sum, (BFloatVec)a, (BFloatVec)b); }
#endif
#endif

// ===--- Doubles ------------------------------------------------------------------------===//

/// DOUBLE_LANES elements, exactly.
RK_INLINE DoubleVec LoadDouble(const STORAGE *p) {
#if FORMAT == RK_FORMAT_PLAIN
    ShortVec v;
    memcpy(&v, p, sizeof v);
    return ConvertTo(v, DoubleVec);
#else
    // Through a full vector, as `Promote` takes one; its upper lanes are dropped.
    StoredVec s = {0};
    memcpy(&s, p, DOUBLE_LANES * sizeof(STORAGE));
    Vec v = Promote(s);
    ShortVec half;
    memcpy(&half, &v, sizeof half);
    return ConvertTo(half, DoubleVec);
#endif
}

RK_INLINE DoubleVec LoadDoubleN(const STORAGE *p, int64_t count) {
    if (count >= DOUBLE_LANES) return LoadDouble(p);
    const Vec v = LoadPromoteTail(p, count);
    ShortVec half;
    memcpy(&half, &v, sizeof half);
    return ConvertTo(half, DoubleVec);
}

/// Rounds once. The 16-bit types go through float, which is exact enough only if its last bit remembers that something
/// was cut: rounding to odd (truncate, then set the last bit if inexact) makes the second rounding right.
RK_INLINE ShortStoredVec DemoteDouble(DoubleVec d) {
#if FORMAT == RK_FORMAT_PLAIN
    return ConvertTo(d, ShortStoredVec);
#else
    typedef int32_t bits __attribute__((vector_size(DOUBLE_LANES * 4)));
    ShortVec nearest = ConvertTo(d, ShortVec);
    DoubleVec back = ConvertTo(nearest, DoubleVec);
    LongVec magnitude = (LongVec)d & 0x7fffffffffffffff, away = ((LongVec)back & 0x7fffffffffffffff) > magnitude;
    LongVec inexact = (LongVec)(back != d) & (LongVec)(d == d);
    // Comparing magnitudes as integers works for doubles. A step towards 0 undoes rounding away from it.
    bits odd = (bits)nearest + ConvertTo(away & inexact, bits);
    odd |= ConvertTo(inexact, bits) & 1;
    Vec v = {0};
    memcpy(&v, &odd, sizeof odd);
    StoredVec s = Demote(v);
    ShortStoredVec half;
    memcpy(&half, &s, sizeof half);
    return half;
#endif
}

RK_INLINE void StoreDouble(STORAGE *p, DoubleVec d) {
    ShortStoredVec s = DemoteDouble(d);
    memcpy(p, &s, sizeof s);
}

RK_INLINE void StoreDoubleN(STORAGE *p, DoubleVec d, int64_t count) {
    ShortStoredVec s = DemoteDouble(d);
    if (count >= DOUBLE_LANES) memcpy(p, &s, sizeof s);
    else CopyBytes(p, &s, count * (int64_t)sizeof(STORAGE));
}

RK_INLINE double ReduceSum(DoubleVec d) {
    double sum = 0;
    RK_UNROLLED for (int i = 0; i < DOUBLE_LANES; i++) sum += d[i];
    return sum;
}

RK_INLINE LongVec FirstNDouble(int64_t count) {
    static const int64_t lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    LongVec mask;
    memcpy(&mask, lanes + 8 - count, sizeof mask);
    return mask;
}

#include "transpose.inc.h"
