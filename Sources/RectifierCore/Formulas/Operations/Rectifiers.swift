import CRectifierKernels

// The operations with a kink. Their derivatives are step functions whose own derivative is 0 everywhere, so second
// derivatives are 0 and never NaN.

/// max(x, 0).
struct ReLUOperation: Elementwise {
    var atZero: KinkValue
    var part = Part.whole
    /// Counts the zeros among the operands, where somebody wants to know.
    var zeros: KinkCounter?
    /// Whether this is one side of another function, as in ``prelu(_:slope:atZero:)``: the one for x > 0, or the other,
    /// of -x.
    enum Part { case whole, active, inactive }
    var name: String { "relu" }
    func kinks(of x: [Formula]) -> [Kink] { [Kink(x[0], 0, Kink.Slopes(below: 0, at: atZero, above: 1))] }
    func atKinks(_ share: Double) -> Self { ReLUOperation(atZero: KinkValue(part == .inactive ? 1 - share : share), part: part) }
    var declaredAtKinks: String? {
        switch part {
        case .whole: atZero.description
        case .active: "share \(atZero)"
        case .inactive: nil
        }
    }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_RELU, counter: zeros?.address) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { Interval(max(x[0].low, 0), max(x[0].high, 0)) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g * heaviside(x[0], below: 0, atZero: atZero.value, above: 1)]
    }
    func response(to operand: Int) -> Response { .affine }
    func counting(with counter: KinkCounter) -> Self? {
        var counted = self
        counted.zeros = counter
        return counted
    }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        guard kind == .frozen else { return try equal(y, 0) }
        let below = heaviside(y.operands[0], below: 1, atZero: 0, above: 0)
        return try zeros(y.operands[0]).map { try maximum(below, $0) } ?? below
    }
    var keepsPositivity: Bool { true }
}

/// x for x > 0, else slope · x.
struct LeakyReLUOperation: Elementwise {
    var slope: Double
    var atZero: KinkValue
    var name: String { "leakyReLU" }
    /// With slope 1 it is no kink, unless the value makes it one.
    func kinks(of x: [Formula]) -> [Kink] {
        slope == 1 && atZero.value == 1 ? [] : [Kink(x[0], 0, Kink.Slopes(below: slope, at: atZero, above: 1))]
    }
    func atKinks(_ share: Double) -> Self { LeakyReLUOperation(slope: slope, atZero: KinkValue(slope + share * (1 - slope))) }
    var declaredAtKinks: String? { atZero.description }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_LEAKY, slope) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        let slope = roundoff.constant(slope)
        guard slope.isBounded else { return .unbounded }
        let active = Interval(max(x[0].low, 0), x[0].high)
        guard x[0].low < 0 else { return active }
        let inactive = roundoff.rounded(Interval(x[0].low, min(x[0].high, 0)).times(slope))
        return x[0].high > 0 ? inactive.joined(with: active) : inactive
    }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g * heaviside(x[0], below: slope, atZero: atZero.value, above: 1)]
    }
    func response(to operand: Int) -> Response { .affine }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { try zeros(y.operands[0]) }
}

struct AbsoluteValue: Elementwise {
    var atZero: KinkValue
    var name: String { "abs" }
    func kinks(of x: [Formula]) -> [Kink] { [Kink(x[0], 0, Kink.Slopes(below: -1, at: atZero, above: 1))] }
    func atKinks(_ share: Double) -> Self { AbsoluteValue(atZero: KinkValue(2 * share - 1)) }
    var declaredAtKinks: String? { atZero.description }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_ABS) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        Interval(x[0].contains(0) ? 0 : min(x[0].low.magnitude, x[0].high.magnitude), x[0].magnitude)
    }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g * heaviside(x[0], below: -1, atZero: atZero.value, above: 1)]
    }
    func response(to operand: Int) -> Response { .affine }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { try zeros(y.operands[0]) }
}

/// `below`, `atZero` or `above` by the sign: the derivative of everything with one kink at 0. Its own derivative is 0.
struct Heaviside: Elementwise {
    var below: Double, atZero: Double, above: Double
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_HEAVISIDE, below, atZero, above) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        let sides = (x[0].low < 0 ? [below] : []) + (x[0].contains(0) ? [atZero] : []) + (x[0].high > 0 ? [above] : [])
        return sides.map(roundoff.constant).reduce(roundoff.constant(sides[0])) { $0.joined(with: $1) }
    }
    func kinks(of x: [Formula]) -> [Kink] { [Kink(x[0], 0)] }
    func response(to operand: Int) -> Response { .constant }
    var readsPositivity: Bool { below == 0 && atZero == 0 && above == 1 }
}

