import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct CensusTests {
    /// Whole numbers for features, so that pre-activations are exactly 0 again and again.
    private func data(_ count: Int, classes: Int = 3) throws -> Dataset {
        var random = Numbers(seed: 5)
        let features = (0..<count * 4).map { $0 < 12 ? 0 : Float(random.pick([-1, 0, 0, 1, 2])) }
        return try Dataset(
            count: count,
            sampleShape: [4], features: .floats(features),
            targets: .classes((0..<count).map { _ in Int32(random.pick(Array(0..<classes))) }, names: (0..<classes).map { "class \($0)" }))
    }

    private func run(
        _ network: Network, _ data: Dataset, census: Bool, threads: Int = 1, precision: ElementType = .float32, epochs: Int = 3
    ) throws -> TrainingEvent.Outcome {
        var settings = TrainingSettings()
        settings.epochs = epochs
        settings.batchSize = .samples(32)
        settings.threads = threads
        settings.precision = precision
        settings.optimizer = .sgd(momentum: 0.9)
        settings.learningRate = 0.01
        settings.schedule = .constant
        settings.weightDecay = 0
        return try Trainer(network, data: data, settings: settings, probes: census ? [KinkProbe()] : []).run()
    }

    private func network(_ activation: any Layer = ReLU(), bias: Bool = true) throws -> Network {
        try Network(input: [4]) {
            Dense(16, initializer: .constant(0.5), hasBias: bias)
            activation
            Residual {
                Dense(16, hasBias: bias); activation
            }
            Dropout(0.2)
            Dense(3)
        }
    }

    @Test(arguments: ElementType.allCases) func changesNoBit(_ precision: ElementType) throws {
        let data = try data(100)
        for layer in [ReLU(atZero: 0.5), PReLU(), HardTanh(), ELU(), Tanh()] as [any Layer] {
            let plain = try run(network(layer), data, census: false, precision: precision)
            let counted = try run(network(layer), data, census: true, precision: precision)
            #expect(plain.model.weightsSHA256 == counted.model.weightsSHA256, "\(layer.name)")
            #expect(plain.kinks == nil)
            #expect(counted.kinks?.steps == 3 * 4)
        }
    }

    /// The first step of a network whose weights are all ½: counted by hand, with the reason for each zero.
    @Test func countsWhatIsThere() throws {
        let data = try data(32)
        guard case .floats(let features) = data.features else { return }
        let rows = (0..<32).map { Array(features[$0 * 4..<$0 * 4 + 4]) }
        let zero = rows.count { $0.reduce(0, +) == 0 }, blank = rows.count { $0.allSatisfy { $0 == 0 } }
        #expect(zero > blank && blank > 0)
        let outcome = try run(network(), data, census: true, epochs: 1)
        let kinks = try #require(outcome.kinks)
        #expect(kinks.kinks.map(\.layer) == ["relu1", "residual1.relu1"])
        #expect(kinks.kinks[0].touched == 16 * zero)
        #expect(kinks.kinks[0].examined == 16 * zero)
        #expect(kinks.kinks[0].structural == 16 * blank)
        // Zeros of the first layer are blank inputs of the second, whose bias is 0.
        #expect(kinks.kinks[1].touched >= 16 * zero && kinks.kinks[1].structural >= 16 * zero)
        #expect(kinks.clarke == 1 && kinks.steps == 1)
        #expect(kinks.sensitivity["dense1"]! > 0)
        #expect(kinks.summary == "0 exact; 1 on a kink, where ReLU has no derivative: 1 in the Clarke subdifferential")
        #expect(kinks.details.count == 3)
    }

    @Test func verdictsOfARun() throws {
        // As many batches as the run had, the same for any number of threads.
        let one = try run(network(), data(100), census: true)
        let two = try run(network(), data(100), census: true, threads: 2)
        #expect(one.kinks?.clarke == two.kinks?.clarke && one.kinks?.exact == two.kinks?.exact)
        #expect(one.kinks?.kinks.map(\.touched) == two.kinks?.kinks.map(\.touched))
        // Without biases the inputs of a batch depend on each other.
        let bare = try run(network(bias: false), data(100), census: true)
        #expect(bare.kinks!.notGuaranteed > 0)
        // No kinks, nothing to say.
        #expect(try run(network(Tanh()), data(100), census: true).kinks!.summary == "all 12 exact: the network has no kinks")
    }

    @Test func mostlyZeroMasks() throws {
        let x = Formula.input("x", shape: [Shape.batch, 2])
        let w = Formula.parameter("w", shape: [2, 2], initializer: .zeros), b = Formula.parameter("b", shape: [2], initializer: .zeros)
        let z = try matmul(x, w) + b, deep = try matmul(relu(matmul(x, w)), w)
        var structural = ZeroMasks(.structural), frozen = ZeroMasks(.frozen)
        let masks = try [
            structural.mask(of: z), frozen.mask(of: deep), structural.mask(of: deep), structural.mask(of: x * relu(z)),
        ].map { try #require($0) }
        #expect(try frozen.mask(of: z) == nil)
        #expect(try structural.mask(of: exp(z)) == nil)
        let program = try Program(
            masks, batchSize: 3,
            parameters: Parameters([("w", Tensor(shape: [2, 2], [1.0, 1, -1, -1])), ("b", Tensor(shape: [2], [0.0, 1]))]),
            elementType: .float64)
        // Blank; on the kink by cancelling; below it.
        try program.setInput("x", to: [0, 0, 2, 2, 0, 1])
        program.run()
        #expect(program.values(ofOutput: 0) == [1, 0, 0, 0, 0, 0])
        #expect(program.values(ofOutput: 1) == [1, 1, 0, 0, 1, 1])
        #expect(program.values(ofOutput: 2) == [1, 1, 1, 1, 1, 1])
        #expect(program.values(ofOutput: 3) == [1, 1, 1, 0, 1, 1])
    }
}
