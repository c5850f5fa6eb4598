// `constant`, `staircase:10:0.5` (every 10 epochs by 0.5), `cosine`, `cosine:2:0.01` (warm-up epochs, floor),
// `warm-up:3`, `one-cycle`; in recipes that, or an object. A staircase was once called `step`, which is still read.

extension Schedule: Spelled, Codable, RecipeObject {
    private enum Key: String, RecipeKey, CodingKey { case name, every, factor, warmUp, floor }

    public static let names = ["constant", "staircase", "cosine", "warm-up", "one-cycle"]

    public var name: String {
        switch self {
        case .constant: "constant"
        case .staircase: "staircase"
        case .cosine: "cosine"
        case .warmUp: "warm-up"
        case .oneCycle: "one-cycle"
        }
    }

    public var spelling: String {
        switch self {
        case .constant, .oneCycle, .cosine(warmUp: 0, floor: 0): name
        case .staircase(let every, let factor): NumberedName.spelling(name, Double(every), factor)
        case .cosine(let warmUp, let floor): NumberedName.spelling(name, warmUp, floor)
        case .warmUp(let epochs): NumberedName.spelling(name, epochs)
        }
    }

    /// The schedule of a ``spelling``; numbers at its end may be left out.
    public init(_ spelling: String) throws {
        let parts = NumberedName(spelling)
        let badNumber = RectifierError(
            .setting,
            "the schedule '\(oneLine(spelling))' is not understood; examples: cosine, staircase:10:0.5, cosine:2:0.01, warm-up:3, "
                + "one-cycle")
        guard let numbers = parts.numbers else { throw badNumber }
        switch (parts.name, numbers.count) {
        case ("constant", 0): self = .constant
        case ("staircase", 1...2), ("step", 1...2):
            guard let every = Int(exactly: numbers[0]) else { throw badNumber }
            self = .staircase(every: every, factor: numbers.count > 1 ? numbers[1] : 0.1)
        case ("cosine", 0...2): self = .cosine(warmUp: numbers.first ?? 0, floor: numbers.count > 1 ? numbers[1] : 0)
        case ("warm-up", 1): self = .warmUp(numbers[0])
        case ("one-cycle", 0): self = .oneCycle
        case (let name, _):
            if Self.names.contains(name) || name == "step" { throw badNumber }
            throw RectifierError(.setting, "the schedule must be \(Names.oneOf(Self.names)), not '\(oneLine(spelling))'")
        }
    }

    public init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self = try located(decoder) { try Schedule(text) }
            return
        }
        let fields = try RecipeFields(decoder, as: Key.self)
        let allowed: Set<Key>
        switch try fields.value(.name, as: String.self) {
        case "constant":
            self = .constant
            allowed = []
        case "one-cycle":
            self = .oneCycle
            allowed = []
        case "staircase", "step":
            guard let every = try fields.value(.every, as: Int.self) else {
                throw recipeError(decoder.codingPath, "\"every\" is missing: epochs between steps")
            }
            self = .staircase(every: every, factor: try fields.value(.factor) ?? 0.1)
            allowed = [.every, .factor]
        case "cosine":
            self = .cosine(warmUp: try fields.value(.warmUp) ?? 0, floor: try fields.value(.floor) ?? 0)
            allowed = [.warmUp, .floor]
        case "warm-up":
            guard let epochs = try fields.value(.warmUp, as: Double.self) else {
                throw recipeError(decoder.codingPath, "\"warmUp\" is missing: epochs of the rise")
            }
            self = .warmUp(epochs)
            allowed = [.warmUp]
        case let name:
            let found = name.map { ", not '\(oneLine($0))'" } ?? ""
            throw recipeError(decoder.codingPath, "the name must be \(Names.oneOf(Self.names))\(found)")
        }
        try fields.refuseOthers(than: allowed.union([.name]), of: name, at: decoder.codingPath)
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .constant, .oneCycle, .cosine(warmUp: 0, floor: 0):
            var container = encoder.singleValueContainer()
            try container.encode(name)
        case .staircase(let every, let factor):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(name, forKey: .name)
            try container.encode(every, forKey: .every)
            try container.encode(factor, forKey: .factor)
        case .cosine(let warmUp, let floor):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(name, forKey: .name)
            try container.encode(warmUp, forKey: .warmUp)
            try container.encode(floor, forKey: .floor)
        case .warmUp(let epochs):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(name, forKey: .name)
            try container.encode(epochs, forKey: .warmUp)
        }
    }
}
