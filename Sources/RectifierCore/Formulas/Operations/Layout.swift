import CRectifierKernels

// Operations that move or repeat elements.

/// The same elements in the same order under another shape.
struct Reshape: Operation {
    var target: Shape

    func shape(of operands: [Shape]) throws -> Shape {
        let source = operands[0]
        func known(_ shape: Shape) -> (count: Int, batches: Int) {
            (shape.extents.filter { $0 != Shape.batch }.reduce(1, *), shape.extents.count { $0 == Shape.batch })
        }
        guard known(source) == known(target) else { throw RectifierError(.shape, "reshape: \(source) and \(target) have different counts") }
        return target
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g.reshaped(to: x[0].shape)]
    }

    func resolved(batchSize: Int) -> Self { Reshape(target: target.filled(batchSize: batchSize)) }
    func response(to operand: Int) -> Response { .affine }
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        try tangents[y.operands[0]]?.reshaped(to: tangents.extended(y.shape))
    }
    func keepsSamples(of y: Formula) -> Bool { y.operands[0].shape.extents.first == Shape.batch }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        try zeros(y.operands[0])?.reshaped(to: y.shape)
    }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { nil }
    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? { x[0] }

    /// A repeated scalar is repeated to another shape.
    func simplified(_ y: Formula) throws -> Formula? {
        let x = y.operands[0]
        return try (x.shape.rank == 0 ? x : x.repeatedScalar)?.broadcast(to: y.shape)
    }

    func lower(_ result: Formula, in lowering: inout Lowering) { lowering.alias(result, to: result.operands[0]) }
}

/// Elements repeated along axes of extent 1 and along new outer axes.
struct Broadcast: Elementwise {
    var target: Shape

    func shape(of operands: [Shape]) throws -> Shape {
        guard operands[0].broadcast(with: target) == target else {
            throw RectifierError(.shape, "broadcast: \(operands[0]) cannot be repeated to \(target)")
        }
        return target
    }

    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_COPY) }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g.summed(to: x[0].shape)]
    }

    func resolved(batchSize: Int) -> Self { Broadcast(target: target.filled(batchSize: batchSize)) }
    func response(to operand: Int) -> Response { .affine }
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        try tangents.padded(y.operands[0], to: y.shape)?.broadcast(to: tangents.extended(y.shape))
    }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        try zeros(y.operands[0])?.broadcast(to: y.shape)
    }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { nil }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { x[0] }
}

/// Axes in another order: result axis i is operand axis `order[i]`.
struct Transpose: Operation {
    var order: [Int]

    func shape(of operands: [Shape]) throws -> Shape {
        guard order.sorted() == Array(0..<operands[0].rank) else {
            throw RectifierError(.shape, "transpose: \(order) is not an order of the axes of \(operands[0])")
        }
        return Shape(order.map { operands[0][$0] })
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g.transposed(order.indices.map { order.firstIndex(of: $0)! })]
    }

    func response(to operand: Int) -> Response { .affine }
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        try tangents[y.operands[0]]?.transposed([0] + order.map { $0 + 1 })
    }
    func keepsSamples(of y: Formula) -> Bool { order[0] == 0 }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { nil }
    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? {
        let strides = rowMajorStrides(y.operands[0].sampleExtents)
        return x[0].moved(to: y.sampleExtents, strides: order.map { strides[$0] })
    }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        let x = result.operands[0]
        let strides = rowMajorStrides(lowering.extents(of: x))
        let extents = lowering.extents(of: result)
        lowering.addCopy(
            name, from: lowering.buffer(of: x), strides: order.map { strides[$0] },
            to: lowering.newBuffer(for: result), strides: rowMajorStrides(extents), extents: extents)
    }
}

/// Part of an axis.
struct Slice: Operation {
    var axis: Int
    var range: Range<Int>

