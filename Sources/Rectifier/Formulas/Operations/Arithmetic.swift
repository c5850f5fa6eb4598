import CRectifierKernels

struct Add: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_ADD) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g.summed(to: x[0].shape), try g.summed(to: x[1].shape)]
    }
}

struct Subtract: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_SUB) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g.summed(to: x[0].shape), try (-g).summed(to: x[1].shape)]
    }
}

struct Multiply: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_MUL) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try (g * x[1]).summed(to: x[0].shape), try (g * x[0]).summed(to: x[1].shape)]
    }
}

struct Divide: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_DIV) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try (g / x[1]).summed(to: x[0].shape), try (-g * y / x[1]).summed(to: x[1].shape)]
    }
}

struct Negate: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_NEG) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) -> [Formula?] { [-g] }
}

/// The first operand to the power of the second. The derivative with respect to the exponent is that of exp(b log a), for a > 0.
struct Power: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_POW) }
    /// With an exponent that is a whole number and not negative it is a polynomial.
    func kinks(of x: [Formula]) -> [Kink] {
        if let b = x[1].constantValue, b >= 0, b == b.rounded() { return [] }
        return [Kink(x[0], 0)]
    }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        let (a, b) = (x[0], x[1])
        // b a^(b-1), which for b = 0 is 0 and not 0 · ∞.
        let slope = b.constantValue == 0 ? 0 : try b * power(a, b - 1)
        return [try (g * slope).summed(to: a.shape), try (g * y * log(a)).summed(to: b.shape)]
    }
}

extension Formula {
    public static func + (a: Formula, b: Formula) throws -> Formula { try Formula(Add(), a, b) }
    public static func - (a: Formula, b: Formula) throws -> Formula { try Formula(Subtract(), a, b) }
    public static prefix func - (a: Formula) -> Formula { Formula(Negate(), of: a) }

    /// The product, element by element. `x * (x > 0)` is `relu(x)`, and so is `(x + abs(x)) * 0.5`.
    public static func * (a: Formula, b: Formula) throws -> Formula {
        if let relu = recognisedGating(a, b) ?? recognisedGating(b, a) { return relu }
        if b.constantValue == 0.5, let relu = recognisedAbsoluteSum(a) { return relu }
        if a.constantValue == 0.5, let relu = recognisedAbsoluteSum(b) { return relu }
        return try Formula(Multiply(), a, b)
    }

    /// The quotient, element by element. `(x + abs(x)) / 2` is `relu(x)`.
    public static func / (a: Formula, b: Formula) throws -> Formula {
        if b.constantValue == 2, let relu = recognisedAbsoluteSum(a) { return relu }
        return try Formula(Divide(), a, b)
    }
}

/// `base` to the power of `exponent`, element by element.
public func power(_ base: Formula, _ exponent: Formula) throws -> Formula { try Formula(Power(), base, exponent) }
