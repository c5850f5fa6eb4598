import CRectifierKernels

/// Measures a network on data whose targets are known, a batch at a time; or the branches of a ``Mean`` in folds, each
/// on the part of the training data that it does without.
final class Evaluator {
    /// Of each network one loss for each sample, what it gives, and what that means where it predicts.
    private let runners: [BatchRunner]
    private let folds: Folds?
    private let metric: Metric?
    private let classWeights: [Double]?
    /// What two classes are told apart by; `nil`: the largest score. For evaluators that predict.
    var threshold: Double?

    /// - Parameters:
    ///   - parameters: Read at every run, so that an evaluator made once follows the training.
    ///   - folds: Of the data that are to be measured on, where each branch has its own part.
    ///   - predicts: Whether it is asked for an ``outcome(_:preparation:)``.
    ///   - metric: Of the evaluation's score.
    ///   - classWeights: What a sample of each class counts in the loss.
    init(
        _ network: Network, loss: Loss, parameters: ParameterMemory, pool: ThreadPool?, folds: Folds? = nil, predicts: Bool = false,
        metric: Metric? = nil, classWeights: [Double]? = nil
    ) throws {
        self.classWeights = classWeights
        self.metric = metric == .loss ? nil : metric
        self.folds = folds
        let predicts = predicts || self.metric != nil, built = try network.built(isTraining: false)
        precondition(folds == nil || built.members.count == folds!.count, "a plan makes a network for each fold")
        runners = try (folds == nil ? [built.output] : built.members).map { output in
            let losses = try loss(output, .input(Network.targetName, shape: output.shape))
            return BatchRunner([losses, output] + (predicts ? [try loss.prediction(output)] : []), parameters: parameters, pool: pool)
        }
    }

    /// Loss and quality, errors in the targets' own units.
    func evaluate(_ data: Dataset, preparation: Preparation? = nil) throws -> Evaluation {
        guard metric != nil else { return try measure(data, preparation) { _, _, _ in }.all }
        let outcome = try outcome(data, preparation: preparation)
        var evaluation = outcome.evaluation
        evaluation.score = try score(outcome, data, preparation)
        return evaluation
    }

    /// The same in folds, and what the data cost each network, by which its best weights are chosen.
    func evaluateFolds(_ data: Dataset, preparation: Preparation) throws -> (all: Evaluation, costs: [Double]) {
        guard let metric else {
            let (all, losses) = try measure(data, preparation) { _, _, _ in }
            return (all, losses)
        }
        let outcome = try outcome(data, preparation: preparation), width = data.outputCount
        var all = outcome.evaluation
        all.score = try score(outcome, data, preparation)
        let costs = try (0..<folds!.count).map { fold in
            let rows = folds!.rows(of: fold)
            var own = Outcome(evaluation: outcome.evaluation)
            own.predictions = rows.flatMap { outcome.predictions[Int($0) * width..<(Int($0) + 1) * width] }
            if !outcome.classes.isEmpty { own.classes = rows.map { outcome.classes[Int($0)] } }
            let score = try score(own, data.selecting(rows), preparation)
            return metric.isHigherBetter ? -score : score
        }
        return (all, costs)
    }

    private func score(_ outcome: Outcome, _ data: Dataset, _ preparation: Preparation?) throws -> Double {
        let report = MetricReport(outcome, data: data, preparation: preparation)
        guard let score = report[metric!]?.estimate.value else {
            throw RectifierError(
                .data, "\(metric!.rawValue) is not defined on the held-out samples, which may be of one class; choose another metric",
                setting: "training.metric")
        }
        return score
    }

    /// What a model says of some samples, and how good that is.
    struct Outcome {
        var evaluation: Evaluation
        /// Probabilities of classes, or numbers as trained.
        var predictions: [Double] = []
        /// The class that each sample is taken for; classification only.
        var classes: [Int32] = []
    }

    func outcome(_ data: Dataset, preparation: Preparation?) throws -> Outcome {
        let width = data.outputCount
        // Metrics sort them, and keep some numbers beside.
        try requireDataMemory([data.count, width + 4, 4 * MemoryLayout<Double>.size])
        var outcome = Outcome(evaluation: Evaluation(loss: 0))
        outcome.predictions = [Double](repeating: 0, count: data.count * width)
        if case .classes = data.targets { outcome.classes = [Int32](repeating: 0, count: data.count) }
        outcome.evaluation = try measure(data, preparation) { rows, outputs, program in
            let predictions = program.values(ofOutput: 2)
            for (place, row) in rows.enumerated() {
                let own = place * width..<(place + 1) * width
                outcome.predictions.replaceSubrange(Int(row) * width..<(Int(row) + 1) * width, with: predictions[own])
                if !outcome.classes.isEmpty { outcome.classes[Int(row)] = Int32(decidedClass(outputs[own], threshold: threshold)) }
            }
        }.all
        return outcome
    }

