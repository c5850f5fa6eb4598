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
        var lines = report.cells.map { row -> JSONLine in
            [
                "event": "networks", "sweep": row.sweep.rawValue, "value": row.value, "bits": row.precision.size * 8,
                "hiddenLayers": row.hiddenLayers, "units": row.units, "batchSize": row.batchSize, "samples": row.samples,
                "networks": row.networks, "chainRuleFirstLayer": row.chainRule.firstLayer, "chainRuleAnyLayer": row.chainRule.anyLayer,
                "publishedFirstLayer": row.asPublished.firstLayer, "publishedAnyLayer": row.asPublished.anyLayer, "share": row.share,
                "interval99": [row.interval.lowerBound, row.interval.upperBound], "predictedShare": row.predictedShare,
                "shareForMNIST": row.publishedShare, "structuralTies": row.structuralTies, "accidentalTies": row.accidentalTies,
                "evaluations": row.evaluations, "tiesPerNetwork": row.tiesPerNetwork, "predictedTiesPerNetwork": row.prediction,
            ]
        }
        lines += report.zeroBiases.map { row -> JSONLine in
            [
                "event": "zeroBiases", "bits": row.precision.size * 8, "units": row.units, "samples": row.samples,
                "networks": row.networks, "structuralTies": row.structuralTies, "accidentalTies": row.accidentalTies,
                "evaluations": row.evaluations, "networksWithStructuralTies": row.networksWithStructuralTies,
                "networksWithEqualStructure": row.networksWithEqualStructure,
            ]
        }
        lines += report.training.map { row -> JSONLine in
            [
                "event": "training", "derivative": row.derivative, "injected": row.isInjected, "control": row.isControl,
                "accuracies": row.accuracies, "mean": row.mean, "standardError": row.standardError,
                "identicalToZero": row.identicalToZero, "weightsSHA256": row.weightsSHA256,
            ]
        }
        return lines + [
            [
                "event": "finished", "stopped": report.wasStopped, "seconds": report.seconds, "conclusion": report.conclusion,
                "output": folder.relativePath,
            ]
        ]
    }
}
