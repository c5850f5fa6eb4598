import CRectifierKernels

/// An operation that works element by element, after broadcasting.
package protocol Elementwise: Operation {
    func instruction(batchSize: Int) -> Instruction

    /// Between what an element lies as it is computed, given the same of the operands' elements, all of them bounded.
    /// By default unbounded.
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval
}

/// The opcode and constants of an elementwise operation (see `rk_instruction`).
package struct Instruction {
    var opcode: rk_opcode
    var x = 0.0, y = 0.0, z = 0.0
    var counter: UnsafeMutablePointer<Int64>?

    package init(_ opcode: rk_opcode, _ x: Double = 0, _ y: Double = 0, _ z: Double = 0, counter: UnsafeMutablePointer<Int64>? = nil) {
        (self.opcode, self.x, self.y, self.z, self.counter) = (opcode, x, y, z, counter)
    }
}

extension Elementwise {
    package func shape(of operands: [Shape]) throws -> Shape {
        try operands.reduce(.scalar) { shape, operand in
            guard let both = shape.broadcast(with: operand) else {
                throw RectifierError(.shape, "\(name): the shapes \(operands.map(\.description).joined(separator: " and ")) do not match")
            }
            return both
        }
    }

    package func takesLabels(_ operand: Int, of y: Formula) -> Bool { y.operands[operand].shape == y.shape }

    /// The sum of the partial derivatives times the operands' tangents: those derivatives stay the same up to the next
    /// kink.
    package func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        let partials = try gradient(
            upstream: Formula.constant(1).broadcast(to: y.shape), operands: y.operands.map { try $0.broadcast(to: y.shape) }, result: y)
        var sum: Formula?
        for (operand, partial) in zip(y.operands, partials) {
            guard let tangent = try tangents.padded(operand, to: y.shape), let partial else { continue }
            let part = try tangent * partial
            sum = try sum.map { try $0 + part } ?? part
        }
        return sum
    }

    /// Where the samples of all operands lie along the axis of the result's.
    package func keepsSamples(of y: Formula) -> Bool {
        y.operands.allSatisfy { !$0.shape.hasBatch || ($0.shape.extents.first == Shape.batch && $0.shape.rank == y.shape.rank) }
    }

    /// A few ulps of the result; kernels of smooth functions are that good.
    package func rounding(of y: Formula, batchSize: Int) throws -> Rounding? { Rounding(abs(y), 8) }

    package func lower(_ result: Formula, in lowering: inout Lowering) throws {
        preconditionFailure("elementwise operations are computed by maps")
    }
}

extension Formula {
    var isElementwise: Bool { operation is any Elementwise }

    /// The sum of this over the axes along which `shape` was repeated to give this one's: the adjoint of broadcasting.
    func summed(to shape: Shape) throws -> Formula {
        if self.shape == shape { return self }
        let extra = self.shape.rank - shape.rank
        let repeated = (0..<self.shape.rank).filter { $0 < extra || (shape[$0 - extra] == 1 && self.shape[$0] != 1) }
        let sum = try self.sum(over: repeated, keepingAxes: true)
        return try sum.reshaped(to: shape)
    }
}
