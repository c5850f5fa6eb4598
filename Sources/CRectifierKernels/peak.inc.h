// The multiply-add peak that products are measured against: as many chains as a dense tile has, and nothing else.

#define CHAINS (RK_TILE_ROWS * RK_TILE_VECTORS)
#if RK_PAIRS
#define BURST(sum, x, y) MulAddTerms(x, y, sum)
#else
#define BURST(sum, x, y) MulAdd(sum, x, y)
#endif

static double N(burst)(int64_t rounds) {
    // Each chain swings between two numbers with unlike digits: multipliers fed the same numbers again and again draw
    // less power, and a processor may run faster for it than any product can.
    volatile COMPUTE factor = (COMPUTE)-0.9999999, seed = (COMPUTE)0.7390851332;
    Vec x = Set(factor), y, sums[CHAINS];
    for (int i = 0; i < LANES; i++) y[i] = seed * (COMPUTE)(i + 1.618);
    for (int j = 0; j < CHAINS; j++) sums[j] = y * (COMPUTE)(0.1234567 * (j + 1));
#if RK_PAIRS
    const STORAGE there_and_back[TERMS] = {0x3f3d, 0xbf3d};  // 0.74 and -0.74
    x = Set(LoadTerm(there_and_back, TERMS)), y = (Vec)(((UnsignedVec)y & 0xffff0000) | (UnsignedVec)y >> 16);
#endif
    for (int64_t i = 0; i < rounds; i++) {
        RK_UNROLLED for (int j = 0; j < CHAINS; j++) sums[j] = BURST(sums[j], x, y);
    }
    Vec total = sums[0];
    for (int j = 1; j < CHAINS; j++) total += sums[j];
    volatile COMPUTE sink = total[0];
    (void)sink;
    return (double)rounds * CHAINS * LANES * 2 * TERMS;
}

#undef BURST
#undef CHAINS
