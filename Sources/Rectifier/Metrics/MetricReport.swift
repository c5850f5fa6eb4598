/// What a model scores on data whose targets are known, how sure that is, and what saying nothing of them would score.
public struct MetricReport: Sendable, Equatable {
    /// A number that was measured.
    public struct Estimate: Sendable, Equatable {
        public var value: Double
        /// 95 % of what other rows of the same kind would give; `nil` where that was not asked for or cannot be told.
        public var interval: ClosedRange<Double>?
    }

    public struct Score: Sendable, Equatable {
        public var metric: Metric
        public var estimate: Estimate
        /// What the trivial model scores, which says the same of every row: the classes' shares or the targets' mean in
        /// the training rows. `nil` where those are not known.
        public var trivial: Double?

        /// Whether the trivial model scores at least as well.
        public var isTrivial: Bool {
            trivial.map { metric.isHigherBetter ? $0 >= estimate.value : $0 <= estimate.value } ?? false
        }
    }

    /// What is known of one class against all others. What has no rows to be measured on is `nil`.
    public struct ClassScores: Sendable, Equatable {
        /// Held-out rows of the class.
        public var rows: Int
        public var precision, recall, f1, rocAUC, averagePrecision: Estimate?
    }

    /// Loss, and the confusion of classes.
    public let evaluation: Evaluation
    /// Whether samples count more or less in the loss. Scores count each sample once.
    public internal(set) var isLossWeighted = false
    /// From what probability of the second of two classes on samples were taken for it; `nil`: the more probable class.
    public internal(set) var threshold: Double?
    public let rows: Int
    /// How often rows were drawn again for the intervals.
    public let resamples: Int
    /// Those that are defined, in the order of ``Metric``.
    public let scores: [Score]
    /// One for each class; empty for numbers.
    public let classes: [ClassScores]
    /// What the trivial model always says: the number of a class.
    public let trivialClass: Int?

    /// The score by a metric, where it is defined.
    public subscript(metric: Metric) -> Score? { scores.first { $0.metric == metric } }
}

extension MetricReport {
    /// - Parameters:
    ///   - metrics: What the first scores are of.
    ///   - trivial: Scores of the trivial model.
    private init(
        _ evaluation: Evaluation, _ metrics: [Metric], _ answers: some Answers, trivial: [Double]?, classes: Int, trivialClass: Int? = nil,
        hasIntervals: Bool, threads: Int
    ) {
        let resamples = hasIntervals ? Bootstrap.resamples(for: answers) : 0, values = answers.scores
        let intervals = hasIntervals ? Bootstrap.intervals(of: answers, resamples: resamples, threads: threads) : []
        func estimate(_ place: Int) -> Estimate? {
            values[place].isFinite ? Estimate(value: values[place], interval: intervals.isEmpty ? nil : intervals[place]) : nil
        }
        (self.evaluation, rows, self.resamples, self.trivialClass) = (evaluation, answers.count, resamples, trivialClass)
        scores = metrics.enumerated().compactMap { place, metric in
            estimate(place).map { Score(metric: metric, estimate: $0, trivial: trivial.flatMap { $0[place].isFinite ? $0[place] : nil }) }
        }
        self.classes = (0..<classes).map { index in
            func score(_ score: ClassAnswers.ClassScore) -> Estimate? { estimate(ClassAnswers.place(score, of: index)) }
            return ClassScores(
                rows: evaluation.confusion?[index].reduce(0, +) ?? 0, precision: score(.precision), recall: score(.recall), f1: score(.f1),
                rocAUC: score(.rocAUC), averagePrecision: score(.averagePrecision))
        }
    }

    /// - Parameter means: Of the training rows' targets.
    init(
        _ outcome: Evaluator.Outcome, data: Dataset, preparation: Preparation?, means: [Double]? = nil, hasIntervals: Bool = false,
        threads: Int = 1
    ) {
        func numbers(_ targets: [Double], _ width: Int) -> MetricReport {
            let units = preparation?.targetValues?.map(\.deviation) ?? [Double](repeating: 1, count: width)
            return MetricReport(
                outcome.evaluation, Metric.ofNumbers,
                NumberAnswers(outputs: outcome.predictions, targets: targets, units: units, means: means),
                trivial: means.map { NumberAnswers(means: $0, targets: targets, units: units).scores }, classes: 0,
                hasIntervals: hasIntervals, threads: threads)
        }
        switch data.targets {
        case .classes(let labels, let names):
            self.init(
                outcome.evaluation, Metric.ofClasses,
                ClassAnswers(
                    probabilities: outcome.predictions, predicted: outcome.classes, labels: labels, classCount: names.count),
                trivial: means.map { ClassAnswers(shares: $0, labels: labels).scores }, classes: names.count,
                trivialClass: means.map(largest), hasIntervals: hasIntervals, threads: threads)
        case .values(let values, let width): self = numbers(values.map(Double.init), width)
        case .doubleValues(let values, let width): self = numbers(values, width)
        case .none: preconditionFailure("data without targets are not measured")
        }
    }
}

extension Dataset {
    /// The mean of the targets over all samples, as a network learns them: for classes their shares.
    var targetMeans: [Double] {
        func means(_ width: Int, _ value: (Int) -> Double) -> [Double] {
            (0..<width).map { column in (0..<count).reduce(0) { $0 + value($1 * width + column) } / Double(count) }
        }
        switch targets {
        case .classes(let labels, let names):
            var counts = [Double](repeating: 0, count: names.count)
            for label in labels { counts[Int(label)] += 1 }
            return counts.map { $0 / Double(count) }
        case .values(let values, let width): return means(width) { Double(values[$0]) }
        case .doubleValues(let values, let width): return means(width) { values[$0] }
        case .none: return []
        }
    }
}
