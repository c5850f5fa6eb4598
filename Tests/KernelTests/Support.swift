import CRectifierKernels
import TestSupport
import Testing

/// The levels that have bodies of their own on this machine.
let levels: [rk_isa] = [RK_BASELINE, RK_AVX2, RK_AVX512, RK_AVX512_BF16, RK_NEON].filter { rk_isa_available($0) }
let types: [rk_type] = [RK_FLOAT32, RK_FLOAT64, RK_BFLOAT16, RK_FLOAT16]

extension rk_isa: @retroactive CustomTestStringConvertible {
    public var testDescription: String { String(cString: rk_isa_name(self)) }
}

extension rk_type: @retroactive CustomTestStringConvertible {
    public var testDescription: String { ["float32", "float64", "bfloat16", "float16"][Int(rawValue)] }

    var size: Int { Int(rk_type_size(self)) }
    /// What sums and arithmetic are done in.
    var computing: rk_type { self == RK_FLOAT64 ? RK_FLOAT64 : RK_FLOAT32 }
    /// Half a unit in the last place of 1.
    var roundoff: Double { [0x1p-24, 0x1p-53, 0x1p-8, 0x1p-11][Int(rawValue)] }
    /// The smallest positive number.
    var tiniest: Double { [0x1p-149, 0x1p-1074, 0x1p-133, 0x1p-24][Int(rawValue)] }

    func kernels(_ isa: rk_isa) -> UnsafePointer<rk_kernels> { rk_table_for(self, isa)! }
}

/// Aligned memory with a guard on each side: NaN in every type, so that a result shows when a lane beyond the end got
/// into it, and checked after each run, so that a store beyond the end does.
final class Buffer {
    let type: rk_type
    let count: Int
    private let memory: UnsafeMutableRawPointer
    private let bytes: Int
    private var initial: [UInt8]
    private static let margin = 64

    var base: UnsafeMutableRawPointer { memory + Buffer.margin }

    init(_ type: rk_type, count: Int, values: [Double]? = nil) {
        self.type = type
        self.count = count
        bytes = count * type.size
        let total = (bytes + 2 * Buffer.margin + Int(RK_PADDING) + 63) / 64 * 64
        memory = .allocate(byteCount: total, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0xff, count: total)
        // What no kernel is likely to write.
        (memory + Buffer.margin).initializeMemory(as: UInt8.self, repeating: 0xa5, count: bytes)
        initial = []
        if let values {
            precondition(values.count == count)
            type.kernels(RK_REFERENCE).pointee.from_double(base, values, Int64(count))
        }
        keep()
    }

    deinit { memory.deallocate() }

    /// Makes what it holds now what `reset` returns to.
    func keep() { initial = contents }

    func reset() { initial.withUnsafeBytes { if bytes > 0 { base.copyMemory(from: $0.baseAddress!, byteCount: bytes) } } }

    var contents: [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: bytes)) }

    var guardsAreWhole: Bool {
        UnsafeRawBufferPointer(start: memory, count: Buffer.margin).allSatisfy { $0 == 0xff }
            && UnsafeRawBufferPointer(start: base + bytes, count: Int(RK_PADDING)).allSatisfy { $0 == 0xff }
    }

    var doubles: [Double] {
        [Double](unsafeUninitializedCapacity: count) { to, initialized in
            type.kernels(RK_REFERENCE).pointee.to_double(to.baseAddress, base, Int64(count))
            initialized = count
        }
    }

    func bits(of contents: [UInt8], at index: Int) -> ArraySlice<UInt8> { contents[index * type.size..<(index + 1) * type.size] }
    func isUntouched(_ contents: [UInt8], at index: Int) -> Bool { bits(of: contents, at: index) == bits(of: initial, at: index) }
}

/// How far a result may lie from its reference.
enum Tolerance {
    case exact
    /// In units in the last place of the buffer's type.
    case units(Double)
    /// Relative to the expected value, plus an absolute part; besides one unit for rounding to the type.
    case near(relative: Double, absolute: Double)

    func allows(_ actual: Double, _ expected: Double, in type: rk_type) -> Bool {
        if expected.isNaN || actual.isNaN { return expected.isNaN && actual.isNaN }
        if actual == expected { return expected != 0 || actual.sign == expected.sign || !isExact }
        if expected.isInfinite { return allowsOverflow(actual, in: type) }
        let unit = Swift.max(2 * type.roundoff * expected.magnitude, type.tiniest)
        switch self {
        case .exact: return false
        case .units(let count): return (actual - expected).magnitude <= count * unit
        case .near(let relative, let absolute): return (actual - expected).magnitude <= unit + relative * expected.magnitude + absolute
        }
    }

    private var isExact: Bool { if case .exact = self { true } else { false } }

