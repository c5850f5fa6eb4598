import ArgumentParser
import Foundation
import Rectifier
import RectifierInstruments
import RectifierReports
import RectifierText

/// `rectifier check`
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a gradient against difference quotients that cross no kink.",
        discussion: """
            In float64, along a random direction in each layer and parameter, and for
            single numbers. A recipe's network is checked with its initial parameters.
            A wrong derivative ends in exit code 1 and names the operation at fault.

            Examples:
              rectifier check digits.rectifier
              rectifier check recipe.json --samples 32 --seed 7
            """
    )

    @Argument(help: ArgumentHelp("A model folder or a recipe file.", valueName: "path"))
    var path: String

    @Option(parsing: .unconditional, help: ArgumentHelp("Samples in the checked batch.", valueName: "n"))
    var samples = 8

    @Option(parsing: .unconditional, help: ArgumentHelp("What samples and directions are drawn from.", valueName: "n"))
    var seed: UInt64 = 0

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard 1...10_000 ~= samples else { throw ValidationError("--samples must be from 1 to 10000, not \(samples)") }
    }

    func run() throws {
        let subject = try CheckedSubject(path: path, samples: samples, seed: seed)
        let report = try subject.report()
        if json {
            try StandardOutput.writeLine(jsonLine(report, subject).description)
        } else {
            for line in lines(report, subject) { try StandardOutput.writeLine(line) }
        }
        if !report.passes { throw ExitCode(1) }
    }

    private func lines(_ report: GradientReport, _ subject: CheckedSubject) -> [String] {
        var table = TextTable(
            ["layer", "parameter", "of", "gradient", "quotient", "difference", "bound", ""],
            alignments: [.left, .left, .left, .right, .right, .right, .right, .left])
        for row in report.rows {
            table.addRow([
                row.layer, row.parameter, row.function.rawValue, Format.significant(row.analytic, 6), Format.significant(row.numeric, 6),
                Format.significant(row.difference, 2), Format.significant(row.bound, 2), verdict(row),
            ])
        }
        let faults = report.faults.dropFirst().map { "also wrong: \($0)" }
        let width = Terminal.standardOutput().width
        let title = "\(path): \(Format.count(report.samples, "sample")) of \(subject.data), float64"
        return wrapped(title, width: width) + [""] + table.lines(width: width, repeating: 2, shorteningTo: 16) + [""]
            + (faults + [report.summary]).flatMap { wrapped($0, width: width, indent: "  ") }
    }

    private func verdict(_ row: GradientReport.Row) -> String {
        guard let sides = row.oneSided, row.kinks > 0 else { return row.verdict.rawValue }
        let span = "sides \(Format.significant(sides.lowerBound)) to \(Format.significant(sides.upperBound))"
        return row.kinks == 1 ? "\(row.verdict.rawValue): \(span)" : "\(row.verdict.rawValue) (\(Format.count(row.kinks))): \(span)"
    }

    private func jsonLine(_ report: GradientReport, _ subject: CheckedSubject) -> JSONLine {
        [
            "passes": report.passes, "data": subject.data, "samples": report.samples, "summary": report.summary,
            "derivatives": report.rows.map { row -> JSONLine in
                [
                    "layer": row.layer, "parameter": row.parameter, "of": row.function.rawValue, "gradient": row.analytic,
                    "quotient": row.numeric, "difference": row.difference, "bound": row.bound, "step": row.step, "kinks": row.kinks,
                    "oneSided": row.oneSided.map { [$0.lowerBound, $0.upperBound] }, "verdict": row.verdict.rawValue,
                ]
            },
            "faults": report.faults.map { fault -> JSONLine in
                [
                    "layer": fault.layer, "operation": fault.operation, "operand": fault.operand, "gradient": fault.analytic,
                    "quotient": fault.numeric,
                ]
            },
        ]
    }
}

/// What a check looks at: a model with the data of its run where they can be read, or the network that a recipe
/// describes.
private struct CheckedSubject {
    private let network: Network
    private let loss: Loss
    private let parameters: Parameters
    private let dataset: Dataset?
    private let samples: Int
    private let seed: UInt64
    /// What the samples are.
    let data: String

    init(path: String, samples: Int, seed: UInt64) throws {
        self.seed = seed
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw RectifierError(.file, "\(path): there is no such model or recipe")
        }
        if isFolder.boolValue {
            let model = try Model(contentsOf: URL(fileURLWithPath: path))
            (network, loss, parameters) = (model.network, model.loss, model.parameters)
            let loaded = try? model.recipe.map { try LoadedData($0.data, seed: $0.training.seed, precision: model.precision) }
            if let recipe = model.recipe, let loaded, loaded.preparation == model.preparation {
                (dataset, data) = (loaded.training, recipe.data.source)
            } else {
                (dataset, data) = (nil, "random numbers (the data of the model's run cannot be read)")
            }
        } else {
            let recipe = try Recipe(locatedAt: path)
            try recipe.validate()
            let loaded = try LoadedData(recipe.data, seed: recipe.training.seed, precision: recipe.training.precision)
            let plan = try TrainingPlan(recipe: recipe, data: loaded)
            (network, loss, dataset, data) = (plan.network, plan.loss, loaded.training, recipe.data.source)
            parameters = try network.initialParameters(seed: plan.settings.seed, precision: plan.settings.precision)
        }
        self.samples = min(samples, dataset?.count ?? samples)
    }

    func report() throws -> GradientReport {
        let check = try GradientCheck(network, loss: loss, samples: samples)
        guard let dataset else { return try check.run(parameters: parameters, seed: seed) }
        return try check.run(parameters: parameters, data: dataset, seed: seed)
    }
}
