import CRectifierKernels

// Functions of the rows of a matrix.

/// exp(x) / Σ exp(x) along the last axis.
struct Softmax: Operation {
    func shape(of operands: [Shape]) throws -> Shape { try operands[0].checkedMatrix(name) }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try y * (g - (g * y).sum(over: [-1], keepingAxes: true))]
    }

    func keepsSamples(of y: Formula) -> Bool { true }
    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? { try roundingOfRows(y, batchSize) }
    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? {
        let columns = y.shape[1]
        return Bounds(
            (0..<x[0].elements.count).map { place in
                let row = place / columns * columns
                // Exponentials, divided by their sum.
                let isBounded = x[0].elements[row..<row + columns].allSatisfy(\.isBounded)
                return isBounded ? Interval(0, roundoff.approximate(Interval(1)).high) : .unbounded
            })
    }
    func logarithm(of y: Formula) throws -> Formula? { try logSoftmax(y.operands[0]) }
    func lower(_ result: Formula, in lowering: inout Lowering) { lowering.addRows(lowering.kernels.softmax, result) }
}

/// x - log Σ exp(x) along the last axis.
struct LogSoftmax: Operation {
    func shape(of operands: [Shape]) throws -> Shape { try operands[0].checkedMatrix(name) }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g - softmax(x[0]) * g.sum(over: [-1], keepingAxes: true)]
    }

    func keepsSamples(of y: Formula) -> Bool { true }
    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? { try roundingOfRows(y, batchSize) }
    func lower(_ result: Formula, in lowering: inout Lowering) { lowering.addRows(lowering.kernels.log_softmax, result) }
}

/// log Σ exp(x) along the last axis, which stays as an extent of 1.
struct LogSumExp: Operation {
    func shape(of operands: [Shape]) throws -> Shape { [try operands[0].checkedMatrix(name)[0], 1] }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g * softmax(x[0])]
    }

    func keepsSamples(of y: Formula) -> Bool { true }
    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? { try roundingOfRows(y, batchSize) }
    func lower(_ result: Formula, in lowering: inout Lowering) { lowering.addRows(lowering.kernels.log_sum_exp, result) }
}

/// -Σ target · logSoftmax(logits) along the last axis, which stays as an extent of 1.
struct SoftmaxCrossEntropy: Operation {
    func shape(of operands: [Shape]) throws -> Shape {
        guard operands[0].rank == 2, operands[0] == operands[1] else {
            throw RectifierError(
                .shape, "softmaxCrossEntropy: logits \(operands[0]) and targets \(operands[1]) are not matrices of one shape")
        }
        return [operands[0][0], 1]
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        let (logits, target) = (x[0], x[1])
        // A row of targets is a distribution; its sum is 1 up to rounding and is not formed.
        return [try g * (softmax(logits) - target), try -g * logSoftmax(logits)]
    }

    func keepsSamples(of y: Formula) -> Bool { true }
    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? { try roundingOfRows(y, batchSize) }

    func takesLabels(_ operand: Int, of y: Formula) -> Bool { operand == 1 }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        lowering.addRows(lowering.kernels.cross_entropy, result, target: result.operands[1])
    }
}

/// Differences to the largest element of the row enter an exponential.
private func roundingOfRows(_ y: Formula, _ batchSize: Int) throws -> Rounding {
    let x = y.operands[0], terms = x.shape.resolved(batchSize: batchSize)[1]
    return Rounding(try abs(y) + abs(x).maximum(over: [-1], keepingAxes: true) + 1, 16 + Double(terms).squareRoot())
}

/// exp(x) / Σ exp(x) along the rows of a matrix.
public func softmax(_ x: Formula) throws -> Formula { try Formula(Softmax(), x) }
/// log(softmax(x)), without overflow.
public func logSoftmax(_ x: Formula) throws -> Formula { try Formula(LogSoftmax(), x) }
/// log Σ exp(x) along the rows of a matrix `[m, n]`; gives `[m, 1]`.
public func logSumExp(_ x: Formula) throws -> Formula { try Formula(LogSumExp(), x) }

/// -Σ target · log(softmax(logits)) along the rows of matrices `[m, n]`; gives `[m, 1]`.
public func softmaxCrossEntropy(_ logits: Formula, _ target: Formula) throws -> Formula {
    try Formula(SoftmaxCrossEntropy(), logits, target)
}

extension Shape {
    fileprivate func checkedMatrix(_ name: String) throws -> Shape {
        guard rank == 2 else { throw RectifierError(.shape, "\(name): takes a matrix, not the shape \(self)") }
        return self
    }
}

extension Lowering {
    fileprivate mutating func addRows(_ kernel: rk_kernel?, _ result: Formula, target: Formula? = nil) {
        let x = result.operands[0]
        let extents = extents(of: x)
        let isLabels = target.map(isLabels) ?? false
        let source = buffer(of: x), target = target.map { buffer(of: $0) }, out = newBuffer(for: result)
        add(
            PlannedCall(
                name: "\(result.operation.name) \(extents[0])×\(extents[1])", reads: [source] + (target.map { [$0] } ?? []), writes: [out],
                work: 16 * extents[0] * extents[1],
                rows: SharedRows(count: extents[0], buffers: [source, out] + (target.map { [$0] } ?? []))
            ) { memory in
                var call = rk_call()
                call.kernel = kernel
                call.rows = rk_rows(
                    in: memory[source], target: target.map { UnsafeRawPointer(memory[$0]) },
                    labels: isLabels ? memory.labels(of: target!) : nil, out: memory[out],
                    rows: Int64(extents[0]), columns: Int64(extents[1]))
                return call
            })
    }
}
