import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

struct GradientCheckTests {
    // MARK: What is wrong is found

    /// The planted layer between two dense ones. Whole numbers for the one fault that shows on a kink only.
    @Test(arguments: PlantedFault.allCases) func aPlantedFaultIsCaughtEveryTimeAndNamed(_ fault: PlantedFault) throws {
        let network = try Network(input: [3]) {
            Dense(4); fault.layer(); Dense(2)
        }
        let check = try GradientCheck(network, samples: 4)
        for seed in 0..<100 {
            var numbers = Numbers(seed: seed)
            var parameters: Parameters?, features: [Double]?
            if fault == .anotherValueAtZero {
                parameters = try wholeNumbers(network, &numbers)
                // The first sample is blank and the bias 0.
                parameters!["dense1.bias"] = Tensor(shape: [4], [Double](repeating: 0, count: 4))
                features = (0..<12).map { $0 < 3 ? 0 : Double(numbers.integer(below: 5) - 2) }
            }
            let report = try check.run(parameters: parameters, features: features, seed: UInt64(seed))
            #expect(!report.passes, "seed \(seed)")
            #expect(report.faults.count >= 1 && report.faults.allSatisfy { $0.layer == "planted1" }, "seed \(seed): \(report)")
            #expect(report.summary.contains("WRONG: planted1: \(report.faults.first?.operation ?? "?")"))
        }
    }

    @Test func aFaultNamesTheOperandAndBothNumbers() throws {
        let network = try Network(input: [3]) {
            Dense(4); PlantedFault.wrongTranspose.layer(); Dense(2)
        }
        let report = try network.gradientCheck(samples: 4)
        let fault = try #require(report.faults.first)
        #expect(report.faults.count == 1)
        #expect(fault.operation == "matmul" && fault.operand == 1 && fault.layer == "planted1")
        #expect(fault.description.hasPrefix("planted1: matmul: the derivative with respect to operand 1 is "))
        // Only what lies below is wrong: the second operand's derivative and all beyond are right.
        let wrong = Set(report.rows.filter { $0.verdict == .wrong }.map(\.layer))
        #expect(wrong == ["dense1", "input"])
    }

    // MARK: What is right passes

    private static let layers: [any Layer] = [
        ReLU(), ReLU(atZero: 0.5), ReLU(atZero: 1), LeakyReLU(), LeakyReLU(slope: -0.5, atZero: 0.25), PReLU(), PReLU(atZero: 1), ReLU6(),
        ReLU6(atBounds: 1), Absolute(), Absolute(atZero: -1), ELU(alpha: 0.5), GELU(), SiLU(), Softplus(), Softplus(sharpness: 5),
        Sigmoid(), Tanh(), HardSigmoid(), HardTanh(), SineActivation(), Dropout(0.4), Flatten(), Dense(4), Dense(4, hasBias: false),
        Residual(layers: [Dense(3), Tanh(), Dense(4)]), Sum([Dense(3), ReLU()], [Dense(3)], [Dense(3, hasBias: false)]),
        Mean([Dense(3), ReLU()], [Dense(3)]), Vote([Dense(3), ReLU()], [Dense(3)]),
        Concatenation([Dense(3), Tanh()], [], [ReLU()]), BatchNorm(), BatchNorm(momentum: 1, epsilon: 0.1), LayerNorm(),
        Dropout(0.4, channels: true),
    ]
    /// Those that take images.
    private static let imageLayers: [any Layer] = [
        Conv2D(2), MaxPool2D(), MaxPool2D(Extent(3, 2), stride: 1, padding: .same, ties: .split),
        MaxPool2D(2, stride: 3, dilation: 2, padding: .pixels(1), ties: .second), AveragePool2D(),
        AveragePool2D(3, stride: 2, padding: .same),
        GlobalAveragePool2D(),
    ]
    private static let losses: [Loss?] = [
        nil, .softmaxCrossEntropy, .sigmoidCrossEntropy, .squaredError, .halfSquaredError, .absoluteError, .huber(delta: 0.5), .hinge,
    ]

