import CRectifierKernels

struct Exponential: Elementwise {
    var name: String { "exp" }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_EXP) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { rising(x[0], roundoff) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g * y] }
}

/// exp(x) - 1, accurate near 0.
struct ExponentialMinusOne: Elementwise {
    var name: String { "expm1" }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_EXPM1) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { rising(x[0], roundoff) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g * (y + 1)] }
}

struct Logarithm: Elementwise {
    var name: String { "log" }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_LOG) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        x[0].low > 0 ? rising(x[0], roundoff) : .unbounded
    }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g / x[0]] }
    func stabilized(_ y: Formula) throws -> Formula? { try y.operands[0].operation.logarithm(of: y.operands[0]) }
}

/// log(1 + x), accurate near 0.
struct LogarithmOfOnePlus: Elementwise {
    var name: String { "log1p" }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_LOG1P) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        x[0].low > -1 ? rising(x[0], roundoff) : .unbounded
    }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g / (1 + x[0])] }
}

struct SquareRoot: Elementwise {
    /// Whether the operand is never 0, nor below.
    var isOfPositive = false
    var name: String { "sqrt" }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_SQRT) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        x[0].low >= 0 ? rising(x[0], roundoff) : .unbounded
    }
    func kinks(of x: [Formula]) -> [Kink] { isOfPositive ? [] : [Kink(x[0], 0)] }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g / (2 * y)] }
}

struct SigmoidOperation: Elementwise {
    var name: String { "sigmoid" }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_SIGMOID) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { rising(x[0], roundoff) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g * (y * (1 - y))] }
    func logarithm(of y: Formula) throws -> Formula? { -(try softplus(-y.operands[0])) }
    var largestSlope: Double? { 0.25 }
}

struct HyperbolicTangent: Elementwise {
    var name: String { "tanh" }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_TANH) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { rising(x[0], roundoff) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g * (1 - y * y)] }
    var largestSlope: Double? { 1 }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { try zeros(y.operands[0]) }
}

struct SoftplusOperation: Elementwise {
    var name: String { "softplus" }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_SOFTPLUS) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { rising(x[0], roundoff) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g * sigmoid(x[0])] }
}

/// The share of the standard normal law below x.
struct NormalCDF: Elementwise {
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_NORMAL_CDF) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { rising(x[0], roundoff) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        let density = try exp(-0.5 * (x[0] * x[0])) * .constant(1 / (2 * Double.pi).squareRoot())
        return [try g * density]
    }
}

struct Sine: Elementwise {
    var name: String { "sin" }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_SIN) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        wave(x[0], crest: 0.25, roundoff) { evaluate(instruction(batchSize: 1), [$0]) }
    }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g * cos(x[0])] }
}

struct Cosine: Elementwise {
    var name: String { "cos" }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_COS) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        wave(x[0], crest: 0, roundoff) { evaluate(instruction(batchSize: 1), [$0]) }
    }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try -g * sin(x[0])] }
}

/// A sine wave over an interval.
/// - Parameter crest: Where it is 1, in turns.
private func wave(_ x: Interval, crest: Double, _ roundoff: Roundoff, _ value: (Double) -> Double) -> Interval {
    let turn = 2 * Double.pi
    // Far out, turns cannot be told apart in double precision.
    guard x.magnitude < 1e6, x.high - x.low < turn else { return roundoff.approximate(Interval(-1, 1)) }
    /// Whether the interval holds a place of the wave, or comes close.
    func holds(_ place: Double) -> Bool {
        let first = ((x.low / turn - place) - 1e-9).rounded(.up)
        return (first + place) * turn <= x.high + 1e-8
    }
    let ends = [value(x.low), value(x.high)]
    return roundoff.approximate(
        Interval(holds(crest + 0.5) ? -1 : ends.min()!, holds(crest) ? 1 : ends.max()!))
}

public func exp(_ x: Formula) -> Formula { Formula(Exponential(), of: x) }
/// exp(x) - 1, accurate near 0.
public func expm1(_ x: Formula) -> Formula { Formula(ExponentialMinusOne(), of: x) }
public func log(_ x: Formula) -> Formula { Formula(Logarithm(), of: x) }
/// log(1 + x), accurate near 0.
public func log1p(_ x: Formula) -> Formula { Formula(LogarithmOfOnePlus(), of: x) }
public func sqrt(_ x: Formula) -> Formula { Formula(SquareRoot(), of: x) }
/// The root of what is never 0, nor below: one without a kink.
package func positiveRoot(_ x: Formula) -> Formula { Formula(SquareRoot(isOfPositive: true), of: x) }
public func sin(_ x: Formula) -> Formula { Formula(Sine(), of: x) }
public func cos(_ x: Formula) -> Formula { Formula(Cosine(), of: x) }

/// 1 / (1 + exp(-x)).
public func sigmoid(_ x: Formula) -> Formula { Formula(SigmoidOperation(), of: x) }
public func tanh(_ x: Formula) -> Formula { Formula(HyperbolicTangent(), of: x) }

/// log(1 + exp(sharpness · x)) / sharpness: ReLU rounded off; the higher the sharpness, the closer to it.
public func softplus(_ x: Formula, sharpness: Double = 1) throws -> Formula {
    sharpness == 1
        ? Formula(SoftplusOperation(), of: x) : try Formula(SoftplusOperation(), of: x * .constant(sharpness)) / .constant(sharpness)
}

/// x for x > 0, else alpha · (exp(x) - 1) (Clevert et al. 2016). At 0 the derivative is
/// `atZero + (1 - atZero) · alpha`: 1 where alpha is, else `alpha` by default.
public func elu(_ x: Formula, alpha: Double = 1, atZero: KinkValue = 0) throws -> Formula {
    // Through relu(-x), so that exp never sees a large number whose infinity the backward pass would multiply by 0.
    try activeSide(x, atZero: atZero) + .constant(alpha) * expm1(-inactiveSide(x, atZero: atZero))
}

/// x · (share of the standard normal law below x) (Hendrycks and Gimpel 2016), without approximation.
public func gelu(_ x: Formula) throws -> Formula { try x * Formula(NormalCDF(), of: x) }

/// x · sigmoid(x), also called swish.
public func silu(_ x: Formula) throws -> Formula { try x * sigmoid(x) }
