import CRectifierKernels
import Foundation

/// What memory gives: a[i] = b[i] + 3 c[i] over arrays that no cache holds.
final class MemoryBenchmark {
    private static let columns = 1 << 14
    private let threads: BenchThreads
    private let rows: Int
    private let arrays: [UnsafeMutableRawPointer]

    /// Bytes of each of the three arrays.
    var bytes: Int { rows * Self.columns * threads.type.size }

    /// - Parameter cacheBytes: Of the largest cache. The arrays are twice as large each, as far as 256 MiB.
    init(on threads: BenchThreads, cacheBytes: Int?) throws {
        self.threads = threads
        let wanted = min(256 << 20, max(64 << 20, 2 * (cacheBytes ?? 0)))
        rows = wanted / (Self.columns * threads.type.size)
        let count = rows * Self.columns
        arrays = try (0..<3).map { _ in try threads.allocate(count) }
    }

    deinit { for array in arrays { rk_free(array) } }

    /// Bytes a second: read and written, without what a cache reads of lines that are then written.
    func bytesPerSecond(_ budget: BenchBudget) -> Double {
        let operands = arrays.map { rk_operand(base: $0, row_stride: Int64(Self.columns), column_stride: 1, labels: nil) }
        let temporary = UInt16(RK_MAP_OPERANDS)
        func instruction(_ opcode: rk_opcode, _ d: UInt16, _ a: UInt16, _ b: UInt16, _ x: Double = 0) -> rk_instruction {
            rk_instruction(opcode: UInt16(opcode.rawValue), d: d, a: a, b: b, c: 0, x: x, y: 0, z: 0, counter: nil)
        }
        let instructions = [
            instruction(RK_OP_CONST, temporary, 0, 0, 3), instruction(RK_OP_MUL, temporary + 1, 2, temporary),
            instruction(RK_OP_ADD, 0, 1, temporary + 1),
        ]
        return operands.withUnsafeBufferPointer { operands in
            instructions.withUnsafeBufferPointer { instructions in
                var call = rk_call()
                call.kernel = threads.kernels.map
                call.map = rk_map(
                    rows: Int64(rows), columns: Int64(Self.columns), operand_count: 3, instruction_count: Int32(instructions.count),
                    operands: operands.baseAddress, instructions: instructions.baseAddress)
                _ = threads.time([call])
                return budget.medians { [3 * Double(bytes) / threads.time([call])] }[0]
            }
        }
    }
}
