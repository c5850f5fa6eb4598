// Every number that was tuned, with where it comes from. None of them changes a result, only how long it takes.
//
// `log "…"` names the commit that chose a number, by how its subject begins (`git log --grep`); "appendix" means
// docs/benchmarks-appendix.md, which has the measurements. "By trial" means that the log has the number and no
// measurement. Numbers without either follow from what is beside them.
//
// Machines: Zen 3 (AVX2), and since "AVX-512 products keep their sums" Zen 5 (AVX-512). NEON's have not been measured.

#ifndef RECTIFIER_TUNING_H
#define RECTIFIER_TUNING_H

#define CACHE_LINE_BYTES 64

// ===--- Registers ----------------------------------------------------------------------===//

/// A dense tile: rows × vectors of C in registers, beside one register for each vector of B and one for a number of A.
/// 6 × 2 + 2 + 1 of 16 (SSE2, AVX2), 14 × 2 + 2 + 1 of 32 (AVX-512), 6 × 4 + 4 + 1 of 32 (NEON).
/// Taller tiles for products of one vector run out of registers: 3 to 10 % slower (appendix).
#if RK_ARM64
#define RK_TILE_ROWS 6
#define RK_TILE_VECTORS 4
#else
#define RK_TILE_ROWS (RK_VECTOR_BYTES == 64 ? 14 : 6)
#define RK_TILE_VECTORS 2
#endif
#define TILE_COLUMNS (RK_TILE_VECTORS * LANES)
/// Lines of the cache in a row of a tile of the element type.
#define TILE_LINES ((TILE_COLUMNS * (int)sizeof(STORAGE) + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES)

/// Vectors in a row of a panel over which zeros are skipped: as many as registers and the first cache allow, because
/// each row visits each panel. 36 kB of 64-byte vectors, 28 kB of 32-byte ones.
/// 13: log "Skipping: panels of 13 vectors wherever". 9: 10 to 16 are 1 % faster to 40 % slower (appendix).
#define SKIP_VECTORS (RK_VECTOR_BYTES == 64 ? 9 : 13)

/// Whether rows are packed before zeros are skipped: their numbers are then loaded by the vector and spread from
/// registers, of which only AVX-512 has enough. The loop takes 0.90 of the time at 15 % zeros and 0.80 at 80
/// (appendix). Two terms at once take so long that loads are not the limit.
#if RK_VECTOR_BYTES == 64 && !RK_PAIRS
#define SKIP_PACKS 1
#else
#define SKIP_PACKS 0
#endif

// ===--- Caches -------------------------------------------------------------------------===//

/// Terms of a dense panel, which stays in the first cache beside a tile's share of A. 320: by trial (it was 400), log
/// "Products: panels of 320". 256: by trial, log "AVX-512 products keep their sums".
#define PANEL_DEPTH (RK_VECTOR_BYTES == 64 ? 256 : 320)

/// Rows of a block, which rests in the second cache: 1 MB or more where vectors have 64 bytes (log "AVX-512 products
/// keep their sums"). 264 holds a batch of 256, whose dense products got 1 to 3 % faster (log "AVX2: blocks of 264",
/// appendix).
#define BLOCK_ROWS ((RK_VECTOR_BYTES == 64 ? 392 : 264) / RK_TILE_ROWS * RK_TILE_ROWS)

/// Terms of a panel over which zeros are skipped, a bit each of a word. 32, 40 and 48 are 5 to 15, 3 to 10 and 1 to 4 %
/// slower (appendix).
#define SKIP_DEPTH 64

/// Such panels that are taken together, because their slices of A and C rest in the second cache together. By trial,
/// log "Products skip zeros of their left operand".
#define SKIP_GROUP 4

/// Elements that an operand may span and be read where it lies: it is in the first cache, with room for others. By
/// trial, log "Small products and maps without thinking", one number since "One search for constants".
#define NEAR_ELEMENTS (16384 / (int64_t)sizeof(COMPUTE))

/// Tiles of columns up to which A is read where it lies, and tiles of rows up to which B is: a copy would not be used
/// often enough to pay. By trial, log "Products: panels filled by their first tile" and "Fast kernel bodies".
#define COPY_A_ABOVE_TILES 4
#define COPY_B_ABOVE_TILES 2

/// Terms that are copied at a time of an A that is stored by columns, so that its lines are still in the cache when the
/// next tile takes its share of them. By trial, log "Fast kernel bodies".
#define PACK_DEPTH 16

/// Elements from row to row of C that let its rows push each other out of the caches: partial sums rest elsewhere. Part
/// of the 4 to 6 % of log "Dense products 4 to 6 % faster".
#define COLLIDING_ELEMENTS (4096 / (int64_t)sizeof(STORAGE))

/// Bytes of C from which on it is written past the caches, which would first read what is overwritten and hold little
/// of it by the time it is read. By trial, log "Skip zeros with AVX-512 from packed numbers".
#define STREAM_BYTES 16777216

/// Bytes of B from which on the lines of the next panel are fetched ahead: less stays in the second cache, and fetching
/// takes the place of loads. By trial, log "Dense products 4 to 6 % faster".
#define FETCH_BYTES 262144

