import CRectifierKernels

// Comparisons give 1 or 0, NaN where either side is NaN, and have derivative 0 everywhere.

struct Greater: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_GREATER) }
}

struct GreaterOrEqual: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_GREATER_EQUAL) }
}

struct Equal: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_EQUAL) }
}

/// The second operand where the first is not 0, else the third.
struct Select: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_SELECT) }
    func gradient(upstream g: Expression, operands x: [Expression], result y: Expression) throws -> [Expression?] {
        [nil, try Expression(Select(), x[0], g, 0).summed(to: x[1].shape), try Expression(Select(), x[0], 0, g).summed(to: x[2].shape)]
    }
}

extension Expression {
    public static func > (a: Expression, b: Expression) throws -> Expression { try Expression(Greater(), a, b) }
    public static func < (a: Expression, b: Expression) throws -> Expression { try Expression(Greater(), b, a) }
    public static func >= (a: Expression, b: Expression) throws -> Expression { try Expression(GreaterOrEqual(), a, b) }
    public static func <= (a: Expression, b: Expression) throws -> Expression { try Expression(GreaterOrEqual(), b, a) }
}

/// 1 where both are the same number, else 0.
public func equal(_ a: Expression, _ b: Expression) throws -> Expression { try Expression(Equal(), a, b) }

/// `a` where the condition is not 0, else `b`. `select(x > 0, x, 0)` is `relu(x)`.
public func select(_ condition: Expression, _ a: Expression, _ b: Expression) throws -> Expression {
    if b.constantValue == 0, let relu = recognisedGating(a, condition) { return relu }
    return try Expression(Select(), condition, a, b)
}
