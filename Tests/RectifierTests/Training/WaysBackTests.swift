import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierInstruments

/// Whether dead units open again, against the epochs that follow.
@Suite struct WaysBackTests {
    private struct Unit: Hashable {
        var layer: String
        var number: Int
    }

    private struct Seen {
        /// Units that were said to be dead for good.
        var forGood = Set<Unit>()
        /// Of those, the ones that opened.
        var wrong = Set<Unit>()
        /// Units that opened after an epoch in which they were dead.
        var reopened = Set<Unit>()
        /// What was said of dead units, by layer.
        var ways: [String: Set<[UnitReport.WayBack]>] = [:]
        var last: [String: Set<[UnitReport.WayBack]>] = [:]
    }

    private func follow(
        _ layers: String, seed: UInt64 = 0, epochs: Int = 40, start edit: (inout Parameters) -> Void = { _ in },
        _ change: @escaping (inout TrainingSettings) -> Void
    ) throws -> Seen {
        let data = try madeData(120, features: 2, seed: seed) { x, _ in x[0] * x[1] }
        let network = try Network(input: [2], layers: LayerList(layers).layers)
        var settings = TrainingSettings()
        (settings.epochs, settings.batchSize, settings.threads, settings.seed) = (epochs, .samples(20), 1, seed)
        (settings.optimizer, settings.schedule, settings.weightDecay) = (.sgd(), .constant, 0)
        change(&settings)
        var start = try network.initialParameters(seed: seed, precision: .float32)
        edit(&start)
        let session = try TrainingSession(
            Trainer(network, data: data, settings: settings, initialParameters: start, probes: [HealthProbe()]))
        var seen = Seen(), dead = Set<Unit>()
        while let epoch = try session.epoch() {
            let now = Set(epoch.health!.units.flatMap { layer in layer.dead.map { Unit(layer: layer.layer, number: $0.unit) } })
            seen.reopened.formUnion(dead.subtracting(now))
            seen.wrong.formUnion(seen.forGood.subtracting(now))
            seen.last = [:]
            for layer in epoch.health!.units {
                for unit in layer.dead {
                    seen.ways[layer.layer, default: []].insert(unit.waysBack)
                    seen.last[layer.layer, default: []].insert(unit.waysBack)
                    if !unit.mayReopen { seen.forGood.insert(Unit(layer: layer.layer, number: unit.unit)) }
                }
            }
            dead = now
        }
        // The weights in the end, on all samples.
        let census = try UnitCensus(network, parameters: session.model().parameters, data: data.training, threads: 1)
        for layer in census.layers {
            for unit in layer.active.indices where layer.active[unit] > 0 {
                if seen.forGood.contains(Unit(layer: layer.layer, number: unit)) {
                    seen.wrong.insert(Unit(layer: layer.layer, number: unit))
                }
            }
        }
        return seen
    }

    /// Biases that close half of the units of a layer for every sample; or all.
    private func closing(_ layer: String, all: Bool = false) -> (inout Parameters) -> Void {
        { parameters in
            let count = parameters["\(layer).bias"]!.shape[0]
            parameters["\(layer).bias"] = Tensor(shape: [count], (0..<count).map { all || $0 % 2 == 0 ? Float(-9) : 0 })
        }
    }

    @Test func `Plain steps open no unit of the first layer, and some of the second`() throws {
        var reopened = 0
        for seed in 0..<4 as Range<UInt64> {
            let seen = try follow("dense 16, relu, dense 16, relu, dense 1", seed: seed, start: closing("dense1")) { $0.learningRate = 0.2 }
            #expect(seen.wrong.isEmpty && seen.reopened.allSatisfy { $0.layer == "relu2" }, "seed \(seed): \(seen)")
            #expect(seen.ways["relu1"] ?? [[]] == [[]] && seen.forGood.contains { $0.layer == "relu1" }, "seed \(seed): \(seen.ways)")
            reopened += seen.reopened.count
        }
        #expect(reopened > 0)
    }

