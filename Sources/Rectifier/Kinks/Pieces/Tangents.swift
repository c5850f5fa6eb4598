/// How values change as a formula moves along some directions at once: forward accumulation, as formulas.
///
/// A value of shape `s` has a tangent of shape `[directions] + s`; none where it stays the same up to the next kink. An operation is taken for piecewise
/// linear where its partial derivatives stay the same up to the next kink, and refused elsewhere.
struct Tangents {
    private let directions: Int
    /// The tangents that are the unit vectors in order, so that a product with them is the other factor.
    private let identity: Formula?
    private var tangents: [Int: Formula] = [:]
    private var seen = Set<Int>()

    /// - Parameters:
    ///   - outputs: What is differentiated, and all that is below it.
    ///   - input: What moves, of rank 2 with one row, or a reshaped one.
    ///   - along: The directions as rows, `[directions, elements of the input]`.
    ///   - areUnitVectors: Whether they are the unit vectors in order.
    ///   - place: Names where a formula stands, for messages.
    init(
        of outputs: [Formula], from input: Formula, along directions: Formula, areUnitVectors: Bool = false, place: (Formula) -> String
    ) throws {
        self.directions = directions.shape[0]
        identity = areUnitVectors ? directions : nil
        tangents[input.id] = try directions.reshaped(to: extended(input.shape))
        for formula in topologicalOrder(of: outputs) {
            defer { seen.insert(formula.id) }
            guard formula != input, !formula.operation.isPiecewiseConstant, formula.operands.contains(where: { self[$0] != nil })
            else { continue }
            do {
                tangents[formula.id] = try tangent(of: formula)
            } catch is NotPiecewiseLinear {
                throw RectifierError(
                    .setting,
                    "\(place(formula)): \(formula.operation.name) is not piecewise linear; kinks, their distances and regions are "
                        + "exact only for networks of affine layers and activations like ReLU")
            }
        }
    }

    /// The tangent of one of the formulas; `nil` where it stays the same.
    subscript(formula: Formula) -> Formula? { tangents[formula.id] }

    private struct NotPiecewiseLinear: Error {}

    private func extended(_ shape: Shape) -> Shape { Shape([directions] + shape.extents) }

    private func tangent(of y: Formula) throws -> Formula? {
        let x = y.operands
        switch y.operation {
        case let product as MatrixProduct: return try tangent(of: product, x, y)
        case is Broadcast: return try padded(self[x[0]]!, x[0].shape, to: y.shape).broadcast(to: extended(y.shape))
        case is Reshape: return try self[x[0]]!.reshaped(to: extended(y.shape))
        case let transpose as Transpose: return try self[x[0]]!.transposed([0] + transpose.order.map { $0 + 1 })
        case let slice as Slice: return try self[x[0]]!.sliced(axis: slice.axis + 1, slice.range)
        case let join as Concatenate:
            return try concatenated(x.map { try self[$0] ?? Formula.constant(0).broadcast(to: extended($0.shape)) }, axis: join.axis + 1)
        case let reduction as Reduction where reduction.kind == .sum || reduction.kind == .mean:
            let axes = reduction.axes.lowerBound + 1..<reduction.axes.upperBound + 1
            return try Formula(Reduction(kind: reduction.kind, axes: axes), self[x[0]]!)
        case is any Elementwise: return try elementwiseTangent(x, y)
        default: throw NotPiecewiseLinear()
        }
    }

    /// The sum of the partial derivatives times the operands' tangents, where those derivatives stay the same.
    private func elementwiseTangent(_ x: [Formula], _ y: Formula) throws -> Formula? {
        let partials = try y.operation.gradient(
            upstream: Formula.constant(1).broadcast(to: y.shape), operands: x.map { try $0.broadcast(to: y.shape) }, result: y)
        var sum: Formula?
        for (operand, partial) in zip(x, partials) {
            guard let tangent = self[operand], let partial else { continue }
            guard !varies(partial) else { throw NotPiecewiseLinear() }
            let part = try padded(tangent, operand.shape, to: y.shape) * partial
            sum = try sum.map { try $0 + part } ?? part
        }
        return sum
    }

    private func tangent(of product: MatrixProduct, _ x: [Formula], _ y: Formula) throws -> Formula {
        switch (self[x[0]], self[x[1]]) {
        case (var moved?, nil):
            if product.transposingA { moved = try moved.transposed([0, 2, 1]) }
            let (rows, inner) = (y.shape[0], moved.shape[2])
            if rows == 1, let identity, withoutReshapes(moved) == identity {
                // What is multiplied is the identity.
                return try (product.transposingB ? x[1].transposed() : x[1]).reshaped(to: extended(y.shape))
            }
            let rowByRow = try moved.reshaped(to: [directions * rows, inner])
            return try matmul(rowByRow, x[1], transposingB: product.transposingB).reshaped(to: extended(y.shape))
        case (nil, var moved?):
            // (a · b)ᵀ = bᵀ · aᵀ, so that the directions can join the rows.
            if !product.transposingB { moved = try moved.transposed([0, 2, 1]) }
            let columns = y.shape[1]
            let columnByColumn = try matmul(
                moved.reshaped(to: [directions * columns, moved.shape[2]]), x[0], transposingB: !product.transposingA)
            return try columnByColumn.reshaped(to: [directions, columns, y.shape[0]]).transposed([0, 2, 1])
        default: throw NotPiecewiseLinear()
        }
    }

    private func withoutReshapes(_ formula: Formula) -> Formula {
        var formula = formula
        while formula.operation is Reshape { formula = formula.operands[0] }
        return formula
    }

    /// A tangent with axes of extent 1 after the directions, so that it repeats to a larger shape as its value does.
    private func padded(_ tangent: Formula, _ shape: Shape, to target: Shape) throws -> Formula {
        try tangent.reshaped(to: extended(Shape([Int](repeating: 1, count: target.rank - shape.rank) + shape.extents)))
    }

    /// Whether a formula made of those seen changes before the next kink.
    private func varies(_ formula: Formula) -> Bool {
        if tangents[formula.id] != nil { return true }
        if seen.contains(formula.id) || formula.operation.isPiecewiseConstant { return false }
        return formula.operands.contains(where: varies)
    }
}
