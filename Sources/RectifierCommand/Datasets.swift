import ArgumentParser
import Rectifier
import RectifierReports

/// `rectifier datasets`
struct Datasets: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the data sets that are generated, or show one.",
        discussion: """
            Examples:
              rectifier datasets
              rectifier datasets --show spiral
            """
    )

    @Option(
        help: ArgumentHelp("Draw a few samples of this set.", valueName: "name"), transform: datasetName)
    var show: String?

    @Option(help: "What the samples are drawn from.")
    var seed: UInt64 = 0

    func run() throws {
        if let show {
            var settings = DataSettings()
            settings.source = show
            settings.samples = show == "digits" ? 10 : 500
            let data = try LoadedData(settings, seed: seed).training
            for line in SamplePicture(data, terminal: .standardOutput()).lines { try StandardOutput.writeLine(line) }
        } else {
            var table = TextTable([], alignments: [.left, .left])
            for name in GeneratedData.names { table.addRow([name, try GeneratedData.summary(of: name)]) }
            for line in table.lines { try StandardOutput.writeLine(line) }
        }
    }
}

private func datasetName(_ text: String) throws -> String {
    guard GeneratedData.names.contains(text) else {
        throw ValidationError("the generated sets are \(GeneratedData.names.joined(separator: ", "))")
    }
    return text
}