    func shape(of operands: [Shape]) throws -> Shape {
        var shape = operands[0]
        guard shape[axis] != Shape.batch, range.lowerBound >= 0, range.upperBound <= shape[axis] else {
            throw RectifierError(.shape, "slice: \(range) is not inside axis \(axis) of \(shape)")
        }
        shape.extents[axis] = range.count
        return shape
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        func zeros(_ count: Int) throws -> [Formula] {
            var shape = x[0].shape
            shape.extents[axis] = count
            return count == 0 ? [] : [try Formula.constant(0).broadcast(to: shape)]
        }
        return [try concatenated(zeros(range.lowerBound) + [g] + zeros(x[0].shape[axis] - range.upperBound), axis: axis)]
    }

    func response(to operand: Int) -> Response { .affine }
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        try tangents[y.operands[0]]?.sliced(axis: axis + 1, range)
    }
    func keepsSamples(of y: Formula) -> Bool { axis > 0 }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        try zeros(y.operands[0])?.broadcast(to: y.operands[0].shape).sliced(axis: axis, range)
    }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { nil }
    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? {
        let strides = rowMajorStrides(y.operands[0].sampleExtents)
        return x[0].moved(to: y.sampleExtents, strides: strides, from: range.lowerBound * strides[axis])
    }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        let x = result.operands[0]
        let source = rowMajorStrides(lowering.extents(of: x))
        let extents = lowering.extents(of: result)
        lowering.addCopy(
            name, from: lowering.buffer(of: x), offset: range.lowerBound * source[axis], strides: source,
            to: lowering.newBuffer(for: result), strides: rowMajorStrides(extents), extents: extents)
    }
}

/// Several formulas joined along an axis.
struct Concatenate: Operation {
    var axis: Int

    func shape(of operands: [Shape]) throws -> Shape {
        var shape = operands[0]
        for operand in operands.dropFirst() {
            var same = operand
            guard operand.rank == shape.rank, operand[axis] != Shape.batch, shape[axis] != Shape.batch else {
                throw RectifierError(.shape, "concatenated: \(shape) and \(operand) cannot be joined along axis \(axis)")
            }
            same.extents[axis] = shape[axis]
            guard same == shape else { throw RectifierError(.shape, "concatenated: \(shape) and \(operand) differ beside axis \(axis)") }
            let (sum, overflow) = shape[axis].addingReportingOverflow(operand[axis])
            guard !overflow else { throw RectifierError(.shape, "concatenated: axis \(axis) would be longer than any memory") }
            shape.extents[axis] = sum
        }
        return shape
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        var start = 0
        return try x.map { operand in
            defer { start += operand.shape[axis] }
            return try g.sliced(axis: axis, start..<start + operand.shape[axis])
        }
    }

    func response(to operand: Int) -> Response { .affine }
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        try concatenated(
            y.operands.map { try tangents[$0] ?? Formula.constant(0).broadcast(to: tangents.extended($0.shape)) }, axis: axis + 1)
    }
    func keepsSamples(of y: Formula) -> Bool { axis > 0 }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        let masks = try y.operands.map(zeros)
        guard masks.contains(where: { $0 != nil }) else { return nil }
        return try concatenated(zip(y.operands, masks).map { try ($1 ?? .constant(0)).broadcast(to: $0.shape) }, axis: axis)
    }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { nil }
    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? {
        let outer = y.sampleExtents[..<axis].reduce(1, *)
        return Bounds(
            (0..<outer).flatMap { row in
                x.flatMap { part -> ArraySlice<Interval> in
                    let width = part.elements.count / outer
                    return part.elements[row * width..<(row + 1) * width]
                }
            })
    }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        let target = lowering.newBuffer(for: result)
        let strides = rowMajorStrides(lowering.extents(of: result))
        var start = 0
        for x in result.operands {
            let extents = lowering.extents(of: x)
            lowering.addCopy(
                name, from: lowering.buffer(of: x), strides: rowMajorStrides(extents),
                to: target, targetOffset: start * strides[axis], strides: strides, extents: extents)
            start += extents[axis]
        }
    }
}

extension Formula {
    /// The same elements in the same order under another shape of the same count.
    public func reshaped(to shape: Shape) throws -> Formula { shape == self.shape ? self : try Formula(Reshape(target: shape), self) }

