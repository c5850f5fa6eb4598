import CRectifierKernels
import TestSupport
import Testing

/// A product gives the same bits whether zeros of A are multiplied or skipped.
@Suite struct ZeroSkippingTests {
    /// One product of random shape, strides, density and bias, run in every way.
    private struct Case {
        var call = rk_call()
        let buffers: [Buffer]
        let c: Buffer
        let description: String

        init(_ random: inout Numbers, _ type: rk_type) {
            let large = random.chance(0.15)
            let m = random.integer(in: 1...(large ? 300 : 40)), k = random.integer(in: 1...(large ? 300 : 150))
            // Now and then whole vectors, which lie as a panel would.
            let n = random.chance(0.3) ? 8 * random.integer(in: 1...(large ? 60 : 13)) : random.integer(in: 1...(large ? 480 : 60))
            let transposed = (random.chance(0.5), random.chance(0.5)), cRow = n + random.integer(in: 0...3)
            let density = random.pick([0, 0.02, 0.2, 0.5, 0.8, 1]), densityOfB = random.pick([0.1, 0.9])
            // Now and then products that underflow, whose sums may be -0.
            let scale = random.chance(0.2) ? 1e-30 : 1
            func number(_ random: inout Numbers) -> Double { random.uniform() * scale }
            func zero(_ random: inout Numbers) -> Double { random.chance(0.5) ? 0 : -0.0 }
            let a = Buffer(type, count: m * k, values: (0..<m * k).map { _ in random.chance(density) ? number(&random) : zero(&random) })
            let b = Buffer(type, count: k * n, values: (0..<k * n).map { _ in random.chance(densityOfB) ? number(&random) : zero(&random) })
            let bias = Buffer(type, count: n, values: (0..<n).map { _ in random.chance(0.5) ? random.uniform() : zero(&random) })
            c = Buffer(type, count: m * cRow)
            call.product = rk_product(
                a: a.base, b: b.base, c: c.base, a_row: transposed.0 ? 1 : Int64(k), a_column: transposed.0 ? Int64(m) : 1,
                b_row: transposed.1 ? 1 : Int64(n), b_column: transposed.1 ? Int64(k) : 1, c_row: Int64(cRow), m: Int64(m), n: Int64(n),
                k: Int64(k), zeros: 0, bias: random.chance(0.5) ? UnsafeRawPointer(bias.base) : nil, epilogue: nil, scratch: nil,
                scratch_stride: 0)
            buffers = [a, b, bias]
            description = "\(m)×\(k)×\(n), transposed \(transposed), densities \(density), \(densityOfB), scale \(scale)"
        }

        mutating func run(_ zeros: rk_zeros, parts: Int, _ kernels: UnsafePointer<rk_kernels>) -> [UInt8] {
            let p = call.product
            call.product.scratch_stride = kernels.pointee.product_scratch(p.m, p.n, p.k, Int32(parts))
            let scratch = Buffer(RK_FLOAT64, count: Int(call.product.scratch_stride) * parts / 8)
            call.product.scratch = scratch.base
            call.product.zeros = Int32(zeros.rawValue)
            c.reset()
            for part in 0..<parts { kernels.pointee.product(&call, Int32(part), Int32(parts)) }
            return withExtendedLifetime(scratch) { c.contents }
        }
    }

    @Test(arguments: levels, types)
    func theSameBits(_ isa: rk_isa, _ type: rk_type) {
        var random = Numbers(seed: Int(isa.rawValue) * 10 + Int(type.rawValue))
        for _ in 0..<100 {
            var trial = Case(&random, type)
            trial.c.keep()
            let expected = trial.run(RK_ZEROS_MULTIPLIED, parts: 1, type.kernels(isa))
            for zeros in [RK_ZEROS_SKIPPED, RK_ZEROS_BY_DENSITY, RK_ZEROS_MULTIPLIED] {
                for parts in 1...3 where trial.run(zeros, parts: parts, type.kernels(isa)) != expected {
                    Issue.record("\(trial.description): zeros \(zeros.rawValue), \(parts) parts")
                    return
                }
            }
        }
    }

    /// What is skipped is the zeros of A and nothing else: NaN and infinity in A count, and so does whatever stands
    /// beside them.
    @Test(arguments: levels, types)
    func nonFiniteNumbersOfACount(_ isa: rk_isa, _ type: rk_type) {
        var a = [Double](repeating: 0, count: 40 * 70)
        (a[70 * 7 + 3], a[70 * 9 + 69]) = (.nan, .infinity)
        let c = ProductTests.product(
            a, [Double](repeating: 1, count: 70 * 33), m: 40, n: 33, k: 70, transposed: (false, false), rows: 0..<40, isa, type,
            zeros: RK_ZEROS_SKIPPED)
        let buffer = Buffer(type, count: 40 * 33)
        buffer.base.copyMemory(from: c, byteCount: c.count)
        for (i, value) in buffer.doubles.enumerated() {
            #expect(value.isNaN == (i / 33 == 7) && (value == .infinity) == (i / 33 == 9))
        }
    }
}
