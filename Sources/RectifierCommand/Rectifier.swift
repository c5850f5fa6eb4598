import ArgumentParser
import Rectifier

/// The command-line tool. It reads flags, calls the library and prints; it computes nothing.
@main
struct RectifierTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rectifier",
        abstract: "Trains neural networks by backpropagation on the CPU.",
        discussion: """
            Examples:
              rectifier train                           learn hand-drawn digits
              rectifier train --data houses.csv --target price
              rectifier evaluate digits.rectifier
              rectifier predict houses.rectifier --data new-houses.csv
            """,
        version: rectifierVersion,
        subcommands: [
            Train.self, Tune.self, Evaluate.self, Predict.self, Inspect.self, Check.self, Prune.self, Study.self, Bench.self, Info.self,
            Datasets.self, Defaults.self,
        ]
    )

    static func main() {
        prepareProcess()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            Failure(error).exit()
        }
    }
}
