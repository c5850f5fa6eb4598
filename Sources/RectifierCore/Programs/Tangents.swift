/// How values change as a formula moves along some directions at once: forward accumulation, as formulas.
///
/// A value of shape `s` has a tangent of shape `[directions] + s`; none where it stays the same up to the next kink.
package struct Tangents {
    let directions: Int
    private let identity: Formula?
    private var tangents: [Int: Formula] = [:]

    /// - Parameters:
    ///   - outputs: What is differentiated, and all that is below it.
    ///   - input: What moves.
    ///   - along: The directions as rows, `[directions, elements of the input]`.
    ///   - areUnitVectors: Whether they are the unit vectors in order.
    /// Throws ``NotPiecewiseLinear`` where a value is not affine in what moves, up to the next kink.
    package init(of outputs: [Formula], from input: Formula, along directions: Formula, areUnitVectors: Bool = false) throws {
        self.directions = directions.shape[0]
        identity = areUnitVectors ? directions : nil
        tangents[input.id] = try directions.reshaped(to: extended(input.shape))
        for y in topologicalOrder(of: outputs) where y != input {
            let moving = y.operands.indices.filter { self[y.operands[$0]] != nil && y.operation.response(to: $0) != .constant }
            guard !moving.isEmpty else { continue }
            guard y.operation.isAffine(in: moving) else { throw NotPiecewiseLinear(formula: y) }
            tangents[y.id] = try y.operation.tangent(of: y, in: self)
        }
    }

    /// The tangent of one of the formulas; `nil` where it stays the same.
    package subscript(formula: Formula) -> Formula? { tangents[formula.id] }

    /// The shape of the tangent of a value.
    func extended(_ shape: Shape) -> Shape { Shape([directions] + shape.extents) }

    /// The tangent with axes of extent 1 after the directions, so that it repeats to a larger shape as the value does.
    func padded(_ formula: Formula, to target: Shape) throws -> Formula? {
        let ones = [Int](repeating: 1, count: target.rank - formula.shape.rank)
        return try self[formula]?.reshaped(to: extended(Shape(ones + formula.shape.extents)))
    }

    /// Whether a tangent is the unit vectors in order, so that a product with it is the other factor.
    func isIdentity(_ tangent: Formula) -> Bool { tangent.withoutReshapes == identity }
}

/// What ``Tangents`` cannot follow.
package struct NotPiecewiseLinear: Error {
    package var formula: Formula
}
