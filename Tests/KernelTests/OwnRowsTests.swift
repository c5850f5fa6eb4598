import CRectifierKernels
import Foundation
import Testing

#if canImport(Glibc)
import Glibc
private let anonymous = MAP_ANONYMOUS
#elseif canImport(Musl)
import Musl
private let anonymous = MAP_ANONYMOUS
#else
import Darwin
private let anonymous = MAP_ANON
#endif

/// Of a call with `shared_rows` a part reads its own rows and nothing behind them: there another part is writing.
@Suite struct OwnRowsTests {
    /// The first of two parts has memory for its own rows only, behind which there is none.
    @Test func nothingBehindThemIsRead() async {
        await #expect(processExitsWith: .success) {
            for isa in levels {
                for type in types {
                    let half = FirstHalf(type, type.kernels(isa).pointee)
                    for columns in [1, 2, 3, 5, 10, 37] {
                        half.maps(columns)
                        half.rowFunctions(columns)
                        half.reductions(columns)
                        half.windows(columns)
                        for terms in [1, 2, 3, 10, 37, 330, 700] { half.products(columns, terms) }
                    }
                }
            }
        }
    }
}

/// Memory that ends where a page ends that is followed by none.
private final class Cliff {
    let base: UnsafeMutableRawPointer
    private let mapping: UnsafeMutableRawPointer
    private let bytes: Int

    init(_ count: Int) {
        let page = Int(getpagesize()), room = (count + page - 1) / page * page
        bytes = room + page
        mapping = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | anonymous, -1, 0)
        mprotect(mapping + room, page, PROT_NONE)
        base = mapping + room - count
    }

    deinit { munmap(mapping, bytes) }
}

/// Runs the first part of two of calls whose second part has no memory.
private final class FirstHalf {
    private static let heights = [3, 7, 21]
    private let kernels: rk_kernels
    private let trial: Trial
    /// Keeps memory until a call has run.
    private var cliffs: [Cliff] = []
    private let whole: Buffer

    init(_ type: rk_type, _ kernels: rk_kernels) {
        self.kernels = kernels
        trial = Trial(type, seed: 0)
        whole = trial.input([Double](repeating: 0.5, count: 1 << 16))
    }

    /// Rows of the first part, ones and zeros in turn.
    private func rows(_ count: Int) -> UnsafeMutableRawPointer {
        let cliff = Cliff(count * trial.type.size)
        kernels.from_double(cliff.base, (0..<count).map { Double($0 % 2) }, Int64(count))
        cliffs.append(cliff)
        return cliff.base
    }

    private func run(_ kernel: rk_kernel, shared: Int, _ fill: (inout rk_call) -> Void) {
        var call = rk_call()
        call.shared_rows = Int64(shared)
        fill(&call)
        kernel(&call, 0, 2)
        cliffs = []
    }

    /// One that is a run of memory, one that adds a row to each, and one that counts.
    func maps(_ columns: Int) {
        for height in Self.heights {
            for (opcode, stride) in [(RK_OP_ADD, columns), (RK_OP_ADD, 0), (RK_OP_RELU, columns)] {
                var instruction = rk_instruction()
                (instruction.opcode, instruction.a, instruction.b) = (UInt16(opcode.rawValue), 1, 2)
                if opcode == RK_OP_RELU { instruction.counter = trial.pointer(to: [0]) }
                run(kernels.map, shared: 2 * height) {
                    let operands = (0..<3).map { operand in
                        let repeats = operand == 2 && stride == 0
                        return rk_operand(
                            base: repeats ? whole.base : rows(height * columns), row_stride: Int64(repeats ? 0 : columns), column_stride: 1,
                            labels: nil)
                    }
                    $0.map = rk_map(
                        rows: Int64(2 * height), columns: Int64(columns), operand_count: 3, instruction_count: 1,
                        operands: trial.pointer(to: operands), instructions: trial.pointer(to: [instruction]))
                }
            }
        }
    }

    func rowFunctions(_ columns: Int) {
        for height in Self.heights {
            for (kernel, width) in [
                (kernels.softmax!, columns), (kernels.log_softmax!, columns), (kernels.log_sum_exp!, 1), (kernels.cross_entropy!, 1),
            ] {
                run(kernel, shared: 2 * height) {
                    $0.rows = rk_rows(
                        in: rows(height * columns), target: rows(height * columns), labels: nil, out: rows(height * width),
                        rows: Int64(2 * height),
                        columns: Int64(columns))
                }
            }
        }
    }

    func reductions(_ count: Int) {
        for height in Self.heights {
            for inner in [1, 3, 20] {
                run(kernels.reduce, shared: 2 * height) {
                    $0.reduce = rk_reduce(
                        in: rows(height * count * inner), out: rows(height * inner), outer: Int64(2 * height), count: Int64(count),
                        inner: Int64(inner), reduction: RK_SUM, scale: 1)
                }
            }
        }
    }

    /// Two windows of two pixels, whose last pixel ends with the sample.
    func windows(_ channels: Int) {
        let places = trial.pointer(to: [Int32](0..<4)), opens = trial.pointer(to: [true, true, true, true])
        for height in Self.heights {
            for (kernel, ins, outs) in [(kernels.pick!, 4, 2), (kernels.spread!, 2, 4), (kernels.fold!, 4, 2)] {
                for ties in [RK_TIES_FIRST, RK_TIES_SPLIT] {
                    run(kernel, shared: 2 * height) {
                        $0.windows.x = UnsafeRawPointer(rows(height * 4 * channels))
                        $0.windows.in = UnsafeRawPointer(rows(height * ins * channels))
                        $0.windows.out = rows(height * outs * channels)
                        $0.windows.places = UnsafePointer(places)
                        $0.windows.opens = UnsafePointer(opens)
                        $0.windows.scales = UnsafePointer(trial.pointer(to: [0.5, 0.5]))
                        ($0.windows.samples, $0.windows.pixels, $0.windows.outputs) = (Int64(2 * height), 4, 2)
                        ($0.windows.taps, $0.windows.channels, $0.windows.ties) = (2, Int64(channels), ties)
                    }
                }
            }
        }
    }

    /// With a rectifier as epilogue.
    func products(_ columns: Int, _ terms: Int) {
        let scratchBytes = kernels.product_scratch(Int64(2 * Self.heights.last!), Int64(columns), Int64(terms), 2)
        let scratch = Buffer(RK_FLOAT64, count: 2 * Int(scratchBytes) / 8 + 8)
        var relu = rk_instruction()
        relu.opcode = UInt16(RK_OP_RELU.rawValue)
        for height in Self.heights {
            for zeros in [RK_ZEROS_BY_DENSITY, RK_ZEROS_MULTIPLIED, RK_ZEROS_SKIPPED] {
                run(kernels.product, shared: 2 * height) {
                    let c = rows(height * columns)
                    let epilogue = rk_map(
                        rows: Int64(2 * height), columns: Int64(columns), operand_count: 1, instruction_count: 1,
                        operands: trial.pointer(to: [rk_operand(base: c, row_stride: Int64(columns), column_stride: 1, labels: nil)]),
                        instructions: trial.pointer(to: [relu]))
                    $0.product = rk_product(
                        a: rows(height * terms), b: whole.base, c: c, a_row: Int64(terms), a_column: 1, b_row: Int64(columns), b_column: 1,
                        c_row: Int64(columns), m: Int64(2 * height), n: Int64(columns), k: Int64(terms), zeros: Int32(zeros.rawValue),
                        bias: whole.base, epilogue: trial.pointer(to: [epilogue]), scratch: scratch.base, scratch_stride: scratchBytes)
                }
            }
        }
    }
}