    @Test func everyShippedLayerPasses() throws {
        for layer in Self.layers {
            // Alone, and between layers.
            let alone = try Network(input: [4], layers: [layer]).gradientCheck(samples: 3)
            #expect(alone.passes, "\(layer): \(alone)")
            let between = try Network(input: [4], layers: [Dense(4), layer, Dense(2)]).gradientCheck(loss: .squaredError, samples: 3)
            #expect(between.passes, "\(layer): \(between)")
            #expect(between.count(.undecided) == 0, "\(layer)")
        }
        for layer in Self.imageLayers {
            let alone = try Network(input: [4, 5, 2], layers: [layer]).gradientCheck(samples: 3)
            #expect(alone.passes, "\(layer): \(alone)")
            let layers: [any Layer] = [Conv2D(3), ReLU(), layer, Flatten(), Dense(2)]
            let between = try Network(input: [4, 5, 2], layers: layers).gradientCheck(loss: .squaredError, samples: 3)
            #expect(between.passes, "\(layer): \(between)")
            #expect(between.count(.undecided) == 0, "\(layer)")
        }
        let image = try Network(input: [2, 3]) {
            Flatten(); Dense(2)
        }.gradientCheck(samples: 3)
        #expect(image.passes && image.rows.contains { $0.layer == "input" })
    }

