import CRectifierKernels

/// The sum, mean or extremum over neighbouring axes, which stay as extents of 1.
struct Reduction: Operation {
    enum Kind: String { case sum, mean, maximum, minimum }
    var kind: Kind
    var axes: Range<Int>
    var name: String { kind.rawValue }

    func shape(of operands: [Shape]) -> Shape {
        var shape = operands[0]
        for axis in axes { shape.extents[axis] = 1 }
        return shape
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        let x = x[0]
        switch kind {
        case .sum: return [try g.broadcast(to: x.shape)]
        case .mean:
            let inverse = Formula(leaf: InverseCount(counted: Shape(Array(x.shape.extents[axes]))), shape: .scalar)
            return [try (g * inverse).broadcast(to: x.shape)]
        case .maximum, .minimum:
            // Equal extrema share evenly.
            let chosen = try equal(x, y)
            return [try g * chosen / Formula(Reduction(kind: .sum, axes: axes), chosen)]
        }
    }

    private var isSum: Bool { kind == .sum || kind == .mean }

    var declaredAtKinks: String? { isSum ? nil : "ties split" }
    var tiedAxes: Range<Int>? { isSum ? nil : axes }

    func response(to operand: Int) -> Response { isSum ? .affine : .nonlinear }
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        try tangents[y.operands[0]].map { try Formula(Reduction(kind: kind, axes: axes.lowerBound + 1..<axes.upperBound + 1), $0) }
    }
    func keepsSamples(of y: Formula) -> Bool { axes.lowerBound > 0 }
    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? {
        guard isSum else { return Rounding(abs(y), 8) }
        let terms = y.operands[0].shape.resolved(batchSize: batchSize)[axes].reduce(1, *)
        return Rounding(try Formula(self, abs(y.operands[0])), Double(terms).squareRoot())
    }

    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? {
        let extents = y.operands[0].sampleExtents
        let count = extents[axes].reduce(1, *), inner = extents[axes.upperBound...].reduce(1, *)
        let outer = extents[..<axes.lowerBound].reduce(1, *)
        return Bounds(
            (0..<outer * inner).map { place in
                let start = place / inner * count * inner + place % inner
                return interval(of: (0..<count).map { x[0].elements[start + $0 * inner] }, roundoff)
            })
    }

    private func interval(of terms: [Interval], _ roundoff: Roundoff) -> Interval {
        guard terms.allSatisfy(\.isBounded) else { return .unbounded }
        let signs = Interval(terms.lazy.map(\.low).min()!, terms.lazy.map(\.high).max()!)
        switch kind {
        case .maximum: return Interval(terms.lazy.map(\.low).max()!, signs.high)
        case .minimum: return Interval(signs.low, terms.lazy.map(\.high).min()!)
        case .sum, .mean:
            let scale = kind == .mean ? 1 / Double(terms.count) : 1
            func sum(_ term: (Interval) -> Double) -> Double { terms.reduce(0) { $0 + term($1) } * scale }
            return roundoff.sum(
                Interval(sum(\.low), sum(\.high)), magnitude: sum(\.magnitude), terms: terms.count,
                factors: (max(signs.low.magnitude, signs.high.magnitude), scale), signs: signs)
        }
    }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        let x = result.operands[0]
        let extents = lowering.extents(of: x)
        let outer = extents[..<axes.lowerBound].reduce(1, *)
        let count = extents[axes].reduce(1, *)
        let inner = extents[axes.upperBound...].reduce(1, *)
        let reduction =
            switch kind {
            case .sum, .mean: RK_SUM
            case .maximum: RK_MAXIMUM
            case .minimum: RK_MINIMUM
            }
        let scale = kind == .mean ? 1 / Double(count) : 1
        let source = lowering.buffer(of: x), target = lowering.newBuffer(for: result)
        let kernel = lowering.kernels.reduce!
        lowering.add(
            PlannedCall(
                name: "\(name) \(outer)×\(count)×\(inner)", reads: [source], writes: [target], work: outer * count * inner,
                rows: inner == 1 ? SharedRows(count: outer, buffers: [source, target]) : nil
            ) { memory in
                var call = rk_call()
                call.kernel = kernel
                call.reduce = rk_reduce(
                    in: memory[source], out: memory[target], outer: Int64(outer), count: Int64(count), inner: Int64(inner),
                    reduction: reduction, scale: scale)
                return call
            })
    }
}

