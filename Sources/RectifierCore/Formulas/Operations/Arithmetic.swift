import CRectifierKernels

struct Add: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_ADD) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g.summed(to: x[0].shape), try g.summed(to: x[1].shape)]
    }
    func response(to operand: Int) -> Response { .term(sign: 1) }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { try zerosOfSum(y, zeros) }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { Rounding(abs(y), 1) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        roundoff.rounded(Interval(x[0].low + x[1].low, x[0].high + x[1].high))
    }
    /// x + 0 stays: it makes +0 of -0.0, and the derivative of 1/x or log x there is an infinity of the other sign.
    func simplified(_ y: Formula) throws -> Formula? {
        let x = y.operands
        return try x[1].isZero(.minus) ? x[0].broadcast(to: y.shape) : x[0].isZero(.minus) ? x[1].broadcast(to: y.shape) : nil
    }
    /// log(1 + exp x) is softplus.
    func logarithm(of y: Formula) throws -> Formula? {
        for (one, exponential) in [(y.operands[0], y.operands[1]), (y.operands[1], y.operands[0])]
        where one.constantValue == 1 && exponential.operation is Exponential {
            return try softplus(exponential.operands[0])
        }
        return nil
    }
}

struct Subtract: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_SUB) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g.summed(to: x[0].shape), -(try g.summed(to: x[1].shape))]
    }
    func response(to operand: Int) -> Response { .term(sign: operand == 0 ? 1 : -1) }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { try zerosOfSum(y, zeros) }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { Rounding(abs(y), 1) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        roundoff.rounded(Interval(x[0].low - x[1].high, x[0].high - x[1].low))
    }
    func simplified(_ y: Formula) throws -> Formula? {
        try y.operands[1].isZero(.plus) ? y.operands[0].broadcast(to: y.shape) : nil
    }
}

/// A sum is such a zero where both terms are.
private func zerosOfSum(_ y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
    guard let a = try zeros(y.operands[0]), let b = try zeros(y.operands[1]) else { return nil }
    return try minimum(a, b).broadcast(to: y.shape)
}

struct Multiply: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_MUL) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try (g * x[1]).summed(to: x[0].shape), try (g * x[0]).summed(to: x[1].shape)]
    }
    func response(to operand: Int) -> Response { .multiple(of: 1 - operand) }
    /// Where either factor is.
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        let known = try y.operands.compactMap(zeros)
        guard let first = known.first else { return nil }
        return try known.dropFirst().reduce(first) { try maximum($0, $1) }.broadcast(to: y.shape)
    }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { Rounding(abs(y), 1) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { roundoff.rounded(x[0].times(x[1])) }
    func simplified(_ y: Formula) throws -> Formula? {
        let x = y.operands
        return try x[1].uniformValue == 1 ? x[0].broadcast(to: y.shape) : x[0].uniformValue == 1 ? x[1].broadcast(to: y.shape) : nil
    }
}

struct Divide: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_DIV) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try (g / x[1]).summed(to: x[0].shape), try (-g * y / x[1]).summed(to: x[1].shape)]
    }
    func response(to operand: Int) -> Response { operand == 0 ? .multiple(of: 1) : .nonlinear }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { Rounding(abs(y), 1) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        let (a, b) = (x[0], x[1])
        guard b.low > 0 || b.high < 0 else { return .unbounded }
        return roundoff.rounded(.hull(a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high))
    }
    func simplified(_ y: Formula) throws -> Formula? {
        try y.operands[1].uniformValue == 1 ? y.operands[0].broadcast(to: y.shape) : nil
    }
}

struct Negate: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_NEG) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) -> [Formula?] { [-g] }
    func response(to operand: Int) -> Response { .term(sign: -1) }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { try zeros(y.operands[0]) }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { nil }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { Interval(-x[0].high, -x[0].low) }
    func simplified(_ y: Formula) -> Formula? { y.operands[0].opposite }
}

/// The first operand to the power of the second. The derivative with respect to the exponent is that of exp(b log a),
/// for a > 0.
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
    /// x, if this is written -x.
    package var opposite: Formula? { operation is Negate ? operands[0] : nil }

    /// The product, element by element. `x * (x > 0)` is `relu(x)`, and so is `(x + abs(x)) * 0.5`.
    public static func * (a: Formula, b: Formula) throws -> Formula {
        if let relu = recognizedGating(a, b) ?? recognizedGating(b, a) { return relu }
        if b.constantValue == 0.5, let relu = recognizedAbsoluteSum(a) { return relu }
        if a.constantValue == 0.5, let relu = recognizedAbsoluteSum(b) { return relu }
        return try Formula(Multiply(), a, b)
    }

    /// The quotient, element by element. `(x + abs(x)) / 2` is `relu(x)`.
    public static func / (a: Formula, b: Formula) throws -> Formula {
        if b.constantValue == 2, let relu = recognizedAbsoluteSum(a) { return relu }
        return try Formula(Divide(), a, b)
    }
}

/// `base` to the power of `exponent`, element by element.
public func power(_ base: Formula, _ exponent: Formula) throws -> Formula { try Formula(Power(), base, exponent) }
