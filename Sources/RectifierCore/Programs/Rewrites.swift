import CRectifierKernels

/// What the compiler does to a graph before it becomes calls. Each can be left out, to check it
/// (``rewriteMismatches(of:inputs:parameters:)``).
public enum Rewrite: String, Sendable, CaseIterable {
    /// Equal operations on equal operands become one.
    case mergeEqual
    /// Operations on constants become constants.
    case foldConstants
    /// x + (-0.0), x - 0, x · 1, x / 1, -(-x) become x: what is x to the bit, signs of zeros included.
    case simplify
    /// log(softmax x), log(sigmoid x) and log(1 + exp x) become functions that neither overflow nor cancel.
    case stabilize
    /// ReLU's gate is read off its output, so that its input need not be kept. Only with derivative 0 at 0, where both
    /// agree.
    case gateFromOutput
    /// Elementwise operations are computed together.
    case fuseElementwise
    /// Elementwise operations on a product are computed block by block with it.
    case fuseEpilogue
    /// A bias is added by the product itself, before its results leave the registers.
    case productBias
    /// Instructions of an elementwise program become one where there is one that does both.
    case joinInstructions
}

/// The outputs with the chosen rewrites applied to everything below them.
func rewritten(_ outputs: [Formula], _ rewrites: Set<Rewrite>) throws -> [Formula] {
    struct Key: Hashable {
        var operation: AnyHashable
        var operands: [Int]
        var shape: Shape
    }
    let order = topologicalOrder(of: outputs)
    var merged: [Key: Formula] = [:]
    var result: [Int: Formula] = [:]

    for original in order {
        let operands = original.operands.map { result[$0.id]! }
        var formula = operands == original.operands || operands.isEmpty ? original : try Formula(original.operation, operands)
        formula = try locallyRewritten(formula, rewrites)
        if rewrites.contains(.mergeEqual) {
            let key = Key(operation: AnyHashable(formula.operation), operands: formula.operands.map(\.id), shape: formula.shape)
            if let same = merged[key] { formula = same } else { merged[key] = formula }
        }
        result[original.id] = formula
    }
    let new = outputs.map { result[$0.id]! }
    return rewrites.contains(.gateFromOutput) ? try gatesReadFromOutputs(new) : new
}

/// What the rewrites that look at one operation and its operands make of it.
private func locallyRewritten(_ formula: Formula, _ rewrites: Set<Rewrite>) throws -> Formula {
    if rewrites.contains(.foldConstants), let folded = try folded(formula, rewrites) { return folded }
    if rewrites.contains(.simplify), let simpler = try formula.operation.simplified(formula) { return simpler }
    if rewrites.contains(.stabilize), let stable = try formula.operation.stabilized(formula) { return stable }
    return formula
}

private func folded(_ formula: Formula, _ rewrites: Set<Rewrite>) throws -> Formula? {
    guard let operation = formula.operation as? any Elementwise, !formula.operands.isEmpty else { return nil }
    // What is computed of repeated scalars is a repeated scalar.
    if formula.operands.contains(where: { $0.repeatedScalar != nil }) {
        let scalars = formula.operands.map { $0.repeatedScalar ?? $0 }
        return try locallyRewritten(Formula(operation, scalars), rewrites).broadcast(to: formula.shape)
    }
    let values = formula.operands.compactMap(\.constantValue)
    guard formula.shape.rank == 0, values.count == formula.operands.count else { return nil }
    return .constant(evaluate(operation.instruction(batchSize: 1), values))
}

/// One instruction on numbers, by the reference kernel.
func evaluate(_ instruction: Instruction, _ arguments: [Double]) -> Double {
    var values = [0.0] + arguments
    var map = Map(rows: 1, columns: 1, leading: 1)
    map.append(instruction, to: 0, Array(arguments.indices.map { $0 + 1 }))
    return values.withUnsafeMutableBufferPointer { values in
        let operands = values.indices.map {
            rk_operand(base: UnsafeMutableRawPointer(values.baseAddress! + $0), row_stride: 0, column_stride: 1, labels: nil)
        }
        return operands.withUnsafeBufferPointer { operands in
            map.instructions.withUnsafeBufferPointer { instructions in
                var call = rk_call()
                call.map = rk_map(
                    rows: 1, columns: 1, operand_count: Int32(operands.count), instruction_count: 1,
                    operands: operands.baseAddress, instructions: instructions.baseAddress)
                rk_table_for(RK_FLOAT64, RK_REFERENCE)!.pointee.map(&call, 0, 1)
                return values[0]
            }
        }
    }
}

/// `heaviside(z)` becomes `heaviside(relu(z))` where relu(z) is computed anyway: z > 0 exactly when relu(z) > 0.
private func gatesReadFromOutputs(_ outputs: [Formula]) throws -> [Formula] {
    var rectified: [Int: Formula] = [:]
    for formula in topologicalOrder(of: outputs) where formula.operation.keepsPositivity {
        rectified[formula.operands[0].id] = formula
    }
    return try rebuilt(outputs) { original, operands in
        guard original.operation.readsPositivity, operands == original.operands else { return nil }
        return try rectified[original.operands[0].id].map { try Formula(original.operation, $0) }
    }
}
