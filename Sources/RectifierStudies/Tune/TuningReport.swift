import RectifierInstruments
import RectifierText

/// What a ``TuningSearch`` found.
public struct TuningReport: Sendable {
    /// The recipe that was searched, with its ranges.
    public let recipe: Recipe
    /// In the order of trials and rungs.
    public let results: [Result]
    /// Networks of a trial, each judged by its own part of the rows; `nil`: one network and other rows.
    public let folds: Int?
    /// That were trained on.
    public let rows: Int
    public let limit: TuningSearch.Limit
    /// Of searching, over all times it went on.
    public let seconds: Double
    public let wasStopped: Bool

    /// A trial at the end of one of its rungs.
    public struct Result: Sendable, Hashable, Codable {
        /// From 0, which is the unchanged recipe.
        public let trial: Int
        /// From 0; the last one is the end of its epochs.
        public let rung: Int
        let changes: [String: JSONValue]
        /// Trained so far.
        public internal(set) var epochs = 0
        public let epochsInAll: Int
        /// On each part of the rows held out: the loss, or the run's metric, negative where more of it is better. Empty
        /// where training diverged.
        public internal(set) var costs: [Double] = []

        init(trial: Int, rung: Int, changes: [String: JSONValue], epochsInAll: Int) {
            (self.trial, self.rung, self.changes, self.epochsInAll) = (trial, rung, changes, epochsInAll)
        }

        public var isDiverged: Bool { costs.isEmpty }
        /// The mean over the parts; infinite where training diverged.
        public var cost: Double { isDiverged ? .infinity : costs.mean }
        /// Whether it has trained to its end.
        public var isFinished: Bool { rung == TuningSearch.rungs.count - 1 }

        /// Whether a search can have written it.
        var isPossible: Bool {
            trial >= 0 && TuningSearch.rungs.indices ~= rung && 0...epochsInAll ~= epochs && costs.allSatisfy(\.isFinite)
        }
    }

    /// The last result of each trial.
    public var trials: [Result] {
        results.indices.filter { $0 + 1 == results.count || results[$0 + 1].trial != results[$0].trial }.map { results[$0] }
    }

    /// The unchanged recipe at its end.
    public var unchanged: Result? { results.first { $0.trial == 0 && $0.isFinished } }

    /// The best of all that trained to their end and are better than the unchanged recipe by more than ``margin``
    /// standard errors; the unchanged recipe where there is none.
    public var best: Result? {
        guard let unchanged else { return nil }
        let better = results.filter { $0.isFinished && $0.trial > 0 && !$0.isDiverged && isBetter($0, than: unchanged) }
        return better.min { ($0.cost, $0.trial) < ($1.cost, $1.trial) } ?? unchanged
    }

    /// Standard errors that the best of so many trials would be better by if none of them were: about the largest of n
    /// normal deviates, √(2 ln n).
    public var margin: Double { max(1, (2 * logarithm(of: Double(max(1, trials.count - 1)))).squareRoot()) }

    /// Whether a trial's mean is better by more than that many standard errors of the mean difference, part by part.
    private func isBetter(_ result: Result, than other: Result) -> Bool {
        guard let gain = gain(of: result, over: other) else { return other.isDiverged }
        return gain.mean > margin * gain.error
    }

    /// How much less a trial costs than another, over the parts, with the standard error.
    func gain(of result: Result, over other: Result) -> (mean: Double, error: Double)? {
        guard !result.isDiverged, result.costs.count == other.costs.count else { return nil }
        let gains = zip(other.costs, result.costs).map { $0 - $1 }
        return gains.standardError.map { (gains.mean, $0) }
    }

    /// The recipe to train, without ranges: the best trial's.
    public func bestRecipe() throws -> Recipe { try recipe.setting(best?.changes ?? [:]) }

    var metric: Metric { recipe.training.metric ?? .loss }

    /// What a cost is as a score; `nil` where training diverged.
    func score(_ cost: Double) -> Double? { cost.isFinite ? (metric.isHigherBetter ? -cost : cost) : nil }

    func words(_ cost: Double) -> String { score(cost).map(Format.score) ?? "diverged" }
}
