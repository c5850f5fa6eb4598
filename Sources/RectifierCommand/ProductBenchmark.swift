import CRectifierKernels
import Rectifier

/// Dense products against the multiply-add peak that the same program measures.
struct ProductBenchmark {
    /// C[m, n] = A[m, k] B[k, n].
    struct Shape: CustomStringConvertible {
        var m: Int
        var n: Int
        var k: Int
        var description: String { "\(m)×\(n)×\(k)" }
    }

    struct Result {
        var flops: Double
        /// Of the peak of as many threads.
        var share: Double
    }

    /// The products of a 784-512-512 network forward and backward, and larger ones.
    static let shapes = [
        Shape(m: 128, n: 512, k: 784), Shape(m: 128, n: 512, k: 512), Shape(m: 512, n: 512, k: 128), Shape(m: 784, n: 512, k: 128),
        Shape(m: 512, n: 512, k: 512), Shape(m: 1024, n: 1024, k: 1024),
    ]

    /// Multiplications and additions a second, of one thread.
    let peak: Double
    private let type: ElementType
    private let kernels: rk_kernels

    /// Nil where the machine lacks the instruction set.
    init?(type: ElementType, isa: rk_isa) {
        guard let table = rk_table_for(Self.kernelType(type), isa) else { return nil }
        kernels = table.pointee
        self.type = type
        peak = rk_peak_flops(Self.kernelType(type), isa, 0.3)
    }

    /// The best of several short runs: others on the machine can only slow a run down.
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
        (step.product.a_row, step.product.a_column) = (Int64(shape.k), 1)
        (step.product.b_row, step.product.b_column, step.product.c_row) = (Int64(shape.n), 1, Int64(shape.n))
        (step.product.m, step.product.n, step.product.k) = (Int64(shape.m), Int64(shape.n), Int64(shape.k))
        step.product.scratch = scratch

        let clock = ContinuousClock()
        let work = 2.0 * Double(shape.m) * Double(shape.n) * Double(shape.k)
        let repetitions = max(1, Int(0.03 * peak * Double(threads) / work))
        let steps = Array(repeating: step, count: repetitions)
        var best = Double.infinity
        for _ in 0..<10 {
            let time = clock.measure { rk_run(pool, steps, Int64(repetitions)) }
            best = min(best, Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
        }
        let flops = work * Double(repetitions) / best
        return Result(flops: flops, share: flops / (peak * Double(threads)))
    }

    /// Memory with small numbers in it, none of them 0 or subnormal.
    private func buffer(_ count: Int) -> UnsafeMutableRawPointer {
        let pointer = UnsafeMutableRawPointer.allocate(byteCount: count * type.size + Int(RK_PADDING), alignment: 64)
        kernels.from_double(pointer, (0..<count).map { Double($0 % 13 + 1) / 16 }, Int64(count))
        return pointer
    }

    private static func kernelType(_ type: ElementType) -> rk_type {
        switch type {
        case .float32: RK_FLOAT32
        case .float64: RK_FLOAT64
        case .bfloat16: RK_BFLOAT16
        case .float16: RK_FLOAT16
        }
    }
}