/// Bytes of patches that a convolution copies at a time: about as many as the second cache has room for beside what
/// they are multiplied with.
#define PATCH_BYTES (RK_VECTOR_BYTES == 64 ? 1048576 : 262144)

/// Bytes of sums, or of images, that stand on a sheet at a time, in the second cache beside what they are made from.
#define SHEET_BYTES (RK_VECTOR_BYTES == 64 ? 786432 : 196608)

/// Vectors of sums that a row of a sheet keeps in registers: of one tap, whose panel is in the first cache, and of all
/// taps of a run together, which visit a row once, though their panel is not (12 of 64 channels are 48 kB). Runs of 24
/// have been slower in products and 3 % faster in gradients of weights, 6 slower in both.
#define PANEL_VECTORS (RK_VECTOR_BYTES == 64 ? 8 : 13)
#define LINE_VECTORS (RK_VECTOR_BYTES == 64 ? 12 : 13)

/// Positions over which a convolution's gradient of weights is summed at a time: four words of zeros.
#define FILTER_DEPTH 256

/// Its rows that a part has a multiple of; on a sheet, its columns.
#define FILTER_UNIT 16
#define SHEET_FILTERS 4

// ===--- Routes of a product ------------------------------------------------------------===//

/// Multiply-adds that take little more time than to find out whether skipping zeros pays, and terms of a chain too few
/// for it to pay. By trial (65,536 at first), log "Products whose chains are short are small ones".
#define SMALL_TERMS 32768
#define SHORT_CHAIN 32

/// Rows that are not worth a copy of B. By trial, log "Products skip zeros of their left operand".
#define FEW_ROWS 4

/// Fewer than so many rows, terms or vectors of columns are never skipped. As above.
#define SKIP_LEAST_ROWS 16
#define SKIP_LEAST_TERMS 32
#define SKIP_LEAST_VECTORS 4

/// Zeros are counted in one line of so many. As above.
#define SAMPLED_LINES 8

/// Cycles on a core with two loads and two multiply-adds a cycle. Measured alone and beside others on the same core,
/// who take loads away; the numbers lie between (log "Skipping is chosen where it also pays on a busy core"). With
/// AVX-512 skipping pays from 10 to 12 % zeros on, with AVX2 from 13 to 15 % (changelog).
#define DENSE_CYCLES 0.55          // a multiply-add of a vector in a dense tile
#define SKIP_CYCLES 0.6            // the same where zeros are skipped; so is one more load for each number
#define SKIP_CYCLES_PACKED 0.53    // the same with packed rows, which need no other load (4.1 cycles for 8: appendix)
#define CHAIN_CYCLES 4             // what a chain waits for its multiply-add
#define VISIT_CYCLES 40            // a row's visit to a panel: its sums, and a branch nobody foresees (appendix)
#define VISIT_CYCLES_PACKED 30     // the same with packed rows (appendix)
#define LINE_CYCLES_FAR 0.95       // a vector of a line on a sheet whose panel is too large for the first cache
#define VISIT_CYCLES_SHEET 28      // a row's visit on a sheet, whose numbers are not packed
#define PATCH_CYCLES 2.0           // a vector of a patch copied
#define COPY_CYCLES 1              // a vector copied to a panel
#define TURN_CYCLES 3              // the same from a transposed matrix
#define TRANSPOSE_CYCLES 0.5       // an element of C written as a transpose: log "Gradients of weights skip zeros"

// ===--- Shares of threads ----------------------------------------------------------------===//

/// Rows of which a part of a product has a multiple; of columns it has whole tiles, so that parts share no line of the
/// cache. By trial, log "Weight gradients: the larger side".
#define ROW_UNIT 4

/// Cutting the side that needs more copies has to save one part of so many. By trial, log "Two threads: scratch 64 kB".
#define SPLIT_MARGIN 16

/// Rows for each part from which on elementwise programs and copies are cut by rows. Otherwise they are cut at
/// multiples of so many elements, as updates are: a line of the cache or more. By trial, log "Fast kernel bodies".
#define ROWS_PER_PART 4
#define ELEMENT_UNIT 64

// ===--- Other kernels ----------------------------------------------------------------------===//

/// Elements for which an elementwise instruction is decoded once. By trial (256 at first), log "Elementwise tiles of
/// 512: half as many instructions to decode".
#define MAP_TILE 512

/// Samples that are fetched ahead of the one that is gathered, and how many bytes of each: they lie anywhere in a data
/// set that is larger than the caches. By trial, log "Samples are fetched ahead".
#define GATHER_AHEAD 8
#define GATHER_AHEAD_BYTES 2048

/// Side of the squares in which a matrix is transposed element by element. By trial, log "Fast kernel bodies".
#define COPY_SIDE 32

/// Vectors of columns that are summed side by side down the rows. As above.
#define REDUCE_VECTORS 8

// ===--- Threads ------------------------------------------------------------------------------===//

/// How long a thread spins for the next call or run before it sleeps: threads that yielded instead could stay on one
/// processor beside an idle one (appendix). By trial, log "Kernels in their simplest form".
#define SPIN_NANOSECONDS 50000

/// What lies so far apart is in no one's way: two lines, because processors fetch them in pairs.
#define APART_BYTES 128

#endif
