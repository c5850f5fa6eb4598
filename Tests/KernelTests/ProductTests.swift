import CRectifierKernels
import TestSupport
import Testing

@Suite struct ProductTests {
    /// One product over plain memory; A and B as rows or, `transposed`, as columns.
    static func product(
        _ a: [Double], _ b: [Double], m: Int, n: Int, k: Int, transposed: (a: Bool, b: Bool), rows: Range<Int>, _ isa: rk_isa,
        _ type: rk_type, zeros: rk_zeros = RK_ZEROS_BY_DENSITY, hasBias: Bool = true
    ) -> [UInt8] {
        func stored(_ values: [Double], _ rows: Int, _ columns: Int, _ transposed: Bool) -> Buffer {
            let order = transposed ? (0..<rows * columns).map { values[$0 % rows * columns + $0 / rows] } : values
            return Buffer(type, count: values.count, values: order)
        }
        let aBuffer = stored(a, m, k, transposed.a), bBuffer = stored(b, k, n, transposed.b), c = Buffer(type, count: rows.count * n)
        let bias = Buffer(type, count: n, values: Array(b.prefix(n)))
        let kernels = type.kernels(isa)
        let scratch = Buffer(RK_FLOAT64, count: Int(kernels.pointee.product_scratch(Int64(rows.count), Int64(n), Int64(k), 1)) / 8)
        var call = rk_call()
        call.product = rk_product(
            a: aBuffer.base + type.size * rows.lowerBound * (transposed.a ? 1 : k), b: bBuffer.base, c: c.base,
            a_row: transposed.a ? 1 : Int64(k),
            a_column: transposed.a ? Int64(m) : 1, b_row: transposed.b ? 1 : Int64(n), b_column: transposed.b ? Int64(k) : 1,
            c_row: Int64(n),
            m: Int64(rows.count), n: Int64(n), k: Int64(k), zeros: Int32(zeros.rawValue), bias: hasBias ? bias.base : nil, epilogue: nil,
            scratch: scratch.base, scratch_stride: 0)
        kernels.pointee.product(&call, 0, 1)
        return c.contents
    }

    /// An element's bits depend on A, B and the bias alone: not on how they are stored, nor on how many rows there are
    /// beside it, and so not on whether the path for small products is taken.
    @Test(arguments: levels, types)
    func bitsDoNotDependOnThePath(_ isa: rk_isa, _ type: rk_type) {
        for (m, n, k) in [(61, 37, 300), (29, 16, 9), (7, 70, 830), (40, 1, 50)] {
            var random = Numbers(seed: m)
            let a = (0..<m * k).map { _ in random.uniform() }, b = (0..<k * n).map { _ in random.uniform() }
            let whole = Self.product(a, b, m: m, n: n, k: k, transposed: (false, false), rows: 0..<m, isa, type)
            for transposed in [(true, false), (false, true), (true, true)] {
                #expect(Self.product(a, b, m: m, n: n, k: k, transposed: transposed, rows: 0..<m, isa, type) == whole)
            }
            // The gradient of weights has no bias, and ways of its own.
            let plain = [false, true].map { transposed in
                Self.product(a, b, m: m, n: n, k: k, transposed: (transposed, false), rows: 0..<m, isa, type, hasBias: false)
            }
            #expect(plain[0] == plain[1])
            for rows in [0..<1, 5..<6, 1..<7] {
                for transposed in [(false, false), (true, true)] {
                    let some = Self.product(a, b, m: m, n: n, k: k, transposed: transposed, rows: rows, isa, type)
                    #expect(some == Array(whole[rows.lowerBound * n * type.size..<rows.upperBound * n * type.size]))
                }
            }
        }
    }

    /// Nor on where partial sums rest: those of a product as wide as this in scratch, those of a single row in none.
    @Test(arguments: levels, [RK_FLOAT32, RK_FLOAT64])
    func bitsDoNotDependOnWhereSumsRest(_ isa: rk_isa, _ type: rk_type) {
        let (m, n, k) = (17, 8192 / type.size / 2 + 3, 330)
        var random = Numbers(seed: n)
        let a = (0..<m * k).map { _ in random.uniform() }, b = (0..<k * n).map { _ in random.uniform() }
        let whole = Self.product(a, b, m: m, n: n, k: k, transposed: (false, false), rows: 0..<m, isa, type)
        let row = Self.product(a, b, m: m, n: n, k: k, transposed: (false, false), rows: 7..<8, isa, type)
        #expect(row == Array(whole[7 * n * type.size..<8 * n * type.size]))
    }

    /// Nor on whether results are so large that they are written past the caches.
    @Test(arguments: levels, types)
    func bitsDoNotDependOnWhereResultsGo(_ isa: rk_isa, _ type: rk_type) {
        let (m, n, k) = (520, 16_777_216 / 512 / type.size, 7)
        var random = Numbers(seed: m)
        let a = (0..<m * k).map { _ in random.chance(0.5) ? random.uniform() : 0 }, b = (0..<k * n).map { _ in random.uniform() }
        for zeros in [RK_ZEROS_MULTIPLIED, RK_ZEROS_SKIPPED] {
            func rows(_ rows: Range<Int>) -> [UInt8] {
                Self.product(a, b, m: m, n: n, k: k, transposed: (false, false), rows: rows, isa, type, zeros: zeros)
            }
            // (Compared first: the difference of two results as long as these would take long to describe.)
            let same = rows(490..<511).elementsEqual(rows(0..<m)[490 * n * type.size..<511 * n * type.size])
            #expect(same)
        }
    }

    /// 0 · NaN and 0 · infinity are NaN where nothing is skipped. An empty sum is the bias.
    @Test(arguments: levels + [RK_REFERENCE], types)
    func specialValuesCount(_ isa: rk_isa, _ type: rk_type) {
        for poison in [Double.nan, .infinity] {
            var b = [Double](repeating: 1, count: 20 * 9)
            b[9 * 3 + 4] = poison
            let c = Self.product(
                [Double](repeating: 0, count: 30 * 20), b, m: 30, n: 9, k: 20, transposed: (false, false), rows: 0..<30, isa, type,
                zeros: RK_ZEROS_MULTIPLIED)
            let buffer = Buffer(type, count: 30 * 9)
            buffer.base.copyMemory(from: c, byteCount: c.count)
            for (i, value) in buffer.doubles.enumerated() { #expect(value.isNaN == (i % 9 == 4)) }
        }
    }

    @Test(arguments: types)
    func peakIsMeasured(_ type: rk_type) {
        for isa in levels + [RK_REFERENCE] { #expect(rk_peak_flops(type, isa, 0.001) > 1e6) }
    }
}
