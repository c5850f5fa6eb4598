import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// Derivatives declared at kinks: what may be declared, and that every kinked layer and loss takes it, keeps it in a
/// file and shows it.
struct KinkValueTests {
    @Test func spelling() throws {
        for (text, value) in [("0", 0), ("0.5", 0.5), ("1", 1), ("-1", -1), ("unsound:2", .unsound(2)), ("unsound:-0.5", .unsound(-0.5))]
            as [(String, KinkValue)]
        {
            #expect(KinkValue(text) == value && value.description == text)
            #expect(try JSONDecoder().decode(KinkValue.self, from: JSONEncoder().encode(value)) == value)
        }
        for text in ["", "half", "nan", "inf", "unsound", "unsound:", "unsound:nan", "2x"] { #expect(KinkValue(text) == nil, "\(text)") }
    }

    /// The layers with kinks, with a value, and where each touches a kink.
    static let layers: [(layer: any KinkedLayer & Codable, kink: Double, slopes: (Double, Double))] = [
        (ReLU(), 0, (0, 1)), (LeakyReLU(slope: 0.25), 0, (0.25, 1)), (PReLU(), 0, (0.25, 1)), (ReLU6(), 6, (0, 1)), (ReLU6(), 0, (0, 1)),
        (Absolute(), 0, (-1, 1)), (HardSigmoid(), 3, (0, 1.0 / 6)), (HardTanh(), -1, (0, 1)), (ELU(alpha: 0.5), 0, (0.5, 1)),
    ]

    /// The derivative at the kink is the share that was asked for, after a model file too.
    @Test(arguments: layers.indices, [0, 0.5, 1, .unsound(2)] as [KinkValue]) func everyKinkedLayerTakesAValue(
        _ index: Int, _ share: KinkValue
    ) throws {
        let (layer, kink, slopes) = Self.layers[index]
        let written = try JSONEncoder().encode(Network(input: [1], layers: [layer.atKinks(share)]))
        let network = try JSONDecoder().decode(Network.self, from: written)
        let built = try network.built(isTraining: true)
        let outputs = try gradients(of: built.output.sum(), withRespectTo: [built.input])
        for rewrites in optimizerLevels {
            let program = try Program(
                outputs, batchSize: 1, parameters: network.initialParameters(seed: 0), elementType: .float64, rewrites: rewrites)
            try program.setInput(Network.inputName, to: [kink])
            program.run()
            let expected = slopes.0 + share.value * (slopes.1 - slopes.0)
            #expect(Swift.abs(program.values(ofOutput: 0)[0] - expected) < 1e-15)
        }
        let shown = try #require(network.summary.rows[0].atKinks)
        #expect(shown.contains("unsound") == share.isUnsound)
        #expect(network.summary.description.contains("at kinks"))
        #expect(try JSONEncoder().encode(network).count == written.count)
    }

    @Test func modelFilesOfOlderVersionsAreRead() throws {
        let json = """
            {"input": [2], "layers": [{"layer": "relu", "atZero": 0.5}, {"layer": "leaky-relu", "slope": 0.1}, {"layer": "elu", "alpha": 1}]}
            """
        let network = try JSONDecoder().decode(Network.self, from: Data(json.utf8))
        #expect(network.summary.rows.map(\.atKinks) == ["0.5", "0.1", "share 0"])
    }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "nothing"
    }

