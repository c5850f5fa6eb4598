import CRectifierKernels
import Foundation
import TestSupport
import Testing

/// What an opcode means, in double, and how far a result may lie from it in units of the computing type's last place.
struct Meaning: Sendable {
    var units: Double = 0
    let value: @Sendable (_ a: Double, _ b: Double, _ c: Double, _ x: Double, _ y: Double, _ z: Double) -> Double
}

/// For each opcode its meaning, written once more and independently of the C sources. An opcode that is missing here
/// fails `everyOpcodeIsCompared`.
let meanings: [String: Meaning] = [
    "COPY": Meaning { a, _, _, _, _, _ in a },
    "CONST": Meaning { _, _, _, x, _, _ in x },
    "ADD": Meaning { a, b, _, _, _, _ in a + b },
    "SUB": Meaning { a, b, _, _, _, _ in a - b },
    "MUL": Meaning { a, b, _, _, _, _ in a * b },
    "DIV": Meaning { a, b, _, _, _, _ in a / b },
    "MAX": Meaning { a, b, _, _, _, _ in b > a ? b : a },
    "MIN": Meaning { a, b, _, _, _, _ in b < a ? b : a },
    "POW": Meaning(units: 1) { a, b, _, _, _, _ in pow(a, b) },
    "NEG": Meaning { a, _, _, _, _, _ in -a },
    "ABS": Meaning { a, _, _, _, _, _ in a.magnitude },
    "SQRT": Meaning { a, _, _, _, _, _ in a.squareRoot() },
    "EXP": Meaning(units: 1) { a, _, _, _, _, _ in exp(a) },
    "EXPM1": Meaning(units: 1) { a, _, _, _, _, _ in expm1(a) },
    "LOG": Meaning(units: 1) { a, _, _, _, _, _ in log(a) },
    "LOG1P": Meaning(units: 1) { a, _, _, _, _, _ in log1p(a) },
    "SIGMOID": Meaning(units: 2) { a, _, _, _, _, _ in a < 0 ? exp(a) / (1 + exp(a)) : 1 / (1 + exp(-a)) },
    "TANH": Meaning(units: 1) { a, _, _, _, _, _ in tanh(a) },
    "SOFTPLUS": Meaning(units: 1) { a, _, _, _, _, _ in a > 0 ? a + log1p(exp(-a)) : log1p(exp(a)) },
    "NORMAL_CDF": Meaning(units: 2) { a, _, _, _, _, _ in erfc(-a * 0.5.squareRoot()) / 2 },
    "SIN": Meaning(units: 1) { a, _, _, _, _, _ in sin(a) },
    "COS": Meaning(units: 1) { a, _, _, _, _, _ in cos(a) },
    "RELU": Meaning { a, _, _, _, _, _ in a > 0 ? a : 0 },
    "LEAKY": Meaning { a, _, _, x, _, _ in a > 0 ? a : x * a },
    "HEAVISIDE": Meaning { a, _, _, x, y, z in a < 0 ? x : a == 0 ? y : z },
    "HEAVISIDE_MUL": Meaning { a, b, _, x, y, z in (a < 0 ? x : a == 0 ? y : z) * b },
    "CLIP": Meaning { a, _, _, x, y, _ in a < x ? x : a > y ? y : a },
    "CLIP_GATE": Meaning { a, _, _, x, y, z in a == x || a == y ? z : x < a && a < y ? 1 : 0 },
    "GREATER": Meaning { a, b, _, _, _, _ in a > b ? 1 : 0 },
    "GREATER_EQUAL": Meaning { a, b, _, _, _, _ in a >= b ? 1 : 0 },
    "EQUAL": Meaning { a, b, _, _, _, _ in a == b ? 1 : 0 },
    "SELECT": Meaning { a, b, c, _, _, _ in a != 0 ? b : c },
    "WATCH": Meaning { a, _, _, _, _, _ in a },
    "WATCH_TIE": Meaning { a, _, _, _, _, _ in a },
]

/// `value` in the number format of `type`.
func rounded(_ values: [Double], to type: rk_type) -> [Double] { Buffer(type, count: values.count, values: values).doubles }

/// A program of one instruction over flat buffers; `result` is its only output.
func instruction(_ opcode: Int, on t: Trial, _ arguments: [Buffer], _ result: Buffer, x: Double = 0, y: Double = 0, z: Double = 0) {
    let buffers = arguments + [result]
    let operands = buffers.map { rk_operand(base: $0.base, row_stride: Int64(result.count), column_stride: 1, labels: nil) }
    var i = rk_instruction()
    i.opcode = UInt16(opcode)
    i.d = UInt16(arguments.count)
    (i.a, i.b, i.c) = (0, UInt16(min(1, arguments.count)), UInt16(min(2, arguments.count)))
    (i.x, i.y, i.z) = (x, y, z)
    t.call.map = rk_map(
        rows: 1, columns: Int64(result.count), operand_count: Int32(buffers.count), instruction_count: 1, operands: t.pointer(to: operands),
        instructions: t.pointer(to: [i]))
}

