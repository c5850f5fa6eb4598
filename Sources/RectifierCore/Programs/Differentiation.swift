/// The derivatives of a scalar with respect to several formulas, as formulas: they can be differentiated again.
///
/// Reverse accumulation over the graph, in a loop. Where the scalar does not depend on a formula, its derivative is a
/// constant 0 of its shape.
///
/// - Parameter scalar: A formula with one element.
/// Throws where a ``KinkValue`` on the way is no subgradient and does not say so.
public func gradients(of scalar: Formula, withRespectTo formulas: [Formula]) throws -> [Formula] {
    guard scalar.shape.extents.allSatisfy({ $0 == 1 }) else {
        throw RectifierError(.shape, "gradients are taken of a scalar, not of the shape \(scalar.shape); take the sum or the mean first")
    }
    let order = topologicalOrder(of: [scalar])
    var depends = Set(formulas.map(\.id))
    for formula in order where formula.operands.contains(where: { depends.contains($0.id) }) { depends.insert(formula.id) }

    var adjoints: [Int: Formula] = [scalar.id: try Formula.constant(1).broadcast(to: scalar.shape)]
    for result in order.reversed() where depends.contains(result.id) && !result.operands.isEmpty {
        guard let upstream = adjoints[result.id] else { continue }
        try checkKinkValues(of: result)
        let parts = try result.operation.gradient(upstream: upstream, operands: result.operands, result: result)
        for (operand, part) in zip(result.operands, parts) where depends.contains(operand.id) {
            guard let part else { continue }
            adjoints[operand.id] = try adjoints[operand.id].map { try $0 + part } ?? part
        }
    }
    return try formulas.map { try adjoints[$0.id] ?? Formula.constant(0).broadcast(to: $0.shape) }
}
