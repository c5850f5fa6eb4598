// What operations state of themselves beside shape and gradient (see `Operation`).

/// How a result follows one operand, up to the next kink.
package enum Response: Equatable {
    /// It stays the same, and changes only by jumps at kinks.
    case constant
    /// It is `sign` (1 or -1) times the operand, plus what other operands make of themselves.
    case term(sign: Double)
    /// It is affine in the operand, together with whatever else moves.
    case affine
    /// It is the operand times another one, element by element, or divided by it: linear while that is held.
    case multiple(of: Int)
    /// It is linear in the operand while another one is held. With `byRows`, row i of the result is row i of the other
    /// one times a matrix that the operand is.
    case product(with: Int, byRows: Bool)
    case nonlinear
}

extension Operation {
    /// Whether the result is affine in some operands together while the others are held, up to the next kink.
    func isAffine(in moving: [Int]) -> Bool {
        moving.allSatisfy { operand in
            switch response(to: operand) {
            case .constant, .term, .affine: true
            case .multiple(let other), .product(let other, _): !moving.contains(other)
            case .nonlinear: false
            }
        }
    }
}

extension Formula {
    /// Whether the value is its first operand plus its second.
    var isSumOfTwo: Bool { operands.count == 2 && operands.indices.allSatisfy { operation.response(to: $0) == .term(sign: 1) } }

    /// Whether the value only changes by jumps, each of which is among its operation's kinks.
    var isPiecewiseConstant: Bool {
        !operands.isEmpty && operands.indices.allSatisfy { operation.response(to: $0) == .constant }
    }
}

/// Which zeros of a value come from zeros of what it is computed of, and not from numbers that happen to cancel.
package enum ZeroKind: CaseIterable {
    /// Every input that contributes is 0, and so is the bias: no precision removes such a zero.
    case structural
    /// It stays 0 when parameters are changed a little: what contributes is data that is 0, or rectified from below 0.
    /// No derivative passes through it.
    case frozen
}

/// How far rounding moves the elements of a result, taken by itself: by about `factor` times `size`, in units of half
/// an ulp of 1. Errors are taken as independent, so that those of n terms add up like √n.
package struct Rounding {
    package var size: Formula
    package var factor: Double

    init(_ size: Formula, _ factor: Double) { (self.size, self.factor) = (size, factor) }
}

extension Shape {
    package var hasBatch: Bool { extents.contains(Shape.batch) }

    /// The shape with the batch filled in.
    func filled(batchSize: Int) -> Shape { Shape(resolved(batchSize: batchSize)) }
}
