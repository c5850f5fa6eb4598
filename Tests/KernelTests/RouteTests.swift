import CRectifierKernels
import TestSupport
import Testing

/// Which way a product is computed, for shapes that stand for each way there is.
@Suite struct RouteTests {
    /// A product, and the route expected of the first block of a part's share.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var m: Int, n: Int, k: Int
        var columnsOfA = false
        /// Shares of zeros.
        var zerosOfA = 0.0, zerosOfB = 0.0
        var hasBias = false
        var zeros = RK_ZEROS_BY_DENSITY
        var sharedRows = 0
        var part = 0, parts = 1
        var type = RK_FLOAT32
        var expected: String
        /// Where a set goes its own way.
        var except: [UInt32: String] = [:]

        var testDescription: String { "\(name), \(type.testDescription)" }

        func expectation(_ isa: rk_isa) -> String { except[isa.rawValue] ?? expected }

        /// The routes of every block of the part's share.
        func routes(_ isa: rk_isa, zerosOfRow: ((Int) -> Double)? = nil) -> [String] {
            var random = Numbers(seed: m * n + k)
            func numbers(_ count: Int, _ zeros: (Int) -> Double) -> Buffer {
                Buffer(type, count: count, values: (0..<count).map { random.chance(zeros($0)) ? 0 : random.uniform(in: 0.1...1) })
            }
            let a = numbers(m * k) { zerosOfRow?($0 / k) ?? zerosOfA }, b = numbers(k * n) { _ in zerosOfB }
            let bias = Buffer(type, count: n, values: [Double](repeating: 1, count: n)), c = Buffer(type, count: m * n)
            var call = rk_call()
            call.shared_rows = Int64(sharedRows)
            call.product = rk_product(
                a: a.base, b: b.base, c: c.base, a_row: columnsOfA ? 1 : Int64(k), a_column: columnsOfA ? Int64(m) : 1, b_row: Int64(n),
                b_column: 1, c_row: Int64(n), m: Int64(m), n: Int64(n), k: Int64(k), zeros: Int32(zeros.rawValue),
                bias: hasBias ? UnsafeRawPointer(bias.base) : nil, epilogue: nil, scratch: nil, scratch_stride: 0)
            var found: [String] = []
            while true {
                let route = type.kernels(isa).pointee.product_route(&call, Int32(part), Int32(parts), Int64(found.count))
                if route == RK_ROUTE_NOTHING { return found }
                found.append(String(cString: rk_route_name(Int32(route.rawValue))))
            }
        }
    }

    static let halfVectors = [RK_AVX512.rawValue: "half-vectors", RK_AVX512_BF16.rawValue: "half-vectors"]

    static let cases: [Case] = [
        Case(name: "a layer of eight units", m: 64, n: 8, k: 8, hasBias: true, expected: "small", except: halfVectors),
        Case(name: "the same in float64", m: 64, n: 4, k: 8, hasBias: true, type: RK_FLOAT64, expected: "small", except: halfVectors),
        Case(name: "half a vector, but a longer chain", m: 64, n: 8, k: 20, expected: "small"),
        Case(name: "a layer of 64 units", m: 32, n: 64, k: 16, hasBias: true, expected: "small"),
        Case(
            name: "one sample through a last layer", m: 1, n: 10, k: 512, hasBias: true, expected: "small",
            except: [RK_BASELINE.rawValue: "few-rows"]),
        Case(name: "one column", m: 64, n: 1, k: 32, hasBias: true, expected: "column"),
        Case(name: "one column in bfloat16", m: 64, n: 1, k: 32, hasBias: true, type: RK_BFLOAT16, expected: "column"),
        Case(name: "one column, zeros skipped at any rate", m: 64, n: 1, k: 32, zeros: RK_ZEROS_SKIPPED, expected: "skipping"),
        Case(name: "one column of a transposed matrix", m: 64, n: 1, k: 32, columnsOfA: true, expected: "column-as-row"),
        Case(name: "the same with a bias", m: 64, n: 1, k: 32, columnsOfA: true, hasBias: true, expected: "small"),
        Case(name: "two samples", m: 2, n: 512, k: 784, hasBias: true, expected: "few-rows"),
        Case(name: "a batch", m: 128, n: 256, k: 300, hasBias: true, expected: "dense"),
        Case(name: "a batch with zeros", m: 128, n: 256, k: 300, zerosOfA: 0.75, hasBias: true, expected: "skipping"),
        Case(name: "zeros multiplied", m: 128, n: 256, k: 300, zerosOfA: 0.75, zeros: RK_ZEROS_MULTIPLIED, expected: "dense"),
        Case(name: "few zeros", m: 128, n: 256, k: 300, zerosOfA: 0.02, expected: "dense"),
        Case(name: "few columns", m: 200, n: 10, k: 500, zerosOfA: 0.9, expected: "dense"),
        Case(name: "a gradient of weights", m: 256, n: 300, k: 128, columnsOfA: true, expected: "dense"),
        Case(name: "with zeros on the left", m: 256, n: 300, k: 128, columnsOfA: true, zerosOfA: 0.75, expected: "skipping"),
        Case(name: "with zeros on the right", m: 256, n: 300, k: 128, columnsOfA: true, zerosOfB: 0.75, expected: "exchanged"),
        Case(
            name: "with zeros on the right, of rows that threads keep", m: 256, n: 300, k: 128, columnsOfA: true, zerosOfB: 0.75,
            sharedRows: 256, expected: "dense"),
        Case(name: "a batch in bfloat16", m: 128, n: 256, k: 300, type: RK_BFLOAT16, expected: "dense"),
        Case(
            name: "an odd number of terms", m: 128, n: 256, k: 301, type: RK_BFLOAT16, expected: "dense",
            except: [RK_AVX512_BF16.rawValue: "single-terms"]),
        Case(name: "a batch in float16", m: 128, n: 256, k: 300, zerosOfA: 0.75, type: RK_FLOAT16, expected: "skipping"),
    ]

    @Test(arguments: levels)
    func eachShapeTakesItsRoute(_ isa: rk_isa) {
        for product in Self.cases {
            #expect(product.routes(isa) == [product.expectation(isa)], "\(product.testDescription), \(isa.testDescription)")
        }
    }

    /// A part without a share does nothing, and the reference has one way.
    @Test func nothingAndReference() {
        let row = Case(name: "one element", m: 1, n: 1, k: 40, part: 0, parts: 2, expected: "nothing")
        for isa in levels + [RK_REFERENCE] { #expect(row.routes(isa) == []) }
        #expect(Case(name: "any", m: 4, n: 4, k: 4, expected: "reference").routes(RK_REFERENCE) == ["reference"])
    }

    /// Blocks of rows choose one by one.
    @Test(arguments: levels)
    func blocksDiffer(_ isa: rk_isa) {
        let product = Case(name: "sparse above, dense below", m: 600, n: 256, k: 300, expected: "skipping")
        let routes = product.routes(isa) { $0 < 310 ? 0.75 : 0 }
        #expect(routes.count > 1 && routes.first == "skipping" && routes.last == "dense")
    }

    /// A route that no case above takes has no test.
    @Test func everyRouteIsTaken() {
        let names = (0..<Int32(RK_ROUTE_COUNT.rawValue)).map { String(cString: rk_route_name($0)) }
        #expect(Set(names).count == names.count && rk_route_name(Int32(RK_ROUTE_COUNT.rawValue)) == nil)
        var missing = Set(names).subtracting(["nothing", "reference", "by-parts", "by-blocks"])
        for isa in levels { missing.subtract(Self.cases.map { $0.expectation(isa) }) }
        if !levels.contains(RK_AVX512) { missing.remove("half-vectors") }
        if !levels.contains(RK_AVX512_BF16) { missing.remove("single-terms") }
        #expect(missing == [])
    }
}
