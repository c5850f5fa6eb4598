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
        let evaluation = try model.evaluate(on: data.samples, threads: source.threads)
        let classNames = model.preparation?.classNames
        if json {
            try StandardOutput.writeLine(jsonLine(evaluation, data: data, classNames: classNames).description)
        } else {
            let width = Terminal.standardOutput().width
            for line in report(evaluation, data: data, classNames: classNames, width: width) { try StandardOutput.writeLine(line) }
        }
    }

    private func jsonLine(_ evaluation: Evaluation, data: ModelSource.Samples, classNames: [String]?) -> JSONLine {
        [
            "data": data.name, "samples": data.samples.count, "loss": evaluation.loss, "accuracy": evaluation.accuracy,
            "rmse": evaluation.rmse, "r2": evaluation.r2, "classes": classNames, "confusion": evaluation.confusion,
        ]
    }

    private func report(_ evaluation: Evaluation, data: ModelSource.Samples, classNames: [String]?, width: Int) -> [String] {
        var table = TextTable([], alignments: [.left, .right])
        table.addRow(["samples", Format.count(data.samples.count)])
        table.addRow(["loss", Format.significant(evaluation.loss)])
        if let accuracy = evaluation.accuracy { table.addRow(["accuracy", Format.percent(accuracy)]) }
        if let rmse = evaluation.rmse { table.addRow(["RMSE", Format.significant(rmse)]) }
        if let r2 = evaluation.r2 { table.addRow(["R²", Format.score(r2)]) }
        var lines = wrapped("\(data.name):", width: width) + table.lines
        if let confusion = evaluation.confusion, confusion.count <= ConfusionTable.mostClasses {
            lines += [""] + ConfusionTable(confusion, classNames: classNames).lines(width: width)
        }
        return lines
    }
}

/// Which classes are taken for which, with the share found of each.
struct ConfusionTable {
    static let mostClasses = 20
    private let confusion: [[Int]]
    private let names: [String]

    init(_ confusion: [[Int]], classNames: [String]?) {
        self.confusion = confusion
        names = confusion.indices.map { index in classNames.flatMap { index < $0.count ? printable($0[index]) : nil } ?? String(index) }
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