    /// All axes after the first joined into one: `[batch, 28, 28]` becomes `[batch, 784]`.
    public func flattened() throws -> Formula {
        guard shape.rank > 2 else { return self }
        return try reshaped(to: [shape[0], shape.extents.dropFirst().reduce(1, *)])
    }

    /// Repeated along axes of extent 1, and along new outer ones, to `shape`.
    public func broadcast(to shape: Shape) throws -> Formula { shape == self.shape ? self : try Formula(Broadcast(target: shape), self) }

    /// Axes in another order: result axis i is axis `order[i]` of this. `nil` reverses them.
    public func transposed(_ order: [Int]? = nil) throws -> Formula {
        try Formula(Transpose(order: order ?? Array((0..<shape.rank).reversed())), self)
    }

    /// Part of an axis; negative axes count from the end.
    public func sliced(axis: Int, _ range: Range<Int>) throws -> Formula {
        guard let axis = shape.axis(axis) else { throw RectifierError(.shape, "slice: \(shape) has no axis \(axis)") }
        return try Formula(Slice(axis: axis, range: range), self)
    }
}

extension Formula {
    /// The scalar that this repeats, if it does.
    var repeatedScalar: Formula? { operation is Broadcast && operands[0].shape.rank == 0 ? operands[0] : nil }

    /// The number this is everywhere, through repetition.
    var uniformValue: Double? { (repeatedScalar ?? self).constantValue }
    /// Whether this is 0 of a sign everywhere.
    func isZero(_ sign: FloatingPointSign) -> Bool { uniformValue.map { $0 == 0 && $0.sign == sign } ?? false }

    /// What this is a reshaped form of.
    var withoutReshapes: Formula {
        var formula = self
        while formula.operation is Reshape { formula = formula.operands[0] }
        return formula
    }
}

/// Several formulas joined along an axis; negative axes count from the end.
public func concatenated(_ parts: [Formula], axis: Int) throws -> Formula {
    guard let first = parts.first, let axis = first.shape.axis(axis) else {
        throw RectifierError(.shape, "concatenated: nothing to join along axis \(axis)")
    }
    return parts.count == 1 ? first : try Formula(Concatenate(axis: axis), parts)
}

/// Elements between neighbours along each axis of a contiguous array.
package func rowMajorStrides(_ extents: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: extents.count)
    for axis in extents.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * extents[axis + 1] }
    return strides
}

extension Lowering {
    /// A strided copy. Axes that lie together in source and target alike are joined first.
    mutating func addCopy(
        _ name: String, from source: Buffer, offset sourceOffset: Int = 0, strides sourceStrides: [Int],
        to target: Buffer, targetOffset: Int = 0, strides targetStrides: [Int], extents: [Int]
    ) {
        let (extents, strides) = collapsed(extents, strides: [sourceStrides, targetStrides])
        precondition(extents.count <= Int(RK_COPY_RANK), "\(name): more than \(RK_COPY_RANK) axes that cannot be joined")
        let kernel = kernels.copy!, size = elementType.size
        add(
            PlannedCall(name: "\(name) \(extents)", reads: [source], writes: [target], work: extents.reduce(1, *)) { memory in
                var copy = rk_copy()
                copy.in = UnsafeRawPointer(memory[source] + sourceOffset * size)
                copy.out = memory[target] + targetOffset * size
                copy.rank = Int32(extents.count)
                withUnsafeMutableBytes(of: &copy.extent) { fill($0, extents) }
                withUnsafeMutableBytes(of: &copy.in_stride) { fill($0, strides[0]) }
                withUnsafeMutableBytes(of: &copy.out_stride) { fill($0, strides[1]) }
                var call = rk_call()
                call.kernel = kernel
                call.copy = copy
                return call
            })
        func fill(_ bytes: UnsafeMutableRawBufferPointer, _ values: [Int]) {
            for (index, value) in values.enumerated() { bytes.storeBytes(of: Int64(value), toByteOffset: 8 * index, as: Int64.self) }
        }
    }
}
