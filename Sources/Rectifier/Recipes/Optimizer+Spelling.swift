extension Optimizer: Codable, RecipeObject {
    private enum Key: String, RecipeKey, CodingKey { case name, momentum, nesterov, beta1, beta2, decay, epsilon }

    /// `sgd`, `adam`, `adamw`, `rmsprop`.
    public static let names = ["sgd", "adam", "adamw", "rmsprop"]

    public var name: String {
        switch self {
        case .sgd: "sgd"
        case .adam: "adam"
        case .adamW: "adamw"
        case .rmsProp: "rmsprop"
        }
    }

    /// The optimiser of that name with its usual settings.
    public init(named name: String) throws {
        switch name.lowercased() {
        case "sgd": self = .sgd()
        case "adam": self = .adam()
        case "adamw": self = .adamW()
        case "rmsprop": self = .rmsProp()
        default: throw RectifierError(.setting, "the optimizer must be \(Names.oneOf(Self.names)), not '\(name)'")
        }
    }

    public init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            self = try located(decoder) { try Optimizer(named: name) }
            return
        }
        let fields = try RecipeFields(decoder, as: Key.self)
        guard let name = try fields.value(.name, as: String.self) else {
            throw recipeError(decoder.codingPath, "a \"name\" is missing: \(Names.oneOf(Self.names))")
        }
        // The settings of the other optimisers are refused, not ignored.
        let allowed: Set<Key>
        self = try located(decoder) { try Optimizer(named: name) }
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
        if self == (try Optimizer(named: name)) {
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
