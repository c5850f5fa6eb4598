import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments

/// Every field of every JSON file that may come from others, damaged in every way that `JSONMutations` knows. What
/// reads it goes on or throws one short line. Nothing traps, hangs or takes memory without end.
///
/// `RECTIFIER_MUTATIONS=1 swift test --filter HostileJSONTests` tries all of them, some twenty thousand, and looks at
/// the memory too; without, one in so many is tried.
@Suite(.serialized) struct HostileJSONTests {
    private static let stride = ProcessInfo.processInfo.environment["RECTIFIER_MUTATIONS"].flatMap { Int($0) } ?? 41
    private static let mostMemory = 600 << 20

    private func run(_ name: String, _ json: String, _ read: ([UInt8]) throws -> Void) throws {
        try read(Array(json.utf8))
        let mutations = try JSONMutations(json)
        var refused = 0, slowest = Duration.zero, tried = 0
        for index in Swift.stride(from: Self.stride / 2, to: mutations.count, by: Self.stride) {
            let text = mutations[index], start = ContinuousClock.now
            do {
                try read(text)
            } catch let error as RectifierError {
                refused += 1
                #expect(error.description.count < 1000 && printable(error.description) == error.description, "\(name) \(index): \(error)")
            } catch {
                Issue.record("\(name) \(index): \(error) for \(String(decoding: text.prefix(500), as: UTF8.self))")
            }
            let time = ContinuousClock.now - start
            #expect(time < .seconds(5), "\(name) \(index)")
            (slowest, tried) = (max(slowest, time), tried + 1)
        }
        print("\(name): \(tried) of \(mutations.count) mutations, \(refused) refused, slowest \(slowest)")
        if Self.stride == 1, let most = peakMemory { #expect(most < Self.mostMemory, "\(most >> 20) MB") }
    }

    /// Bytes that this process had at most; `nil` where the system does not tell.
    private var peakMemory: Int? {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    @Test func recipes() throws {
        let full = """
            {"data": {"source": "a.csv", "test": "b.csv", "target": "y", "task": "classification", "missing": "mean",
            "numbers": "pieces", "features": ["x", "2"], "columns": {"id": "ignore", "x": "number"}, "weights": "count",
            "validation": {"folds": 3}, "header": true, "separator": ";"}, "network": {"layers": [8, 4],
            "activation": "leaky-relu 0.1", "atZero": 0.5, "initializer": "orthogonal:2", "dropout": 0.1, "loss": "huber:1"}, "training": {"optimizer": {"name": "sgd",
            "momentum": 0.9, "nesterov": true}, "learningRate": 0.1, "schedule": {"name": "cosine", "warmUp": 1, "floor": 0.1},
            "weightDecay": 0.1, "l1": 0.1, "l2": 0.1, "clipNorm": 1, "batchSize": 8, "epochs": 2, "shuffle": true,
            "earlyStopping": {"patience": 3, "minimumDelta": 0.1}, "metric": "roc_auc", "classWeights": {"p": 2, "q": 0.5}, "threshold": 0.3,
            "seed": 1, "threads": 1, "precision": "float32", "census": true,
            "checkpointEvery": 1, "layerRates": {"dense1": 0.5}, "changes": [{"afterStep": 3, "learningRate": 0.1, "weightDecay": 0,
            "l1": 0, "l2": 0, "batchSize": "full", "epochs": 3}]}}
            """
        let spelled = """
            {"data": {"source": "spiral", "samples": 20, "noise": 0.1}, "network": {"layers": "dense 4, residual(dense 4, relu), dense 2",
            "atZero": "unsound:2"}, "training": {"optimizer": {"name": "rmsprop", "decay": 0.9, "momentum": 0.1, "epsilon": 1},
            "schedule": {"name": "staircase", "every": 2, "factor": 0.5}, "epochs": 1, "threads": 1}}
            """
        func check(_ text: [UInt8]) throws {
            let recipe = try Recipe(json: Data(text))
            try recipe.validate()
            #expect(try Recipe(json: recipe.json) == recipe)
        }
        try run("recipe.json", full, check)
        let data = try LoadedData(Recipe(json: Data(spelled.utf8)).data, seed: 1)
        try run("recipe.json in words", spelled) { text in
            try check(text)
            let recipe = try Recipe(json: Data(text))
            _ = try TrainingPlan(recipe: recipe, data: data).network.initialParameters(seed: 1)
        }
    }

    /// Runs to be damaged: a folder with a checkpoint in the middle of an epoch, and its data.
    private func makeTable(in folder: TemporaryFolder) throws -> LoadedData {
        let rows = (0..<30).map { "\($0 % 7),\(["red", "blue", "green"][$0 % 3]),\(["p", "q"][($0 / 2) % 2])" }
        try folder.write((["x,colour,y"] + rows).joined(separator: "\n"), to: "table.csv")
        let data = try folder.load("table.csv")
        var recipe = Recipe()
        recipe.data = data.settings
        recipe.network.layers = [4]
        (recipe.training.batchSize, recipe.training.epochs, recipe.training.threads) = (.samples(8), 50, 1)
        recipe.training.earlyStopping = EarlyStopping(patience: 5)
        recipe.training.layerRates = ["dense1": 0.5]
        recipe.training.changes = [TrainingChange(afterStep: 2, learningRate: 0.01, batchSize: .samples(4))]
        try save(Trainer(recipe: recipe, data: data, probes: [KinkProbe()]), in: folder)
        return data
    }

    private func makeImages(in folder: TemporaryFolder) throws -> LoadedData {
        let training = try Dataset(
            count: 12, sampleShape: [2, 2], features: .bytes((0..<48).map { UInt8($0 * 5) }),
            targets: .values((0..<12).map(Float.init), width: 1))
        let data = try LoadedData(training: training)
        let layers = try LayerList(
            "flatten, dense 4, leaky-relu 0.1, residual(dense 4, relu), sum(dense 4 no-bias | prelu), concat(dense 2 | elu 0.5 | sin), "
                + "dropout 0.1, softplus 2, dense 1 init=uniform:0.1")
        let settings = TrainerTests.settings { $0.batchSize = .samples(5) }
        let trainer = try Trainer(Network(input: [2, 2], layers: layers.layers), loss: Loss("huber:2"), data: data, settings: settings)
        try save(trainer, in: folder)
        return data
    }

    private func save(_ trainer: Trainer, in folder: TemporaryFolder) throws {
        let session = try TrainingSession(trainer)
        try session.epoch()
        try session.step()
        try session.snapshot().write(to: folder.url("model"))
    }

    /// Loads the model, and uses it in every way.
    private func use(_ folder: URL, _ data: LoadedData) throws {
        let model = try Model(contentsOf: folder)
        _ = (model.network.summary.description, model.recipe.map { try? $0.validate() })
        _ = try model.evaluate(on: data.training, threads: 1)
        _ = try model.predictions(for: data.training, threads: 1)
    }

    /// Loads the checkpoint and goes on from it.
    private func goOn(_ folder: URL, _ data: LoadedData) throws {
        let session = try TrainingSession(Trainer(resuming: Checkpoint(contentsOf: folder), data: data, probes: [KinkProbe()]))
        try session.step()
        _ = try session.epoch()?.kinks?.summary
        _ = try session.snapshot()
        _ = session.measurements[KinkReport.self]?.details
    }

    @Test(arguments: [true, false]) func modelFolders(_ isTable: Bool) throws {
        let folder = try TemporaryFolder(), model = folder.url("model"), name = isTable ? "table" : "images"
        let data = try isTable ? makeTable(in: folder) : makeImages(in: folder)
        func run(_ file: String, change: (String) -> String = { $0 }, _ read: () throws -> Void) throws {
            let before = try folder.read("model/\(file)")
            try self.run("\(file) of \(name)", change(before)) { text in
                try folder.write(text, to: "model/\(file)")
                try read()
            }
            try folder.write(before, to: "model/\(file)")
        }
        try run("model.json") {
            try use(model, data)
            try goOn(model, data)
        }
        try run("checkpoint.json") { try goOn(model, data) }
        // As before there was a checksum, so that what is damaged is looked at.
        try run("checkpoint.json", change: { $0.replacing(/"checksum" : "[0-9a-f]*",/, with: "") }) { try goOn(model, data) }
        try run("recipe.json") { try Recipe(contentsOf: model).validate() }
    }

    @Test func safetensorsHeaders() throws {
        let folder = try TemporaryFolder()
        _ = try makeImages(in: folder)
        for file in ["weights", "state"] {
            let bytes = try [UInt8](Data(contentsOf: folder.url("model/\(file).safetensors")))
            let length = Int(UInt64(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }))
            try run("the header of \(file)", String(decoding: bytes[8..<8 + length], as: UTF8.self)) { text in
                // A header has no space before it, which the mutations may have put there.
                let tensors = try SafeTensors(littleEndian(UInt64(text.count)) + text + bytes[(8 + length)...], name: "mutation").tensors
                let model = try Model(contentsOf: folder.url("model"))
                if file == "weights" { try model.network.check(Parameters(tensors), from: "mutation") }
            }
        }
    }

    // MARK: Finds

    @Test func whatFoundationEndsTheProgramFor() throws {
        func message(_ text: [UInt8]) -> String { errorText { _ = try Recipe(json: Data(text)) } }
        for byte in UInt8(0x80)...0xff {
            let text = Array("{\n  tr".utf8) + [byte] + Array("ining: 3}".utf8)
            #expect(message(text).hasPrefix("not valid JSON: line 2 is not UTF-8: \"tr"), "\(byte)")
        }
        #expect(message(Array("{}".utf8).flatMap { [$0, 0] }).contains("line 1 is not UTF-8"))
        #expect(message(Array("{\"training\": {\"epochs\": 1,\n // again\n epochs: 2}}".utf8)).contains("line 3: \"epochs\" stands twice"))
        #expect(message(Array(repeating: UInt8(ascii: "["), count: 400)).contains("line 1: more than 320 levels deep"))
        #expect(message(Array("{/*/ \"a\": 1, \"a\": 2, /* ' */ 'data': {source: \"x\\\"{\"},}".utf8)).contains("not valid JSON") == false)
    }

    @Test func foreignTextIsShortAndPrintable() {
        let key = "\u{1b}[31m" + String(repeating: "k", count: 5000)
        let json = try! JSONSerialization.data(withJSONObject: ["training": [key: 1]])
        let message = errorText { _ = try Recipe(json: json) }
        #expect(message.contains("training. [31mkkk") && message.count < 400, "\(message)")
        #expect(RectifierError(.file, "a\u{1b}[2J\nb\u{202e}c").description == "a [2J b c")
        #expect(oneLine("a\tb\u{2028}") == "a b " && oneLine(String(repeating: "é", count: 61)) == String(repeating: "é", count: 60) + "…")
    }
}
