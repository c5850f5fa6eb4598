import Rectifier
import RectifierReports
import RectifierText

/// Scores of a model, between what they lie, and those of the trivial model.
struct MetricTable {
    private let report: MetricReport
    private let classNames: [String]?

    /// Below so many rows of a class its figures are rough: one row more or less moves its share by more than 3 %.
    private static let fewRows = 30
    private static let mostClasses = 20, widestName = 20

    init(_ report: MetricReport, classNames: [String]?) { (self.report, self.classNames) = (report, classNames) }

    // ===--- Text ---===//

    func lines(width: Int) -> [String] {
        var table = TextTable(["", "model", "95 % interval", "trivial"], alignments: [.left, .right, .right, .right])
        for score in report.scores {
            let metric = score.metric
            table.addRow([
                metric.words, metric.text(score.estimate.value), score.estimate.interval.map(metric.text) ?? "-",
                score.trivial.map { metric.text($0) } ?? "-",
            ])
        }
        return table.lines(width: width) + verdicts.flatMap { [""] + wrapped($0, width: width) } + classLines(width: width)
    }

    /// `taken for yes from a probability of 0.31 on`
    static func decision(_ threshold: Double, _ classNames: [String]?) -> String {
        "taken for `\(nameOfClass(1, classNames))` from a probability of \(Format.significant(threshold, 3)) on"
    }

    /// The scores that matter most, in a line: `accuracy 81.01 % (trivial 61.45 %), …`
    var summary: String {
        let metrics: [Metric] = report.classes.isEmpty ? [.rmse, .r2] : [decision, .logLoss, .rocAUC]
        return metrics.compactMap { report[$0] }.enumerated().map { place, score in
            let trivial = score.trivial.map { " (\(place == 0 ? "trivial " : "")\(score.metric.text($0)))" } ?? ""
            return "\(score.metric.words) \(score.metric.text(score.estimate.value))\(trivial)"
        }.joined(separator: ", ")
    }

    /// Where the model is not better than the trivial one, in plain words.
    var verdicts: [String] {
        // Weights of classes shift probabilities on purpose.
        let shown: [Metric] = report.classes.isEmpty ? [.rmse] : report.isLossWeighted ? [decision] : [decision, .logLoss]
        return shown.compactMap { report[$0] }.compactMap { score in
            guard let trivial = score.trivial else { return nil }
            let ours = score.metric.text(score.estimate.value), theirs = score.metric.text(trivial)
            guard !score.isTrivial else {
                if score.metric == .logLoss {
                    return "The probabilities are worse than none: the classes' shares have the log-loss \(theirs)."
                }
                return "\(score.metric.words) \(ours) means nothing here: \(trivialAnswer) scores \(theirs)."
            }
            guard score.metric != .logLoss, let interval = score.estimate.interval, interval.contains(trivial) else { return nil }
            return "\(score.metric.words) \(ours) may be chance: \(trivialAnswer) scores \(theirs)."
        }
    }

    /// A threshold gives accuracy away on purpose.
    private var decision: Metric { report.threshold == nil ? .accuracy : .balancedAccuracy }

    private var trivialAnswer: String {
        report.trivialClass.map { "always saying `\(nameOfClass($0, classNames))`" } ?? "always saying the training mean"
    }

    private func classLines(width: Int) -> [String] {
        guard (1...Self.mostClasses).contains(report.classes.count) else { return [] }
        var table = TextTable(
            ["class", "rows", "precision", "recall", "F1", "ROC AUC", "AP"], alignments: [.left] + Array(repeating: .right, count: 6))
        for (index, scores) in report.classes.enumerated() {
            func share(_ estimate: MetricReport.Estimate?) -> String { estimate.map { Format.percent($0.value) } ?? "-" }
            func number(_ estimate: MetricReport.Estimate?) -> String { estimate.map { Format.fixed($0.value, 4) } ?? "-" }
            table.addRow([
                shortenedInside(nameOfClass(index, classNames), to: Self.widestName), Format.count(scores.rows), share(scores.precision),
                share(scores.recall), share(scores.f1), number(scores.rocAUC), number(scores.averagePrecision),
            ])
        }
        let rare = report.classes.indices.filter { report.classes[$0].rows < Self.fewRows }
        let named = rare.map { "`\(nameOfClass($0, classNames))` (\(report.classes[$0].rows))" }.joined(separator: ", ")
        let note = rare.isEmpty ? [] : [""] + wrapped("Fewer than \(Self.fewRows) rows, so figures are rough: \(named).", width: width)
        return [""] + table.lines(width: width) + note
    }

    // ===--- JSON ---===//

    /// Adds all scores under scikit-learn's names; `intervals` and `trivial` have the same names.
    func add(to line: inout JSONLine) {
        var intervals = JSONLine(), trivial = JSONLine()
        for score in report.scores {
            let name = score.metric.rawValue
            // Loss, accuracy and confusion are there already.
            if ![.accuracy, .rmse, .r2].contains(score.metric) { line.add(name, score.estimate.value) }
            intervals.add(name, score.estimate.interval.map { [$0.lowerBound, $0.upperBound] })
            trivial.add(name, score.trivial)
        }
        line.add("intervals", intervals)
        line.add("trivial", trivial)
        line.add("resamples", report.resamples)
        if report.classes.isEmpty { return }
        line.add(
            "perClass",
            report.classes.enumerated().map { index, scores -> JSONLine in
                let estimates = [
                    ("precision", scores.precision), ("recall", scores.recall), ("f1", scores.f1), ("roc_auc", scores.rocAUC),
                    ("average_precision", scores.averagePrecision),
                ]
                var line: JSONLine = ["class": classNames?[index] ?? String(index), "samples": scores.rows], intervals = JSONLine()
                for (name, estimate) in estimates {
                    line.add(name, estimate?.value)
                    intervals.add(name, estimate?.interval.map { [$0.lowerBound, $0.upperBound] })
                }
                line.add("intervals", intervals)
                return line
            })
    }
}

extension Metric {
    /// As people call it.
    var words: String {
        switch self {
        case .loss, .accuracy: rawValue
        case .balancedAccuracy: "balanced accuracy"
        case .logLoss: "log-loss"
        case .brierScore: "Brier score"
        case .calibrationError: "calibration error"
        case .f1: "macro F1"
        case .rocAUC: "ROC AUC"
        case .averagePrecision: "average precision"
        case .rmse: "RMSE"
        case .meanAbsoluteError: "mean absolute error"
        case .medianAbsoluteError: "median absolute error"
        case .r2: "R²"
        case .skill: "explained, against the mean"
        }
    }

    func text(_ value: Double) -> String {
        switch self {
        case .accuracy, .balancedAccuracy, .calibrationError, .f1, .skill: Format.percent(value)
        case .logLoss, .brierScore, .rocAUC, .averagePrecision, .r2: Format.fixed(value, 4)
        case .loss, .rmse, .meanAbsoluteError, .medianAbsoluteError: Format.significant(value)
        }
    }

    func text(_ interval: ClosedRange<Double>) -> String {
        "\(text(interval.lowerBound)) to \(text(interval.upperBound))".replacingOccurrences(of: " % to", with: " to")
    }
}
