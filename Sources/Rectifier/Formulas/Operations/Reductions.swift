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

    /// Whether two elements share an extremum cannot be read off one element, so nothing is vouched for.
    var hasTies: Bool { kind == .maximum || kind == .minimum }

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
            PlannedStep(name: "\(name) \(outer)×\(count)×\(inner)", reads: [source], writes: [target], work: outer * count * inner) {
                memory in
                var step = rk_step()
                step.kernel = kernel
                step.reduce = rk_reduce(
                    in: memory[source], out: memory[target], outer: Int64(outer), count: Int64(count), inner: Int64(inner),
                    reduction: reduction, scale: scale)
                return step
            })
    }
}

extension Formula {
    /// The sum over some axes; negative ones count from the end. `keepingAxes` leaves them as extents of 1.
    public func sum(over axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Formula { try reduced(.sum, axes, keepingAxes) }
    /// The mean over some axes, or all.
    public func mean(over axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Formula { try reduced(.mean, axes, keepingAxes) }
    /// The largest element over some axes, or all; the derivative is shared evenly between equal ones.
    public func maximum(over axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Formula { try reduced(.maximum, axes, keepingAxes) }
    /// The smallest element over some axes, or all; the derivative is shared evenly between equal ones.
    public func minimum(over axes: [Int]? = nil, keepingAxes: Bool = false) throws -> Formula { try reduced(.minimum, axes, keepingAxes) }

    private func reduced(_ kind: Reduction.Kind, _ axes: [Int]?, _ keepingAxes: Bool) throws -> Formula {
        let chosen = try Set(
            (axes ?? Array(0..<shape.rank)).map { axis in
                guard let axis = shape.axis(axis) else { throw RectifierError(.shape, "\(kind): \(shape) has no axis \(axis)") }
                return axis
            })
        // Axes of extent 1 are their own sum, mean and extremum.
        func isReduced(_ axis: Int) -> Bool { chosen.contains(axis) && shape[axis] != 1 }
        var result = self
        // One reduction for each run of neighbouring axes.
        var end = shape.rank
        while end > 0 {
            guard isReduced(end - 1) else { end -= 1; continue }
            var start = end - 1
            while start > 0, isReduced(start - 1) { start -= 1 }
            result = try Formula(Reduction(kind: kind, axes: start..<end), result)
            end = start
        }
        if keepingAxes { return result }
        return try result.reshaped(to: Shape(shape.extents.indices.filter { !chosen.contains($0) }.map { shape[$0] }))
    }
}