/// A statistic of some elements, or where there is but one, which has no spread, another value in its place. Which of
/// the two it is follows from the batch size: nothing is computed.
package struct StatisticOrElse: Operation {
    /// The extents of the elements.
    var counted: Shape

    package init(counted: Shape) { self.counted = counted }

    private func isStatistic(batchSize: Int) -> Bool { counted.count(batchSize: batchSize) > 1 }

    package func shape(of operands: [Shape]) throws -> Shape {
        guard operands[0] == operands[1] else {
            throw RectifierError(.shape, "\(name): \(operands[0]) and \(operands[1]) are not one shape")
        }
        return operands[0]
    }

    package func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        let nothing = try Formula.constant(0).broadcast(to: g.shape)
        return [try Formula(self, g, nothing), try Formula(self, nothing, g)]
    }

    package func resolved(batchSize: Int) -> Self { StatisticOrElse(counted: counted.filled(batchSize: batchSize)) }
    package func response(to operand: Int) -> Response { .affine }
    package func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        let moved = y.operands.map { tangents[$0] }
        guard moved.contains(where: { $0 != nil }) else { return nil }
        let nothing = try Formula.constant(0).broadcast(to: tangents.extended(y.shape))
        return try Formula(self, moved[0] ?? nothing, moved[1] ?? nothing)
    }
    package func keepsSamples(of y: Formula) -> Bool { true }
    package func rounding(of y: Formula, batchSize: Int) -> Rounding? { nil }

    package func lower(_ result: Formula, in lowering: inout Lowering) {
        lowering.alias(result, to: result.operands[isStatistic(batchSize: lowering.batchSize) ? 0 : 1])
    }
}

extension Formula {
    /// The sum over some axes; negative ones count from the end. `keepingAxes` leaves them as extents of 1.
    public func sum(over axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Formula { try reduced(.sum, axes, keepingAxes) }
    /// The mean over some axes, or all.
    public func mean(over axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Formula { try reduced(.mean, axes, keepingAxes) }
    /// The largest element over some axes, or all.
    /// - Parameter ties: What equal ones have of the derivative. `.first` and `.second` (the last, in row-major order)
    ///   are computed in pairs, which takes longer than `.split`, and not over the batch.
    public func maximum(over axes: [Int]? = nil, keepingAxes: Bool = false, ties: Ties = .split) throws -> Formula {
        try reduced(.maximum, axes, keepingAxes, ties)
    }
    /// The smallest element over some axes, or all; see ``maximum(over:keepingAxes:ties:)`` for `ties`.
    public func minimum(over axes: [Int]? = nil, keepingAxes: Bool = false, ties: Ties = .split) throws -> Formula {
        try reduced(.minimum, axes, keepingAxes, ties)
    }

    private func reduced(_ kind: Reduction.Kind, _ axes: [Int]?, _ keepingAxes: Bool, _ ties: Ties = .split) throws -> Formula {
        let chosen = try Set(
            (axes ?? Array(0..<shape.rank)).map { axis in
                guard let axis = shape.axis(axis) else { throw RectifierError(.shape, "\(kind): \(shape) has no axis \(axis)") }
                return axis
            })
        // Axes of extent 1 are their own sum, mean and extremum.
        func isReduced(_ axis: Int) -> Bool { chosen.contains(axis) && shape[axis] != 1 }
        var result = self
        // One reduction for each run of neighbouring axes. Sums over a batch of rows of channels are made sample by
        // sample first: threads share the samples, and shorter chains of additions round less.
        var end = shape.rank
        while end > 0 {
            guard isReduced(end - 1) else { end -= 1; continue }
            var start = end - 1
            let first = end < shape.rank && shape[0] == Shape.batch && (kind == .sum || kind == .mean) ? 1 : 0
            while start > first, isReduced(start - 1) { start -= 1 }
            if ties == .split {
                result = try Formula(Reduction(kind: kind, axes: start..<end), result)
            } else {
                result = try result.extremumInPairs(kind, axes: start..<end, ties: ties)
            }
            end = start
        }
        if keepingAxes { return result }
        return try result.reshaped(to: Shape(shape.extents.indices.filter { !chosen.contains($0) }.map { shape[$0] }))
    }

    /// An extremum over neighbouring axes, neighbour against neighbour until one is left: the winner of each pair keeps
    /// its place in the order, so that of equal elements the first, or the last, has the whole derivative.
    private func extremumInPairs(_ kind: Reduction.Kind, axes: Range<Int>, ties: Ties) throws -> Formula {
        guard !shape.extents[axes].contains(Shape.batch) else {
            throw RectifierError(.shape, "\(kind): over the batch, equal elements can only split the derivative")
        }
        let (outer, inner) = (shape.extents[..<axes.lowerBound], shape.extents[axes.upperBound...])
        func with(_ middle: [Int]) -> Shape { Shape(outer + middle + inner) }
        var count = shape.extents[axes].reduce(1, *)
        var rest = try reshaped(to: with([count]))
        let axis = axes.lowerBound
        while count > 1 {
            let half = count / 2
            let pairs = try rest.sliced(axis: axis, 0..<2 * half).reshaped(to: with([half, 2]))
            let sides = try [0, 1].map { try pairs.sliced(axis: axis + 1, $0..<$0 + 1).reshaped(to: with([half])) }
            let winners =
                try kind == .maximum
                ? Formula(Maximum(ties: ties), sides[0], sides[1]) : Formula(Minimum(ties: ties), sides[0], sides[1])
            rest = count % 2 == 0 ? winners : try concatenated([winners, rest.sliced(axis: axis, count - 1..<count)], axis: axis)
            count -= half
        }
        return try rest.reshaped(to: with(axes.map { _ in 1 }))
    }
}