    /// - Parameter body: Called behind each batch with its samples, what decides about their classes, and the program.
    /// - Returns: The mean loss of each network as well.
    private func measure(
        _ data: Dataset, _ preparation: Preparation?, _ body: (ArraySlice<Int32>, [Double], Program) -> Void
    ) throws -> (all: Evaluation, losses: [Double]) {
        var quality = Quality(data, units: preparation?.targetValues?.map(\.deviation)), total = 0.0, totalWeight = 0.0
        let weights = data.lossWeights(classWeights)
        let losses = try runners.enumerated().map { part, runner in
            let rows = folds?.rows(of: part) ?? (0..<Int32(data.count)).map { $0 }
            var sum = 0.0
            try runner.run(data, rows: rows) { program, rows in
                let losses = program.values(ofOutput: 0)
                sum += weights.map { all in zip(rows, losses).reduce(0) { $0 + all[Int($1.0)] * $1.1 } } ?? losses.reduce(0, +)
                let outputs = program.values(ofOutput: threshold == nil ? 1 : 2)
                quality.add(outputs, rows: rows, threshold: threshold)
                body(rows, outputs, program)
            }
            let weight = weights.map { all in rows.reduce(0) { $0 + all[Int($1)] } } ?? Double(rows.count)
            guard weight > 0 else {
                let (place, advice) = folds == nil ? ("", "other data") : (" in a fold", "choose fewer folds")
                throw RectifierError(
                    .data, "all samples that are measured\(place) have the weight 0; give weights above 0, or \(advice)")
            }
            total += sum
            totalWeight += weight
            return sum / weight
        }
        return (quality.evaluation(loss: total / totalWeight), losses)
    }
}

/// Computes formulas on all samples of a data set, a batch at a time.
package final class BatchRunner {
    private let batchSize: Int
    private let cursor = BatchCursor()
    private var programs: BatchPrograms

    package init(_ outputs: [Formula], parameters: ParameterMemory, pool: ThreadPool?) {
        batchSize = Self.batchSize(for: outputs)
        programs = BatchPrograms(outputs, parameters: parameters, cursor: cursor, pool: pool)
    }

    /// Samples of a batch: 500, or fewer where a layer's values for so many would take more memory than training does.
    static func batchSize(for outputs: [Formula]) -> Int {
        let most = 1 << 22, largest = topologicalOrder(of: outputs).filter(\.shape.hasBatch).map { $0.shape.count(batchSize: 1) }.max() ?? 1
        return min(500, max(1, most / largest))
    }

    /// - Parameter body: Called behind each batch with the program, the first sample's number and how many there are.
    package func run(_ data: Dataset, _ body: (Program, Int, Int) throws -> Void) throws {
        try run(data, rows: (0..<Int32(data.count)).map { $0 }) { try body($0, Int($1.first!), $1.count) }
    }

    /// - Parameters:
    ///   - rows: Some samples, by their numbers.
    ///   - body: Called behind each batch with the program and its samples.
    func run(_ data: Dataset, rows: [Int32], _ body: (Program, ArraySlice<Int32>) throws -> Void) throws {
        // Training goes on between two runs, and has its own programs to hold.
        defer { programs.dropLarge() }
        try data.withFeeds { feeds in
            for start in stride(from: 0, to: rows.count, by: batchSize) {
                let batch = rows[start..<min(start + batchSize, rows.count)]
                let program = try programs.program(over: batch.count, of: data, feeds)
                batch.withUnsafeBufferPointer {
                    cursor.indices.pointee = $0.baseAddress
                    program.run()
                }
                try body(program, batch)
            }
        }
    }
}

/// Sums over a data set from which its quality follows.
private struct Quality {
    private let targets: Dataset.Targets
    private var confusion: [[Int]] = []
    /// What differences of each target are multiplied by.
    private let units: [Double]
    private var squaredError = 0.0, squaredErrorInUnits = 0.0
    /// Mean and summed squared deviation of the targets, by Welford's update.
    private var seen = 0, mean = 0.0, deviation = 0.0

    init(_ data: Dataset, units: [Double]?) {
        targets = data.targets
        self.units = units ?? [Double](repeating: 1, count: data.outputCount)
        if case .classes(_, let names) = targets { confusion = names.map { _ in [Int](repeating: 0, count: names.count) } }
    }

    /// Adds what a network gives for some rows.
    mutating func add(_ outputs: [Double], rows: ArraySlice<Int32>, threshold: Double?) {
        switch targets {
        case .classes(let labels, let names):
            for (place, row) in rows.enumerated() {
                let scores = outputs[place * names.count..<(place + 1) * names.count]
                confusion[Int(labels[Int(row)])][decidedClass(scores, threshold: threshold)] += 1
            }
        case .values(let values, let width):
            addErrors(outputs, rows.lazy.flatMap { values[Int($0) * width..<(Int($0) + 1) * width] }.map(Double.init))
        case .doubleValues(let values, let width): addErrors(outputs, rows.lazy.flatMap { values[Int($0) * width..<(Int($0) + 1) * width] })
        case .none: break
        }
    }

    private mutating func addErrors(_ outputs: [Double], _ targets: some Sequence<Double>) {
        for (output, target) in zip(outputs, targets) {
            let square = (output - target) * (output - target), unit = units[seen % units.count]
            squaredError += square
            squaredErrorInUnits += square * unit * unit
            seen += 1
            let fromOldMean = target - mean
            mean += fromOldMean / Double(seen)
            deviation += fromOldMean * (target - mean)
        }
    }

    func evaluation(loss: Double) -> Evaluation {
        var result = Evaluation(loss: loss)
        if !confusion.isEmpty {
            let right = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
            result.accuracy = Double(right) / Double(confusion.joined().reduce(0, +))
            result.confusion = confusion
        } else if seen > 0 {
            result.rmse = (squaredErrorInUnits / Double(seen)).squareRoot()
            // Of targets that are all equal, any error explains nothing.
            result.r2 = deviation > 0 ? 1 - squaredError / deviation : 0
        }
        return result
    }
}

/// The place of the largest number, counted from 0; the first of equal ones.
package func largest(_ values: some Collection<Double>) -> Int {
    var best = 0, bestValue = -Double.infinity
    for (place, value) in values.enumerated() where value > bestValue { (best, bestValue) = (place, value) }
    return best
}
