// The compression function of SHA-256 (FIPS 180-4, 6.2.2), by which models and checkpoints know their numbers: a
// fifteenth of a short run was spent in it before it used the instructions that processors have for it.

#include "internal.h"

#if RK_X86
#include <immintrin.h>
#elif RK_ARM64 && defined(__ARM_FEATURE_SHA2)
#include <arm_neon.h>
#endif

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

RK_INLINE uint32_t rotated(uint32_t x, int count) { return x >> count | x << (32 - count); }

void rk_sha256_portable(uint32_t state[8], const uint8_t *blocks, int64_t count) {
    for (; count > 0; count--, blocks += 64) {
        uint32_t w[16], v[8];
        memcpy(v, state, sizeof v);
        // Sixteen rounds at a time: a turn of the working variables, and of the ring that the message schedule lives
        // in.
        for (int begin = 0; begin < 64; begin += 16) {
            RK_UNROLLED for (int i = 0; i < 16; i++) {
                if (begin == 0) {
                    const uint8_t *b = blocks + 4 * i;
                    w[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
                } else {
                    const uint32_t old = w[(i + 1) & 15], recent = w[(i + 14) & 15];
                    w[i] += (rotated(old, 7) ^ rotated(old, 18) ^ old >> 3) + w[(i + 9) & 15]
                        + (rotated(recent, 17) ^ rotated(recent, 19) ^ recent >> 10);
                }
#define VARIABLE(j) v[((j) - i + 16) % 8]
                const uint32_t a = VARIABLE(0), b = VARIABLE(1), c = VARIABLE(2), e = VARIABLE(4), f = VARIABLE(5), g = VARIABLE(6);
                const uint32_t t = VARIABLE(7) + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + (g ^ (e & (f ^ g)))
                    + constants[begin + i] + w[i];
                VARIABLE(3) += t;
                VARIABLE(7) = t + (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) | (c & (a | b)));
#undef VARIABLE
            }
        }
        for (int i = 0; i < 8; i++) state[i] += v[i];
    }
}

// Four rounds to a group, and a ring of four groups of the message: group n follows from those before it.

#if RK_X86

__attribute__((target("sha,sse4.1,ssse3")))
static void by_instructions(uint32_t state[8], const uint8_t *blocks, int64_t count) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    // The instructions want the state as words f e b a and h g d c.
    __m128i feba = _mm_setr_epi32((int)state[5], (int)state[4], (int)state[1], (int)state[0]);
    __m128i hgdc = _mm_setr_epi32((int)state[7], (int)state[6], (int)state[3], (int)state[2]);
    for (; count > 0; count--, blocks += 64) {
        const __m128i feba_before = feba, hgdc_before = hgdc;
        __m128i w[4];
        RK_UNROLLED for (int n = 0; n < 16; n++) {
            if (n < 4) {
                w[n] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)blocks + n), big_endian);
            } else {
                const __m128i last = w[(n - 1) & 3], middle = _mm_alignr_epi8(last, w[(n - 2) & 3], 4);
                w[n & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w[n & 3], w[(n - 3) & 3]), middle), last);
            }
            const __m128i input = _mm_add_epi32(w[n & 3], _mm_loadu_si128((const __m128i *)(constants + 4 * n)));
            hgdc = _mm_sha256rnds2_epu32(hgdc, feba, input);
            feba = _mm_sha256rnds2_epu32(feba, hgdc, _mm_shuffle_epi32(input, 0x0e));
        }
        feba = _mm_add_epi32(feba, feba_before), hgdc = _mm_add_epi32(hgdc, hgdc_before);
    }
    uint32_t first[4], second[4];
    _mm_storeu_si128((__m128i *)first, feba);
    _mm_storeu_si128((__m128i *)second, hgdc);
    for (int i = 0; i < 2; i++) {
        state[i] = first[3 - i], state[2 + i] = second[3 - i];
        state[4 + i] = first[1 - i], state[6 + i] = second[1 - i];
    }
}

static bool has_instructions(void) {
    return __builtin_cpu_supports("sha") && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

#elif RK_ARM64 && defined(__ARM_FEATURE_SHA2)

static void by_instructions(uint32_t state[8], const uint8_t *blocks, int64_t count) {
    uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
    for (; count > 0; count--, blocks += 64) {
        const uint32x4_t abcd_before = abcd, efgh_before = efgh;
        uint32x4_t w[4];
        RK_UNROLLED for (int n = 0; n < 16; n++) {
            if (n < 4) w[n] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * n)));
            else w[n & 3] = vsha256su1q_u32(vsha256su0q_u32(w[n & 3], w[(n - 3) & 3]), w[(n - 2) & 3], w[(n - 1) & 3]);
            const uint32x4_t input = vaddq_u32(w[n & 3], vld1q_u32(constants + 4 * n)), before = abcd;
            abcd = vsha256hq_u32(abcd, efgh, input);
            efgh = vsha256h2q_u32(efgh, before, input);
        }
        abcd = vaddq_u32(abcd, abcd_before), efgh = vaddq_u32(efgh, efgh_before);
    }
    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
}

static bool has_instructions(void) { return true; }

#else

static void by_instructions(uint32_t state[8], const uint8_t *blocks, int64_t count) { rk_sha256_portable(state, blocks, count); }
static bool has_instructions(void) { return false; }

#endif

void rk_sha256(uint32_t state[8], const uint8_t *blocks, int64_t count) {
    if (has_instructions()) by_instructions(state, blocks, count);
    else rk_sha256_portable(state, blocks, count);
}
