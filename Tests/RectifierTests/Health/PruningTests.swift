import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments

/// Dead units are taken out of models, and no bit changes.
@Suite struct PruningTests {
    /// A model with a share of its hidden units made dead: their weights on one side, on inputs that are not negative.
    private func model(
        _ layers: String, inputs: Int = 20, dead share: Double = 0.3, precision: ElementType = .float32, seed: Int = 1
    ) throws -> (model: Model, killed: Int) {
        let network = try Network(input: [inputs], layers: LayerList(layers).layers)
        var parameters = try network.initialParameters(seed: UInt64(seed), precision: precision)
        var numbers = Numbers(seed: seed), killed = 0
        let names = parameters.names.filter { $0.hasSuffix(".weights") }
        for name in names where name != names.last {
            let tensor = try #require(parameters[name]), units = tensor.shape[1]
            var weights = tensor.doubles
            let bias = name.replacing(".weights", with: ".bias")
            var biases = parameters[bias]?.doubles ?? [], columns = (0..<units).filter { _ in numbers.chance(share) }
            if precision == .bfloat16 { columns = columns.flatMap { $0 % 2 == 0 && $0 + 1 < units ? [$0, $0 + 1] : [] } }
            for unit in columns {
                for row in 0..<tensor.shape[0] { weights[row * units + unit] = -abs(weights[row * units + unit]) }
                if !biases.isEmpty { biases[unit] = -0.125 }
            }
            killed += columns.count
            parameters[name] = Tensor(shape: tensor.shape, weights)
            if !biases.isEmpty { parameters[bias] = Tensor(shape: [units], biases) }
        }
        return (Model(network: network, loss: .squaredError, parameters: parameters, precision: precision), killed)
    }

    private func unitBox(_ inputs: Int) throws -> InputBox {
        try InputBox(low: [Double](repeating: 0, count: inputs), high: [Double](repeating: 1, count: inputs))
    }

    /// The bar: 30 % dead units leave, and 10,000 inputs of the box keep their bits, in every precision.
    @Test(arguments: ElementType.allCases) func `Outputs keep their bits on 10,000 inputs of the box`(precision: ElementType) throws {
        let (model, killed) = try model("dense 64, relu, dense 96, relu, dense 33, relu6, dense 5", precision: precision)
        let pruned = try model.pruned(on: unitBox(20), multiple: 1)
        let report = pruned.report
        #expect(report.onBox == PruneReport.Comparison(samples: 10_000, differing: 0, largestDifference: 0) && report.onData == nil)
        #expect(report.removed == killed && killed > 40)
        #expect(report.layers.map(\.name) == ["relu1", "relu2", "reLU61"] && report.layers.allSatisfy { $0.obstacle == nil })
        #expect(report.parameters.after < report.parameters.before * 7 / 10)
        #expect(report.multiplyAdds.after < report.multiplyAdds.before * 7 / 10)
        #expect(pruned.model.parameters.count == report.parameters.after)
        print("pruned, \(precision): \(report.parameters), \(report.multiplyAdds), \(report.seconds)")

        // Written and read back, it gives what the old model gives, for any number of samples at once.
        let folder = try TemporaryFolder()
        try pruned.model.write(to: folder.url("pruned"))
        let read = try Model(contentsOf: folder.url("pruned"))
        let stream = RandomStream(seed: 3, purpose: 0), box = try unitBox(20)
        let (old, new) = (try CompiledModel(model), try CompiledModel(read))
        for index in 0..<40 {
            let sample = box.sample(index, stream)
            let (before, after): ([Double], [Double]) = (try old(sample), try new(sample))
            #expect(before.map(\.bitPattern) == after.map(\.bitPattern))
        }
    }

