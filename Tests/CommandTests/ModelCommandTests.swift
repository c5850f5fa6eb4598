import Foundation
import TestSupport
import Testing

@Suite("Commands on a model")
struct ModelCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(withModelOf: 200, layers: "8", epochs: 3) }

    @Test func `evaluate agrees with what training reported, as text and as JSON`() throws {
        let json = try CommandRun(["evaluate", "model", "--json"], in: folder)
        let object = try #require(try json.objects().first)
        let accuracy = try #require(object["accuracy"] as? Double)
        let confusion = try #require(object["confusion"] as? [[Int]])
        let samples = try #require(object["samples"] as? Int)
        #expect(confusion.joined().reduce(0, +) == samples)
        let right = confusion.indices.map { confusion[$0][$0] }.reduce(0, +)
        #expect(abs(Double(right) / Double(samples) - accuracy) < 1e-12)
        let text = try CommandRun(["evaluate", "model"], in: folder)
        #expect(text.output.contains("accuracy") && text.output.contains("true classes in rows"))
    }

    @Test func `predict writes the same predictions in every form`() throws {
        let csv = try CommandRun(["predict", "model", "--data", "circle"], in: folder)
        #expect(csv.code == 0)
        #expect(csv.outputLines.first == "prediction,probability")
        let json = try CommandRun(["predict", "model", "--data", "circle", "--json"], in: folder)
        let predicted = try json.objects().map { $0["prediction"] as? String }
        #expect(predicted == csv.outputLines.dropFirst().map { $0.split(separator: ",").first.map(String.init) })
        _ = try CommandRun(["predict", "model", "--data", "circle", "--output", "out.csv"], in: folder)
        #expect(try folder.read("out.csv") == csv.output)

        _ = try CommandRun(["predict", "model", "--data", "circle", "--probabilities", "--output", "out.npy"], in: folder)
        let npy = try [UInt8](Data(contentsOf: folder.url("out.npy")))
        #expect(Array(npy[0..<8]) == [0x93] + Array("NUMPY".utf8) + [1, 0])
        let header = 10 + Int(npy[8]) + Int(npy[9]) << 8
        #expect(header % 64 == 0 && npy[header - 1] == 10)
        #expect(npy.count == header + 4 * 2 * predicted.count)
    }

    @Test func `inspect shows layers, parameters, checksum and recipe`() throws {
        let text = try CommandRun(["inspect", "model"], in: folder)
        for part in ["dense1.weights", "dense2.bias", "multiply-adds", "\"source\" : \"circle\""] { #expect(text.output.contains(part)) }
        let object = try #require(try CommandRun(["inspect", "model", "--json"], in: folder).objects().first)
        let tensors = try #require(object["tensors"] as? [[String: Any]])
        let count = tensors.compactMap { ($0["shape"] as? [Int])?.reduce(1, *) }.reduce(0, +)
        #expect(count == object["parameters"] as? Int)
        #expect((object["weightsSHA256"] as? String).map { text.output.contains($0) } == true)
        let recipe = try CommandRun(["inspect", "model/recipe.json"], in: folder)
        #expect(try recipe.output == folder.read("model/recipe.json"))
    }

    @Test(arguments: ["0.5", "unsound:2"]) func `The derivative at zero is in recipe, model and inspect`(value: String) throws {
        let run = try CommandRun(
            [
                "train", "--data", "circle", "--samples", "200", "--layers", "8,8", "--epochs", "1", "--at-zero", value, "--output",
                "declared",
            ], in: folder)
        #expect(run.code == 0 && run.output.contains("8-8 relu, \(value) at zero,"), "\(run.errors)")
        let written = value == "0.5" ? "\"atZero\" : 0.5" : "\"atZero\" : \"unsound:2\""
        #expect(try folder.read("declared/recipe.json").contains(written))
        #expect(try folder.read("declared/model.json").components(separatedBy: written).count == 4)
        let object = try #require(try CommandRun(["inspect", "declared", "--json"], in: folder).objects().first)
        let layers = try #require(object["layers"] as? [[String: Any]])
        #expect(layers.compactMap { $0["atKinks"] as? String } == [value, value])
        let table = try CommandRun(["inspect", "declared"], in: folder).outputLines.filter { $0.hasPrefix("relu") }
        #expect(table.count == 2 && table.allSatisfy { $0.contains("  \(value)  ") })
        #expect(try CommandRun(["train", "--recipe", "declared", "--quiet", "--output", "again"], in: folder).code == 0)
        #expect(try folder.read("again/model.json") == folder.read("declared/model.json"))
    }

    @Test func `A damaged model is refused`() throws {
        let weights = folder.url("model/weights.safetensors")
        var bytes = try Data(contentsOf: weights)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: weights)
        for arguments in [
            ["evaluate", "model"], ["predict", "model", "--data", "circle"], ["inspect", "model"], ["train", "--resume", "model"],
        ] {
            let run = try CommandRun(arguments, in: folder)
            #expect(run.code == 1)
            #expect(run.output.isEmpty)
            #expect(run.errorLines.count == 1 && run.errors.contains("weights.safetensors"))
        }
    }
}

@Suite("Commands on the machine")
struct MachineCommandTests {
    @Test func `info names the instruction sets`() throws {
        let object = try #require(try CommandRun(["info", "--json"], in: TemporaryFolder()).objects().first)
        let sets = try #require(object["instructionSets"] as? [String])
        #expect(sets.contains("reference"))
        #expect((object["selected"] as? String).map(sets.contains) == true)
    }

    @Test func `datasets lists the generated sets and draws one`() throws {
        let list = try CommandRun(["datasets"], in: TemporaryFolder())
        #expect(list.output.contains("digits") && list.output.contains("spiral"))
        let picture = try CommandRun(["datasets", "--show", "circle"], in: TemporaryFolder())
        #expect(picture.output.contains("+") && picture.output.contains("o"))
    }
}