    /// One rounds to infinity, the other to the largest number.
    private func allowsOverflow(_ actual: Double, in type: rk_type) -> Bool {
        let largest: Double = [3.4e38, 1.79e308, 3.38e38, 65503][Int(type.rawValue)]
        return !isExact && actual.magnitude > largest
    }
}

/// One comparison of a kernel with its reference: memory, the call that works on it, and what may differ.
final class Trial {
    let type: rk_type
    var random: Numbers
    var call = rk_call()
    var description = ""
    private(set) var buffers: [Buffer] = []
    private(set) var outputs: [(buffer: Buffer, tolerance: Tolerance)] = []
    private var owned: [UnsafeMutableRawPointer] = []
    /// Keeps a product's scratch alive while it runs.
    var scratch: Buffer?
    /// Called for each set of kernels and number of parts before the call runs.
    var prepare: (Trial, UnsafePointer<rk_kernels>, Int) -> Void = { _, _, _ in }
    /// Called for each number of parts after the call ran.
    var finish: (Int) -> Void = { _ in }

    init(_ type: rk_type, seed: Int) {
        self.type = type
        random = Numbers(seed: seed)
    }

    deinit { owned.forEach { $0.deallocate() } }

    /// A buffer of random numbers.
    func input(_ count: Int, as type: rk_type? = nil, _ range: ClosedRange<Double> = -1...1) -> Buffer {
        input((0..<count).map { _ in random.uniform(in: range) }, as: type)
    }

    func input(_ values: [Double], as type: rk_type? = nil) -> Buffer {
        let buffer = Buffer(type ?? self.type, count: values.count, values: values)
        buffers.append(buffer)
        return buffer
    }

    func output(_ count: Int, as type: rk_type? = nil, _ tolerance: Tolerance) -> Buffer {
        let buffer = Buffer(type ?? self.type, count: count)
        written(buffer, tolerance)
        return buffer
    }

    /// Declares that the call writes `buffer`.
    func written(_ buffer: Buffer, _ tolerance: Tolerance) {
        if !buffers.contains(where: { $0 === buffer }) { buffers.append(buffer) }
        outputs.append((buffer, tolerance))
    }

    /// Memory that lives as long as the trial.
    func pointer<T>(to values: [T]) -> UnsafeMutablePointer<T> {
        let memory = UnsafeMutablePointer<T>.allocate(capacity: Swift.max(values.count, 1))
        memory.initialize(from: values, count: values.count)
        owned.append(UnsafeMutableRawPointer(memory))
        return memory
    }

    private var guardsAreWhole: Bool { buffers.allSatisfy { $0.guardsAreWhole } }

    /// The bytes of every output after a run.
    private func run(_ kernel: rk_kernel, of kernels: UnsafePointer<rk_kernels>, parts: Int) -> [[UInt8]] {
        buffers.forEach { $0.reset() }
        prepare(self, kernels, parts)
        for part in 0..<parts { kernel(&call, Int32(part), Int32(parts)) }
        finish(parts)
        #expect(scratch?.guardsAreWhole ?? true, "\(description): wrote beyond the scratch")
        return outputs.map(\.buffer.contents)
    }

    /// Runs the kernel at `index` of the table on 1, 2, 3 and 7 parts and compares it with the reference.
    func compare(kernel index: Int32, on isa: rk_isa, _ location: SourceLocation = #_sourceLocation) {
        let name = String(cString: rk_kernel_name(index))
        let label = "\(name), \(type.testDescription), \(isa.testDescription): \(description)"
        let reference = type.kernels(RK_REFERENCE), kernels = type.kernels(isa)
        let expectedBytes = run(rk_kernel_at(reference, index), of: reference, parts: 1)
        let expected = outputs.map(\.buffer.doubles)
        let whole = run(rk_kernel_at(kernels, index), of: kernels, parts: 1)
        let actual = outputs.map(\.buffer.doubles)
        #expect(guardsAreWhole, "\(label): wrote beyond a buffer", sourceLocation: location)
        for (n, output) in outputs.enumerated() where expectedBytes[n] != whole[n] {
            for i in 0..<output.buffer.count
            where output.buffer.bits(of: expectedBytes[n], at: i) != output.buffer.bits(of: whole[n], at: i) {
                let isMeant = !output.buffer.isUntouched(expectedBytes[n], at: i)
                if isMeant, output.tolerance.allows(actual[n][i], expected[n][i], in: output.buffer.type) { continue }
                Issue.record(
                    "\(label): output \(n)[\(i)] is \(actual[n][i]), should be \(isMeant ? "\(expected[n][i])" : "left alone")",
                    sourceLocation: location)
                break
            }
        }
        for parts in [2, 3, 7] {
            let split = run(rk_kernel_at(kernels, index), of: kernels, parts: parts)
            #expect(split == whole, "\(label): \(parts) parts give other bits than one", sourceLocation: location)
            #expect(guardsAreWhole, "\(label): wrote beyond a buffer, \(parts) parts", sourceLocation: location)
        }
    }
}
