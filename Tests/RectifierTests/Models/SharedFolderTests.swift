import Foundation
import TestSupport
import Testing

@testable import Rectifier

/// Models in folders that others use too: readers, other runs, other programs.
@Suite struct SharedFolderTests {
    private let temporary: TemporaryFolder
    private var folder: URL { temporary.url("model") }

    init() throws { temporary = try TemporaryFolder() }

    private static func network() throws -> Network {
        try Network(input: [2]) {
            Dense(8); ReLU(); Dense(2)
        }
    }

    private static func model(seed: UInt64) throws -> Model {
        Model(network: try network(), loss: .softmaxCrossEntropy, parameters: try network().initialParameters(seed: seed))
    }

    private static func trainer(
        epochs: Int = 2, seed: UInt64 = 0, rate: Double = 0.01, output: URL?
    ) throws -> Trainer {
        var numbers = Numbers(seed: 1)
        let features = (0..<80).map { _ in Float(numbers.uniform()) }
        let data = try Dataset(count: 40, sampleShape: [2], features: .floats(features), targets: .values(features, width: 2))
        var settings = TrainingSettings()
        (settings.epochs, settings.seed, settings.learningRate, settings.batchSize) = (epochs, seed, rate, .samples(10))
        settings.optimizer = .sgd()
        settings.threads = 1
        return try Trainer(network(), data: data, settings: settings, output: output)
    }

    /// Files were opened by path before and after the exchange: some of the old model, some of the new.
    @Test func readersSeeOneModel() throws {
        let models = try (0..<2).map { try Self.model(seed: $0) }
        let sums = models.map(\.weightsSHA256), folder = folder
        try models[0].write(to: folder)
        nonisolated(unsafe) var isDone = false
        let lock = NSLock()
        let writer = Thread {
            var round = 0
            while !lock.withLock({ isDone }) {
                round += 1
                try? models[round % 2].write(to: folder)
            }
            lock.withLock { isDone = false }
        }
        writer.start()
        var seen = Set<String>()
        for _ in 0..<400 { seen.insert(try Model(contentsOf: folder).weightsSHA256) }
        lock.withLock { isDone = true }
        while lock.withLock({ isDone }) { usleep(1000) }
        #expect(seen == Set(sums))
        #expect(try temporary.content == ["model"])
    }

    /// What is open is read to its end, whatever happens to the folder.
    @Test func anOpenFolderIsOneMoment() throws {
        let old = try Self.model(seed: 1)
        try old.write(to: folder)
        let open = try OpenFolder(folder)
        try Self.model(seed: 2).write(to: folder)
        #expect(try Model(open, network: nil).weightsSHA256 == old.weightsSHA256)
    }

    /// A checkpoint of untrained weights took the old model's place before the first step.
    @Test func aDivergingRunLeavesTheOldModel() throws {
        let old = try Self.trainer(output: folder).run()
        #expect(throws: RectifierError.self) { try Self.trainer(rate: 1e30, output: folder).run() }
        #expect(try Model(contentsOf: folder).weightsSHA256 == old.savedWeightsSHA256)
        #expect(try temporary.content == ["model"])
    }

    @Test func aRunThatIsStoppedAtOnceLeavesTheOldModel() throws {
        let old = try Self.trainer(output: folder).run()
        let stop = StopSignal()
        let outcome = try Self.trainer(seed: 1, output: folder).run(stop: stop) { if case .started = $0 { stop.stop() } }
        #expect(outcome.reason == .interrupted && outcome.savedWeightsSHA256 == nil)
        #expect(try Model(contentsOf: folder).weightsSHA256 == old.savedWeightsSHA256)
        // One that finishes an epoch takes its place.
        let new = try Self.trainer(seed: 1, output: folder).run()
        #expect(try Model(contentsOf: folder).weightsSHA256 == new.savedWeightsSHA256)
    }

    /// Where nothing is lost by it, a run is saved from its first moment, and can be resumed from there.
    @Test func aNewRunIsSavedAtOnce() throws {
        let stop = StopSignal()
        for _ in 0..<2 {
            let outcome = try Self.trainer(output: folder).run(stop: stop) { if case .started = $0 { stop.stop() } }
            #expect(outcome.savedWeightsSHA256 != nil)
            #expect(try Model(contentsOf: folder).epochsTrained == 0)
        }
        let trainer = try Self.trainer(output: nil)
        let resumed = try Trainer(resuming: Checkpoint(contentsOf: folder), data: trainer.data, output: folder).run()
        #expect(try resumed.savedWeightsSHA256 == trainer.run().model.weightsSHA256)
        #expect(try Model(contentsOf: folder).epochsTrained == 2)
    }

    @Test func anotherRecipesModelStaysWhereItMust() throws {
        var trainer = try Self.trainer(output: folder)
        try trainer.run()
        trainer.replacesOtherRuns = false
        try trainer.run()
        var other = try Self.trainer(seed: 1, output: folder)
        other.replacesOtherRuns = false
        let error = #expect(throws: RectifierError.self) { try other.run() }
        #expect(error?.kind == .output && error?.setting == "overwrite")
        other.replacesOtherRuns = true
        try other.run()
    }

    @Test func twoRunsCannotSaveToOneFolder() throws {
        var message = ""
        try Self.trainer(epochs: 1, output: folder).run {
            guard case .started = $0 else { return }
            do { try Self.trainer(output: folder).run() } catch { message = "\(error)" }
        }
        #expect(message.hasSuffix("another run is writing there; wait until it has ended, or choose another place"))
        #expect(try Model(contentsOf: folder).epochsTrained == 1)
    }

    /// TensorFlow.js uses the same name.
    @Test(arguments: [#"{"format": "layers-model", "modelTopology": {}, "weightsManifest": []}"#, "", "[]", "{"])
    func othersModelsAreNotReplaced(json: String) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try temporary.write(json, to: "model/model.json")
        let writes: [() throws -> Void] = [
            { try Self.model(seed: 0).write(to: folder) }, { try Self.trainer(output: folder).run() },
        ]
        for write in writes {
            let error = #expect(throws: RectifierError.self) { try write() }
            #expect(error?.description.contains("holds something else") == true)
        }
        #expect(try temporary.read("model/model.json") == json)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.json"])
    }
}