    /// A derivative that is none is refused where the network is built, with the layer's name, the value, the interval
    /// and the way out.
    @Test func noSubgradientsAreNamedWhereTheNetworkIsBuilt() throws {
        func message(_ layer: any Layer) -> String { self.message { _ = try Network(input: [4], layers: [Dense(3), layer]) } }
        #expect(
            message(ReLU(atZero: 2)) == "relu1: relu: 2 is no derivative at the kink, where subgradients lie in [0, 1]; "
                + "if it is meant, write .unsound(2) in code, unsound:2 in a recipe")
        let mistakes: [(any Layer, String)] = [
            (ReLU(atZero: -0.1), "[0, 1]"), (ReLU(atZero: KinkValue(.nan)), "finite"), (ReLU(atZero: .unsound(.infinity)), "finite"),
            (LeakyReLU(slope: 0.1, atZero: 0), "[0.1, 1]"), (LeakyReLU(slope: 1, atZero: 0), "[1, 1]"), (PReLU(atZero: 1.5), "[0, 1]"),
            (ReLU6(atBounds: 3), "[0, 1]"), (Absolute(atZero: -2), "[-1, 1]"), (HardSigmoid(atBounds: 2), "[0, 1]"),
            (HardTanh(atBounds: -1), "[0, 1]"), (ELU(alpha: 0.5, atZero: 2), "[0, 1]"),
            (Function("mine") { x, _ in clip(x, 0, 1, atBounds: 7) }, "mine1: clip: 7"),
            (
                Residual {
                    Dense(3); ReLU(atZero: 2)
                }, "residual1.relu1: relu: 2"
            ),
            (Function("mine") { x, build in relu(try build.apply(Dense(3), to: x), atZero: 2) }, "mine1: relu: 2"),
        ]
        for (layer, part) in mistakes { #expect(message(layer).contains(part), "\(layer): \(message(layer))") }
        for layer in [ReLU(atZero: .unsound(2)), LeakyReLU(slope: 1), Absolute(atZero: -1), LeakyReLU(slope: 2, atZero: 1.5)] as [any Layer]
        {
            #expect(message(layer) == "nothing")
        }
        // And in a formula of one's own, where its gradient is taken.
        let x = Formula.input("x", shape: [Shape.batch, 1])
        #expect(self.message { _ = try gradients(of: relu(x, atZero: 2).sum(), withRespectTo: [x]) }.hasPrefix("relu: 2 is no derivative"))
    }

