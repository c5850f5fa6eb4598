import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

struct RewriteTests {
    /// The gradients of a random graph over a few inputs, of operations with and without kinks and of what rewrites
    /// look for.
    ///
    /// The constants are sums of few powers of two, so that folding them in double precision, where a program computes
    /// in single, rounds nothing.
    private func randomGraph(_ seed: Int) throws -> [Formula] {
        var numbers = Numbers(seed: seed)
        let inputs = (0..<2).map { Formula.input("x\($0)", shape: [Shape.batch, 4]) }
        let weights = Formula.input("w", shape: [4, 4]), bias = Formula.input("b", shape: [4])
        var nodes = inputs
        func value() -> KinkValue { [0, 0.5, 1, .unsound(2)][numbers.integer(below: 4)] }
        func ties() -> Ties { [.first, .second, .split][numbers.integer(below: 3)] }
        for _ in 0..<4 {
            let a = nodes[numbers.integer(below: nodes.count)], b = nodes[numbers.integer(below: nodes.count)]
            let new: Formula =
                switch numbers.integer(below: 32) {
                case 0: relu(a)
                case 1: relu(a, atZero: value())
                case 2: Rectifier.abs(a, atZero: value())
                case 3: try maximum(a, b, ties: ties())
                case 4: try minimum(a, b, ties: ties())
                case 5: try select(a > 0, a, b)
                case 6: try select(a >= b, b, a * 0.5)
                case 7: try a * b
                case 8: try a + b
                case 9: try a - 0
                case 10: try a * 1
                case 11: try relu(matmul(a, weights) + bias, atZero: value())
                case 12: Rectifier.tanh(a)
                case 13: try (a + Rectifier.abs(a)) / 2
                case 14: -(-a)
                case 15: clip(a, -1, 1, atBounds: value())
                case 16: try a + (b - b)
                case 17: try a * a.sum(over: [1], keepingAxes: true)
                case 18: try a + 0
                case 19: try 1 / a
                case 20: leakyReLU(a, slope: 0.25)
                case 21: try prelu(a, slope: b, atZero: value())
                case 22: try a * (Formula.constant(0.5) + 0.25 * relu(-1, atZero: 1))
                case 23: try a * a.maximum(over: [1], keepingAxes: true, ties: ties())
                case 24: try b - a.minimum(over: [0], keepingAxes: true)
                case 25: try equal(a, b) * a
                case 26: try hardSigmoid(a * 3, atBounds: value())
                case 27: Rectifier.sqrt(a)
                case 28: try a * heaviside(relu(b), below: 0, atZero: 0, above: 1) + relu(b)
                case 29: try a + Formula.constant(-0.0).broadcast(to: [Shape.batch, 4])
                case 30: try elu(a, alpha: 0.5, atZero: value())
                default: try a * (b > 0) + b * (b > 0)
                }
            nodes.append(new)
        }
        let scalar = try nodes.suffix(2).reduce(Formula.constant(0)) { try $0 + $1.mean() }
        return [scalar] + (try gradients(of: scalar, withRespectTo: inputs + [weights, bias]))
    }

    /// At random points and at points where every input is -1, -0.0, 0, 1 or a subnormal number, half of the graphs in
    /// single precision.
    @Test(arguments: 0..<10) func rewritesChangeNoBit(_ part: Int) throws {
        for seed in 100 * part..<100 * (part + 1) {
            // The kernels' own arithmetic is the same with and without fusion, so equality is of bits, not within a
            // tolerance.
            let mismatches = try rewriteMismatches(
                of: randomGraph(seed), elementType: seed % 2 == 0 ? .float64 : .float32, points: 2, seed: UInt64(seed))
            #expect(mismatches.isEmpty, "graph \(seed): \(mismatches.prefix(3))")
        }
    }

    /// Both infinities are derivatives of log and 1/x at a zero: which one, its sign decides.
    @Test func signsOfZerosStay() throws {
        let x = Formula.input("x", shape: [Shape.batch, 1])
        let outputs = try [
            gradients(of: Rectifier.log(x + 0).sum(), withRespectTo: [x])[0],
            gradients(of: Rectifier.log(x - 0).sum(), withRespectTo: [x])[0],
            gradients(of: Rectifier.log(x + (-0.0)).sum(), withRespectTo: [x])[0],
        ]
        for rewrites in optimizerLevels {
            let program = try Program(outputs, batchSize: 1, rewrites: rewrites)
            try program.setInput("x", to: [-0.0])
            program.run()
            #expect(outputs.indices.map { program.values(ofOutput: $0)[0] } == [.infinity, -.infinity, -.infinity])
        }
    }

    @Test func stableFormsAgree() throws {
        let x = Formula.input("x", shape: [Shape.batch, 4])
        let outputs = [Rectifier.log(try softmax(x)), Rectifier.log(sigmoid(x)), Rectifier.log(try 1 + Rectifier.exp(x))]
        #expect(try rewriteMismatches(of: outputs, tolerance: 1e-12).isEmpty)
        let slopes = try outputs.map { try gradients(of: $0.sum(), withRespectTo: [x])[0] }
        #expect(try rewriteMismatches(of: slopes, tolerance: 1e-12).isEmpty)
        // And where the plain forms fail, they do not.
        let program = try Program(outputs, batchSize: 1)
        try program.setInput("x", to: [-1000, 0, 0, 1000])
        program.run()
        #expect(program.values(ofOutput: 0) == [-2000, -1000, -1000, 0])
        #expect(program.values(ofOutput: 1)[0] == -1000)
        #expect(program.values(ofOutput: 2)[3] == 1000)
    }

    @Test func aWrongRewriteIsFound() throws {
        // relu(x) with derivative 1 at 0, whose gate must not be read off the output. A sound compiler leaves it alone.
        let x = Formula.input("x", shape: [Shape.batch, 2])
        let derivative = try gradients(of: relu(x, atZero: 1).sum(), withRespectTo: [x])
        #expect(try rewriteMismatches(of: derivative).isEmpty)
        let program = try Program(derivative, batchSize: 1)
        try program.setInput("x", to: [0, -0.0])
        program.run()
        #expect(program.values(ofOutput: 0) == [1, 1])
    }

    @Test func fusionLeavesFewSteps() throws {
        let network = try Network(input: [8]) {
            Dense(16); ReLU(); Dense(4)
        }
        let built = try network.built(isTraining: true)
        let loss = try Loss.softmaxCrossEntropy(built.output, .input("targets", shape: [Shape.batch, 4])).mean()
        let outputs = try gradients(of: loss, withRespectTo: built.parameters)
        let listing = try Program(outputs, batchSize: 32, parameters: network.initialParameters(seed: 0)).listing
        // Two products forward, softmax, its difference to the targets, and backward two weight gradients, one input
        // gradient and two bias sums.
        #expect(listing.count == 9, "\(listing)")
    }
}