    @Test func `Momentum is left for some steps`() throws {
        var ways = Set<[UnitReport.WayBack]>(), last = ways
        for optimizer in [Optimizer.adam(), .sgd(momentum: 0.9), .rmsProp(momentum: 0.8)] {
            let seen = try follow("dense 16, relu, dense 16, relu, dense 1", epochs: 60) {
                ($0.optimizer, $0.learningRate) = (optimizer, optimizer == .sgd(momentum: 0.9) ? 0.1 : 0.05)
            }
            #expect(seen.wrong.isEmpty, "\(optimizer): \(seen)")
            ways.formUnion(seen.ways["relu1"] ?? [])
            last.formUnion(seen.last["relu1"] ?? [])
        }
        #expect(ways == [[], [.momentum]] && last.contains([]))
    }

    @Test func `Where nothing moves nothing comes back`() throws {
        let layers = "dense 8, relu, dense 8, relu, dense 1"
        // What is before the second layer is frozen.
        let frozen = try follow(layers, start: closing("dense2")) { ($0.learningRate, $0.layerRates) = (0.01, ["dense1": 0]) }
        #expect(frozen.ways["relu2"] == [[]] && frozen.wrong.isEmpty)
        let moving = try follow(layers, start: closing("dense2")) { $0.learningRate = 0.01 }
        #expect(moving.ways["relu2"] == [[.feeders]])
        // No gradient passes a layer that is dead.
        let shut = try follow(layers, start: closing("dense2", all: true)) { $0.learningRate = 0.01 }
        #expect(shut.ways["relu2"] == [[]] && shut.wrong.isEmpty)
        // But it goes around one.
        let around = try follow("dense 8, relu, residual(dense 8, relu), dense 1", start: closing("residual1.dense1", all: true)) {
            $0.learningRate = 0.01
        }
        #expect(around.ways["residual1.relu1"] == [[.feeders]])
    }

    @Test func `Penalties, derivatives at 0 and dropout are ways back`() throws {
        let layers = "dense 8, relu, dense 1"
        func ways(_ layers: String, _ change: @escaping (inout TrainingSettings) -> Void) throws -> [[UnitReport.WayBack]] {
            let seen = try follow(layers, epochs: 3, start: closing("dense1"), change)
            #expect(seen.wrong.isEmpty)
            return Array(seen.ways["relu1"] ?? [])
        }
        #expect(try ways(layers) { $0.learningRate = 0.01 } == [[]])
        #expect(try ways(layers) { ($0.learningRate, $0.weightDecay) = (0.01, 0.1) } == [[.penalty]])
        #expect(try ways("dense 8, relu at-zero=0.5, dense 1") { $0.learningRate = 0.01 } == [[.kink]])
        #expect(try ways("dropout 0.5, " + layers) { $0.learningRate = 0.01 } == [[.dropout]])
    }

    /// Units that weight decay lets go, or not: their weights shrink, and the side of their bias is left.
    @Test(arguments: [Float(1), -1]) func `Weight decay leaves the bias`(bias: Float) throws {
        let seen = try follow(
            "dense 2, relu, dense 2, relu, dense 1",
            start: {
                // The first layer is open for every sample and frozen, the second closed for every one.
                $0["dense1.weights"] = Tensor(shape: [2, 2], [Float(1), 0, 0, 1])
                $0["dense1.bias"] = Tensor(shape: [2], [Float(9), 9])
                $0["dense2.weights"] = Tensor(shape: [2, 2], [Float](repeating: -1, count: 4))
                $0["dense2.bias"] = Tensor(shape: [2], [bias, bias])
            }
        ) { ($0.learningRate, $0.weightDecay, $0.layerRates) = (0.05, 0.5, ["dense1": 0]) }
        #expect(seen.ways["relu2"] == [[.penalty]] && seen.reopened.isEmpty == (bias < 0), "\(seen)")
    }
}
