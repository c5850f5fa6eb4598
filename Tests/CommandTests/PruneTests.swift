import Foundation
import Rectifier
import RectifierInstruments
import TestSupport
import Testing

@Suite("rectifier prune")
struct PruneTests {
    private let folder: TemporaryFolder

    /// A model of points in the plane with 18 of 40 units that are closed wherever its data lie.
    init() throws {
        folder = try TemporaryFolder(withModelOf: 200, layers: "40,12", epochs: 2)
        var model = try Model(contentsOf: folder.url("model"))
        let bias = try #require(model.parameters["dense1.bias"])
        model.parameters["dense1.bias"] = Tensor(
            shape: bias.shape, bias.doubles.enumerated().map { Float($0.offset < 18 ? -100 : $0.element) })
        try model.write(to: folder.url("model"))
    }

    private func bytes(of name: String) throws -> Data { try Data(contentsOf: folder.url(name)) }

    @Test func `Dead units leave and predictions stay, as text and as JSON`() throws {
        let before = try bytes(of: "model/weights.safetensors")
        let text = try CommandRun(["prune", "model", "--multiple", "1", "--output", "small"], in: folder)
        #expect(text.code == 0 && text.errors.isEmpty)
        #expect(text.output.hasPrefix("model: the box of 200 samples of circle\n"))
        #expect(text.output.contains("same bits on 10,000 inputs of the box and on the 200 samples of the data"))
        #expect(text.outputLines.last == "the pruned model is in small")
        #expect(try bytes(of: "model/weights.safetensors") == before)
        #expect(try folder.content(of: "small") == ["model.json", "recipe.json", "weights.safetensors"])

        let json = try #require(try CommandRun(["prune", "model", "--multiple", "1", "--json"], in: folder).objects().first)
        let layer = try #require((json["layers"] as? [[String: Any]])?.first)
        #expect(layer["name"] as? String == "relu1" && layer["units"] as? Int == 40)
        let removed = try #require(layer["removed"] as? Int)
        #expect(removed >= 18 && layer["certified"] as? Int == removed)
        let parameters = try #require(json["parameters"] as? [String: Int])
        #expect(parameters["before"]! > parameters["after"]! && (json["onBox"] as? [String: Any])?["differing"] as? Int == 0)
        // Without an output nothing is written.
        #expect(try folder.content == ["model", "small"])

        for arguments in [["--data", "circle"], ["--data", "spiral", "--probabilities"]] {
            let runs = try ["model", "small"].map { try CommandRun(["predict", $0] + arguments, in: folder) }
            #expect(runs[0].code == 0 && runs[0].output == runs[1].output)
        }
        let evaluations = try ["model", "small"].map { try CommandRun(["evaluate", $0, "--json"], in: folder).output }
        #expect(evaluations[0] == evaluations[1])
        #expect(try CommandRun(["inspect", "small"], in: folder).code == 0)
    }

    @Test func `Units dead on the data leave on request`() throws {
        let run = try CommandRun(["prune", "model", "--data", "circle", "--dead-on-data", "--json", "--multiple", "1"], in: folder)
        let object = try #require(try run.objects().first)
        let layers = try #require(object["layers"] as? [[String: Any]])
        for layer in layers { #expect(layer["removed"] as? Int == layer["deadOnData"] as? Int) }
        #expect((object["onData"] as? [String: Any])?["differing"] as? Int == 0)
    }

    /// A pruned model is finished: its run does not go on, and nothing of it is changed.
    @Test func `A pruned model is not resumed`() throws {
        #expect(try CommandRun(["prune", "model", "--output", "small"], in: folder).code == 0)
        let run = try CommandRun(["train", "--resume", "small", "--epochs", "9"], in: folder)
        #expect(run.code == 1 && run.output.isEmpty && run.errorLines.count == 1 && run.errors.contains("without a checkpoint"))
    }

    @Test func `A model is replaced only where that is asked for`() throws {
        for output in ["model", "other"] {
            if output == "other" { #expect(try CommandRun(["prune", "model", "--output", "other"], in: folder).code == 0) }
            let before = try bytes(of: "\(output)/model.json")
            let refused = try CommandRun(["prune", "model", "--output", output], in: folder)
            #expect(refused.code == 1 && refused.errorLines.count == 1 && refused.errors.contains("--overwrite") && refused.output.isEmpty)
            #expect(try bytes(of: "\(output)/model.json") == before)
        }
        #expect(try CommandRun(["prune", "model", "--output", "model", "--overwrite"], in: folder).code == 0)
        #expect(try Model(contentsOf: folder.url("model")).network.summary.parameterCount < 40 * 3 + 41 * 12 + 26)
    }

    @Test func `Mistakes are one line`() throws {
        try FileManager.default.createDirectory(at: folder.url("others"), withIntermediateDirectories: true)
        try folder.write("mine", to: "others/thesis.txt")
        try folder.write("a,b,c,y\n1,2,3,4\n5,6,7,8\n", to: "table.csv")
        let mistakes: [([String], Int32, String)] = [
            (["prune"], 64, "model"), (["prune", "nothing"], 1, "nothing"), (["prune", "model", "--overwrite"], 64, "--output"),
            (["prune", "model", "--multiple", "0"], 64, "--multiple"), (["prune", "model", "--data", "table.csv"], 1, "table.csv"),
            (["prune", "model", "--data", "digits"], 1, "digits"), (["prune", "model", "--output", "others"], 1, "others"),
            (["prune", "model", "--output", "table.csv"], 1, "table.csv"),
        ]
        for (arguments, code, says) in mistakes {
            let run = try CommandRun(arguments, in: folder)
            #expect(
                run.code == code && run.output.isEmpty && run.errorLines.count == 1 && run.errors.contains(says),
                "\(arguments): \(run.errors)")
        }
        #expect(try folder.read("others/thesis.txt") == "mine" && folder.content == ["model", "others", "table.csv"])
        let help = try CommandRun(["prune", "--help"], in: folder)
        #expect(help.code == 0 && help.outputLines.allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE:") })
    }

    @Test func `A network without a side of 0 is left as it is`() throws {
        let trained = try CommandRun(
            [
                "train", "--data", "circle", "--samples", "100", "--network", "dense 5, gelu, dense 2", "--epochs", "1", "--output",
                "smooth", "--quiet",
            ],
            in: folder)
        #expect(trained.code == 0)
        let run = try CommandRun(["prune", "smooth", "--output", "same"], in: folder)
        #expect(run.code == 0 && run.output.contains("no layer has a side that gives 0"))
        #expect(try bytes(of: "same/weights.safetensors") == bytes(of: "smooth/weights.safetensors"))
    }
}
