import Foundation
import TestSupport
import Testing

/// What is printed fits 80 columns, which is what a pipe is taken for.
@Suite("At 80 columns")
struct WidthTests {
    /// Runs the tool by its bare name, so that the commands it prints are as long as those of an installed one.
    private func run(_ line: String, in folder: TemporaryFolder) throws -> CommandRun {
        let run = try CommandRun(shell: "PATH=\"$(dirname \"$RECTIFIER\"):$PATH\"; rectifier \(line)", in: folder)
        #expect(run.code == 0, "\(line): \(run.errors)")
        return run
    }

    private func expectToFit(_ run: CommandRun, _ name: String) {
        #expect(!run.outputLines.isEmpty, "\(name)")
        for text in run.outputLines where text.count > 80 { Issue.record("\(name): \(text.count) columns: \(text)") }
    }

    private func expectAllToFit(training arguments: String, model: String, in folder: TemporaryFolder) throws {
        for command in ["train \(arguments)", "evaluate \(model)", "inspect \(model)", "check \(model)"] {
            expectToFit(try run(command, in: folder), command)
        }
    }

    @Test func `Ten classes of images`() throws {
        let folder = try TemporaryFolder()
        try expectAllToFit(
            training: "--data digits --samples 2000 --layers 64,32 --epochs 2", model: "digits.rectifier", in: folder)
        let matrix = try run("evaluate digits.rectifier", in: folder).outputLines
        #expect(matrix.count { $0.hasPrefix("class") && $0.hasSuffix("found") } == 1)
        #expect(matrix.count { $0.hasPrefix("class") && $0.hasSuffix("AP") } == 1)
    }

    @Test func `A table with long names of columns and classes`() throws {
        let folder = try TemporaryFolder()
        let columns = (0..<12).map { "the_average_of_a_measurement_that_somebody_named_at_great_length_\($0)" }
        let classes = (0..<10).map { "a class with a long name, number \($0)" }
        let rows = (0..<200).map { row in
            (0..<11).map { "\((row * (2 * $0 + 3)) % 17).5" }.joined(separator: ",") + ",level \(row % 40) of a long list"
                + ",\"\(classes[row % 10])\""
        }
        try folder.write(
            ([columns.joined(separator: ",") + ",answer"] + rows).joined(separator: "\n") + "\n", to: "measurements_of_the_whole_year.csv")
        try expectAllToFit(
            training: "--data measurements_of_the_whole_year.csv --epochs 2", model: "measurements_of_the_whole_year.rectifier", in: folder)
        let inspected = try run("inspect measurements_of_the_whole_year.rectifier", in: folder).output
        #expect(inspected.contains("…") && inspected.contains("dense1.weights"))
    }

    @Test func `A regression with large numbers`() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<100).map { "\($0),\($0 * 7 % 11),\(Double($0 * $0) * 123_456.7)" }
        try folder.write("a,b,price\n" + rows.joined(separator: "\n") + "\n", to: "prices.csv")
        try expectAllToFit(training: "--data prices.csv --task regression --epochs 120", model: "prices.rectifier", in: folder)
    }

    @Test func `Layers in layers`() throws {
        let folder = try TemporaryFolder()
        let network = "dense 8, residual(residual(residual(dense 8, relu, dense 8, relu), dense 8, leaky-relu 0.1, dense 8)), dense 2"
        try expectAllToFit(
            training: "--data circle --samples 200 --epochs 2 --network '\(network)' --output nested", model: "nested", in: folder)
        #expect(try run("inspect nested", in: folder).output.contains("residual(residual(residual("))
    }

    @Test func `Help, and what is known without a model`() throws {
        let folder = try TemporaryFolder()
        let names = try run("--help", in: folder).output.matches(of: /\n  ([a-z]+) {2,}[A-Z]/).map { String($0.1) }
        #expect(names.count >= 9)
        for command in [
            "--help", "help study at-zero", "help study dead", "help study relu-vs-tanh", "defaults", "info", "datasets",
            "datasets --show circle",
        ]
            + names.map({ "help \($0)" })
        {
            expectToFit(try run(command, in: folder), command)
        }
    }
}

@Suite("Lines of epochs")
struct EpochLineTests {
    private func numbers(_ lines: [String]) -> [Int] { lines.compactMap { $0.firstMatch(of: /^epoch +([0-9]+)\//).flatMap { Int($0.1) } } }

    private func run(epochs: Int, _ more: [String] = [], in folder: TemporaryFolder) throws -> CommandRun {
        let arguments = [
            "train", "--data", "circle", "--samples", "50", "--layers", "4", "--epochs", "\(epochs)", "--output", "model", "--overwrite",
        ]
        return try CommandRun(arguments + more, in: folder)
    }

    @Test func `A long run shows the first, every tenth and the last; a short one all`() throws {
        let folder = try TemporaryFolder()
        #expect(numbers(try run(epochs: 20, in: folder).outputLines) == Array(1...20))
        #expect(numbers(try run(epochs: 44, in: folder).outputLines) == [1, 10, 20, 30, 40, 44])
        #expect(try run(epochs: 44, ["--json"], in: folder).objects().count == 45)
        let resumed = try CommandRun(["train", "--resume", "model", "--epochs", "70"], in: folder)
        #expect(numbers(resumed.outputLines) == [45, 50, 60, 70])
    }

    @Test func `A run that stops early shows its last epoch`() throws {
        let folder = try TemporaryFolder()
        let arguments = ["--validation", "0.3", "--learning-rate", "1e-30", "--early-stopping", "4"]
        let run = try run(epochs: 400, arguments, in: folder)
        #expect(run.code == 0 && run.output.contains("stopped early"), "\(run.errors)")
        #expect(numbers(run.outputLines) == [1, 5])
    }

    @Test func `Fewer epochs than are done are one line, and nothing changes`() throws {
        let folder = try TemporaryFolder()
        #expect(try run(epochs: 3, in: folder).output.contains("3 epochs"))
        let recipe = try folder.read("model/recipe.json")
        let resumed = try CommandRun(["train", "--resume", "model", "--epochs", "1"], in: folder)
        #expect(resumed.code == 1 && resumed.output.isEmpty)
        #expect(
            resumed.errorLines == [
                "rectifier: error: the run has trained 3 epochs already and cannot end after 1; give 3 or more (--epochs)"
            ])
        #expect(try folder.read("model/recipe.json") == recipe)
        #expect(try run(epochs: 1, in: folder).output.contains("1 epoch,"))
    }
}
