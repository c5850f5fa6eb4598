// The words the fast bodies are written in. Operations are called what Google's Highway calls them; what each does for
// one instruction set and element type is in vectors.inc.h.
//
// A body is compiled once for each element type, so every name below stands for one that ends in the type: in the
// bodies of float32 `Load` is Load_float32. The macros take effect where a body uses them, and are therefore said once.
//
// There are two kinds of memory. `Load` and `Store` move numbers of the *computing type*, as partial sums and packed
// panels are kept. What lies in users' tensors has the *element type*, which may be a 16-bit one: `LoadPromote` and
// `DemoteStore` convert on the way. Names that end in N stop after a number of lanes.

#ifndef RECTIFIER_VOCABULARY_H
#define RECTIFIER_VOCABULARY_H

// ===--- Vectors ----------------------------------------------------------------------===//

#define LANES (RK_VECTOR_BYTES / (int)sizeof(COMPUTE))  // of a Vec
#define DOUBLE_LANES (RK_VECTOR_BYTES / 8)              // of a DoubleVec

#define Vec N(Vec)                          // numbers of the computing type, RK_VECTOR_BYTES long
#define IntVec N(IntVec)                    // its integers. A comparison gives one as a mask: -1 where it holds, else 0
#define DoubleVec N(DoubleVec)              // doubles, RK_VECTOR_BYTES long
#define LongVec N(LongVec)                  // its integers, and masks
#define UnsignedLongVec N(UnsignedLongVec)  // the same without a sign
#define StoredVec N(StoredVec)              // as many numbers as in a Vec, as the element type stores them
#define ShortVec N(ShortVec)                // as many numbers of the computing type as there are in a DoubleVec
#define ShortStoredVec N(ShortStoredVec)    // and of the element type
#define UnsignedVec N(UnsignedVec)          // a float's bits (16-bit types only)
#define HalfVec N(HalfVec)                  // _Float16 as compilers know it
#define BFloatVec N(BFloatVec)              // __bf16 as compilers know it

// ===--- Making and choosing ----------------------------------------------------------===//

#define Set(x) ((COMPUTE)(x) - (Vec){0})  // x in every lane (subtracting 0, unlike adding it, keeps -0 and costs nothing)
#define Zero() ((Vec){0})
#define SetDouble(x) ((double)(x) - (DoubleVec){0})
#define ZeroDouble() ((DoubleVec){0})
/// Lanes of `a` where `mask` is -1, of `b` where it is 0.
#define IfThenElse(mask, a, b) ((Vec)(((IntVec)(mask) & (IntVec)(a)) | (~(IntVec)(mask) & (IntVec)(b))))
#define IfThenElseDouble(mask, a, b) ((DoubleVec)(((LongVec)(mask) & (LongVec)(a)) | (~(LongVec)(mask) & (LongVec)(b))))
#define FirstN N(FirstN)              // the mask of the first lanes
#define FirstNDouble N(FirstNDouble)

// ===--- Arithmetic ---------------------------------------------------------------------===//

/// a · b + c, rounded once where the instruction set can. (+, -, * and / are the compiler's own.)
#if RK_FMA
#define MulAdd(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define MulAdd(a, b, c) ((a) * (b) + (c))
#endif
#define Abs(v) __builtin_elementwise_abs(v)
#define Sqrt(v) __builtin_elementwise_sqrt(v)
#define ConvertTo(v, type) __builtin_convertvector(v, type)
#define ReduceSum N(ReduceSum)  // of a DoubleVec's lanes
#define MulAddPairs N(MulAddPairs)          // two terms of a sum at once, of bfloat16 (RK_PAIRS)
#define FlushSubnormals N(FlushSubnormals)  // 0 for what is too small to be normal

// ===--- Memory of the computing type -----------------------------------------------------===//

#define Load N(Load)
#define LoadN N(LoadN)            // at most so many lanes, and 0 in the others: reads nothing behind them
#define LoadTail N(LoadTail)      // the same, known to be fewer than there are
#define Store N(Store)
#define StoreN N(StoreN)          // at most so many lanes
#define StoreTail N(StoreTail)    // the same, known to be fewer than there are
#define CopyBytes N(CopyBytes)

// ===--- Memory of the element type -------------------------------------------------------===//

#define Promote N(Promote)  // from the element type to the computing type
#define Demote N(Demote)    // and back: to nearest, ties to even
#define DemoteDouble N(DemoteDouble)
#define LoadPromote N(LoadPromote)
#define LoadPromoteN N(LoadPromoteN)
#define LoadPromoteTail N(LoadPromoteTail)
#define LoadPromoteOne N(LoadPromoteOne)    // a single number
#define LoadPairs N(LoadPairs)              // two lines of bfloat16, lane by lane (RK_PAIRS)
#define DemoteStore N(DemoteStore)
#define DemoteStoreN N(DemoteStoreN)
#define DemoteStoreTail N(DemoteStoreTail)
#define DemoteStoreOne N(DemoteStoreOne)
#define DemoteStream N(DemoteStream)        // to memory and into no cache
#define LoadDouble N(LoadDouble)            // as doubles
#define LoadDoubleN N(LoadDoubleN)
#define StoreDouble N(StoreDouble)
#define StoreDoubleN N(StoreDoubleN)

// ===--- Between lanes ----------------------------------------------------------------------===//

#define Compress N(Compress)            // lanes whose bits are set, side by side (64-byte vectors)
#define LaneIndex N(LaneIndex)          // what BroadcastLane takes
#define BroadcastLane N(BroadcastLane)  // one lane, in all of them (64-byte vectors)
#define RotateLanes N(RotateLanes)
#define Transpose N(Transpose)          // LANES vectors as a square
#define NonzeroBits N(NonzeroBits)      // bit i: whether lane i is not 0 (nonzeros.inc.h)

// ===--- Terms of a product (product.inc.h) -------------------------------------------------===//

#if RK_PAIRS
#define TERMS 2  // that a multiply-add takes
#define MulAddTerms(a, b, sum) MulAddPairs(a, b, sum)
#else
#define TERMS 1
#define MulAddTerms(a, b, sum) MulAdd(a, b, sum)
#endif
#define LoadAlong N(LoadAlong)    // LANES terms that follow one another along k
#define LoadAlongTail N(LoadAlongTail)
#define LoadAcross N(LoadAcross)  // one term each of LANES rows or columns
#define LoadTerm N(LoadTerm)      // a single term
#define LoadBias N(LoadBias)

#endif
