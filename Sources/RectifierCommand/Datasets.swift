import ArgumentParser
import Rectifier
import RectifierText

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
            let column = 2 + (GeneratedData.names.map(\.count).max() ?? 0), width = Terminal.standardOutput().width
            for name in GeneratedData.names {
                let title = name.padding(toLength: column, withPad: " ", startingAt: 0)
                let lines = wrapped(
                    try GeneratedData.summary(of: name), width: width, first: title, indent: String(repeating: " ", count: column))
                for line in lines { try StandardOutput.writeLine(line) }
            }
        }
    }
}

private func datasetName(_ text: String) throws -> String {
    guard GeneratedData.names.contains(text) else {
        throw ValidationError("the generated sets are \(GeneratedData.names.joined(separator: ", "))")
    }
    return text
}
