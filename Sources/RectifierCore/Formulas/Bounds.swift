/// Between what numbers the elements of formulas lie, as a program computes them, for every sample that lies in a box.
///
/// Operands before results, each operation makes intervals of intervals (``Operation/bounds(of:_:_:)``). It is sound
/// and not sharp: that two operands come from one number is forgotten. Only where each element is made of numbers that
/// are independent of each other, as in the first layer of a network, are the bounds reached, but for the margin for
/// rounding.
package struct Bounds: Sendable {
    /// In row-major order, for one sample.
    package var elements: [Interval]

    package init(_ elements: [Interval]) { self.elements = elements }
    package init(unbounded count: Int) { elements = [Interval](repeating: .unbounded, count: count) }

    /// Of the outputs as programs compute them: after all rewrites.
    /// - Parameter leaf: Of inputs and parameters; `nil` where nothing is known.
    package static func bounds(
        of outputs: [Formula], in type: ElementType, _ leaf: (Formula) throws -> Bounds?
    ) throws -> [Bounds] {
        let roundoff = Roundoff(type), wanted = try rewritten(outputs, Set(Rewrite.allCases))
        var known: [Int: Bounds] = [:]
        for formula in topologicalOrder(of: wanted) {
            let count = formula.shape.count(batchSize: 1)
            let isLeaf = formula.operands.isEmpty && !formula.isElementwise
            let found: Bounds?
            if isLeaf {
                found = try leaf(formula)
            } else if formula.isOfOneSample {
                found = formula.operation.bounds(of: formula, formula.operands.map { known[$0.id]! }, roundoff)
            } else {
                found = nil
            }
            precondition(found.map { $0.elements.count == count } ?? true, "\(formula.operation.name): bounds of another shape")
            known[formula.id] = found.map { Bounds($0.elements.map(roundoff.inRange)) } ?? Bounds(unbounded: count)
        }
        return wanted.map { known[$0.id]! }
    }

    /// Repeated from extents to other ones, as elementwise operations do.
    func broadcast(from source: [Int], to target: [Int]) -> Bounds {
        if elements.count == target.reduce(1, *) { return self }
        if elements.count == 1 { return Bounds([Interval](repeating: elements[0], count: target.reduce(1, *))) }
        let missing = target.count - source.count, own = rowMajorStrides(source)
        let strides = target.indices.map { axis in axis < missing || source[axis - missing] == 1 ? 0 : own[axis - missing] }
        return moved(to: target, strides: strides)
    }

    /// The elements that lie at steps of strides, in row-major order of some extents.
    func moved(to extents: [Int], strides: [Int], from start: Int = 0) -> Bounds {
        let count = extents.reduce(1, *)
        var result: [Interval] = [], place = [Int](repeating: 0, count: extents.count), source = start
        result.reserveCapacity(count)
        for _ in 0..<count {
            result.append(elements[source])
            for axis in extents.indices.reversed() {
                place[axis] += 1
                source += strides[axis]
                if place[axis] < extents[axis] { break }
                source -= strides[axis] * extents[axis]
                place[axis] = 0
            }
        }
        return Bounds(result)
    }
}

extension Formula {
    /// Whether what one sample has is all that its elements are made of, so that bounds for a batch of one hold for
    /// every batch.
    fileprivate var isOfOneSample: Bool {
        // What has no samples may be repeated for each.
        guard operands.contains(where: \.shape.hasBatch) else { return !shape.hasBatch || isElementwise }
        return shape.extents.first == Shape.batch && !shape.extents.dropFirst().contains(Shape.batch) && operation.keepsSamples(of: self)
    }

    /// Extents for one sample.
    var sampleExtents: [Int] { shape.resolved(batchSize: 1) }
}

extension Elementwise {
    package func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? {
        let extents = y.sampleExtents
        let operands = zip(y.operands, x).map { formula, bounds in bounds.broadcast(from: formula.sampleExtents, to: extents) }
        return Bounds(
            (0..<extents.reduce(1, *)).map { index in
                let operands = operands.map { $0.elements[index] }
                // What may be NaN makes anything so.
                return operands.allSatisfy(\.isBounded) ? interval(of: operands, roundoff) : .unbounded
            })
    }

    package func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { .unbounded }

    /// Of a function that never falls.
    func rising(_ x: Interval, _ roundoff: Roundoff) -> Interval {
        let instruction = instruction(batchSize: 1)
        func value(_ x: Double) -> Double { evaluate(instruction, [x]) }
        let exact = Interval(value(x.low), value(x.high))
        // tanh 0 is 0, and so is what stays of a dead unit.
        return exact.isZero && x.isZero ? .zero : roundoff.approximate(exact)
    }
}