    /// All that is like ReLU, and what stands between layers.
    @Test(arguments: [
        "dense 24, relu, dropout 0.5, dense 3", "dense 24, leaky-relu 0, dense 3", "dense 24, prelu, relu, dense 3",
        "dense 24 no-bias, relu, dense 3", "dense 24, relu, tanh, dense 3", "dense 24, relu, sum(dense 8 | dense 8), relu, dense 3",
        "dense 24, relu, concat(dense 8, relu, dense 4 | dense 6, relu, dense 2)", "dense 24, relu, flatten, dense 3",
        "dense 24, relu, elu, dense 3", "dense 24, hard-sigmoid, dense 3", "dense 24, relu, abs, sin, dense 3",
    ])
    func `Units leave wherever dense layers give and read them`(layers: String) throws {
        var (model, killed) = try model(layers, dead: 0.4)
        if layers.contains("hard-sigmoid") {
            // It gives 0 below -3.
            let bias = try #require(model.parameters["dense1.bias"])
            model.parameters["dense1.bias"] = Tensor(shape: bias.shape, bias.doubles.map { $0 < 0 ? -3.5 : $0 })
        }
        let pruned = try model.pruned(on: unitBox(20), multiple: 1, comparisons: 1000)
        #expect(pruned.report.onBox.areSameBits)
        // Those of branches that end in a sum or a concatenation stay.
        #expect(pruned.report.removed > 0 && (layers.contains("(") || pruned.report.removed == killed), "\(pruned.report.layers)")
        #expect(pruned.report.parameters.after < pruned.report.parameters.before)
    }

    @Test func `Units that a sum, a concatenation or the output reads stay, and why is said`() throws {
        for (layers, reason) in [
            ("dense 20, relu, residual(dense 20), dense 2", "0 where they are read"),
            ("dense 6, relu, concat(dense 2 | identity), dense 2", "concatenate reads it"),
            ("dense 6, relu", "output"), ("relu, dense 2", "input"), ("dense 6, relu, softplus, dense 2", "0 where they are read"),
        ] {
            let (model, _) = try model(layers + (layers.hasSuffix("relu") ? "" : ", relu, dense 1"), dead: 0.6)
            let box =
                layers.hasPrefix("relu")
                ? try InputBox(low: [Double](repeating: -1, count: 20), high: [Double](repeating: 0, count: 20)) : try unitBox(20)
            let report = try model.pruned(on: box, multiple: 1, comparisons: 100).report
            let layer = try #require(report.layers.first)
            if layers == "dense 6, relu" {
                // The last layer of the model is left as it was drawn.
                #expect(report.removed == 0)
                continue
            }
            #expect(layer.certified > 0 && layer.removed == 0 && layer.obstacle?.contains(reason) == true, "\(layers): \(layer)")
        }
    }

    @Test func `A layer that is wholly dead keeps one unit`() throws {
        let (model, _) = try model("dense 12, relu, dense 4, relu, dense 2", dead: 1)
        let pruned = try model.pruned(on: unitBox(20), multiple: 1, comparisons: 500)
        #expect(pruned.report.layers[0].removed == 11 && pruned.report.layers[0].obstacle == "a layer keeps a unit")
        #expect(pruned.model.network.layers.compactMap { ($0 as? Dense)?.units } == [1, 1, 2])
    }

    /// What fills whole vectors is fastest, so some are left.
    @Test func `Widths stay multiples of 16 where they are larger`() throws {
        let (model, killed) = try model("dense 128, relu, dense 24, relu, dense 2")
        let pruned = try model.pruned(on: unitBox(20), comparisons: 500)
        let widths = try #require(pruned.model.network.denseUnits["dense1"]), all = pruned.report.layers
        #expect(widths % 16 == 0 && widths < 128 && all[0].obstacle == "widths stay multiples of 16")
        #expect(all[0].certified - all[0].removed < 16 && killed == all[0].certified + all[1].certified)
        // 24 units, of which more than 16 live, stay.
        let few = try model.pruned(on: unitBox(20), multiple: 20, comparisons: 500)
        #expect(try #require(few.model.network.denseUnits["dense2"]) <= 20)
        #expect(throws: RectifierError.self) { try model.pruned(on: unitBox(20), multiple: 0) }
    }

    /// AVX512-BF16 rounds by pairs of terms: which are a pair stays. When units left alone, 11 of 10,000 inputs gave
    /// other bits.
    @Test func `In bfloat16 units leave in pairs`() throws {
        var (model, _) = try model("dense 256, relu, dense 400", dead: 0, precision: .bfloat16)
        let bias = try #require(model.parameters["dense1.bias"])
        // 0, 1, 5, 10, 11, 15, …: pairs, and some alone.
        let dead = Set((0..<256).filter { [0, 1, 5].contains($0 % 10) })
        model.parameters["dense1.bias"] = Tensor(
            shape: [256], bias.doubles.enumerated().map { dead.contains($0.offset) ? -100 : $0.element })
        let report = try model.pruned(on: unitBox(20), multiple: 1).report, layer = report.layers[0]
        #expect(layer.certified == dead.count && layer.removed == 52 && layer.obstacle == "in bfloat16 they leave in pairs")
        #expect(report.onBox.areSameBits)
    }

