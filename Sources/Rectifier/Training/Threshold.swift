/// From what probability of the second of two classes on a sample is taken for that class.
///
/// Without one a sample is taken for the more probable class. Where a class is rare, or missing it costs more, another
/// threshold decides better. Probabilities and the scores made of them stay.
public enum Threshold: Sendable, Hashable {
    /// Above 0 and below 1.
    case probability(Double)
    /// What gives the best ``Metric/f1``, a mean over both classes, on samples that the weights were not learned from.
    case bestF1
    /// What gives the best ``Metric/balancedAccuracy`` on such samples.
    case bestBalancedAccuracy

    func validate() throws {
        guard case .probability(let value) = self, !(value > 0 && value < 1) else { return }
        throw RectifierError(.setting, "a threshold must be a probability above 0 and below 1, not \(exactText(value))")
    }

    /// Throws where there are no two classes with probabilities, or it could not be chosen.
    func check(_ data: LoadedData, _ loss: Loss) throws {
        func refuse(_ reason: String) throws { throw RectifierError(.setting, reason, setting: "training.threshold") }
        guard case .classes(_, let names) = data.training.targets else {
            return try refuse("a threshold tells two classes apart, and the data is for regression")
        }
        guard names.count == 2 else { return try refuse("a threshold tells two classes apart, and the data has \(names.count)") }
        guard loss == .softmaxCrossEntropy || loss == .sigmoidCrossEntropy else {
            return try refuse("a threshold is for probabilities, which the loss \(loss) does not give; leave the loss out")
        }
        if case .probability = self { return }
        guard let judged = data.judged, case .classes(let labels, _) = judged.targets else {
            return try refuse("\(spelling) is chosen on held-out data: give test data, a validation share or folds")
        }
        if Set(labels).count < 2 { try refuse("\(spelling) cannot be chosen: all held-out samples are of one class; hold out others") }
    }

    /// The probability to decide by.
    ///
    /// Where one cut is as good as another, the one nearest to 0.5. It lies in the middle between the samples on both
    /// sides, or at 0.5.
    /// - Parameters:
    ///   - predictions: For each sample what is said of the first and of the second class.
    ///   - labels: Of both classes.
    func value(_ predictions: [Double], labels: [Int32]) -> Double {
        if case .probability(let value) = self { return value }
        let samples = labels.indices.map { row in
            (probability: share(predictions[2 * row], predictions[2 * row + 1]), isSecond: labels[row] == 1)
        }.sorted { $0.probability > $1.probability }
        let total = Double(samples.count), second = Double(samples.count { $0.isSecond }), first = total - second
        var best = (score: -Double.infinity, value: 0.5), found = 0.0
        for taken in 0...samples.count {
            if taken > 0, samples[taken - 1].isSecond { found += 1 }
            let upper = taken == 0 ? 1 : samples[taken - 1].probability
            let lower = taken == samples.count ? 0 : samples[taken].probability
            guard lower < upper else { continue }
            let value = lower < 0.5 && 0.5 <= upper ? 0.5 : max((lower + upper) / 2, lower.nextUp)
            let left = total - Double(taken), leftRightly = left - (second - found)
            let score =
                self == .bestF1
                ? 2 * found / (second + Double(taken)) + 2 * leftRightly / (first + left) : found / second + leftRightly / first
            if (score, -abs(value - 0.5)) > (best.score, -abs(best.value - 0.5)) { best = (score, value) }
        }
        return best.value
    }
}

extension Threshold: Spelled, Codable, RecipeValue {
    static var expected: String { "\"best-f1\", \"best-balanced-accuracy\" or a number between 0 and 1" }

    public var spelling: String {
        switch self {
        case .probability(let value): exactText(value)
        case .bestF1: "best-f1"
        case .bestBalancedAccuracy: "best-balanced-accuracy"
        }
    }

    /// `best-f1`, `best-balanced-accuracy` or a probability.
    public init(_ text: String) throws {
        switch text {
        case "best-f1": self = .bestF1
        case "best-balanced-accuracy": self = .bestBalancedAccuracy
        default:
            guard let value = finiteNumber(text) else {
                throw RectifierError(
                    .setting, "a threshold is best-f1, best-balanced-accuracy or a number between 0 and 1, not '\(oneLine(text))'")
            }
            self = .probability(value)
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Double.self) {
            self = .probability(value)
        } else {
            self = try located(decoder) { try Threshold(try container.decode(String.self)) }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if case .probability(let value) = self { try container.encode(value) } else { try container.encode(spelling) }
    }
}

/// The class that a sample is taken for: the one of the largest score, or by a threshold one of two.
func decidedClass(_ scores: some Collection<Double>, threshold: Double?) -> Int {
    guard let threshold, let first = scores.first else { return largest(scores) }
    return share(first, scores[scores.index(after: scores.startIndex)]) >= threshold ? 1 : 0
}

/// The probability of the second of two classes; those of sigmoids do not add up to 1.
private func share(_ first: Double, _ second: Double) -> Double { first + second > 0 ? second / (first + second) : 0.5 }

extension LoadedData {
    /// What a run is judged by while choices are made: not the test data where there is something else.
    var judged: Dataset? { validation ?? (folds == nil ? heldOut : training) }
}
