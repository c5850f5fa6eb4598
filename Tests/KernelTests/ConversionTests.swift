import CRectifierKernels
import TestSupport
import Testing

@Suite struct ConversionTests {
    /// Every 16-bit pattern survives the way to double and back; a NaN stays a NaN.
    @Test(arguments: levels + [RK_REFERENCE], [RK_BFLOAT16, RK_FLOAT16])
    func patternsSurvive(_ isa: rk_isa, _ type: rk_type) {
        let kernels = type.kernels(isa).pointee
        let patterns = (0...UInt16.max).map { $0 }
        var doubles = [Double](repeating: 0, count: patterns.count), back = [UInt16](repeating: 0, count: patterns.count)
        kernels.to_double(&doubles, patterns, Int64(patterns.count))
        kernels.from_double(&back, doubles, Int64(patterns.count))
        let reference = Buffer(type, count: patterns.count)
        reference.base.copyMemory(from: patterns, byteCount: 2 * patterns.count)
        var wrong = 0
        for (i, expected) in reference.doubles.enumerated() {
            if expected.isNaN {
                wrong += doubles[i].isNaN ? 0 : 1
            } else {
                wrong += doubles[i] == expected && back[i] == patterns[i] ? 0 : 1
            }
        }
        #expect(wrong == 0)
        if type == RK_FLOAT16 {
            #expect(doubles[0x3c00] == 1 && doubles[0x0001] == 0x1p-24 && doubles[0x7bff] == 65504 && doubles[0xfc00] == -.infinity)
        } else {
            #expect(doubles[0x3f80] == 1 && doubles[0x0001] == 0x1p-133 && doubles[0xff80] == -.infinity)
        }
    }

    /// Rounding is to nearest, ties to even, once: numbers on, just above and just below ties, whatever a call through
    /// float would make of them.
    @Test(arguments: levels, types)
    func roundsOnce(_ isa: rk_isa, _ type: rk_type) {
        var random = Numbers(seed: 1)
        var values: [Double] = [
            0, -0.0, .infinity, -.infinity, .nan, 1e300, -1e300, 0x1p-1060, 65519.999999, 65520, 3.3953e38, 0x1p-25, 0x1.0000001p-25,
            0x1p-134,
        ]
        for _ in 0..<3000 {
            let unit = 2 * type.roundoff * Double(sign: .plus, exponent: random.integer(in: -30...10), significand: 1)
            let tie = (Double(random.integer(in: 64...2000)) + 0.5) * unit
            values += [tie, -tie, tie.nextUp, tie.nextDown, tie * (1 + 0x1p-40), random.uniform()]
        }
        let expected = Buffer(type, count: values.count, values: values)
        let actual = Buffer(type, count: values.count)
        type.kernels(isa).pointee.from_double(actual.base, values, Int64(values.count))
        var wrong: [Double] = []
        for (i, (a, e)) in zip(actual.doubles, expected.doubles).enumerated() {
            if !(a == e && a.sign == e.sign || a.isNaN && e.isNaN) { wrong.append(values[i]) }
        }
        #expect(wrong.isEmpty)
        #expect(actual.guardsAreWhole)
    }

    @Test(arguments: levels + [RK_REFERENCE], types)
    func nonfiniteNumbersAreCounted(_ isa: rk_isa, _ type: rk_type) {
        for count in [0, 1, 7, 8, 65, 300] {
            var random = Numbers(seed: count)
            var values = (0..<count).map { _ in random.uniform() }
            let places = Set((0..<count / 5).map { _ in random.integer(in: 0...count - 1) })
            for place in places { values[place] = random.pick([.nan, .infinity, -.infinity]) }
            let buffer = Buffer(type, count: count, values: values)
            #expect(type.kernels(isa).pointee.count_nonfinite(buffer.base, Int64(count)) == places.count)
        }
    }

    @Test func namesAndSizes() {
        #expect(rk_table(RK_FLOAT32) != nil || rk_isa_selected() == RK_ISA_COUNT)
        #expect(rk_table_for(RK_FLOAT32, RK_ISA_COUNT) == nil)
        #expect(rk_table_for(RK_TYPE_COUNT, RK_REFERENCE) == nil)
        #expect(types.map(\.size) == [4, 8, 2, 2])
        #expect(rk_isa_available(RK_REFERENCE))
        #expect(!levels.isEmpty || RK_REFERENCE == rk_isa_selected())
    }
}
