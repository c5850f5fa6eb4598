import Foundation
import Rectifier

/// What a study of the derivative at 0 found, as text and as JSON.
enum StudyAtZeroTable {
    static func lines(_ report: ZeroStudyReport, data: String) -> [String] {
        var lines = [
            "",
            "\(data): \(Format.count(report.samples)) images of \(Format.shape(report.imageShape)), mean square \(Format.fixed(report.meanSquare, 4)), "
                + "\(Format.count(report.blankImages)) blank; seed \(report.settings.seed); \(Format.duration(report.seconds))",
        ]
        if report.wasStopped { lines.append("stopped early: this covers what was finished") }
        lines += [
            "", "Networks whose first gradient differs between the derivatives 0 and 1 (in brackets: any layer's), each drawn anew.",
            "Usual: 3 hidden layers of 256 units, batches of 256. Networks of one width share their layers between depths and batch sizes.",
            "",
        ]
        var table = TextTable(
            [
                "varied", "", "bits", "networks", "images", "chain rule", "as published", "share", "99 % interval", "predicted", "MNIST",
                "ties", "struct.",
            ],
            alignments: [.left] + [TextTable.Alignment](repeating: .right, count: 12))
        var sweep: ZeroStudyReport.Sweep?
        for row in report.cells {
            if let sweep, sweep != row.sweep { table.addRule() }
            sweep = row.sweep
            let low = Format.fixed(row.interval.lowerBound, 3), high = Format.fixed(row.interval.upperBound, 3)
            table.addRow([
                name(row.sweep), Format.count(row.value), "\(row.precision.size * 8)", Format.count(row.networks),
                Format.count(row.samples),
                "\(row.chainRule.firstLayer) (\(row.chainRule.anyLayer))", "\(row.asPublished.firstLayer) (\(row.asPublished.anyLayer))",
                Format.fixed(row.share, 3), "\(low)-\(high)", predicted(row.predictedShare),
                row.publishedShare.map { Format.fixed($0, 3) } ?? "-",
                Format.count(row.accidentalTies + row.structuralTies), Format.count(row.structuralTies),
            ])
        }
        lines += table.lines
        lines += ["", "ties: pre-activations that are exactly 0, up to where each network was decided; struct.: because all inputs are 0"]
        if !report.zeroBiases.isEmpty { lines += ["", "Biases of 0, all ties over all images:", ""] + zeroBiasLines(report) }
        if !report.training.isEmpty { lines += ["", "Trained, accuracy on held-out images:", ""] + trainingLines(report) }
        return lines + [""] + wrapped(report.conclusion, 100) + [""]
    }

    static func name(_ sweep: ZeroStudyReport.Sweep) -> String { sweep == .batchSize ? "batch size" : sweep.rawValue }

    /// `0.363`, or `8e-10` where that would be 0.
    private static func predicted(_ share: Double) -> String { share >= 0.0005 ? Format.fixed(share, 3) : Format.significant(share, 1) }

    private static func zeroBiasLines(_ report: ZeroStudyReport) -> [String] {
        var table = TextTable(
            ["units", "bits", "networks", "images", "structural", "in networks", "same places", "by rounding", "pre-activations"],
            alignments: [TextTable.Alignment](repeating: .right, count: 9))
        for row in report.zeroBiases {
            table.addRow([
                "3×\(row.units)", "\(row.precision.size * 8)", Format.count(row.networks), Format.count(row.samples),
                Format.count(row.structuralTies),
                Format.count(row.networksWithStructuralTies), row.networksWithEqualStructure.map { Format.count($0) } ?? "-",
                Format.count(row.accidentalTies), Format.count(row.evaluations),
            ])
        }
        return table.lines
    }

    static func name(_ row: ZeroStudyReport.TrainingRow) -> String {
        "\(row.derivative == 0.5 ? "1/2" : KinkValue(row.derivative).description)\(row.isControl ? " again" : "")\(row.isInjected ? " injected" : "")"
    }

    private static func trainingLines(_ report: ZeroStudyReport) -> [String] {
        var table = TextTable(
            ["at 0", "runs", "mean", "standard error", "weights of 0"], alignments: [.left, .right, .right, .right, .right])
        for row in report.training {
            table.addRow([
                name(row), "\(row.accuracies.count)", Format.percent(row.mean),
                row.standardError.map { Format.fixed($0 * 100, 3) + " %" } ?? "-",
                "\(row.identicalToZero) of \(row.accuracies.count)",
            ])
        }
        return table.lines
    }

    /// Words in lines of at most so many characters.
    static func wrapped(_ text: String, _ width: Int) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            if lines.last!.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if lines.last!.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    // MARK: JSON

    /// The keys and their meaning are kept stable.
    static func json(_ report: ZeroStudyReport, folder: URL) -> [JSONLine] {
        var lines = report.cells.map { row in
            var line = JSONLine()
            line.add("event", "networks")
            line.add("sweep", row.sweep.rawValue)
            line.add("value", row.value)
            line.add("bits", row.precision.size * 8)
            line.add("hiddenLayers", row.hiddenLayers)
            line.add("units", row.units)
            line.add("batchSize", row.batchSize)
            line.add("samples", row.samples)
            line.add("networks", row.networks)
            line.add("chainRuleFirstLayer", row.chainRule.firstLayer)
            line.add("chainRuleAnyLayer", row.chainRule.anyLayer)
            line.add("publishedFirstLayer", row.asPublished.firstLayer)
            line.add("publishedAnyLayer", row.asPublished.anyLayer)
            line.add("share", row.share)
            line.add("interval99", [row.interval.lowerBound, row.interval.upperBound])
            line.add("predictedShare", row.predictedShare)
            line.add("shareForMNIST", row.publishedShare)
            line.add("structuralTies", row.structuralTies)
            line.add("accidentalTies", row.accidentalTies)
            line.add("evaluations", row.evaluations)
            line.add("tiesPerNetwork", row.tiesPerNetwork)
            line.add("predictedTiesPerNetwork", row.prediction)
            return line
        }
        lines += report.zeroBiases.map { row in
            var line = JSONLine()
            line.add("event", "zeroBiases")
            line.add("bits", row.precision.size * 8)
            line.add("units", row.units)
            line.add("samples", row.samples)
            line.add("networks", row.networks)
            line.add("structuralTies", row.structuralTies)
            line.add("accidentalTies", row.accidentalTies)
            line.add("evaluations", row.evaluations)
            line.add("networksWithStructuralTies", row.networksWithStructuralTies)
            line.add("networksWithEqualStructure", row.networksWithEqualStructure)
            return line
        }
        lines += report.training.map { row in
            var line = JSONLine()
            line.add("event", "training")
            line.add("derivative", row.derivative)
            line.add("injected", row.isInjected)
            line.add("control", row.isControl)
            line.add("accuracies", row.accuracies)
            line.add("mean", row.mean)
            line.add("standardError", row.standardError)
            line.add("identicalToZero", row.identicalToZero)
            line.add("weightsSHA256", row.weightsSHA256)
            return line
        }
        var last = JSONLine()
        last.add("event", "finished")
        last.add("stopped", report.wasStopped)
        last.add("seconds", report.seconds)
        last.add("conclusion", report.conclusion)
        last.add("output", folder.relativePath)
        return lines + [last]
    }
}
