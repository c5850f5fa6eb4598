import ArgumentParser
import Foundation
import Rectifier

/// The model and the data that `evaluate` and `predict` work on.
struct ModelSource: ParsableArguments {
    @Argument(help: ArgumentHelp("The folder that `rectifier train` wrote.", valueName: "model"))
    var model: String

    @Option(help: ArgumentHelp("Data of the form the model was trained on.", valueName: "source"))
    var data: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Threads (default: one a core).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024 ~= threads) { throw ValidationError("threads must be from 1 to 1024, not \(threads)") }
    }

    func loadedModel() throws -> Model { try Model(contentsOf: URL(fileURLWithPath: model)) }
}
