import Foundation

/// How much the classes count in the loss, beside one another.
public enum ClassWeights: Sendable, Hashable {
    /// All the same, however many samples they have: the inverse of their share in the training data.
    case balanced
    /// By their names; a class that is not named has the weight 1.
    case named([String: Double])

    /// `balanced`, or the path of a JSON file: `{"yes": 5, "no": 1}`.
    /// - Throws: ``RectifierError`` that names the file.
    public init(_ text: String) throws {
        if text == "balanced" {
            self = .balanced
            return
        }
        guard let json = try? Data(contentsOf: URL(fileURLWithPath: text)) else {
            throw RectifierError(
                .file, "\(oneLine(text)): cannot be read; class weights are balanced, or a file as {\"yes\": 5, \"no\": 1}")
        }
        guard let weights = JSONText.value([String: Double].self, in: [UInt8](json)) else {
            throw RectifierError(.file, "\(oneLine(text)): is no JSON object with a number for each class, as {\"yes\": 5, \"no\": 1}")
        }
        self = .named(weights)
    }

    func validate() throws {
        guard case .named(let weights) = self else { return }
        for (name, weight) in weights.sorted(by: { $0.key < $1.key }) where !(weight >= 0 && weight.isFinite) {
            throw RectifierError(.setting, "the weight of class \(quoted(name)) must be a finite number of at least 0, not \(weight)")
        }
    }

    /// The weight of each class; their mean over the training samples is 1, so that a learning rate means the same.
    /// - Parameter shares: Of the classes in the training data.
    func numbers(names: [String], shares: [Double]) throws -> [Double] {
        let numbers: [Double]
        switch self {
        case .balanced: numbers = shares.map { $0 > 0 ? 1 / $0 : 0 }
        case .named(let weights):
            if let unknown = weights.keys.sorted().first(where: { !names.contains($0) }) {
                throw RectifierError(
                    .setting, "classWeights: there is no class \(quoted(unknown)); the classes are \(TargetValues.listed(names))")
            }
            numbers = names.map { weights[$0] ?? 1 }
        }
        let mean = zip(numbers, shares).reduce(0) { $0 + $1.0 * $1.1 }
        guard mean > 0 else {
            throw RectifierError(.setting, "classWeights: all classes of the training data have the weight 0; give one more")
        }
        return numbers.map { $0 / mean }
    }
}

extension ClassWeights {
    func numbers(of training: Dataset) throws -> [Double] {
        guard case .classes(_, let names) = training.targets else {
            throw RectifierError(
                .setting, "class weights are for classes, and the data is for regression", setting: "training.classWeights")
        }
        return try numbers(names: names, shares: training.targetMeans)
    }
}

extension ClassWeights: Codable, RecipeValue {
    static var expected: String { "\"balanced\" or an object in { } with a number for each class" }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            guard text == "balanced" else { throw recipeError(decoder.codingPath, "\(Self.expected) is expected, not '\(oneLine(text))'") }
            self = .balanced
        } else {
            self = .named(try container.decode([String: Double].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .balanced: try container.encode("balanced")
        case .named(let weights): try container.encode(weights)
        }
    }
}

extension Dataset {
    /// How much each sample counts in the loss: its own weight times its class's. `nil` where all count the same.
    func lossWeights(_ classWeights: [Double]?) -> [Double]? {
        guard let classWeights, case .classes(let labels, _) = targets else { return weights?.map(Double.init) }
        return labels.enumerated().map { classWeights[Int($1)] * Double(weights?[$0] ?? 1) }
    }

    /// The samples as a session learns from them, with weights whose mean is 1.
    func weighted(byClass classWeights: [Double]?) throws -> Dataset {
        guard let weights = lossWeights(classWeights) else { return self }
        let sum = weights.reduce(0, +)
        return try weighted(weights.map { Float($0 * Double(count) / sum) })
    }
}
