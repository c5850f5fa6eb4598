import Testing

@testable import Rectifier

struct RewriteTests {
    /// Random graphs over a few inputs, from operations with and without kinks.
    private func randomGraph(_ seed: Int) throws -> [Formula] {
        var numbers = Numbers(seed: UInt64(seed))
        let inputs = (0..<2).map { Formula.input("x\($0)", shape: [Shape.batch, 4]) }
        let weights = Formula.input("w", shape: [4, 4]), bias = Formula.input("b", shape: [4])
        var nodes = inputs
        for _ in 0..<10 {
            let a = nodes[numbers.integer(below: nodes.count)], b = nodes[numbers.integer(below: nodes.count)]
            let new: Formula =
                switch numbers.integer(below: 16) {
                case 0: relu(a)
                case 1: relu(a, atZero: 0.5)
                case 2: Rectifier.abs(a)
                case 3: try maximum(a, b)
                case 4: try select(a > 0, a, b)
                case 5: try a * b
                case 6: try a + b
                case 7: try a - 0
                case 8: try a * 1
                case 9: try relu(matmul(a, weights) + bias)
                case 10: Rectifier.tanh(a)
                case 11: try (a + Rectifier.abs(a)) / 2
                case 12: -(-a)
                case 13: clip(a, -1, 1)
                case 14: try a + (b - b)
                default: try a * a.sum(over: [1], keepingAxes: true)
                }
            nodes.append(new)
        }
        let scalar = try nodes.suffix(3).reduce(Formula.constant(0)) { try $0 + $1.mean() }
        return [scalar] + (try gradients(of: scalar, withRespectTo: inputs + [weights, bias]))
    }

    @Test(arguments: [ElementType.float64, .float32]) func rewritesChangeNothing(_ type: ElementType) throws {
        for seed in 0..<60 {
            // The kernels' own arithmetic is the same with and without fusion, so equality is of numbers, not within a tolerance.
            let mismatches = try rewriteMismatches(of: randomGraph(seed), elementType: type, points: 2, seed: UInt64(seed))
            #expect(mismatches.isEmpty, "graph \(seed): \(mismatches.prefix(3))")
        }
    }

    @Test func stableFormsAgree() throws {
        let x = Formula.input("x", shape: [Shape.batch, 4])
        let outputs = [Rectifier.log(try softmax(x)), Rectifier.log(sigmoid(x)), Rectifier.log(try 1 + Rectifier.exp(x))]
        #expect(try rewriteMismatches(of: outputs, tolerance: 1e-12).isEmpty)
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

    /// The five spellings, and one that is none, at the kink and away from it.
    @Test func spellingsOfReLU() throws {
        let x = Formula.input("x", shape: [Shape.batch, 1])
        let spellings = [
            try maximum(x, 0), try maximum(0, x), try select(x > 0, x, 0), try x * (x > 0), try (x + Rectifier.abs(x)) / 2,
            try 0.5 * (Rectifier.abs(x) + x),
        ]
        for rewrites in [Set(Rewrite.allCases), []] {
            for spelling in spellings {
                let program = try Program([spelling] + gradients(of: spelling.sum(), withRespectTo: [x]), batchSize: 6, rewrites: rewrites)
                try program.setInput("x", to: [-1, -0.0, 0, 2, .nan, .infinity])
                program.run()
                let (value, slope) = (program.values(ofOutput: 0), program.values(ofOutput: 1))
                #expect(value[0] == 0 && value[1] == 0 && value[2] == 0 && value[3] == 2 && value[4].isNaN && value[5] == .infinity)
                #expect(Array(slope[..<4]) == [0, 0, 0, 1] && slope[5] == 1)
            }
        }
    }

    @Test func fusionLeavesFewSteps() throws {
        let network = try Network(input: [8]) {
            Dense(16); ReLU(); Dense(4)
        }
        let built = try network.built(isTraining: true)
        let loss = try Loss.softmaxCrossEntropy(built.output, .input("targets", shape: [Shape.batch, 4])).mean()
        let outputs = try gradients(of: loss, withRespectTo: built.parameters)
        let listing = try Program(outputs, batchSize: 32, parameters: network.initialParameters(seed: 0)).listing
        // Two products forward, softmax, its difference to the targets, and backward two weight gradients, one input gradient and two bias sums.
        #expect(listing.count == 9, "\(listing)")
    }
}
