import CRectifierKernels

/// Products against the multiply-add peak that is measured beside them.
final class ProductBenchmark {
    /// C[m, n] = A[m, k] B[k, n], with either factor lying transposed.
    struct Shape: CustomStringConvertible {
        var m: Int
        var k: Int
        var n: Int
        var transposingA = false
        var transposingB = false
        var description: String { "\(m)×\(k)\(transposingA ? "ᵀ" : "") · \(k)×\(n)\(transposingB ? "ᵀ" : "")" }
        var flops: Double { 2 * Double(m) * Double(n) * Double(k) }
    }

    /// Small ones, the products of a 784-512-512 network forward and backward, and larger ones.
    static let shapes = [
        Shape(m: 32, k: 64, n: 64), Shape(m: 64, k: 128, n: 128),
        Shape(m: 128, k: 784, n: 512), Shape(m: 128, k: 512, n: 512), Shape(m: 128, k: 512, n: 512, transposingB: true),
        Shape(m: 512, k: 128, n: 512, transposingA: true), Shape(m: 784, k: 128, n: 512, transposingA: true), Shape(m: 512, k: 512, n: 512),
        Shape(m: 256, k: 4096, n: 4096), Shape(m: 1024, k: 1024, n: 1024),
    ]

    let shape: Shape
    private let threads: BenchThreads
    private let a, b, c, scratch: UnsafeMutableRawPointer
    private let scratchBytes: Int64

    init(_ shape: Shape, on threads: BenchThreads) throws {
        self.shape = shape
        self.threads = threads
        (a, b, c) = (
            try threads.allocate(shape.m * shape.k), try threads.allocate(shape.k * shape.n), try threads.allocate(shape.m * shape.n)
        )
        scratchBytes = threads.kernels.product_scratch(Int64(shape.m), Int64(shape.n), Int64(shape.k), Int32(threads.count))
        scratch = try threads.allocate(Int(scratchBytes) * threads.count / threads.type.size)
        fillA(zeros: 0)
        threads.fill(b, shape.k * shape.n)
    }

    deinit { for pointer in [a, b, c, scratch] { rk_free(pointer) } }

    /// Makes a share of A's elements 0, each for itself.
    func fillA(zeros: Double) { threads.fill(a, shape.m * shape.k, zeros: zeros) }

    /// The product as a call. - Parameter rows: Only the first rows of C.
    private func call(_ kernel: rk_kernel?, zeros: rk_zeros, rows: Int) -> rk_call {
        var call = rk_call()
        call.kernel = kernel
        call.barrier = true
        call.product = rk_product()
        call.product.a = UnsafeRawPointer(a)
        call.product.b = UnsafeRawPointer(b)
        call.product.c = c
        (call.product.a_row, call.product.a_column) = shape.transposingA ? (1, Int64(shape.m)) : (Int64(shape.k), 1)
        (call.product.b_row, call.product.b_column) = shape.transposingB ? (1, Int64(shape.k)) : (Int64(shape.n), 1)
        (call.product.m, call.product.n, call.product.k) = (Int64(rows), Int64(shape.n), Int64(shape.k))
        (call.product.c_row, call.product.scratch, call.product.scratch_stride) = (Int64(shape.n), scratch, scratchBytes)
        call.product.zeros = Int32(zeros.rawValue)
        return call
    }

    /// Products in about a millisecond.
    private var repetitions: Int { max(1, Int(0.0007 * threads.peak(seconds: 0.001) / shape.flops)) }

    /// Ways to treat zeros. Runs of a millisecond at most, or one product, which a busy machine mostly leaves in one
    /// piece.
    func measure(_ ways: [rk_zeros], _ budget: BenchBudget) -> [BenchRate] {
        let repetitions = repetitions
        let runs = ways.map { Array(repeating: call(threads.kernels.product, zeros: $0, rows: shape.m), count: repetitions) }
        return threads.rates(runs, flops: shape.flops * Double(repetitions), budget)
    }

    /// How many times as fast as the reference kernel's plain loops the kernel is, dense, on its own threads. The
    /// reference does some rows only.
    func timesReference(_ budget: BenchBudget) -> Double {
        guard let reference = rk_table_for(threads.type.kernelType, RK_REFERENCE) else { return .nan }
        let rows = min(shape.m, max(1, Int(2e7 * Double(shape.m) / shape.flops)))
        let share = Double(rows) / Double(shape.m), plainCount = max(1, Int(2e7 / (shape.flops * share))), fastCount = repetitions
        let plain = Array(repeating: call(reference.pointee.product, zeros: RK_ZEROS_MULTIPLIED, rows: rows), count: plainCount)
        let fast = Array(repeating: call(threads.kernels.product, zeros: RK_ZEROS_MULTIPLIED, rows: shape.m), count: fastCount)
        return budget.medians {
            [threads.time(plain) / (Double(plainCount) * share) / (threads.time(fast) / Double(fastCount))]
        }[0]
    }
}
