import CRectifierKernels
import Rectifier

/// Dense products against the multiply-add peak that the same program measures.
struct ProductBenchmark {
    /// C[m, n] = A[m, k] B[k, n], with either factor lying transposed.
    struct Shape: CustomStringConvertible {
        var m: Int
        var k: Int
        var n: Int
        var transposingA = false
        var transposingB = false
        var description: String { "\(m)×\(k)\(transposingA ? "ᵀ" : "") · \(k)×\(n)\(transposingB ? "ᵀ" : "")" }
    }

    struct Result {
        var flops: Double
        /// Of the peak of as many threads.
        var share: Double
    }

    /// The products of a 784-512-512 network forward and backward, and larger ones.
    static let shapes = [
        Shape(m: 128, k: 784, n: 512), Shape(m: 128, k: 512, n: 512), Shape(m: 128, k: 512, n: 512, transposingB: true),
        Shape(m: 512, k: 128, n: 512, transposingA: true), Shape(m: 784, k: 128, n: 512, transposingA: true), Shape(m: 512, k: 512, n: 512),
        Shape(m: 256, k: 4096, n: 4096), Shape(m: 1024, k: 1024, n: 1024),
    ]

    /// Multiplications and additions a second, of one thread.
    let peak: Double
    private let type: ElementType
    private let isa: rk_isa
    private let kernels: rk_kernels

    /// Nil where the machine lacks the instruction set.
    init?(type: ElementType, isa: rk_isa) {
        guard let table = rk_table_for(type.kernelType, isa) else { return nil }
        kernels = table.pointee
        self.type = type
        self.isa = isa
        peak = rk_peak_flops(type.kernelType, isa, 0.3)
    }

    /// The median of many short pairs of a burst at the peak and a run of products, one right after the other, so that a machine that changes its speed or is
    /// shared with others changes both.
    func measure(_ shape: Shape, threads: Int) throws -> Result {
        guard let pool = rk_pool_create(Int32(threads)) else { throw RectifierError(.setting, "the machine gives no \(threads) threads") }
        defer { rk_pool_destroy(pool) }
        let a = buffer(shape.m * shape.k), b = buffer(shape.k * shape.n), c = buffer(shape.m * shape.n)
        let scratchBytes = kernels.product_scratch(Int64(shape.m), Int64(shape.n), Int64(shape.k), Int32(threads))
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: Int(scratchBytes) * threads + Int(RK_PADDING), alignment: 64)
        defer { for pointer in [a, b, c, scratch] { pointer.deallocate() } }

        var step = rk_step()
        step.kernel = kernels.product
        step.barrier = true
        step.product = rk_product()
        step.product.a = UnsafeRawPointer(a)
        step.product.b = UnsafeRawPointer(b)
        step.product.c = c
        (step.product.a_row, step.product.a_column) = shape.transposingA ? (1, Int64(shape.m)) : (Int64(shape.k), 1)
        (step.product.b_row, step.product.b_column) = shape.transposingB ? (1, Int64(shape.k)) : (Int64(shape.n), 1)
        (step.product.m, step.product.n, step.product.k) = (Int64(shape.m), Int64(shape.n), Int64(shape.k))
        (step.product.c_row, step.product.scratch, step.product.scratch_stride) = (Int64(shape.n), scratch, scratchBytes)

        let clock = ContinuousClock()
        let work = 2.0 * Double(shape.m) * Double(shape.n) * Double(shape.k)
        let repetitions = max(1, Int(0.002 * peak * Double(threads) / work))
        let steps = Array(repeating: step, count: repetitions)
        rk_run(pool, steps, Int64(repetitions))
        let pairs = (0..<101).map { _ in
            let peak = rk_peak_flops(type.kernelType, isa, 0.001) * Double(threads)
            let time = clock.measure { rk_run(pool, steps, Int64(repetitions)) }
            let flops = work * Double(repetitions) / (Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
            return Result(flops: flops, share: flops / peak)
        }
        return pairs.sorted { $0.share < $1.share }[pairs.count / 2]
    }

    /// Memory with small numbers in it, none of them 0 or subnormal.
    private func buffer(_ count: Int) -> UnsafeMutableRawPointer {
        let pointer = UnsafeMutableRawPointer.allocate(byteCount: count * type.size + Int(RK_PADDING), alignment: 64)
        kernels.from_double(pointer, (0..<count).map { Double($0 % 13 + 1) / 16 }, Int64(count))
        return pointer
    }
}
