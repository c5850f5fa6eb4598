import CRectifierKernels

/// What changes from one batch to the next: the programs' calls point here, so that moving on is a store and no program
/// changes.
package final class BatchCursor {
    /// The rows of the data set that make up the batch.
    package let indices = UnsafeMutablePointer<UnsafePointer<Int32>?>.allocate(capacity: 1)
    package let seed = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    package let epoch = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    /// The place of the batch's first sample in the epoch.
    package let position = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    /// The step's number in the run.
    package let step = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)

    package init(seed: UInt64 = 0) {
        indices.initialize(to: nil)
        self.seed.initialize(to: seed)
        epoch.initialize(to: 0)
        position.initialize(to: 0)
        step.initialize(to: 0)
    }

    deinit {
        indices.deallocate()
        seed.deallocate()
        epoch.deallocate()
        position.deallocate()
        step.deallocate()
    }
}

/// How an input is filled when a program runs. The memory is the caller's, who keeps it while the program runs.
package enum Feed {
    /// Rows of so many numbers of an array, times a scale.
    case rows(UnsafeRawPointer, rk_source_type, width: Int, scale: Double)
    /// Class numbers below `classes`, which stand for rows with a 1 in the class's place. Rows are written only for
    /// what cannot read the numbers themselves (``Operation/takesLabels(_:of:)``).
    case labels(UnsafePointer<Int32>, classes: Int)

    /// Throws unless an input takes a row of the memory for each sample of the batch.
    func check(_ input: String, _ shape: Shape) throws {
        let width =
            switch self {
            case .rows(_, _, let width, _): width
            case .labels(_, let classes): classes
            }
        let taken = shape.extents.dropFirst()
        guard shape.extents.first == Shape.batch, !taken.contains(Shape.batch), taken.reduce(1, *) == width else {
            throw RectifierError(.shape, "input \(input) has shape \(shape), the data fill it with \(width) numbers for each sample")
        }
    }

    func call(for input: Buffer, extents: [Int], kernels: rk_kernels, cursor: BatchCursor) -> PlannedCall {
        let rows = extents[0], width = extents.dropFirst().reduce(1, *)
        let indices = UnsafePointer(cursor.indices)
        return PlannedCall(
            name: "fill \(rows)×\(width)", reads: [], writes: [input], work: rows * width,
            rows: SharedRows(count: rows, buffers: [input])
        ) { memory in
            var call = rk_call()
            switch self {
            case .rows(let source, let type, _, let scale):
                call.kernel = kernels.gather
                call.gather = rk_gather(
                    source: source, source_type: Int32(type.rawValue), width: Int64(width), indices: indices, rows: Int64(rows),
                    out: memory[input], shift: 0, scale: scale)
            case .labels:
                call.kernel = kernels.one_hot
                call.one_hot = rk_one_hot(labels: memory.labels(of: input), rows: Int64(rows), out: memory[input])
            }
            return call
        }
    }

}

extension rk_gather {
    /// The same from other memory.
    mutating func move(to source: UnsafeRawPointer, _ type: rk_source_type, scale: Double) {
        (self.source, source_type, self.scale) = (source, Int32(type.rawValue), scale)
    }
}
