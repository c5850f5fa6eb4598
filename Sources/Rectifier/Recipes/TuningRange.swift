import Foundation

/// What `rectifier tune` may draw for one setting of a recipe.
///
/// ```json
/// "tune": {
///     "training.learningRate": {"from": 0.0003, "to": 0.03, "scale": "log"},
///     "network.layers": [[32], [64, 64], [128, 64]]
/// }
/// ```
public struct TuningRange: Sendable, Hashable {
    enum Values: Sendable, Hashable {
        /// Each as likely as the others.
        case choices([JSONValue])
        case numbers(from: Double, to: Double, isLogarithmic: Bool)
    }
    let values: Values

    /// Some values, each as likely as the others.
    package init(_ choices: [JSONValue]) { values = .choices(choices) }

    /// Numbers whose logarithms are equally likely; 0 < lower bound.
    package init(logarithmic range: ClosedRange<Double>) {
        values = .numbers(from: range.lowerBound, to: range.upperBound, isLogarithmic: true)
    }

    /// A value, of which numbers have three digits.
    func value(at place: Int, of stream: RandomStream) -> JSONValue {
        switch values {
        case .choices(let choices): choices[stream.integer(place, below: choices.count)]
        case .numbers(let from, let to, let isLogarithmic):
            .number(Self.rounded(Self.number(at: stream.uniform(place), from, to, isLogarithmic)))
        }
    }

    /// Values by which a range is tried: all of few; both ends of numbers, and what lies between.
    var samples: [JSONValue] {
        switch values {
        case .choices(let choices): choices
        case .numbers(let from, let to, let isLogarithmic):
            [0, 0.37, 1].map { .number(Self.rounded(Self.number(at: $0, from, to, isLogarithmic))) }
        }
    }

    private static func number(at share: Double, _ from: Double, _ to: Double, _ isLogarithmic: Bool) -> Double {
        guard isLogarithmic else { return from + share * (to - from) }
        return exponential(of: logarithm(of: from) + share * (logarithm(of: to) - logarithm(of: from)))
    }

    private static func rounded(_ number: Double) -> Double { Double(String(format: "%.3g", number)) ?? number }
}

extension TuningRange: Codable, RecipeObject {
    private enum Key: String, RecipeKey, CodingKey { case from, to, scale }
    private enum Scale: String, RecipeValue, CaseIterable, Codable { case linear, log }

    static var expected: String { "a list of values, or {\"from\": 0.001, \"to\": 0.1, \"scale\": \"log\"}," }

    public init(from decoder: any Decoder) throws {
        let path = decoder.codingPath
        if let choices = try? decoder.singleValueContainer().decode([JSONValue].self) {
            guard !choices.isEmpty else { throw recipeError(path, "the list is empty; give values to choose from") }
            values = .choices(choices)
            return
        }
        guard (try? decoder.container(keyedBy: Key.self)) != nil else { throw recipeError(path, "\(Self.expected) is expected") }
        let fields = try RecipeFields(decoder, as: Key.self)
        guard let from = try fields.value(.from, as: Double.self), let to = try fields.value(.to, as: Double.self) else {
            throw recipeError(path, "\"from\" and \"to\" are needed")
        }
        let isLogarithmic = try fields.value(.scale, as: Scale.self) == .log
        guard from < to, (to - from).isFinite else { throw recipeError(path, "\"from\" must be below \"to\", not \(from) and \(to)") }
        guard !isLogarithmic || from > 0 else { throw recipeError(path, "\"from\" must be above 0 on the scale \"log\", not \(from)") }
        values = .numbers(from: from, to: to, isLogarithmic: isLogarithmic)
    }

    public func encode(to encoder: any Encoder) throws {
        switch values {
        case .choices(let choices):
            var container = encoder.singleValueContainer()
            try container.encode(choices)
        case .numbers(let from, let to, let isLogarithmic):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(from, forKey: .from)
            try container.encode(to, forKey: .to)
            try container.encode(isLogarithmic ? Scale.log : .linear, forKey: .scale)
        }
    }
}

extension Recipe {
    /// The recipe with some settings changed, by their keys: `training.learningRate`. It has no ranges.
    ///
    /// - Throws: ``RectifierError`` for a key that there is not, and a value that does not fit it.
    package func setting(_ values: [String: JSONValue]) throws -> Recipe {
        var base = self
        base.tune = nil
        guard !values.isEmpty else { return base }
        var json = try JSONDecoder().decode(JSONValue.self, from: base.json)
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            try json.set(key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)[...], to: value)
        }
        let recipe = try Recipe(json: JSONEncoder().encode(json))
        try recipe.validate()
        return recipe
    }

    /// Throws for the first range whose key or values are not those of a setting that can be searched.
    package func checkRanges() throws {
        for (key, range) in (tune ?? [:]).sorted(by: { $0.key < $1.key }) {
            let place = "tune.\(oneLine(key))"
            guard key.hasPrefix("network.") || key.hasPrefix("training."), !Self.fixed.contains(key) else {
                throw RectifierError(
                    .setting,
                    "\(place): is not searched; settings of the network and the training are, but \(Self.fixed.joined(separator: ", "))")
            }
            for value in range.samples {
                do {
                    _ = try setting([key: value])
                } catch let error as RectifierError {
                    throw error.prefixed(by: "\(place) of \(value)")
                }
            }
        }
    }

    /// What would make scores of another kind, or data, and what changes no bit.
    private static let fixed = ["network.loss"] + ["changes", "metric", "precision", "seed", "threads"].map { "training.\($0)" }

    /// What a trial draws of the ranges: the same whatever other trials there are.
    package func drawn(_ trial: Int) -> [String: JSONValue] {
        let stream = RandomStream(seed: training.seed, purpose: RandomPurpose.tuning, epoch: UInt64(trial))
        let ranges = (tune ?? [:]).sorted { $0.key < $1.key }
        return Dictionary(uniqueKeysWithValues: ranges.enumerated().map { ($1.key, $1.value.value(at: $0, of: stream)) })
    }
}
