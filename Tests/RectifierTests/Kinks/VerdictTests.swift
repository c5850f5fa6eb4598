import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct VerdictTests {
    /// A network whose parameters and inputs change from draw to draw, with the programs that differentiate and examine
    /// it.
    private final class Subject {
        let inputs: Int, units: [Int], biased: [Bool], batch: Int
        private let built: Network.Built
        private let memory: ParameterMemory
        private let gradient: Program
        private var examination: Program?
        private let examiner: KinkExaminer

        init(inputs: Int, units: [Int], biased: [Bool], atZero: [Double], batch: Int) throws {
            (self.inputs, self.units, self.biased, self.batch) = (inputs, units, biased, batch)
            let network = try Network(input: [inputs]) {
                for layer in units.indices {
                    Dense(units[layer], hasBias: biased[layer])
                    ReLU(atZero: KinkValue(atZero[layer]))
                }
                Dense(1, hasBias: false)
            }
            built = try network.built(isTraining: true)
            let losses = try built.output * .input("factors", shape: built.output.shape)
            memory = try ParameterMemory(parameters: built.parameters, elementType: .float64)
            gradient = try Program(gradients(of: losses.sum(), withRespectTo: built.parameters), batchSize: batch, parameters: memory)
            let certificate = GradientCertificate(
                losses: losses, parameters: built.parameters, sites: built.kinkSites(below: [losses], dependingOn: built.parameters))
            examiner = try KinkExaminer(certificate)
        }

        /// The verdict, and the gradient in the oracle's order.
        func run(_ oracle: ClarkeOracle) throws -> (verdict: GradientVerdict, gradient: [Double]) {
            var parameters = Parameters()
            for (layer, weights) in oracle.weights.enumerated() {
                let width = weights[0].count
                parameters["dense\(layer + 1).weights"] = Tensor(
                    shape: [width, weights.count], (0..<width).flatMap { k in weights.map { Double($0[k]) } })
                if layer < units.count, let bias = oracle.biases[layer] {
                    parameters["dense\(layer + 1).bias"] = Tensor(shape: [bias.count], bias.map(Double.init))
                }
            }
            try memory.write(parameters, to: memory.weights)
            func fill(_ program: Program) throws {
                for (name, values) in [
                    (Network.inputName, oracle.inputs.joined().map(Double.init)), ("factors", oracle.factors.map(Double.init)),
                ]
                where program.hasInput(name) {
                    try program.setInput(name, to: values)
                }
            }
            try fill(gradient)
            // The examiner keeps its program from the first draw on.
            try examination.map(fill)
            let found = try examiner.examine(batchSize: batch) { outputs in
                let program = try Program(outputs, batchSize: batch, parameters: memory)
                try fill(program)
                examination = program
                return program
            }
            gradient.run()
            var result: [Double] = []
            for (index, parameter) in built.parameters.enumerated() {
                let values = gradient.values(ofOutput: index), extents = parameter.shape.extents
                result +=
                    extents.count == 1
                    ? values : (0..<extents[1]).flatMap { unit in (0..<extents[0]).map { values[$0 * extents[1] + unit] } }
            }
            return (found.verdict, result)
        }

        func draw(_ random: inout Numbers) -> ClarkeOracle {
            let widths = [inputs] + units
            var weights: [[[Int]]] = []
            for layer in 0...units.count {
                let rows = layer < units.count ? units[layer] : 1
                weights.append(
                    (0..<rows).map { _ in (0..<widths[layer]).map { _ in random.pick(layer == 0 ? [-2, -1, 0, 1, 2] : [-2, -1, 1, 2]) } })
            }
            return ClarkeOracle(
                weights: weights,
                biases: units.indices.map { layer in biased[layer] ? (0..<units[layer]).map { _ in random.pick([0, 0, 1, -1]) } : nil },
                inputs: (0..<batch).map { _ in (0..<inputs).map { _ in random.pick([-1, 0, 1, 2]) } },
                factors: (0..<batch).map { _ in random.pick([-1, 1, 2]) })
        }
    }

    /// 10,000 networks of at most 6 hidden units with whole numbers for weights, against the Clarke subdifferential
    /// found by brute force.
    @Test func verdictsAgainstBruteForce() throws {
        var random = Numbers(seed: 2024)
        var counts: [String: Int] = [:], contradictions: [String] = [], counterexamples = 0, enumerated = 0, networks = 0
        for (units, batches) in [
            ([1], 1...3), ([2], 1...3), ([3], 1...3), ([6], 1...2), ([1, 1], 1...3), ([2, 2], 1...2), ([3, 3], 1...2), ([2, 4], 1...1),
        ] {
            for batch in batches {
                for biased in [[true, true], [false, false], [true, false], [false, true]] where units.count == 2 || biased[0] == biased[1]
                {
                    for atZero in [[0, 0], [0.5, 0.5], [1, 1], [0, 1]] where units.count == 2 || atZero[0] == atZero[1] {
                        let subject = try Subject(
                            inputs: random.pick([1, 2, 3]), units: units, biased: biased, atZero: atZero, batch: batch)
                        for _ in 0..<52 {
                            networks += 1
                            let oracle = subject.draw(&random)
                            let (verdict, gradient) = try subject.run(oracle)
                            let point = gradient.map { Rational($0) }
                            func isContained(_ cells: [[Int]]) -> Bool { isInHull(point, of: cells.map { $0.map { Rational($0) } }) }
                            switch verdict {
                            case .notGuaranteed:
                                counts["not guaranteed", default: 0] += 1
                                guard enumerated < 150 else { continue }
                                enumerated += 1
                                if !isContained(oracle.cellGradients()) {
                                    counterexamples += 1
                                    #expect(!biased[0] || (units.count == 2 && !biased[1]), "a counterexample with biases everywhere")
                                }
                            default:
                                counts[verdict.description, default: 0] += 1
                                // A few cells usually do; all of them decide.
                                var cells = Set<[Int]>()
                                var isIn = false
                                for tries in 0..<24 where !isIn {
                                    cells.formUnion(
                                        oracle.cellGradients(direction: (0..<oracle.count).map { _ in random.pick(Array(-50...50)) }))
                                    if verdict == .exact || tries > 1 { isIn = isContained(Array(cells)) }
                                }
                                if !isIn && !isContained(oracle.cellGradients()) { contradictions.append("\(verdict): \(oracle)") }
                            }
                        }
                    }
                }
            }
        }
        print("verdicts on \(networks) networks: \(counts), \(counterexamples) counterexamples among \(enumerated) not guaranteed")
        #expect(networks >= 10_000)
        #expect(contradictions.isEmpty, "\(contradictions.count): \(contradictions.prefix(3))")
        #expect(counterexamples >= 1)
        for verdict in ["exact", "clarke", "clarke by rank", "not guaranteed"] { #expect(counts[verdict, default: 0] > 100) }
    }

    // MARK: Formulas by hand

    /// The verdict on Σ loss, with the inputs and parameters given.
    private func verdict(
        _ losses: Formula, _ parameters: [(Formula, [Double])], inputs: [String: [Double]], batch: Int
    ) throws -> (GradientVerdict, [[Double]]) {
        let leaves = parameters.map(\.0), memory = try ParameterMemory(parameters: leaves, elementType: .float64)
        try memory.write(
            Parameters(parameters.map { ($0.operation.name, Tensor(shape: $0.shape.extents, $1)) }), to: memory.weights)
        func program(_ outputs: [Formula]) throws -> Program {
            let program = try Program(outputs, batchSize: batch, parameters: memory)
            for (name, values) in inputs where program.hasInput(name) { try program.setInput(name, to: values) }
            return program
        }
        let certificate = GradientCertificate(
            losses: losses, parameters: leaves, sites: kinkSites(below: [losses], dependingOn: leaves))
        let gradient = try program(gradients(of: losses.sum(), withRespectTo: leaves))
        gradient.run()
        let verdict = try KinkExaminer(certificate).examine(batchSize: batch, compile: program).verdict
        return (verdict, leaves.indices.map(gradient.values(ofOutput:)))
    }

    private static let x = Formula.input("x", shape: [Shape.batch, 1]), factor = Formula.input("factor", shape: [Shape.batch, 1])
    private static let w = Formula.parameter("w", shape: [1, 1], initializer: .zeros)
    private static let b = Formula.parameter("b", shape: [1], initializer: .zeros)
    private static let twoSamples = ["x": [1.0, -1], "factor": [1.0, -1]]

    /// Rows 14 and 15 of the test vectors: y(1) - y(-1) for a unit without and with a bias.
    @Test(arguments: [0, 0.5, 1]) func aBiasMakesTheDifference(_ s: Double) throws {
        let without = try Self.factor * relu(matmul(Self.x, Self.w), atZero: KinkValue(s))
        let (first, g) = try verdict(without, [(Self.w, [0])], inputs: Self.twoSamples, batch: 2)
        guard case .notGuaranteed(let reason) = first else { Issue.record("\(first)"); return }
        #expect(reason.contains("not independent"))
        #expect(g == [[2 * s]])

        let with = try Self.factor * relu(matmul(Self.x, Self.w) + Self.b, atZero: KinkValue(s))
        let (second, g2) = try verdict(with, [(Self.w, [0]), (Self.b, [0])], inputs: Self.twoSamples, batch: 2)
        #expect(second == .clarke)
        #expect(g2 == [[2 * s], [0]])
    }

    /// What must not be vouched for, each with its reason.
    @Test func reasons() throws {
        func reason(_ losses: Formula, _ parameters: [(Formula, [Double])] = [(Self.w, [0]), (Self.b, [0])]) throws -> String {
            let (verdict, _) = try verdict(losses, parameters, inputs: Self.twoSamples, batch: 2)
            guard case .notGuaranteed(let reason) = verdict else { return verdict.description }
            return reason
        }
        let z = try matmul(Self.x, Self.w) + Self.b
        #expect(try reason(relu(z, atZero: .unsound(2))).contains("no subgradient"))
        #expect(try reason(z * (z >= 0)).contains("jumps"))
        // Both corners of one unit met at once, with values that no single side gives.
        #expect(try reason(clip(matmul(Self.x, Self.w) + Self.b, -1, 1), [(Self.w, [1]), (Self.b, [0])]).contains("different values"))
        #expect(try reason(clip(matmul(Self.x, Self.w) + Self.b, -1, 1, atBounds: 0.5), [(Self.w, [1]), (Self.b, [0])]) == "clarke")
        // A bias that something else reads too.
        #expect(try reason(relu(z) + Self.b).contains("not independent"))
        // Samples that meet before the sum.
        let mixed = try relu(z).sum(over: [0], keepingAxes: true)
        #expect(try reason(mixed * mixed).contains("mixes samples"))
        #expect(try reason(concatenated([z, -z], axis: 1).maximum(over: [1], keepingAxes: true)).contains("ties"))
        // The same value everywhere, whichever way the unit is turned.
        #expect(try reason(leakyReLU(-z)) == "clarke")
        #expect(try reason(prelu(z, slope: 0.25, atZero: 0.5)) == "clarke")
        #expect(try reason(elu(z)) == "clarke")
        #expect(try reason(abs(z)) == "clarke")
        #expect(try reason(maximum(z, 2 * z)).contains("neither"))
        #expect(try reason(tanh(z)) == "exact")
    }

    /// A blank input under no bias stays at every kink whatever the weights do, and changes no derivative.
    @Test func blankInputsAreHarmless() throws {
        let h = try relu(matmul(Self.x, Self.w)), v = Formula.parameter("v", shape: [1, 1], initializer: .zeros)
        let losses = try relu(matmul(h, v), atZero: 1)
        let (verdict, g) = try verdict(losses, [(Self.w, [1]), (v, [1])], inputs: ["x": [0, 2]], batch: 2)
        #expect(verdict == .exact)
        #expect(g == [[2], [2]])
    }

    @Test func independence() {
        #expect(areIndependent([[1, 0], [0, 1]], tolerance: 1e-6))
        #expect(areIndependent([[1, 0], [1, 1e-3]], tolerance: 1e-6))
        #expect(!areIndependent([[1, 0], [1, 1e-8]], tolerance: 1e-6))
        #expect(!areIndependent([[1, 2], [2, 4]], tolerance: 1e-6))
        #expect(!areIndependent([[0, 0]], tolerance: 1e-6))
        #expect(!areIndependent([[1], [2]], tolerance: 1e-6))
        #expect(areIndependent([], tolerance: 1e-6))
    }
}
