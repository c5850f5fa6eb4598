import CRectifierKernels

/// Measures a network on data whose targets are known, a batch at a time.
final class Evaluator {
    /// One loss for each sample, what the network gives, and what that means where it predicts.
    private let runner: BatchRunner
    private let metric: Metric?

    /// - Parameters:
    ///   - parameters: Read at every run, so that an evaluator made once follows the training.
    ///   - predicts: Whether it is asked for an ``outcome(_:preparation:)``.
    ///   - metric: Of the evaluation's score.
    init(
        _ network: Network, loss: Loss, parameters: ParameterMemory, pool: ThreadPool?, predicts: Bool = false, metric: Metric? = nil
    ) throws {
        self.metric = metric == .loss ? nil : metric
        let predicts = predicts || self.metric != nil
        let output = try network.built(isTraining: false).output
        let losses = try loss(output, .input(Network.targetName, shape: output.shape))
        runner = BatchRunner(
            [losses, output] + (predicts ? [try loss.prediction(output)] : []), parameters: parameters, pool: pool)
    }

    /// Loss and quality, errors in the targets' own units.
    func evaluate(_ data: Dataset, preparation: Preparation? = nil) throws -> Evaluation {
        guard let metric else { return try evaluate(data, preparation: preparation) { _, _ in } }
        let outcome = try outcome(data, preparation: preparation)
        let report = MetricReport(outcome, data: data, preparation: preparation)
        guard let score = report[metric]?.estimate.value else {
            throw RectifierError(
                .data, "\(metric.rawValue) is not defined on the held-out samples, which may be of one class; choose another metric",
                setting: "training.metric")
        }
        var evaluation = outcome.evaluation
        evaluation.score = score
        return evaluation
    }

    /// What a model says of some samples, and how good that is.
    struct Outcome {
        var evaluation: Evaluation
        /// Probabilities of classes, or numbers as trained.
        var predictions: [Double] = []
        /// The most probable class of each sample; classification only.
        var classes: [Int32] = []
    }

    func outcome(_ data: Dataset, preparation: Preparation?) throws -> Outcome {
        let width = data.outputCount
        // Metrics sort them, and keep some numbers beside.
        try requireDataMemory([data.count, width + 4, 4 * MemoryLayout<Double>.size])
        var outcome = Outcome(evaluation: Evaluation(loss: 0))
        outcome.evaluation = try evaluate(data, preparation: preparation) { outputs, program in
            outcome.predictions += program.values(ofOutput: 2)
            guard case .classes = data.targets else { return }
            for row in stride(from: 0, to: outputs.count, by: width) { outcome.classes.append(Int32(largest(outputs[row..<row + width]))) }
        }
        return outcome
    }

    /// - Parameter body: Called behind each batch with what the network gives, and the program.
    private func evaluate(_ data: Dataset, preparation: Preparation?, _ body: ([Double], Program) -> Void) throws -> Evaluation {
        var total = 0.0
        var quality = Quality(data, units: preparation?.targetValues?.map(\.deviation))
        try runner.run(data) { program, start, count in
            total += program.values(ofOutput: 0).reduce(0, +)
            let outputs = program.values(ofOutput: 1)
            quality.add(outputs, start: start, count: count)
            body(outputs, program)
        }
        return quality.evaluation(loss: total / Double(data.count))
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
        let rows = (0..<Int32(data.count)).map { $0 }
        try data.withFeeds { feeds in
            try rows.withUnsafeBufferPointer { rows in
                for start in stride(from: 0, to: data.count, by: batchSize) {
                    let count = min(batchSize, data.count - start)
                    let program = try programs.program(over: count, of: data, feeds)
                    cursor.indices.pointee = rows.baseAddress! + start
                    program.run()
                    try body(program, start, count)
                }
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

    mutating func add(_ outputs: [Double], start: Int, count: Int) {
        switch targets {
        case .classes(let labels, let names):
            for row in 0..<count {
                let scores = outputs[row * names.count..<(row + 1) * names.count]
                confusion[Int(labels[start + row])][largest(scores)] += 1
            }
        case .values(let values, let width): addErrors(outputs, values[start * width..<(start + count) * width].lazy.map(Double.init))
        case .doubleValues(let values, let width): addErrors(outputs, values[start * width..<(start + count) * width])
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
