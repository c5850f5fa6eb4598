import Foundation
import TestSupport
import Testing

@Suite("Networks in the layer language")
struct NetworkFlagTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(withModelOf: 200, layers: "8,6", epochs: 2) }

    private func train(_ arguments: [String]) throws -> String {
        let run = try CommandRun(["train", "--data", "circle", "--samples", "200", "--epochs", "2", "--json"] + arguments, in: folder)
        return try #require(try run.objects().last?["weightsSHA256"] as? String, "\(run.errors)")
    }

    @Test func `What inspect prints can be pasted, and gives the same weights`() throws {
        let inspected = try #require(try CommandRun(["inspect", "model", "--json"], in: folder).objects().first)
        let network = try #require(inspected["network"] as? String), weights = inspected["weightsSHA256"] as? String
        #expect(network == "dense 8, relu, dense 6, relu, dense 2")
        #expect(try CommandRun(["inspect", "model"], in: folder).outputLines.contains("network  \(network)"))
        #expect(try train(["--network", network, "--output", "a"]) == weights)
        #expect(try folder.read("a/recipe.json").contains("\"network\" : \"\(network)\""))
        #expect(try train(["--recipe", "a", "--output", "b"]) == weights)
        #expect(try folder.read("a/model.json") == folder.read("b/model.json"))
        try folder.write("dense 8, relu,\n  dense 6, relu,\n  dense 2\n", to: "layers.txt")
        #expect(try train(["--network", "layers.txt", "--output", "c"]) == weights)
        // And back to widths.
        #expect(try train(["--recipe", "a", "--layers", "8,6", "--output", "d"]) == weights)
    }

    @Test func `Branches are trained, checked, resumed and shown`() throws {
        let text = "residual(dense 2, relu), concat(dense 8 | dense 8, tanh), sum(identity | dense 16), dense 2"
        let arguments = ["train", "--data", "circle", "--samples", "200", "--network", text, "--loss", "sigmoid-cross-entropy"]
        let run = try CommandRun(arguments + ["--epochs", "2", "--output", "a"], in: folder)
        #expect(run.code == 0 && run.output.contains("dense 2, sigmoid-cross-entropy, 360 parameters"), "\(run.errors)")
        let lines = try CommandRun(["inspect", "a"], in: folder).outputLines
        #expect(lines.contains("network  residual(dense 2, relu), concat(dense 8 | dense 8, tanh),"))
        #expect(lines.contains("         sum(identity | dense 16), dense 2"))
        #expect(lines[0].hasSuffix("loss sigmoid-cross-entropy"))
        #expect(try CommandRun(["check", "a"], in: folder).code == 0)
        #expect(try CommandRun(["train", "--resume", "a", "--epochs", "3", "--quiet"], in: folder).code == 0)
        #expect(try CommandRun(["evaluate", "a"], in: folder).output.contains("accuracy"))
    }

    /// Running statistics are saved, so that a second process evaluates to the same bits; and they go on with the run.
    @Test func `Normalized networks are trained, evaluated, checked and resumed`() throws {
        let text = "dense 16, batchnorm, relu, dense 16, layernorm, dropout 0.1 channels, relu, dense 2"
        func train(_ arguments: [String]) throws -> [String: Any] {
            let run = try CommandRun(["train", "--json"] + arguments, in: folder)
            return try #require(try run.objects().last { $0["event"] as? String == "finished" }, "\(run.errors)")
        }
        let start = ["--data", "circle", "--samples", "200", "--network", text, "--batch-size", "16", "--schedule", "constant"]
        let finished = try train(start + ["--epochs", "3", "--output", "a"])
        let evaluated = try #require(try CommandRun(["evaluate", "a", "--json"], in: folder).objects().first)
        #expect(try #require(evaluated["loss"] as? Double) == finished["testLoss"] as? Double)
        #expect(try CommandRun(["check", "a"], in: folder).code == 0)
        _ = try train(start + ["--epochs", "2", "--output", "b"])
        let resumed = try train(["--resume", "b", "--epochs", "3"])
        #expect(resumed["weightsSHA256"] as? String == finished["weightsSHA256"] as? String)
        // Scales and shifts are parameters, running statistics are not.
        let inspected = try #require(try CommandRun(["inspect", "a", "--json"], in: folder).objects().first)
        #expect(inspected["parameters"] as? Int == 48 + 32 + 272 + 32 + 34 && inspected["network"] as? String == text)
    }

    @Test func `A short network is the title of the run`() throws {
        let arguments = ["train", "--data", "circle", "--samples", "200", "--network", "dense 8, relu, dense 2", "--epochs", "1"]
        let run = try CommandRun(arguments, in: folder)
        #expect(run.outputLines.contains("network   dense 8, relu, dense 2, 42 parameters"))
    }

    @Test func `A mistake in a file is named with it`() throws {
        try folder.write("dense 8,\nrelo", to: "layers.txt")
        let run = try CommandRun(["train", "--network", "layers.txt"], in: folder)
        #expect(run.code == 64 && run.errors.contains("layers.txt: character 10: there is no layer 'relo'; did you mean 'relu'?"))
    }
}