    /// Ties over an axis, odd and even lengths: the first, the last, or all evenly; and not over the batch, whose
    /// length no formula knows.
    @Test(arguments: [Ties.first, .second, .split], 1...5) func tiesOverAxes(_ ties: Ties, _ count: Int) throws {
        let x = Formula.input("x", shape: [Shape.batch, count, 2])
        for (kind, extremum) in [
            ("maximum", try x.maximum(over: [1, 2], ties: ties)), ("minimum", try x.minimum(over: [1, 2], ties: ties)),
        ] {
            let outputs = try [extremum] + gradients(of: extremum.sum(), withRespectTo: [x])
            let program = try Program(outputs, batchSize: 2, elementType: .float64)
            // One sample of equal elements, and one whose extremum is at all places but the first and the last.
            let extreme = kind == "maximum" ? 1.0 : -1.0
            let tied = (0..<2 * count).map { $0 == 0 || $0 == 2 * count - 1 ? 0 : extreme }
            try program.setInput("x", to: [Double](repeating: 3, count: 2 * count) + tied)
            program.run()
            let winners = [Array(0..<2 * count), count == 1 ? [0, 1] : Array(1..<2 * count - 1)]
            let expected = winners.flatMap { winners in
                (0..<2 * count).map { place -> Double in
                    switch ties {
                    case .first: place == winners.first ? 1 : 0
                    case .second: place == winners.last ? 1 : 0
                    case .split: winners.contains(place) ? 1 / Double(winners.count) : 0
                    }
                }
            }
            #expect(program.values(ofOutput: 0) == [3, count == 1 ? 0 : extreme])
            #expect(program.values(ofOutput: 1) == expected, "\(kind) \(ties) \(count)")
        }
        if ties != .split { #expect(message { _ = try x.maximum(over: [0], ties: ties) }.contains("batch")) }
    }

    /// Losses take a value, keep it in a file, and have it at their kink. Huber's corners have a derivative, whatever
    /// is declared inside.
    @Test func losses() throws {
        func slope(_ loss: Loss, output: Double, target: Double) throws -> [Double] {
            let output = (Formula.input("output", shape: [Shape.batch, 1]), output)
            let value = try loss(output.0, .input("target", shape: [Shape.batch, 1])).sum()
            return try optimizerLevels.map { rewrites in
                let program = try Program(
                    gradients(of: value, withRespectTo: [output.0]), batchSize: 1, elementType: .float64, rewrites: rewrites)
                try program.setInput("output", to: [output.1])
                if program.hasInput("target") { try program.setInput("target", to: [target]) }
                program.run()
                return program.values(ofOutput: 0)[0]
            }
        }
        for share in [0, 0.5, 1, .unsound(2)] as [KinkValue] {
            let hinge = Loss.hinge.atKinks(share), absolute = Loss.absoluteError.atKinks(share)
            #expect(try slope(hinge, output: -1, target: -1).allSatisfy { $0 == share.value })
            #expect(try slope(absolute, output: 3, target: 3).allSatisfy { $0 == 2 * share.value - 1 })
            for loss in [hinge, absolute] {
                #expect(try JSONDecoder().decode([Loss].self, from: JSONEncoder().encode([loss])) == [loss])
                #expect(loss.spelling.contains("unsound") == share.isUnsound)
            }
        }
        #expect(try slope(.huber(delta: 0.5), output: 1, target: 0.5).allSatisfy { $0 == 0.5 })
        #expect(try slope(Loss.huber(delta: 0.5).atKinks(0), output: 0, target: 0.5).allSatisfy { $0 == -0.5 })
        #expect(Loss.hinge == .hinge(atKink: 0) && Loss.hinge.spelling == "hinge" && "\(Loss.hinge)" == "hinge")
        #expect("\(Loss.softmaxCrossEntropy)" == "softmax-cross-entropy")
        #expect("\(Loss.absoluteError(atKink: 1))" == "absolute-error:1")
        #expect(message { try Loss.hinge(atKink: 2).validate() }.hasPrefix("loss: relu: 2 is no derivative at the kink"))
        #expect(message { _ = try JSONDecoder().decode([Loss].self, from: Data(#"["absolute-error:-2"]"#.utf8)) }.contains("[-1, 1]"))
        for text in ["hinge:x", "hinge:", "huber", "huber:-1", "squared-error:1"] {
            #expect(throws: RectifierError.self, "\(text)") { try Loss(text) }
        }
        for loss in [Loss.huber(delta: 0.25), .squaredError, .hinge] { #expect(try Loss(loss.spelling) == loss) }
    }

    /// One setting of the recipe reaches every activation of its network.
    @Test func recipesSetAllLayers() throws {
        var settings = NetworkSettings()
        settings.layers = [3, 4]
        for (activation, shown) in [
            ("relu", "0.5"), ("leaky-relu", "0.505"), ("leaky-relu 0.5", "0.75"), ("elu 0.5", "share 0.5"), ("abs", "0"),
            ("hard-tanh", "0.5"), ("prelu", "share 0.5"),
        ] {
            settings.activation = try Activation(activation)
            settings.atZero = 0.5
            try settings.validate()
            #expect(try Network(settings, input: [2], outputs: 1).summary.rows.compactMap(\.atKinks) == [shown, shown])
        }
        for (activation, own) in [("relu", "0"), ("leaky-relu", "0.01"), ("abs", "0")] {
            settings.activation = try Activation(activation)
            settings.atZero = nil
            #expect(try Network(settings, input: [2], outputs: 1).summary.rows.compactMap(\.atKinks) == [own, own])
        }
        settings.activation = try Activation("leaky-relu")
        settings.atZero = .unsound(2)
        try settings.validate()
        #expect(try Network(settings, input: [2], outputs: 1).summary.rows.compactMap(\.atKinks) == ["unsound:1.99", "unsound:1.99"])
    }
}
