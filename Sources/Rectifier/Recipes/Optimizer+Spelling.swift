// In flags `adam`, `sgd:0.9:nesterov` (momentum), `adam:0.9:0.99:1e-08` (beta1, beta2, epsilon),
// `rmsprop:0.9:0:1e-08` (decay, momentum, epsilon); in recipes a name, or an object.

extension Optimizer: Spelled, Codable, RecipeObject {
    private enum Key: String, RecipeKey, CodingKey { case name, momentum, nesterov, beta1, beta2, decay, epsilon }

    /// With their usual settings.
    private static let usual: [Optimizer] = [.sgd(), .adam(), .adamW(), .rmsProp()]
    private static let nesterov = "nesterov"

    /// `sgd`, `adam`, `adamw`, `rmsprop`.
    public static let names = usual.map(\.name)

    public var name: String {
        switch self {
        case .sgd: "sgd"
        case .adam: "adam"
        case .adamW: "adamw"
        case .rmsProp: "rmsprop"
        }
    }

    /// The name, and all settings where one is not the usual one.
    public var spelling: String {
        if Self.usual.contains(self) { return name }
        return switch self {
        case .sgd(let momentum, false): NumberedName.spelling(name, momentum)
        case .sgd(let momentum, true): NumberedName.spelling(name, momentum) + ":" + Self.nesterov
        case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
            NumberedName.spelling(name, beta1, beta2, epsilon)
        case .rmsProp(let decay, let momentum, let epsilon): NumberedName.spelling(name, decay, momentum, epsilon)
        }
    }

    /// The optimizer of a ``spelling``.
    public init(_ spelling: String) throws {
        let isNesterov = spelling.hasSuffix(":" + Self.nesterov)
        let parts = NumberedName(isNesterov ? String(spelling.dropLast(Self.nesterov.count + 1)) : spelling)
        guard let usual = Self.usual.first(where: { $0.name == parts.name.lowercased() }) else {
            throw RectifierError(.setting, "the optimizer must be \(Names.oneOf(Self.names)), not '\(oneLine(spelling))'")
        }
        switch (usual, parts.numbers) {
        case (_, []?) where !isNesterov: self = usual
        case (.sgd, let numbers?) where numbers.count == 1: self = .sgd(momentum: numbers[0], nesterov: isNesterov)
        case (.adam, let numbers?) where numbers.count == 3 && !isNesterov:
            self = .adam(beta1: numbers[0], beta2: numbers[1], epsilon: numbers[2])
        case (.adamW, let numbers?) where numbers.count == 3 && !isNesterov:
            self = .adamW(beta1: numbers[0], beta2: numbers[1], epsilon: numbers[2])
        case (.rmsProp, let numbers?) where numbers.count == 3 && !isNesterov:
            self = .rmsProp(decay: numbers[0], momentum: numbers[1], epsilon: numbers[2])
        default:
            throw RectifierError(
                .setting,
                "the optimizer '\(oneLine(spelling))' is not understood; examples: adam, sgd:0.9:nesterov, adam:0.9:0.99:1e-08, "
                    + "rmsprop:0.9:0:1e-08")
        }
    }

    public init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            self = try located(decoder) { try Optimizer(name) }
            return
        }
        let fields = try RecipeFields(decoder, as: Key.self)
        guard let name = try fields.value(.name, as: String.self) else {
            throw recipeError(decoder.codingPath, "a \"name\" is missing: \(Names.oneOf(Self.names))")
        }
        // The settings of the other optimizers are refused, not ignored.
        let allowed: Set<Key>
        self = try located(decoder) { try Optimizer(name) }
        switch self {
        case .sgd(var momentum, var nesterov):
            try fields.read(.momentum, into: &momentum)
            try fields.read(.nesterov, into: &nesterov)
            self = .sgd(momentum: momentum, nesterov: nesterov)
            allowed = [.momentum, .nesterov]
        case .adam(var beta1, var beta2, var epsilon):
            try fields.read(.beta1, into: &beta1)
            try fields.read(.beta2, into: &beta2)
            try fields.read(.epsilon, into: &epsilon)
            self = .adam(beta1: beta1, beta2: beta2, epsilon: epsilon)
            allowed = [.beta1, .beta2, .epsilon]
        case .adamW(var beta1, var beta2, var epsilon):
            try fields.read(.beta1, into: &beta1)
            try fields.read(.beta2, into: &beta2)
            try fields.read(.epsilon, into: &epsilon)
            self = .adamW(beta1: beta1, beta2: beta2, epsilon: epsilon)
            allowed = [.beta1, .beta2, .epsilon]
        case .rmsProp(var decay, var momentum, var epsilon):
            try fields.read(.decay, into: &decay)
            try fields.read(.momentum, into: &momentum)
            try fields.read(.epsilon, into: &epsilon)
            self = .rmsProp(decay: decay, momentum: momentum, epsilon: epsilon)
            allowed = [.decay, .momentum, .epsilon]
        }
        try fields.refuseOthers(than: allowed.union([.name]), of: self.name, at: decoder.codingPath)
    }

    public func encode(to encoder: any Encoder) throws {
        if Self.usual.contains(self) {
            var container = encoder.singleValueContainer()
            try container.encode(name)
            return
        }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        switch self {
        case .sgd(let momentum, let nesterov):
            try container.encode(momentum, forKey: .momentum)
            try container.encode(nesterov, forKey: .nesterov)
        case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
            try container.encode(beta1, forKey: .beta1)
            try container.encode(beta2, forKey: .beta2)
            try container.encode(epsilon, forKey: .epsilon)
        case .rmsProp(let decay, let momentum, let epsilon):
            try container.encode(decay, forKey: .decay)
            try container.encode(momentum, forKey: .momentum)
            try container.encode(epsilon, forKey: .epsilon)
        }
    }
}
