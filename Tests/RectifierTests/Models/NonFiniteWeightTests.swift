import CRectifierKernels
import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// A product that skips zeros never multiplies a weight whose input is always 0, so an infinite or NaN one shows in no
/// result. It is looked for instead.
@Suite("A weight that is not finite")
struct NonFiniteWeightTests {
    /// The second of three features is always exactly 0.
    private static func data() throws -> Dataset {
        var numbers = Numbers(seed: 5)
        let features = (0..<60).map { $0 % 3 == 1 ? Float(0) : Float(numbers.uniform()) }
        return try Dataset(
            count: 20, sampleShape: [3], features: .floats(features), targets: .classes((0..<20).map { $0 % 2 }, names: ["a", "b"]))
    }

    private static func network() throws -> Network {
        try Network(input: [3]) {
            Dense(4); ReLU(); Dense(2)
        }
    }

    /// With `value` as a weight of the second feature.
    private static func model(_ value: Double, precision: ElementType = .float32, count: Int = 1) throws -> Model {
        let network = try network()
        var parameters = try network.initialParameters(seed: 1, precision: precision)
        var weights = try #require(parameters["dense1.weights"]).doubles
        for unit in 0..<count { weights[4 + unit] = value }
        parameters["dense1.weights"] = Tensor(shape: [3, 4], weights.map(Float.init))
        return Model(network: network, loss: .softmaxCrossEntropy, parameters: parameters, precision: precision)
    }

    private func thrown(_ body: () throws -> Void) -> RectifierError? {
        do { try body() } catch { return error as? RectifierError }
        return nil
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan]) func `is found when a model is compiled or used`(_ value: Double) throws {
        for model in [try Self.model(value), try Self.model(value, precision: .bfloat16), try Self.model(value, precision: .float64)] {
            for use in [
                { _ = try CompiledModel(model) }, { _ = try model.predictions(for: Self.data()) },
                { _ = try model.evaluate(on: Self.data()) },
            ] {
                let error = try #require(thrown(use))
                #expect(error.kind == .divergence && error.description.contains("1 number of dense1.weights is not finite"))
            }
        }
        let several = try #require(thrown { _ = try CompiledModel(Self.model(value, count: 3)) })
        #expect(several.description.contains("3 numbers of dense1.weights are not finite"))
        #expect(thrown { _ = try CompiledModel(Self.model(1)) } == nil)
    }

    /// 10⁶ is finite, and beyond a float16.
    @Test func `is found where only the computing type cannot hold it`() throws {
        let error = try #require(thrown { _ = try CompiledModel(Self.model(1e6, precision: .float16)) })
        #expect(error.description.contains("1 number of dense1.weights is not finite in float16"))
        _ = try CompiledModel(Self.model(1e6, precision: .bfloat16))
    }

    @Test(arguments: [Double.infinity, .nan]) func `is not written`(_ value: Double) throws {
        let temporary = try TemporaryFolder(), folder = temporary.url("model")
        let model = try Self.model(value, count: 2)
        let state = Parameters()
        for write in [
            { try model.write(to: folder) },
            { _ = try Checkpoint(model: model, states: [state], position: .init(trainingSamples: 1), best: nil).write(to: folder) },
        ] {
            let error = try #require(thrown(write))
            #expect(error.kind == .divergence && error.description.contains("2 numbers of dense1.weights are not finite"))
            #expect(!FileManager.default.fileExists(atPath: folder.path))
        }
    }

    @Test func `is found in a model that others wrote`() throws {
        let temporary = try TemporaryFolder(), folder = temporary.url("model")
        var settings = TrainingSettings()
        settings.epochs = 1
        try Trainer(Self.network(), data: Self.data(), settings: settings, output: folder).run()
        let sound = try Model(contentsOf: folder), damaged = try Self.model(.infinity)
        try Data(damaged.encodedWeights).write(to: folder.appendingPathComponent("weights.safetensors"))
        let file = folder.appendingPathComponent("model.json")
        let text = try String(contentsOf: file, encoding: .utf8).replacing(sound.weightsSHA256, with: damaged.weightsSHA256)
        try Data(text.utf8).write(to: file)
        #expect(try #require(thrown { _ = try CompiledModel(Model(contentsOf: folder)) }).description.contains("dense1.weights"))
        let resumed = try Trainer(resuming: Checkpoint(contentsOf: folder), data: LoadedData(training: Self.data()))
        #expect(
            try #require(thrown { _ = try resumed.run() }).description.contains("cannot be trained further: 1 number of dense1.weights"))
    }

    /// What a skipping kernel does, by a layer that looks at a weight only where its input is not 0, on every machine.
    @Test(arguments: [Double.infinity, .nan], ElementType.allCases)
    func `is found at the end of an epoch though nothing multiplies it`(_ value: Double, _ precision: ElementType) throws {
        let network = try Network(input: [3]) {
            Function("gate") { x, build in
                let weights = try build.parameter("weights", shape: [3], initializer: .constant(1))
                return try select(x, x * weights, .constant(0))
            }
            Dense(2)
        }
        let run = try session(network, precision, planting: value, in: "gate1.weights", at: 1)
        let error = try #require(thrown { while try run.epoch() != nil {} })
        #expect(error.kind == .divergence && error.description.contains("epoch 1: 1 number of gate1.weights is not finite"), "\(error)")
    }

    /// The same by the products themselves: dense ones show it in the loss, skipping ones do not.
    @Test(arguments: [Double.infinity, .nan]) func `ends training`(_ value: Double) throws {
        let run = try session(Self.network(), .float32, planting: value, in: "dense1.weights", at: 4)
        let error = try #require(thrown { while try run.epoch() != nil {} })
        #expect(error.kind == .divergence)
        let isSkipped = error.description.contains("epoch 1: 1 number of dense1.weights is not finite")
        #expect(isSkipped || error.description.contains("the loss is no longer finite"))
        if rk_zeros_selected() == RK_ZEROS_SKIPPED { #expect(isSkipped, "\(error)") }
    }

    private func session(
        _ network: Network, _ precision: ElementType, planting value: Double, in name: String, at place: Int
    ) throws -> TrainingSession {
        var settings = TrainingSettings()
        settings.precision = precision
        settings.epochs = 2
        settings.threads = 1
        let run = try TrainingSession(Trainer(network, data: Self.data(), settings: settings))
        var parameters = run.memory.read(run.memory.weights)
        let values = try #require(parameters[name])
        switch values.storage {
        case .float32(var numbers):
            numbers[place] = Float(value)
            parameters[name] = Tensor(shape: values.shape, numbers)
        case .float64(var numbers):
            numbers[place] = value
            parameters[name] = Tensor(shape: values.shape, numbers)
        }
        try run.memory.write(parameters, to: run.memory.weights)
        return run
    }
}
