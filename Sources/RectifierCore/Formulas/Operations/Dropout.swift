import CRectifierKernels

/// 0 with probability `rate`, else 1 / (1 - rate), drawn anew for every sample of every epoch (Srivastava et al. 2014,
/// scaled while training).
struct DropoutMask: Leaf {
    var rate: Double
    /// Tells the masks of one network apart.
    var stream: Int

    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { try equal(y, 0) }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        let extents = lowering.extents(of: result)
        let rows = extents.first ?? 1, columns = extents.dropFirst().reduce(1, *)
        let target = lowering.newBuffer(for: result)
        let kernel = lowering.kernels.dropout!, cursor = lowering.cursor
        lowering.add(
            PlannedCall(
                name: "dropout \(rows)×\(columns)", reads: [], writes: [target], work: 4 * rows * columns,
                rows: SharedRows(count: rows, buffers: [target])
            ) { [rate, stream] memory in
                var call = rk_call()
                call.kernel = kernel
                call.dropout = rk_dropout(
                    out: memory[target], rows: Int64(rows), columns: Int64(columns), rate: rate,
                    purpose: RandomPurpose.dropout(stream), seed: cursor.seed, epoch: cursor.epoch, position: cursor.position)
                return call
            })
    }
}

extension Formula {
    /// Whether it has other values for the same sample in another epoch: a mask of dropout.
    package var isDrawnAnew: Bool { operation is DropoutMask }
}

/// Each element 0 with probability `rate`, else scaled by 1 / (1 - rate). `stream` tells the masks of one network
/// apart.
/// - Parameter byChannel: Whether all places of a sample's channel, its last axis, share one draw.
public func dropout(_ x: Formula, rate: Double, stream: Int, byChannel: Bool = false) throws -> Formula {
    guard rate > 0 else { return x }
    var mask = x.shape
    if byChannel { for axis in mask.extents.indices.dropFirst().dropLast() { mask.extents[axis] = 1 } }
    return try x * Formula(leaf: DropoutMask(rate: rate, stream: stream), shape: mask)
}