struct Clip: Elementwise {
    var lower: Double, upper: Double
    var atBounds: KinkValue
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_CLIP, lower, upper) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval {
        let (lower, upper) = (roundoff.constant(lower), roundoff.constant(upper))
        guard lower.isBounded, upper.isBounded, lower.high <= upper.low else { return .unbounded }
        return Interval(min(max(x[0].low, lower.low), upper.low), min(max(x[0].high, lower.high), upper.high))
    }
    func kinks(of x: [Formula]) -> [Kink] {
        [
            Kink(x[0], .constant(lower), Kink.Slopes(below: 0, at: atBounds, above: 1)),
            Kink(x[0], .constant(upper), Kink.Slopes(below: 1, at: atBounds, above: 0)),
        ]
    }
    func atKinks(_ share: Double) -> Self { Clip(lower: lower, upper: upper, atBounds: KinkValue(share)) }
    var declaredAtKinks: String? { atBounds.description }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g * Formula(ClipGate(lower: lower, upper: upper, atBounds: atBounds.value), of: x[0])]
    }
    func response(to operand: Int) -> Response { .affine }
    var keepsPositivity: Bool { lower == 0 && upper > 0 }
}

/// 1 between the bounds, 0 outside: the derivative of ``Clip``. Its own derivative is 0.
struct ClipGate: Elementwise {
    var lower: Double, upper: Double
    var atBounds: Double
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_CLIP_GATE, lower, upper, atBounds) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { Interval(0, 1).joined(with: roundoff.constant(atBounds)) }
    func kinks(of x: [Formula]) -> [Kink] { [Kink(x[0], .constant(lower)), Kink(x[0], .constant(upper))] }
    func response(to operand: Int) -> Response { .constant }
}

/// How a maximum or minimum shares its derivative between equal operands. Each of these gives a subgradient; giving all
/// of it to both would not.
public enum Ties: String, Sendable, Hashable, Codable {
    /// The first one has all of it.
    case first
    /// The second one has all of it; of several, the last.
    case second
    /// Each has the same.
    case split

    /// What the first one has.
    var share: Double { self == .first ? 1 : self == .second ? 0 : 0.5 }
    init(share: Double) { self = share > 0.75 ? .first : share < 0.25 ? .second : .split }
}

struct Maximum: Elementwise {
    var ties: Ties
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_MAX) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { Interval(max(x[0].low, x[1].low), max(x[0].high, x[1].high)) }
    func kinks(of x: [Formula]) -> [Kink] { [Kink(x[0], x[1], Kink.Slopes(below: 0, at: KinkValue(ties.share), above: 1))] }
    func atKinks(_ share: Double) -> Self { Maximum(ties: Ties(share: share)) }
    var declaredAtKinks: String? { "ties \(ties)" }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        try extremumGradient(g, x, firstWins: x[0] > x[1], ties: ties)
    }
    func response(to operand: Int) -> Response { .affine }
    /// Where both are.
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        guard let a = try zeros(y.operands[0]), let b = try zeros(y.operands[1]) else { return nil }
        return try minimum(a, b)
    }
}

struct Minimum: Elementwise {
    var ties: Ties
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_MIN) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { Interval(min(x[0].low, x[1].low), min(x[0].high, x[1].high)) }
    func kinks(of x: [Formula]) -> [Kink] { [Kink(x[1], x[0], Kink.Slopes(below: 1, at: KinkValue(1 - ties.share), above: 0))] }
    func atKinks(_ share: Double) -> Self { Minimum(ties: Ties(share: share)) }
    var declaredAtKinks: String? { "ties \(ties)" }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        try extremumGradient(g, x, firstWins: x[1] > x[0], ties: ties)
    }
    func response(to operand: Int) -> Response { .affine }
}

private func extremumGradient(_ g: Formula, _ x: [Formula], firstWins: Formula, ties: Ties) throws -> [Formula?] {
    let equal = try equal(x[0], x[1])
    let share = try firstWins + .constant(ties.share) * equal
    return [try (g * share).summed(to: x[0].shape), try (g * (1 - share)).summed(to: x[1].shape)]
}

/// The rectifier max(x, 0). Its derivative at 0 is `atZero`: 0 by default, as in PyTorch, JAX and TensorFlow; any value
/// in [0, 1] is a subgradient.
public func relu(_ x: Formula, atZero: KinkValue = 0) -> Formula { Formula(ReLUOperation(atZero: atZero), of: x) }

