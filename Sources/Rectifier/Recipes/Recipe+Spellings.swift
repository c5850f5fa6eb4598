// The settings that are a word, a number or an object in JSON, and one word on the command line.

extension BatchSize: Spelled, Codable, RecipeValue {
    static var expected: String { "a whole number above 0 or \"full\"" }

    public var spelling: String {
        switch self {
        case .samples(let count): String(count)
        case .full: "full"
        }
    }

    /// `128` or `full`.
    public init(_ text: String) throws {
        if text == "full" {
            self = .full
        } else if let count = Int(text) {
            self = .samples(count)
        } else {
            throw RectifierError(.setting, "the batch size must be a whole number above 0 or 'full', not '\(oneLine(text))'")
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let count = try? container.decode(Int.self) {
            self = .samples(count)
        } else {
            self = try located(decoder) { try BatchSize(try container.decode(String.self)) }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .samples(let count): try container.encode(count)
        case .full: try container.encode("full")
        }
    }
}

extension DataSettings.Validation: Codable, RecipeValue {
    static var expected: String { "a share below 1, a file in quotes or {\"folds\": 5}" }

    private enum Key: String, CodingKey { case folds }

    /// `0.2` or the path of a file.
    public init(_ text: String) {
        self = Double(text).map(Self.share) ?? .source(text)
    }

    public init(from decoder: any Decoder) throws {
        if let fields = try? decoder.container(keyedBy: Key.self), fields.allKeys == [.folds] {
            self = .folds(try fields.decode(Int.self, forKey: .folds))
            return
        }
        let container = try decoder.singleValueContainer()
        if let share = try? container.decode(Double.self) {
            self = .share(share)
        } else {
            self = .source(try container.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .share(let share): try container.encode(share)
        case .source(let path): try container.encode(path)
        case .folds(let count): try container.encode(["folds": count])
        }
    }
}

extension KinkValue: RecipeValue {
    static var expected: String { "a number from 0 to 1, or \"unsound:NUMBER\"," }
}

extension EarlyStopping: RecipeObject {
    private enum Key: String, RecipeKey { case patience, minimumDelta }

    public init(from decoder: any Decoder) throws {
        self.init()
        if let patience = try? decoder.singleValueContainer().decode(Int.self) {
            self.patience = patience
            return
        }
        let fields = try RecipeFields(decoder, as: Key.self)
        try fields.read(.patience, into: &patience)
        try fields.read(.minimumDelta, into: &minimumDelta)
    }
}

/// Puts the path of the member in front of what a spelling's own parser says.
func located<Value>(_ decoder: any Decoder, _ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as RectifierError {
        throw recipeError(decoder.codingPath, error.description)
    }
}
