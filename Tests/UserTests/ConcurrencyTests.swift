import Dispatch
import Foundation
import Rectifier
import RectifierInstruments
import Synchronization
import Testing

/// Many runs and many models in one process at once: each gives the bits that it gives alone. ThreadSanitizer has
/// nothing to say of it.
///
/// Layers are wide enough for threads to share a step, and their widths fill no vectors, so that each thread's rows end
/// within one.
@Suite struct ConcurrencyTests {
    private func samples(_ count: Int = 200) throws -> Dataset {
        let features = (0..<count * 37).map { Float(($0 * 7919) % 101) / 50 - 1 }
        let labels = (0..<count).map { Int32(features[$0 * 37] > 0 ? ($0 % 2) : 2) }
        return try Dataset(
            count: count, sampleShape: [37], features: .floats(features), targets: .classes(labels, names: ["a", "b", "c"]))
    }

    private func network() throws -> Network {
        try Network(input: [37]) {
            Dense(203)
            ReLU()
            Dropout(0.2)
            Residual {
                Dense(203); GELU()
            }
            Dense(3)
        }
    }

    private func settings(_ precision: ElementType, threads: Int = 2) -> TrainingSettings {
        var settings = TrainingSettings()
        settings.epochs = 2
        settings.batchSize = .samples(67)
        settings.precision = precision
        settings.threads = threads
        settings.clipNorm = 1
        return settings
    }

    private func run(_ precision: ElementType, threads: Int = 2) throws -> TrainingEvent.Outcome {
        try Trainer(
            network(), data: samples(), heldOut: samples(50), settings: settings(precision, threads: threads), probes: [KinkProbe()]
        ).run()
    }

    /// Bodies that run side by side, and what they gave.
    private func together<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Value) throws -> [Value] {
        let results = Mutex<[Int: Result<Value, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let result = Result { try body(index) }
            results.withLock { $0[index] = result }
        }
        return try results.withLock { found in try (0..<count).map { try #require(found[$0]).get() } }
    }

    @Test func runsSideBySide() throws {
        let precisions = ElementType.allCases
        let alone = try precisions.map { try run($0, threads: 1) }
        let outcomes = try together(2 * precisions.count) { try run(precisions[$0 % precisions.count]) }
        for (index, outcome) in outcomes.enumerated() {
            let expected = alone[index % precisions.count]
            #expect(outcome.model.weightsSHA256 == expected.model.weightsSHA256, "\(precisions[index % precisions.count])")
            #expect(outcome.heldOut == expected.heldOut && outcome.kinks == expected.kinks)
        }
    }

    @Test func modelsSideBySide() throws {
        let data = try samples(70)
        let models = try ElementType.allCases.map { precision in
            var model = Model(
                network: try network(), loss: .softmaxCrossEntropy,
                parameters: try network().initialParameters(seed: 3, precision: precision), precision: precision)
            model.preparation = try Preparation(of: data)
            return model
        }
        let expected = try models.map { try $0.predictions(for: data, threads: 1) }
        let compiled = try models.map { try CompiledModel($0, concurrentCalls: 3) }
        let shared = try together(12) { index in
            try (0..<4).allSatisfy { round in
                let which = (index + round) % models.count
                return try compiled[which].predictions(for: data) == expected[which]
            }
        }
        #expect(shared.allSatisfy { $0 })
    }

    /// A run is stopped from one thread while another asks its snapshot's model, and goes on to the bits of the whole.
    @Test func stoppedFromElsewhere() throws {
        let data = try LoadedData(training: samples(), heldOut: samples(50))
        let whole = try run(.float32).model.weightsSHA256
        let trainer = try Trainer(network(), data: data, settings: settings(.float32), probes: [KinkProbe()])
        let session = try TrainingSession(trainer)
        for _ in 0..<2 { try session.step() }
        let snapshot = try session.snapshot()
        let hashes = try together(3) { index -> String in
            if index > 0 {
                let again = try TrainingSession(trainer)
                try again.restore(snapshot)
                while try again.step() != nil {}
                return again.model().weightsSHA256
            }
            let stop = StopSignal()
            DispatchQueue.global().async { stop.stop() }
            let resumed = try Trainer(resuming: snapshot, data: data, probes: [KinkProbe()]).run(stop: stop)
            return resumed.reason == .interrupted ? whole : resumed.model.weightsSHA256
        }
        #expect(hashes == [whole, whole, whole])
    }
}
