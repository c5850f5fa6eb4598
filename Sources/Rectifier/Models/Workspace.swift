import CRectifierKernels
import Synchronization

/// What one call of a ``CompiledModel`` works with: programs for some batch sizes with their arenas, and the addresses
/// that their calls read. The weights are not in it.
///
/// Used by one call at a time.
final class Workspace {
    /// By batch size, ascending.
    private let programs: [Program]
    /// The call that reads the samples, the same in each program; `nil` for a network that does not look at them.
    private let feedCall: Int?
    private let cursor = BatchCursor()
    /// The rows of the batch.
    private let rows: UnsafeMutablePointer<Int32>
    /// How many of `rows` differ: those after them repeat the last.
    private var distinctRows = 0
    /// What the last run gave.
    let outputs: UnsafeMutablePointer<Double>

    /// Its place in the pool, from 1; 0 while it has none.
    var number: UInt64 = 0
    /// The one below it on the pool's stack.
    let below = Atomic<UInt64>(0)

    /// - Parameter inputCount: Numbers in a sample.
    init(_ output: Formula, inputCount: Int, batchSizes: [Int], parameters: ParameterMemory, pool: ThreadPool?) throws {
        let largest = batchSizes.max() ?? 1
        // Stands for the samples of a call, see ``run(_:_:_:scale:count:)``.
        let feed = Feed.rows(cursor.indices, RK_SOURCE_FLOAT32, width: inputCount, scale: 1)
        programs = try batchSizes.sorted().map { [cursor] in
            try Program([output], batchSize: $0, parameters: parameters, cursor: cursor, feeds: [Network.inputName: feed], pool: pool)
        }
        feedCall = programs[0].feedCall(of: Network.inputName)
        // No program exists for more outputs than can be counted.
        let outputCount = output.shape.count(batchSize: largest)
        try MachineMemory.require(
            8 * outputCount + 4 * largest, kind: .setting, for: "a batch of \(largest)", advice: "choose a smaller batch size")
        rows = .allocate(capacity: largest)
        rows.initialize(repeating: 0, count: largest)
        outputs = .allocate(capacity: outputCount)
        cursor.indices.pointee = UnsafePointer(rows)
    }

    deinit {
        rows.deallocate()
        outputs.deallocate()
    }

    /// Bytes of the arenas.
    var memoryBytes: Int { programs.reduce(0) { $0 + $1.memoryBytes } }

    /// Computes the ``outputs`` of the first `count` of some samples, by one of the programs. Where its batch is
    /// larger, the last sample fills it up.
    func run(_ program: Int, _ samples: UnsafeRawPointer, _ type: rk_source_type, scale: Double, count: Int) {
        let program = programs[program]
        if distinctRows < count || count < program.batchSize {
            for row in 0..<program.batchSize { rows[row] = Int32(min(row, count - 1)) }
            distinctRows = count
        }
        if let feedCall { program.refeed(feedCall, from: samples, type, scale: scale) }
        program.run()
        program.copyValues(ofOutput: 0, to: outputs)
    }
}
