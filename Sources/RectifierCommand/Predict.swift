import ArgumentParser
import Foundation
import Rectifier

/// `rectifier predict`
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Predict with a trained model.",
        usage: "rectifier predict <model> --data <source> [<options>]",
        discussion: """
            Writes one line for each sample: the class and its probability, or the
            value. A target in the data is ignored. The data may come from standard
            input, as -.

            Examples:
              rectifier predict animals.rectifier --data photo.jpg
              rectifier predict housing.rectifier --data new-houses.csv > prices.csv
              rectifier predict shop.rectifier --data - --keep id,name < orders.csv
              rectifier predict digits.rectifier --data images.npy --probabilities \\
                --output probabilities.npy
            """
    )

    @OptionGroup var source: ModelSource

    @Option(help: ArgumentHelp("Write to a .csv, .json or .npy file instead of standard output.", valueName: "file"))
    var output: String?

    @Flag(help: "Print one JSON object for each sample.")
    var json = false

    @Flag(help: "The probability of every class, a column each, instead of the most probable one's.")
    var probabilities = false

    @Option(
        help: ArgumentHelp("Tables: columns of the data to write before the predictions, or all.", valueName: "a,b|all"),
        transform: columnNames)
    var keep: [String]?

    func validate() throws {
        if keep != nil, output?.hasSuffix(".npy") == true { throw ValidationError("--keep writes text, which .npy files cannot hold") }
        if source.data == nil { throw ValidationError("--data is missing: what shall be predicted for?") }
        guard let output else { return }
        guard output.hasSuffix(".csv") || output.hasSuffix(".json") || output.hasSuffix(".npy") else {
            throw ValidationError("--output writes .csv, .json and .npy files, not '\(output)'")
        }
    }

    func run() throws {
        let model = try source.loadedModel()
        guard let data = try source.samples(for: model, withTargets: false, keeping: keep) else { return }
        for note in data.notes { writeErrorLine("rectifier: note: \(note)") }
        let predictions = try model.predictions(for: data.samples, threads: source.threads)
        let table = PredictionTable(predictions, allProbabilities: probabilities, kept: data.kept)
        guard let output else {
            try table.write(json ? .json : .csv) { try StandardOutput.write($0) }
            return
        }
        let contents: [UInt8]
        if output.hasSuffix(".npy") {
            contents = Array(table.npy)
        } else {
            var text = ""
            try table.write(json || output.hasSuffix(".json") ? .json : .csv) { text += $0 }
            contents = Array(text.utf8)
        }
        try writeAtomically(contents, to: URL(fileURLWithPath: output))
    }
}
