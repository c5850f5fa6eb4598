import ArgumentParser
import Rectifier
import RectifierReports
import RectifierText

/// `rectifier evaluate`
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a trained model on data whose answers are known.",
        usage: "rectifier evaluate <model> [--data <source>] [<options>]",
        discussion: """
            Without --data, takes what the model's run held out, or its test data.

            Prints what the model scores, between what scores 95 % of other samples of
            the same kind would lie, and what the trivial model scores: it knows no
            feature, and always says the classes' shares, or the mean, of the training
            samples. --json names scores as scikit-learn does.

            Examples:
              rectifier evaluate digits.rectifier
              rectifier evaluate adult.rectifier --data adult-test.csv --json
            """
    )

    @OptionGroup var source: ModelSource

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let model = try source.loadedModel()
        let data = try source.samples(for: model, withTargets: true) ?? source.heldOut(for: model)
        for note in data.notes { writeErrorLine("rectifier: note: \(note)") }
        let metrics = try model.metrics(on: data.samples, folds: data.folds, threads: source.threads)
        let classNames = model.preparation?.classNames
        if json {
            try StandardOutput.writeLine(jsonLine(metrics, data: data, classNames: classNames).description)
        } else {
            let width = Terminal.standardOutput().width
            for line in report(metrics, data: data, classNames: classNames, width: width) { try StandardOutput.writeLine(line) }
        }
    }

    private func jsonLine(_ metrics: MetricReport, data: ModelSource.Samples, classNames: [String]?) -> JSONLine {
        let evaluation = metrics.evaluation
        var line: JSONLine = [
            "data": data.name, "samples": metrics.rows, "loss": evaluation.loss, "accuracy": evaluation.accuracy,
            "isLossWeighted": metrics.isLossWeighted, "threshold": metrics.threshold, "rmse": evaluation.rmse, "r2": evaluation.r2,
            "classes": classNames,
            "confusion": evaluation.confusion,
        ]
        MetricTable(metrics, classNames: classNames).add(to: &line)
        return line
    }

    private func report(_ metrics: MetricReport, data: ModelSource.Samples, classNames: [String]?, width: Int) -> [String] {
        let title =
            "\(data.name): \(Format.count(metrics.rows, "sample")), "
            + "loss \(Format.significant(metrics.evaluation.loss))\(metrics.isLossWeighted ? " (weighted; scores are not)" : "")"
        let decision = metrics.threshold.map { wrapped(MetricTable.decision($0, classNames), width: width) } ?? []
        var lines = wrapped(title, width: width) + decision + [""] + MetricTable(metrics, classNames: classNames).lines(width: width)
        if let confusion = metrics.evaluation.confusion, confusion.count <= ConfusionTable.mostClasses {
            lines += [""] + ConfusionTable(confusion, classNames: classNames).lines(width: width)
        }
        return lines
    }
}

/// As it can be printed: its number where it has no name.
func nameOfClass(_ index: Int, _ names: [String]?) -> String {
    names.flatMap { index < $0.count ? printable($0[index]) : nil } ?? String(index)
}

/// Which classes are taken for which, with the share found of each.
struct ConfusionTable {
    static let mostClasses = 20
    private let confusion: [[Int]]
    private let names: [String]

    init(_ confusion: [[Int]], classNames: [String]?) {
        self.confusion = confusion
        names = confusion.indices.map { nameOfClass($0, classNames) }
    }

    /// Headings are shortened to what the counts below them take, and what is too wide even so is cut into several
    /// tables.
    func lines(width: Int) -> [String] {
        let rowNames = names.map { shortenedInside($0, to: Self.widestName) }
        let counts = confusion.joined().map { String($0).count }.max() ?? 1
        let room = width - max("class".count, rowNames.map(terminalColumns).max() ?? 0) - 2 - "100.00 %".count
        let headings = names.map { shortenedInside($0, to: max(counts, 3, room / names.count - 2)) }
        var table = TextTable(["class"] + headings + ["found"], alignments: [.left] + Array(repeating: .right, count: names.count + 1))
        for (index, row) in confusion.enumerated() {
            let total = row.reduce(0, +)
            let found = total == 0 ? "-" : Format.percent(Double(row[index]) / Double(total))
            table.addRow([rowNames[index]] + row.map { $0 == 0 ? "·" : String($0) } + [found])
        }
        return ["true classes in rows, predicted ones in columns:"] + table.lines(width: width)
    }

    private static let widestName = 20
}