/// A program of exact instructions over operands that lie in every way the header allows.
@Sendable func makeMap(_ t: Trial) {
    let rows = size(&t.random, upTo: 40), columns = size(&t.random, upTo: rows > 10 ? 70 : 1000)
    let exact = (0..<Int(RK_OP_COUNT.rawValue)).filter { meanings[String(cString: rk_opcode_name(Int32($0)))]?.units == 0 }
    let operandCount = t.random.integer(in: 1...4), writtenFrom = t.random.integer(in: 0...operandCount - 1)
    var buffers: [Buffer] = [], operands: [rk_operand] = []
    for index in 0..<operandCount {
        let isWritten = index >= writtenFrom
        if !isWritten, columns > 0, t.random.chance(0.2) {
            // Rows of a matrix with as many columns, or a run over several of its rows.
            let classes = t.random.chance(0.7) ? columns : t.random.integer(in: 1...columns)
            let labels = labels(t, rows: (rows * columns + classes - 1) / classes, classes: classes)
            operands.append(rk_operand(base: nil, row_stride: Int64(columns), column_stride: 1, labels: labels))
            continue
        }
        var rowStride = columns + t.random.pick([0, 0, 1, 5]), columnStride = 1
        if !isWritten, t.random.chance(0.4) { (rowStride, columnStride) = t.random.pick([(0, 1), (1, 0), (0, 0)]) }
        let span = rows == 0 || columns == 0 ? 0 : (rows - 1) * rowStride + (columns - 1) * columnStride + 1
        // Zeros of both signs among them, for comparisons.
        let buffer = t.input((0..<span).map { _ in t.random.chance(0.2) ? t.random.pick([0.0, -0.0, 1]) : t.random.uniform(in: -2...2) })
        if isWritten { t.written(buffer, .exact) }
        buffers.append(buffer)
        operands.append(rk_operand(base: buffer.base, row_stride: Int64(rowStride), column_stride: Int64(columnStride), labels: nil))
    }
    var readable = (0..<operandCount).map { UInt16($0) }
    var instructions: [rk_instruction] = []
    for _ in 0..<t.random.integer(in: 1...10) {
        var i = rk_instruction()
        i.opcode = UInt16(t.random.pick(exact))
        (i.a, i.b, i.c) = (t.random.pick(readable), t.random.pick(readable), t.random.pick(readable))
        (i.x, i.y, i.z) = (-0.5, 0.75, 0.25)
        i.d =
            t.random.chance(0.5)
            ? UInt16(t.random.integer(in: writtenFrom...operandCount - 1))
            : UInt16(RK_MAP_OPERANDS) + UInt16(t.random.integer(in: 0...Int(RK_MAP_TEMPORARIES) - 1))
        if !readable.contains(i.d) { readable.append(i.d) }
        instructions.append(i)
    }
    t.call.map = rk_map(
        rows: Int64(rows), columns: Int64(columns), operand_count: Int32(operandCount), instruction_count: Int32(instructions.count),
        operands: t.pointer(to: operands), instructions: t.pointer(to: instructions))
    t.description =
        "\(rows)×\(columns): \(operands.map { [$0.row_stride, $0.column_stride] }), "
        + instructions.map { "\(String(cString: rk_opcode_name(Int32($0.opcode)))) \($0.a) \($0.b) \($0.c) > \($0.d)" }.joined(
            separator: ", ")
}

@Suite struct MapTests {
    static let opcodes = 0..<Int(RK_OP_COUNT.rawValue)
    static let special: [Double] = [
        .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 0.25, 0.75, 3e-6, -3e-6, 1e-30, -1e-30, 0x1p-149, -0x1p-149,
        0x1p-126, 1e-42,
        0x1p-24, -0x1p-14, 3e38, -3e38, 65504, 88.7, 89, -87.4, -103.9, -104.1, 10, -10, 1e-8, 16.6, -16.6, 1e5, -0.9999, -1.0001,
    ]

    @Test func everyOpcodeIsCompared() {
        #expect(Set(Self.opcodes.map { String(cString: rk_opcode_name(Int32($0))) }) == Set(meanings.keys))
        #expect(rk_opcode_name(Int32(RK_OP_COUNT.rawValue)) == nil)
    }