    /// A network of the size of images, as the command prunes it. Its times are to look at; no clock fails a test.
    @Test func `A wide network shrinks`() throws {
        let (model, killed) = try model("dense 512, relu, dense 512, relu, dense 10", inputs: 784)
        let report = try model.pruned(on: unitBox(784), comparisons: 1000).report
        #expect(report.onBox.areSameBits && killed - report.removed < 32)
        #expect(
            report.parameters.after < report.parameters.before * 3 / 4 && report.multiplyAdds.after < report.multiplyAdds.before * 3 / 4)
        print("pruned, 784-512-512-10: \(report.parameters), \(report.multiplyAdds), \(report.seconds)")
    }

    /// A residual stream whose units are dead all along it leaves as a whole.
    @Test func `A stream of residual layers shrinks where it is dead at every reader`() throws {
        let (model, _) = try model("dense 20, relu, residual(dense 9, relu, dense 20), relu, dense 2", dead: 0)
        var parameters = model.parameters
        for name in ["dense1", "residual1.dense2"] {
            let tensor = try #require(parameters[name + ".weights"])
            let weights = tensor.doubles.enumerated().map { $0.offset % 20 < 7 ? -abs($0.element) : $0.element }
            parameters[name + ".weights"] = Tensor(shape: tensor.shape, weights)
        }
        let dead = Model(network: model.network, loss: .squaredError, parameters: parameters)
        let pruned = try dead.pruned(on: unitBox(20), multiple: 1, comparisons: 1000)
        #expect(pruned.report.layers.map(\.removed) == [7, 0, 7])
        #expect(pruned.model.network.denseUnits == ["dense1": 13, "residual1.dense1": 9, "residual1.dense2": 13, "dense2": 2])
    }

    @Test func `Units dead on the data leave on request, and inputs that wake them are counted`() throws {
        let (model, _) = try model("dense 64, relu, dense 2", inputs: 4, dead: 0.1)
        var numbers = Numbers(seed: 9)
        let samples = (0..<12 * 4).map { _ in Float(numbers.uniform(in: 0...1)) }
        let data = try Dataset(count: 12, sampleShape: [4], features: .floats(samples), targets: .none)
        let certified = try model.pruned(on: unitBox(4), data: data, multiple: 1)
        let layer = certified.report.layers[0]
        #expect(layer.removed == layer.certified && layer.certified < layer.deadOnData ?? 0)
        #expect(certified.report.onBox.areSameBits && certified.report.onData?.areSameBits == true)
        let all = try model.pruned(.deadOnData, on: unitBox(4), data: data, multiple: 1)
        #expect(all.report.layers[0].removed == layer.deadOnData && all.report.onData?.areSameBits == true)
        #expect(all.report.onBox.differing > 0 && all.report.onBox.largestDifference > 0)
        #expect(throws: RectifierError.self) { try model.pruned(.deadOnData, on: unitBox(4)) }
    }

    /// The trial finds a model that is not the same.
    @Test func `Another bit is seen`() throws {
        let (model, _) = try model("dense 8, relu, dense 2", inputs: 4)
        var other = model
        let bias = try #require(model.parameters["dense2.bias"])
        other.parameters["dense2.bias"] = Tensor(shape: bias.shape, [0x1p-149, 0] as [Float])
        let check = try BitComparison(of: model, other, pool: ThreadPool(threads: 1))
        let box = try InputBox(low: [0, 0, 0, 0], high: [0, 0, 0, 0])
        #expect(try check.run(on: box, count: 7, seed: 0) == PruneReport.Comparison(samples: 7, differing: 7, largestDifference: 0x1p-149))
    }

    @Test func `What does not fit is refused`() throws {
        let (model, _) = try model("dense 8, relu, dense 2", inputs: 4)
        #expect(throws: RectifierError.self) { try model.pruned(on: unitBox(5)) }
        #expect(throws: RectifierError.self) { try model.pruned(on: unitBox(4), comparisons: 0) }
        let data = try Dataset(count: 1, sampleShape: [3], features: .floats([1, 2, 3]), targets: .none)
        #expect(throws: RectifierError.self) { try model.pruned(on: unitBox(4), data: data) }
        // Nothing to take out is no mistake.
        let smooth = try self.model("dense 8, gelu, dense 2", inputs: 4).model
        let same = try smooth.pruned(on: unitBox(4), comparisons: 10)
        #expect(same.report.layers.isEmpty && same.model.parameters == smooth.parameters)
    }
}
