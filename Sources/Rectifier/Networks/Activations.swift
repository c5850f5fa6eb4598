// Activations as layers. Each applies the function of its name, element by element.

/// An activation with kinks, and so with a derivative to declare there. A recipe's `atZero` reaches every such layer.
public protocol KinkedLayer: Layer {
    /// Whether it has kinks with these settings.
    var hasKinks: Bool { get }

    /// The same with other derivatives at its kinks: `share` of the way from the inactive side to the active one. For
    /// ReLU that is the derivative itself.
    func atKinks(_ share: KinkValue) -> Self
}

extension KinkedLayer {
    public var hasKinks: Bool { true }
}

/// max(x, 0), with the derivative `atZero` at 0: 0 by default; any value in [0, 1] is a subgradient.
public struct ReLU: KinkedLayer, Codable, Hashable {
    public var atZero: KinkValue
    public init(atZero: KinkValue = 0) { self.atZero = atZero }
    public var name: String { "relu" }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) -> Formula { relu(x, atZero: atZero) }
    public func atKinks(_ share: KinkValue) -> Self { ReLU(atZero: share) }
}

/// x for x > 0, else slope · x; the derivative at 0 is `atZero`, by default the slope; any value from the slope to 1
/// is a subgradient.
public struct LeakyReLU: KinkedLayer, Codable, Hashable {
    public var slope: Double
    public var atZero: KinkValue?
    public init(slope: Double = 0.01, atZero: KinkValue? = nil) { (self.slope, self.atZero) = (slope, atZero) }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) -> Formula { leakyReLU(x, slope: slope, atZero: atZero) }
    public var hasKinks: Bool { slope != 1 }
    public func atKinks(_ share: KinkValue) -> Self { LeakyReLU(slope: slope, atZero: share.map { slope + $0 * (1 - slope) }) }
}

/// x for x > 0, else slope · x with a learned slope for each element of the last axis, starting at 0.25 (He et al.
/// 2015). At 0 the derivative is `atZero + (1 - atZero) · slope`.
public struct PReLU: KinkedLayer, Codable, Hashable {
    public var atZero: KinkValue
    public init(atZero: KinkValue = 0) { self.atZero = atZero }
    public var name: String { "prelu" }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        try prelu(
            x, slope: build.parameter("slope", shape: [x.shape[x.shape.rank - 1]], initializer: .constant(0.25), decays: false),
            atZero: atZero)
    }
    public func atKinks(_ share: KinkValue) -> Self { PReLU(atZero: share) }
}

/// min(max(x, 0), 6), with derivative `atBounds` at 0 and 6.
public struct ReLU6: KinkedLayer, Codable, Hashable {
    public var atBounds: KinkValue
    public init(atBounds: KinkValue = 0) { self.atBounds = atBounds }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) -> Formula { relu6(x, atBounds: atBounds) }
    public func atKinks(_ share: KinkValue) -> Self { ReLU6(atBounds: share) }
}

/// |x|, with derivative `atZero` at 0; any value in [-1, 1] is a subgradient.
public struct Absolute: KinkedLayer, Codable, Hashable {
    public var atZero: KinkValue
    public init(atZero: KinkValue = 0) { self.atZero = atZero }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) -> Formula { abs(x, atZero: atZero) }
    public func atKinks(_ share: KinkValue) -> Self { Absolute(atZero: share.map { 2 * $0 - 1 }) }
}

/// 1 / (1 + exp(-x)).
public struct Sigmoid: Layer, Codable, Hashable {
    public init() {}
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) -> Formula { sigmoid(x) }
}

public struct Tanh: Layer, Codable, Hashable {
    public init() {}
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) -> Formula { tanh(x) }
}

/// log(1 + exp(sharpness · x)) / sharpness: ReLU rounded off.
public struct Softplus: Layer, Codable, Hashable {
    public var sharpness: Double
    public init(sharpness: Double = 1) { self.sharpness = sharpness }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula { try softplus(x, sharpness: sharpness) }
}

/// x for x > 0, else alpha · (exp(x) - 1). At 0 the derivative is `atZero + (1 - atZero) · alpha`: 1 where alpha is,
/// else alpha by default.
public struct ELU: KinkedLayer, Codable, Hashable {
    public var alpha: Double
    public var atZero: KinkValue?
    public init(alpha: Double = 1, atZero: KinkValue? = nil) { (self.alpha, self.atZero) = (alpha, atZero) }
    public var name: String { "elu" }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        try elu(x, alpha: alpha, atZero: atZero ?? 0)
    }
    public var hasKinks: Bool { alpha != 1 }
    public func atKinks(_ share: KinkValue) -> Self { ELU(alpha: alpha, atZero: share) }
}

/// x · (share of the standard normal law below x).
public struct GELU: Layer, Codable, Hashable {
    public init() {}
    public var name: String { "gelu" }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula { try gelu(x) }
}

/// x · sigmoid(x).
public struct SiLU: Layer, Codable, Hashable {
    public init() {}
    public var name: String { "silu" }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula { try silu(x) }
}

/// x/6 + 1/2 held between 0 and 1, with derivative `atBounds` / 6 at ±3.
public struct HardSigmoid: KinkedLayer, Codable, Hashable {
    public var atBounds: KinkValue
    public init(atBounds: KinkValue = 0) { self.atBounds = atBounds }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula { try hardSigmoid(x, atBounds: atBounds) }
    public func atKinks(_ share: KinkValue) -> Self { HardSigmoid(atBounds: share) }
}

/// x held between -1 and 1, with derivative `atBounds` at ±1.
public struct HardTanh: KinkedLayer, Codable, Hashable {
    public var atBounds: KinkValue
    public init(atBounds: KinkValue = 0) { self.atBounds = atBounds }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) -> Formula { hardTanh(x, atBounds: atBounds) }
    public func atKinks(_ share: KinkValue) -> Self { HardTanh(atBounds: share) }
}

/// Sines, for periodic functions (Sitzmann et al. 2020).
public struct SineActivation: Layer, Codable, Hashable {
    public init() {}
    public var name: String { "sin" }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) -> Formula { sin(x) }
}