    /// Every opcode at NaN, infinities, zeros of both signs, subnormals, kinks and random numbers, against its meaning.
    @Test(arguments: levels + [RK_REFERENCE], types)
    func opcodesMeanWhatTheySay(_ isa: rk_isa, _ type: rk_type) {
        for opcode in Self.opcodes {
            let name = String(cString: rk_opcode_name(Int32(opcode))), count = Int(rk_opcode_arguments(Int32(opcode)))
            guard let meaning = meanings[name] else { continue }
            let t = Trial(type, seed: opcode)
            // All pairs of special numbers, then random ones.
            var lists: [[Double]] = [[], [], []]
            for a in Self.special {
                for b in count > 1 ? Self.special : [0] {
                    lists[0].append(a)
                    lists[1].append(b)
                    lists[2].append(t.random.pick(Self.special))
                }
            }
            for _ in 0..<100 { for n in 0..<3 { lists[n].append(t.random.uniform(in: -10...10)) } }
            let arguments = lists.map { rounded($0, to: type) }
            let (x, y, z) = (-0.5, 0.75, 0.25)
            // In the computing type, as the kernels work, then in the element type.
            let exact = arguments[0].indices.map { i -> Double in
                let (a, b, c) = (arguments[0][i], arguments[1][i], arguments[2][i])
                let looksAt = name == "SELECT" || name == "WATCH_TIE" ? [a] : Array([a, b, c].prefix(count))
                return looksAt.contains { $0.isNaN } ? .nan : meaning.value(a, b, c, x, y, z)
            }
            let expected = rounded(rounded(exact, to: type.computing), to: type)
            let result = Buffer(type, count: exact.count)
            instruction(opcode, on: t, (0..<count).map { t.input(arguments[$0]) }, result, x: x, y: y, z: z)
            type.kernels(isa).pointee.map(&t.call, 0, 1)
            let tolerance: Tolerance = meaning.units == 0 ? .exact : .units(meaning.units)
            let actual = result.doubles
            for i in actual.indices where !tolerance.allows(actual[i], expected[i], in: type) {
                Issue.record("\(name)(\(arguments.map { $0[i] }.prefix(count))) is \(actual[i]), should be \(expected[i])")
                break
            }
        }
    }

    /// The counts of WATCH and WATCH_TIE, for every remainder of a vector and several parts, against a count of what
    /// the element type holds.
    @Test(arguments: levels + [RK_REFERENCE], types)
    func watchesCount(_ isa: rk_isa, _ type: rk_type) {
        let counter = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
        defer { counter.deallocate() }
        for count in Array(0...70) + [255, 256, 257, 1000] {
            let t = Trial(type, seed: count)
            // Among them numbers that 16 bits take for 0, which buffers of theirs cannot hold but sums can.
            let a = (0..<count).map { _ in t.random.pick([0.0, -0.0, 0.5, -1, .nan, 1e-9]) },
                b = a.map { _ in t.random.pick([0.0, 0.5, -1]) }
            for (name, other) in [("WATCH", a.map { _ in 0.5 }), ("WATCH_TIE", b), ("RELU", a.map { _ in 0 })] {
                let opcode = Self.opcodes.first { String(cString: rk_opcode_name(Int32($0))) == name }!
                let arguments = name == "WATCH_TIE" ? [t.input(a), t.input(b)] : [t.input(a)]
                let result = Buffer(type, count: count)
                instruction(opcode, on: t, arguments, result, x: 0.5)
                UnsafeMutablePointer(mutating: t.call.map.instructions!).pointee.counter = counter
                counter.pointee = 0
                for part in 0..<3 { type.kernels(isa).pointee.map(&t.call, Int32(part), 3) }
                let expected = zip(rounded(a, to: type), other).count { $0 == $1 }
                #expect(Int(counter.pointee) == expected, "\(name) of \(count) elements")
                let values = rounded(a, to: type).map { name == "RELU" && $0 <= 0 ? 0 : $0 }
                #expect(zip(result.doubles, values).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(name) of \(count) elements")
            }
        }
    }

    /// float32 functions over the whole range of bit patterns: at most 2 units in the last place from the double
    /// result. Every 50,021st pattern; RECTIFIER_PATTERN_STRIDE sets another stride.
    @Test(arguments: levels, ["EXP", "EXPM1", "LOG", "LOG1P", "SIGMOID", "TANH", "SOFTPLUS", "NORMAL_CDF", "SIN", "COS"])
    func functionsAreAccurate(_ isa: rk_isa, _ name: String) throws {
        let stride = ProcessInfo.processInfo.environment["RECTIFIER_PATTERN_STRIDE"].flatMap(UInt32.init) ?? 50021
        let opcode = try #require(Self.opcodes.first { String(cString: rk_opcode_name(Int32($0))) == name })
        let meaning = try #require(meanings[name])
        let inputs = Swift.stride(from: UInt64(0), to: 1 << 32, by: Int(stride)).map { Float(bitPattern: UInt32($0)) }
        let t = Trial(RK_FLOAT32, seed: 0)
        let result = Buffer(RK_FLOAT32, count: inputs.count)
        instruction(opcode, on: t, [t.input(inputs.map(Double.init))], result)
        RK_FLOAT32.kernels(isa).pointee.map(&t.call, 0, 1)
        let actual = result.base.assumingMemoryBound(to: Float.self)
        var worst = 0.0
        for (i, input) in inputs.enumerated() {
            let exact = meaning.value(Double(input), 0, 0, 0, 0, 0), value = actual[i]
            if Float(exact).isFinite && value.isFinite {
                worst = max(worst, (Double(value) - exact).magnitude / Double(Float(exact).ulp))
                #expect(value != 0 || Float(exact) != 0 || value.sign == exact.sign, "\(name)(\(input)) has the wrong zero")
            } else {
                #expect(value.isNaN ? exact.isNaN : value == Float(exact), "\(name)(\(input)) is \(value)")
            }
        }
        #expect(worst <= 2, "\(name): \(worst) units in the last place")
    }
}