    /// A layer that is added to the catalog, or made public without being in it, must be checked as well.
    @Test func everyLayerIsInTheCatalogAndChecked() throws {
        let checked = Set((Self.layers + Self.imageLayers).map { ObjectIdentifier(type(of: $0)) })
        for entry in LayerCatalog.shipped {
            #expect(checked.contains(ObjectIdentifier(entry.type)), "no gradient check covers \(entry.name): add it to the list here")
        }
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../Sources")
        let files = try #require(FileManager.default.enumerator(at: sources.standardizedFileURL, includingPropertiesForKeys: nil))
        var found = Set<String>()
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /public (?:struct|final class|extension) (\w+): [^{\n]*Layer(OfLayers)?\b/) {
                found.insert(String(match.1))
            }
        }
        let types = Set(LayerCatalog.shipped.map { String(describing: $0.type) })
        #expect(found.subtracting(types) == ["Function"], "add them to LayerCatalog")
        #expect(types.isSubset(of: found))
    }

    @Test(arguments: 0..<4) func randomArchitecturesPass(_ part: Int) throws {
        for index in 0..<50 {
            let seed = UInt64(50 * part + index)
            var numbers = Numbers(seed: seed)
            // Tests beside this one register layers for a while.
            let names = Activation.names.filter { !$0.hasPrefix("test-") }
            var layers: [any Layer] = []
            for _ in 0..<numbers.integer(below: 4) {
                let units = 1 + numbers.integer(below: 6)
                let initializer = numbers.integer(below: 2) == 0 ? Initializer.he : .orthogonal()
                layers.append(Dense(units, initializer: initializer, hasBias: numbers.integer(below: 3) > 0))
                if numbers.integer(below: 4) == 0 { layers.append(BatchNorm()) }
                if numbers.integer(below: 8) == 0, units > 1 { layers.append(LayerNorm(epsilon: 0.1)) }
                let activation = try Activation(names[numbers.integer(below: names.count)]).layer()
                if let activation { layers.append(activation) }
                if numbers.integer(below: 3) == 0, let activation { layers.append(Residual(layers: [Dense(3), activation, Dense(units)])) }
                if numbers.integer(below: 3) == 0 { layers.append(Dropout(0.3)) }
            }
            let loss = Self.losses[Int(seed) % Self.losses.count]
            layers.append(Dense(1 + numbers.integer(below: 3)))
            let network = try Network(input: [1 + numbers.integer(below: 5)], layers: layers)
            let samples = 1 + numbers.integer(below: 5), isTraining = numbers.integer(below: 4) > 0
            let report = try GradientCheck(network, loss: loss, samples: samples, isTraining: isTraining).run(seed: seed)
            #expect(report.passes, "\(network.summary)\n\(report)")
        }
    }

    /// A network that small whole numbers put on its kinks, with the loss.
    struct Kinked: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var loss: Loss?
        var layers: @Sendable () -> [any Layer]
    }

    static let kinked = [
        Kinked(testDescription: "relu", loss: .hinge) { [Dense(3), ReLU(), Dense(2), ReLU(atZero: 0.5), Dense(2)] },
        Kinked(testDescription: "relu at 1, huber", loss: .huber(delta: 1)) { [Dense(3), ReLU(atZero: 1), Dense(2)] },
        Kinked(testDescription: "leaky", loss: .absoluteError) { [Dense(3), LeakyReLU(slope: 0.25, atZero: 0.5), Dense(2)] },
        Kinked(testDescription: "prelu", loss: .squaredError) { [Dense(3), PReLU(atZero: 0.5), Dense(2)] },
        Kinked(testDescription: "clips", loss: .softmaxCrossEntropy) {
            [Dense(3), HardTanh(atBounds: 0.5), Dense(3), ReLU6(atBounds: 1), Dense(2)]
        },
        Kinked(testDescription: "abs, elu", loss: .squaredError) {
            [Dense(3), Absolute(atZero: 0.5), Dense(2), ELU(alpha: 0.5), Dense(2)]
        },
        Kinked(testDescription: "maximum", loss: nil) { extremum { try maximum($0, $1, ties: .split) } },
        Kinked(testDescription: "minimum", loss: nil) { extremum { try minimum($0, $1, ties: .first) } },
        Kinked(testDescription: "minimum, second", loss: nil) { extremum { try minimum($0, $1, ties: .second) } },
        Kinked(testDescription: "largest of a row", loss: nil) {
            let largest = Function("largest") { x, _ in try concatenated([x.maximum(over: [1], keepingAxes: true), x], axis: 1) }
            return [Dense(4), largest, Dense(2)]
        },
        Kinked(testDescription: "residual, dropout", loss: .hinge) {
            [Dense(3), Residual(layers: [ReLU(), Dense(3)]), ReLU(), Dropout(0.5), Dense(2)]
        },
        Kinked(testDescription: "no biases", loss: .halfSquaredError) {
            [Dense(3, hasBias: false), ReLU(), Dense(2, hasBias: false), Absolute()]
        },
        Kinked(testDescription: "hard sigmoid, gate", loss: .sigmoidCrossEntropy) {
            [Dense(3), HardSigmoid(), Function("gate") { x, _ in try select(x > 1, x * x, x) }, Dense(2)]
        },
    ]

    private static func extremum(_ function: @escaping @Sendable (Formula, Formula) throws -> Formula) -> [any Layer] {
        let layer = Function("extremum") { x, _ in try function(x.sliced(axis: 1, 0..<2), x.sliced(axis: 1, 2..<4)) }
        return [Dense(4), layer, Dense(2)]
    }

    @Test(arguments: kinked) func noFalseAlarmOnKinks(_ kinked: Kinked) throws {
        let network = try Network(input: [2], layers: kinked.layers())
        let check = try GradientCheck(network, loss: kinked.loss, samples: 3)
        var kinks = 0, undecided = 0, rows = 0
        for seed in 0..<80 {
            var numbers = Numbers(seed: seed)
            let features = (0..<6).map { _ in Double(numbers.integer(below: 3) - 1) }
            let targets = (0..<6).map { place in
                switch kinked.loss {
                case .softmaxCrossEntropy: Double(place % 2)
                case .sigmoidCrossEntropy: 1.0
                default: Double(2 * numbers.integer(below: 2) - 1)
                }
            }
            let report = try check.run(
                parameters: wholeNumbers(network, &numbers), features: features, targets: targets, seed: UInt64(seed))
            #expect(report.passes, "seed \(seed): \(report)")
            kinks += report.count(.kink)
            undecided += report.count(.undecided)
            rows += report.rows.count
        }
        #expect(kinks > rows / 20, "\(kinks) of \(rows) rows are on a kink")
        #expect(undecided <= rows / 50 || kinked.testDescription.contains("gate"), "\(undecided) of \(rows)")
    }

    // MARK: On one kink

    /// One sample, one unit, weight 1, input 0: the derivative with respect to the bias is the value at 0 itself.
    private func atZero(_ layer: any Layer) throws -> GradientReport {
        let network = try Network(input: [1], layers: [Dense(1), layer])
        var parameters = Parameters()
        parameters["dense1.weights"] = Tensor(shape: [1, 1], [1.0])
        parameters["dense1.bias"] = Tensor(shape: [1], [0.0])
        return try GradientCheck(network, samples: 1).run(parameters: parameters, features: [0])
    }

    @Test(arguments: [0, 0.5, 1]) func aSubgradientPasses(_ value: Double) throws {
        let report = try atZero(ReLU(atZero: KinkValue(value)))
        let row = try #require(report.rows.first { $0.parameter == "bias[0]" })
        let sides = try #require(row.oneSided)
        #expect(report.passes && row.verdict == .kink && row.kinks == 1)
        // Times the random weight of the output.
        let weight = sides.lowerBound + sides.upperBound
        #expect(Swift.abs(row.analytic - value * weight) < 1e-9 * Swift.abs(weight) && weight != 0)
        #expect(report.summary.contains("on a kink"))
    }

    @Test func anUnsoundValueIsReported() throws {
        let report = try atZero(ReLU(atZero: .unsound(2)))
        #expect(report.passes)
        #expect(report.rows.first { $0.parameter == "bias[0]" }?.verdict == .unsound)
        #expect(report.summary.contains("no subgradient"))
    }

    /// A rule that uses another value than the declared one is wrong, be it a subgradient or not.
    @Test func anUndeclaredValueIsWrong() throws {
        let report = try atZero(PlantedFault.anotherValueAtZero.layer())
        #expect(!report.passes && report.faults.first?.operation == "relu")
    }

    /// An operation that takes 2 at its kink and says that 2 is the derivative beyond, where it is 1.
    @Test func aWrongDeclarationIsWrong() throws {
        struct Misdeclared: Elementwise {
            func instruction(batchSize: Int) -> Instruction { ReLUOperation(atZero: 0).instruction(batchSize: batchSize) }
            func kinks(of x: [Formula]) -> [Kink] { [Kink(x[0], 0, Kink.Slopes(below: 0, at: 2, above: 2))] }
            func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
                [try g * heaviside(x[0], below: 0, atZero: 2, above: 1)]
            }
        }
        let report = try atZero(Function("misdeclared") { x, _ in Formula(Misdeclared(), of: x) })
        #expect(!report.passes && report.faults.first?.operation == "misdeclared")
    }

    /// relu(x) - relu(-x) is x. Each value is a subgradient, the sum 0 is not: two kinks, and no false alarm.
    @Test func sumsOfSubgradientsPass() throws {
        let report = try atZero(Function("both") { x, _ in try relu(x) - relu(-x) })
        let row = try #require(report.rows.first { $0.parameter == "bias[0]" })
        #expect(row.verdict == .kink && row.kinks == 2 && row.analytic == 0)
        let sides = try #require(row.oneSided)
        #expect(Swift.abs(sides.upperBound - sides.lowerBound) < 1e-9 && Swift.abs(sides.lowerBound) > 1e-3)
    }

    // MARK: The quotient itself

    /// A piecewise linear network: the quotient is exact up to rounding, however close the kinks.
    @Test func quotientsOfPiecewiseLinearNetworksAreExact() throws {
        let network = try Network(input: [6]) {
            Dense(24); ReLU(); Dense(24); LeakyReLU(); Dense(3)
        }
        let report = try network.gradientCheck(samples: 16)
        for row in report.rows {
            #expect(row.verdict == .ok && row.kinks == 0 && row.step > 0)
            #expect(row.bound < 1e-7 && row.difference <= row.bound)
        }
        #expect(report.rows.contains { $0.step < 0x1p-9 })
    }

    /// Features so large that the first step goes over hundreds of waves, or far into saturation.
    @Test(arguments: ["sin", "tanh", "gelu", "softplus"]) func strongCurvatureIsNoFalseAlarm(_ activation: String) throws {
        let layer = try #require(try Activation(activation).layer())
        let network = try Network(input: [5]) {
            Dense(8, initializer: .uniform(3))
            [layer]
            Dense(6)
            Tanh()
            Dense(2)
        }
        let check = try GradientCheck(network, samples: 3)
        var rows = 0, decided = 0
        for seed in 0..<25 {
            var numbers = Numbers(seed: seed)
            let report = try check.run(features: (0..<15).map { _ in numbers.uniform(in: -1e4...1e4) }, seed: UInt64(seed))
            #expect(report.count(.wrong) == 0, "seed \(seed): \(report)")
            rows += report.rows.count
            decided += report.rows.count - report.count(.undecided)
        }
        #expect(decided > rows / 2, "\(decided) of \(rows)")
    }

    @Test func mistakesAreErrors() throws {
        let network = try Network(input: [2]) { Dense(2) }
        #expect(throws: RectifierError.self) { try GradientCheck(network, samples: 0) }
        let check = try GradientCheck(network, samples: 2)
        #expect(throws: RectifierError.self) { try check.run(features: [1, 2, 3]) }
        #expect(throws: RectifierError.self) { try check.run(features: [1, 2, 3, .nan]) }
        #expect(throws: RectifierError.self) { try check.run(parameters: Parameters()) }
    }

    private func wholeNumbers(_ network: Network, _ numbers: inout Numbers) throws -> Parameters {
        var result = Parameters()
        for (name, tensor) in try network.initialParameters(seed: 0, precision: .float64) {
            result[name] = Tensor(shape: tensor.shape, (0..<tensor.count).map { _ in Double(numbers.integer(below: 5) - 2) })
        }
        return result
    }
}
