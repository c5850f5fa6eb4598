import ArgumentParser
import Foundation
import Rectifier
import RectifierInstruments
import RectifierReports
import RectifierText

/// `rectifier prune`
struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take units that are dead out of a trained model, to the same bits.",
        usage: "rectifier prune <model> [--data <source>] [--output <folder>] [<options>]",
        discussion: """
            A unit is certified dead where it is proved to give 0 for every input of the
            box that the data lie in. Without --data these are what the model was trained
            on. Old and new model are compared on 10,000 inputs of the box, bit by bit; a
            single other bit ends in exit code 1. Without --output nothing is written.

            Examples:
              rectifier prune digits.rectifier
              rectifier prune digits.rectifier --output small.rectifier
              rectifier prune houses.rectifier --data houses.csv --dead-on-data --json
            """
    )

    @OptionGroup var source: ModelSource

    @Flag(help: "Take out units that give 0 for each sample of the data, too; other inputs may then give other outputs.")
    var deadOnData = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Leave dead units where a layer keeps more than n, so that widths are multiples of it, which are fastest; 1 takes out all.",
            valueName: "n"))
    var multiple = 16

    @Option(help: ArgumentHelp("The folder for the pruned model.", valueName: "folder"))
    var output: String?

    @Flag(help: "Replace the model at --output.")
    var overwrite = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard 1...1_000_000 ~= multiple else { throw ValidationError("--multiple must be from 1 to 1000000, not \(multiple)") }
        if overwrite && output == nil { throw ValidationError("--overwrite needs --output") }
    }

    func run() throws {
        let folder = output.map { URL(fileURLWithPath: $0) }
        if let folder { try check(folder) }
        let model = try source.loadedModel()
        let data = try source.samples(for: model, withTargets: false) ?? source.training(for: model)
        for note in data.notes { writeErrorLine("rectifier: note: \(note)") }
        let box = InputBox(of: data.samples)
        let pruned = try model.pruned(
            deadOnData ? .deadOnData : .certified, on: box, data: data.samples, multiple: multiple, threads: source.threads)
        if let folder { try pruned.model.write(to: folder) }
        let report = PruneSummary(pruned.report, data: data, deadOnData: deadOnData, model: source.model, output: output)
        if json {
            try StandardOutput.writeLine(report.json.description)
        } else {
            for line in report.lines(width: Terminal.standardOutput().width) { try StandardOutput.writeLine(line) }
        }
    }

    /// Throws where the model could not be written: before the work rather than after.
    private func check(_ folder: URL) throws {
        try Trainer.checkOutput(folder)
        guard overwrite || !FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.json").path) else {
            throw RectifierError(
                .output, "\(folder.relativePath): holds a model; choose another output, or overwrite it", setting: "overwrite")
        }
    }
}
