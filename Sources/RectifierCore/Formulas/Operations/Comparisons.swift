import CRectifierKernels

// Comparisons give 1 or 0, NaN where either side is NaN, and have derivative 0 everywhere.

struct Greater: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_GREATER) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        x[0].low > x[1].high ? Interval(1) : x[0].high <= x[1].low ? .zero : Interval(0, 1)
    }
    func response(to operand: Int) -> Response { .constant }
    func kinks(of x: [Formula]) -> [Kink] { [Kink(x[0], x[1])] }
}

struct GreaterOrEqual: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_GREATER_EQUAL) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        x[0].low >= x[1].high ? Interval(1) : x[0].high < x[1].low ? .zero : Interval(0, 1)
    }
    func response(to operand: Int) -> Response { .constant }
    func kinks(of x: [Formula]) -> [Kink] { [Kink(x[0], x[1])] }
}

struct Equal: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_EQUAL) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        x[0].low > x[1].high || x[0].high < x[1].low ? .zero : Interval(0, 1)
    }
    func response(to operand: Int) -> Response { .constant }
    func kinks(of x: [Formula]) -> [Kink] { [Kink(x[0], x[1])] }
}

/// The second operand where the first is not 0, else the third.
struct Select: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_SELECT) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        x[0].isZero ? x[2] : x[0].low > 0 || x[0].high < 0 ? x[1] : x[1].joined(with: x[2])
    }
    /// A condition that is itself a comparison jumps there, and is 0 in between.
    func kinks(of x: [Formula]) -> [Kink] { x[0].isPiecewiseConstant ? [] : [Kink(x[0], 0)] }
    func response(to operand: Int) -> Response { operand == 0 ? .constant : .affine }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [nil, try Formula(Select(), x[0], g, 0).summed(to: x[1].shape), try Formula(Select(), x[0], 0, g).summed(to: x[2].shape)]
    }
}

extension Formula {
    public static func > (a: Formula, b: Formula) throws -> Formula { try Formula(Greater(), a, b) }
    public static func < (a: Formula, b: Formula) throws -> Formula { try Formula(Greater(), b, a) }
    public static func >= (a: Formula, b: Formula) throws -> Formula { try Formula(GreaterOrEqual(), a, b) }
    public static func <= (a: Formula, b: Formula) throws -> Formula { try Formula(GreaterOrEqual(), b, a) }
}

/// 1 where both are the same number, else 0.
public func equal(_ a: Formula, _ b: Formula) throws -> Formula { try Formula(Equal(), a, b) }

/// `a` where the condition is not 0, else `b`. `select(x > 0, x, 0)` is `relu(x)`.
public func select(_ condition: Formula, _ a: Formula, _ b: Formula) throws -> Formula {
    if b.constantValue == 0, let relu = recognizedGating(a, condition) { return relu }
    return try Formula(Select(), condition, a, b)
}
