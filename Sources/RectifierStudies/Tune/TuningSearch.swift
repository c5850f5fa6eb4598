import RectifierInstruments

/// Searches a recipe whose settings have ranges: successive halving (Jamieson and Talwalkar, 2016), from the seed.
///
/// Trials come in groups of nine. All nine train for a ninth of their epochs, the best three go on to a third, and the
/// best of these to the end. Trial 0 is the recipe without changes and always goes on to the end. Trials are judged on
/// rows that their networks have not learned, and never by test data. They share one seed, so that all see the same
/// rows in the same order.
///
/// A trial's draws and scores depend on its number and the recipe alone, so that a search that was stopped and goes on
/// has the result of one that was not.
public struct TuningSearch: Sendable {
    /// How long a search goes on.
    public enum Limit: Sendable, Hashable {
        /// So many trials, the unchanged recipe included; at least 1. No clock is looked at.
        case trials(Int)
        /// Seconds of searching, over all times it went on. Ends when trainings that have begun are done.
        case seconds(Double)
    }

    public let recipe: Recipe
    public let limit: Limit
    /// Of the whole search. `nil`: one for each physical core. Changes no bit.
    public let threads: Int?
    let data: LoadedData

    /// Loads the recipe's data, without its test data.
    ///
    /// - Parameter recipe: With ranges in ``Recipe/tune``; `nil` there stands for the usual ones.
    /// - Throws: ``RectifierError`` where nothing is held out, and for a setting or range that does not fit.
    public init(_ recipe: Recipe, limit: Limit) throws {
        switch limit {
        case .trials(let count):
            guard 1...100_000 ~= count else { throw RectifierError(.setting, "trials must be from 1 to 100,000, not \(count)") }
        case .seconds(let seconds):
            guard seconds > 0, seconds <= 1e9 else { throw RectifierError(.setting, "the budget must be above 0 seconds, not \(seconds)") }
        }
        try recipe.validate()
        var recipe = recipe, settings = recipe.data
        if settings.validation == .share(0) {
            throw RectifierError(.setting, "trials are judged on rows held out: give a share above 0", setting: "data.validation")
        }
        settings.test = nil
        func load() throws -> LoadedData {
            try LoadedData(settings, seed: recipe.training.seed, precision: recipe.training.precision, folds: true)
        }
        var data = try load()
        if data.folds == nil, settings.validation == nil {
            // What is held out now may be test data that the source brings along.
            settings.validation = .share(0.2)
            data = try load()
        }
        if recipe.tune == nil { recipe.tune = try Recipe.usualRanges(of: recipe, on: data) }
        try recipe.checkRanges()
        (self.recipe, self.data, self.limit, threads) = (recipe, data, limit, recipe.training.threads)
    }

    /// Searches, or goes on.
    ///
    /// - Parameters:
    ///   - ledger: Where what is done is kept.
    ///   - stop: Ends the search after the current steps, from any thread.
    ///   - listener: Told of each training that is done.
    public func run(
        _ ledger: TuningLedger = TuningLedger(), stop: StopSignal = StopSignal(),
        _ listener: @escaping @Sendable (StudyProgress) -> Void = { _ in }
    ) throws -> TuningReport {
        let halving = TuningHalving(search: self, ledger: ledger, stop: stop)
        try halving.run(listener)
        return TuningReport(
            recipe: recipe, results: ledger.results, folds: data.folds?.count, rows: data.training.count, limit: limit,
            seconds: ledger.seconds, wasStopped: stop.isStopped)
    }

    /// Where the trials of a group end, in shares of their epochs, and how many of nine get there.
    static let rungs = [(share: 1.0 / 9, trials: 9), (share: 1.0 / 3, trials: 3), (share: 1.0, trials: 1)]
    static var groupSize: Int { rungs[0].trials }

    /// What the bits of its results follow from; another search may not go on with them.
    func identity() throws -> String {
        var fixed = recipe
        (fixed.training.threads, fixed.data.test) = (nil, nil)
        let judge = data.folds == nil ? data.validation ?? data.heldOut : nil
        return String(decoding: try fixed.json, as: UTF8.self) + data.training.digest + (judge?.digest ?? "")
    }
}

extension Recipe {
    /// Ranges around what is usual for the data, for settings that the recipe leaves to be searched.
    static func usualRanges(of recipe: Recipe, on data: LoadedData) throws -> [String: TuningRange] {
        let plan = try TrainingPlan(recipe: recipe, data: data)
        func choices(_ values: [JSONValue]) -> TuningRange { TuningRange(values) }
        var ranges = ["training.learningRate": TuningRange(logarithmic: plan.learningRate / 6...plan.learningRate * 6)]
        ranges["training.weightDecay"] = choices([.whole(0)] + [0.0001, 0.001, 0.01, 0.1].map(JSONValue.number))
        let sizes = [16, 32, 64, 128, 256].filter { $0 <= max(16, data.training.count / 4) }
        ranges["training.batchSize"] = choices(sizes.map(JSONValue.whole))
        // Layers that are spelled out are meant.
        if recipe.network.allLayers == nil, recipe.network.named == nil {
            let widths =
                data.training.sampleShape.count > 1
                ? [[128], [256], [512], [256, 128], [512, 512]] : [[16], [32], [64], [128], [32, 32], [64, 64], [128, 64]]
            ranges["network.layers"] = choices(widths.map { .list($0.map(JSONValue.whole)) })
            ranges["network.dropout"] = choices([.whole(0)] + [0.1, 0.2, 0.3].map(JSONValue.number))
            // A derivative at a kink may be none of another activation.
            if recipe.network.atZero == nil {
                ranges["network.activation"] = choices(["relu", "gelu", "silu"].map(JSONValue.text))
            }
        }
        return ranges
    }
}
