import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// Follows recorded runs of an independent implementation of TensorFlow Playground's training, in float64 from the
/// weights it began with.
@Suite(.needsDataFolder)
struct PlaygroundTests {
    struct Recorded: Decodable {
        struct Configuration: Decodable {
            var dataset: String, features: [String], act: String, shape: [Int], reg: String
            var rate: Double, lr: Double
            var batch: Int, epochs: Int
        }
        struct Weights: Decodable { var w: [Double], b: [Double] }
        var cfg: Configuration
        var `init`: Weights
        var loss: [[Double]]
        var snaps: [String: Weights]
        var train: [[Double]], test: [[Double]]
    }

    @Test(arguments: [0, 1, 3]) func followsRecordedRun(_ index: Int) throws {
        let file = try #require(dataFolder).appendingPathComponent("../oracle/tfpg_golden.json")
        let run = try JSONDecoder().decode([Recorded].self, from: Data(contentsOf: file))[index]
        try #require(run.cfg.reg != "L1" && run.cfg.act == "relu")

        let isRegression = run.cfg.dataset.hasPrefix("reg")
        let features: [String: ([Double]) -> Double] = ["x": { $0[0] }, "y": { $0[1] }, "xTimesY": { $0[0] * $0[1] }]
        func dataset(_ points: [[Double]]) throws -> Dataset {
            try Dataset(
                count: points.count, sampleShape: [run.cfg.features.count],
                features: .doubles(points.flatMap { point in run.cfg.features.map { features[$0]!(point) } }),
                targets: .doubleValues(points.map { $0[2] }, width: 1))
        }
        var layers: [any Layer] = run.cfg.shape.flatMap { [Dense($0), ReLU()] as [any Layer] } + [Dense(1)]
        if !isRegression { layers.append(Tanh()) }
        let network = try Network(input: [run.cfg.features.count], layers: layers)
        let (train, test) = (try dataset(run.train), try dataset(run.test))

        let built = try network.built(isTraining: true)
        let memory = try ParameterMemory(parameters: built.parameters, elementType: .float64)
        try memory.write(parameters(run.`init`, sizes: [run.cfg.features.count] + run.cfg.shape + [1]), to: memory.weights)
        let cursor = BatchCursor(), numbers = OptimizerNumbers(groups: memory.groups, clipLimit: 0)
        let losses = try Loss.halfSquaredError(built.output, .input(Network.targetName, shape: built.output.shape))
        let steps = UpdateCalls(
            losses: losses,
            gradients: zip(memory.slots.map(\.name), try gradients(of: losses.mean(), withRespectTo: built.parameters)).map { ($0, $1) },
            optimizer: .sgd(), clips: false, numbers: numbers)
        numbers.set(.sgd(), Penalties(l2: run.cfg.reg == "L2" ? run.cfg.rate : 0), learningRate: run.cfg.lr, step: 1)
        let evaluator = try Evaluator(network, loss: .halfSquaredError, parameters: memory, pool: nil)

        func compare(_ epoch: Int) throws {
            for (ours, theirs) in zip([try evaluator.evaluate(train).loss, try evaluator.evaluate(test).loss], run.loss[epoch]) {
                #expect(Swift.abs(ours - theirs) <= 1e-9 * theirs, "epoch \(epoch): \(ours) is not \(theirs)")
            }
        }
        try compare(0)
        // The samples that no update has seen yet. The tail of an epoch joins the next epoch's first batch.
        var waiting: [Int32] = []
        try train.withFeeds { feeds in
            for epoch in 1...run.cfg.epochs {
                for sample in run.train.indices {
                    waiting.append(Int32(sample))
                    guard (sample + 1) % run.cfg.batch == 0 else { continue }
                    let program = try Program(
                        [], batchSize: waiting.count, parameters: memory, cursor: cursor, feeds: feeds, training: steps)
                    waiting.withUnsafeBufferPointer {
                        cursor.indices.pointee = $0.baseAddress
                        program.run()
                    }
                    waiting = []
                }
                try compare(epoch)
                if let snapshot = run.snaps[String(epoch)] {
                    let expected = try parameters(snapshot, sizes: [run.cfg.features.count] + run.cfg.shape + [1])
                    for (name, tensor) in memory.read(memory.weights) {
                        for (a, b) in zip(tensor.doubles, expected[name]!.doubles) {
                            #expect(Swift.abs(a - b) < 1e-9, "\(name) after epoch \(epoch)")
                        }
                    }
                }
            }
        }
    }

    /// Recorded weights go by destination, ours by source.
    private func parameters(_ recorded: Recorded.Weights, sizes: [Int]) throws -> Parameters {
        var result = Parameters()
        var weight = 0, bias = 0
        for layer in 1..<sizes.count {
            let (inputs, outputs) = (sizes[layer - 1], sizes[layer])
            var weights = [Double](repeating: 0, count: inputs * outputs)
            for to in 0..<outputs { for from in 0..<inputs { weights[from * outputs + to] = recorded.w[weight + to * inputs + from] } }
            result["dense\(layer).weights"] = Tensor(shape: [inputs, outputs], weights)
            result["dense\(layer).bias"] = Tensor(shape: [outputs], Array(recorded.b[bias..<bias + outputs]))
            weight += inputs * outputs
            bias += outputs
        }
        return result
    }
}
