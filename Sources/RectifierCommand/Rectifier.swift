import ArgumentParser
import Rectifier

/// The command-line tool. It reads flags, calls the library and prints; it computes nothing.
@main
struct RectifierTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rectifier",
        abstract: "Trains neural networks by backpropagation on the CPU.",
        discussion: """
            rectifier train                                   learn hand-drawn digits, with no data at hand
            rectifier train --data housing.csv --target price learn a column of a table
            rectifier evaluate digits.rectifier               measure a trained model
            rectifier predict MODEL --data new.csv            use it
            """,
        version: rectifierVersion,
        subcommands: [Train.self, Evaluate.self, Predict.self, Inspect.self, Info.self, Datasets.self]
    )

    static func main() async {
        ignoreBrokenPipes()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Failure(error).exit()
        }
    }
}