/// x for x > 0, else slope · x. Its derivative at 0 is `atZero`, by default `slope`.
public func leakyReLU(_ x: Formula, slope: Double = 0.01, atZero: KinkValue? = nil) -> Formula {
    Formula(LeakyReLUOperation(slope: slope, atZero: atZero ?? KinkValue(slope)), of: x)
}

/// x for x > 0, else slope · x, with a slope that is learned (He et al. 2015). At 0 the derivative is
/// `atZero + (1 - atZero) · slope`.
public func prelu(_ x: Formula, slope: Formula, atZero: KinkValue = 0) throws -> Formula {
    try activeSide(x, atZero: atZero) - slope * inactiveSide(x, atZero: atZero)
}

/// relu(x) as a side of another function.
func activeSide(_ x: Formula, atZero: KinkValue) -> Formula { Formula(ReLUOperation(atZero: atZero, part: .active), of: x) }

/// relu(-x) as a side of a function of x whose active side has the derivative `atZero` at 0.
func inactiveSide(_ x: Formula, atZero: KinkValue) -> Formula {
    Formula(ReLUOperation(atZero: atZero.map { 1 - $0 }, part: .inactive), of: -x)
}

/// min(max(x, 0), 6), with derivative `atBounds` at 0 and 6; any value in [0, 1] is a subgradient.
public func relu6(_ x: Formula, atBounds: KinkValue = 0) -> Formula { clip(x, 0, 6, atBounds: atBounds) }

/// |x|, with derivative `atZero` at 0; any value in [-1, 1] is a subgradient.
public func abs(_ x: Formula, atZero: KinkValue = 0) -> Formula { Formula(AbsoluteValue(atZero: atZero), of: x) }

/// x held between two bounds, with derivative `atBounds` at either; any value in [0, 1] is a subgradient.
public func clip(_ x: Formula, _ lower: Double, _ upper: Double, atBounds: KinkValue = 0) -> Formula {
    Formula(Clip(lower: lower, upper: upper, atBounds: atBounds), of: x)
}

/// x/6 + 1/2 held between 0 and 1. At ±3 the derivative is `atBounds` / 6, so that `atBounds` is a share of the active
/// side's as for the others.
public func hardSigmoid(_ x: Formula, atBounds: KinkValue = 0) throws -> Formula { clip(try x / 6 + 0.5, 0, 1, atBounds: atBounds) }

/// x held between -1 and 1, with derivative `atBounds` at ±1.
public func hardTanh(_ x: Formula, atBounds: KinkValue = 0) -> Formula { clip(x, -1, 1, atBounds: atBounds) }

/// `below` for x < 0, `atZero` for ±0, `above` for x > 0; derivative 0 everywhere.
public func heaviside(_ x: Formula, below: Double, atZero: Double, above: Double) -> Formula {
    Formula(Heaviside(below: below, atZero: atZero, above: above), of: x)
}

/// The larger of both, element by element.
///
/// `maximum(x, 0)` and `maximum(0, x)` are `relu(x)`, with its derivative at 0; with `ties` they take what these give x
/// there.
/// - Parameter ties: `nil` is `.first`.
public func maximum(_ a: Formula, _ b: Formula, ties: Ties? = nil) throws -> Formula {
    if b.constantValue == 0 { return relu(a, atZero: KinkValue(ties?.share ?? 0)) }
    if a.constantValue == 0 { return relu(b, atZero: KinkValue(ties.map { 1 - $0.share } ?? 0)) }
    return try Formula(Maximum(ties: ties ?? .first), a, b)
}

/// The smaller of both, element by element.
public func minimum(_ a: Formula, _ b: Formula, ties: Ties = .first) throws -> Formula { try Formula(Minimum(ties: ties), a, b) }

// MARK: - Spellings of ReLU
//
// Theano's derivative at 0 depended on how ReLU was written and on the optimization level. Here the five spellings are
// recognized where they are written, so they take the declared convention whatever a program does later.

/// `x * (x > 0)`.
func recognizedGating(_ x: Formula, _ gate: Formula) -> Formula? {
    gate.operation is Greater && gate.operands[0] == x && gate.operands[1].constantValue == 0 ? relu(x) : nil
}

/// `x + abs(x)` or `abs(x) + x`, to be halved. An absolute value with a declared derivative at 0 keeps it.
func recognizedAbsoluteSum(_ sum: Formula) -> Formula? {
    guard sum.operation is Add else { return nil }
    for (x, absolute) in [(sum.operands[0], sum.operands[1]), (sum.operands[1], sum.operands[0])]
    where absolute.operation as? AbsoluteValue == AbsoluteValue(atZero: 0) && absolute.operands[0] == x {
        return relu(x)
    }
    return nil
}
