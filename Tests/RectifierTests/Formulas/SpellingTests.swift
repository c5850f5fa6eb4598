import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// ReLU in other words. Theano's derivative at 0 depended on which was written, and on the optimization level.
struct SpellingTests {
    /// What a function, its derivative and its second derivative are at some points, for every optimization level.
    private func successiveDerivatives(
        of function: (Formula) throws -> Formula, at points: [Double], _ type: ElementType = .float64
    ) throws -> [[[Double]]] {
        let x = Formula.input("x", shape: [Shape.batch, 1])
        let value = try function(x)
        let first = try gradients(of: value.sum(), withRespectTo: [x])[0]
        let second = try gradients(of: first.sum(), withRespectTo: [x])[0]
        return try optimizerLevels.map { rewrites in
            let program = try Program([value, first, second], batchSize: points.count, elementType: type, rewrites: rewrites)
            try program.setInput("x", to: points)
            program.run()
            return (0..<3).map { program.values(ofOutput: $0) }
        }
    }

    private func same(_ a: [Double], _ b: [Double]) -> Bool { zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) } }

    static let recognized: [@Sendable (Formula) throws -> Formula] = [
        { relu($0) }, { try maximum($0, 0) }, { try maximum(0, $0) }, { try select($0 > 0, $0, 0) }, { try select(0 < $0, $0, 0) },
        { try $0 * ($0 > 0) }, { try ($0 > 0) * $0 }, { try ($0 + Rectifier.abs($0)) / 2 }, { try 0.5 * (Rectifier.abs($0) + $0) },
    ]

    /// Each takes ReLU's declared derivative, 0, at every level; the second derivative is 0 everywhere.
    @Test(arguments: recognized.indices, [ElementType.float32, .float64]) func recognizedSpellings(_ index: Int, _ type: ElementType) throws
    {
        let tiny = type == .float64 ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
        let points = [-.infinity, -1, -tiny, -0.0, 0, tiny, 2, .infinity, .nan]
        for results in try successiveDerivatives(of: Self.recognized[index], at: points, type) {
            #expect(same(results[0], [0, 0, 0, 0, 0, tiny, 2, .infinity, .nan]))
            #expect(same(results[1], [0, 0, 0, 0, 0, 1, 1, 1, .nan]))
            #expect(results[2] == points.map { _ in 0 })
        }
    }

    /// A derivative that is declared is taken, not ReLU's own.
    @Test func declaredSpellings() throws {
        let spellings: [(Double, @Sendable (Formula) throws -> Formula)] = [
            (0.5, { try maximum($0, 0, ties: .split) }), (1, { try maximum($0, 0, ties: .first) }),
            (0, { try maximum($0, 0, ties: .second) }),
            (0.5, { try maximum(0, $0, ties: .split) }), (0, { try maximum(0, $0, ties: .first) }),
            (1, { try maximum(0, $0, ties: .second) }),
            (1, { try ($0 + Rectifier.abs($0, atZero: 1)) / 2 }), (0.25, { try 0.5 * ($0 + Rectifier.abs($0, atZero: -0.5)) }),
        ]
        for (declared, spelling) in spellings {
            for results in try successiveDerivatives(of: spelling, at: [-1, -0.0, 0, 2]) {
                #expect(results == [[0, 0, 0, 2], [0, declared, declared, 1], [0, 0, 0, 0]])
            }
        }
    }

    /// What is not recognized has the derivative that its own operations declare, the same at every level.
    @Test func otherSpellings() throws {
        let spellings: [(Double, @Sendable (Formula) throws -> Formula)] = [
            (1, { try select($0 >= 0, $0, 0) }), (1, { try $0 * ($0 >= 0) }), (1, { try -minimum(-$0, 0) }),
            (0, { try $0 - minimum($0, 0) }),
            (0.5, { try 0.5 * $0 + 0.5 * Rectifier.abs($0) }), (1, { try relu(-$0) + $0 }), (0, { clip($0, 0, 9) }),
            (0, { leakyReLU($0, slope: 0) }), (0, { try $0 * heaviside($0, below: 0, atZero: 0, above: 1) }), (0, { relu(relu($0)) }),
            (0.5, { try concatenated([$0, $0 * 0], axis: 1).maximum(over: [1], keepingAxes: true) }),
        ]
        for (index, (value, spelling)) in spellings.enumerated() {
            for results in try successiveDerivatives(of: spelling, at: [-1, -0.0, 0, 2]) {
                #expect(results == [[0, 0, 0, 2], [0, value, value, 1], [0, 0, 0, 0]], "spelling \(index)")
            }
        }
    }

    /// |x| with the derivative x/|x|, as Theano had it.
    private struct NaiveAbsoluteValue: Elementwise {
        func instruction(batchSize: Int) -> Instruction { AbsoluteValue(atZero: 0).instruction(batchSize: batchSize) }
        func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g * x[0] / y] }
    }

    /// Theano's issue 3210: the successive derivatives of (x + |x|)/2 at 0 were 0, 0.5, nan. Its optimizer made sgn(x)
    /// of x/|x|, which hid one 0/0 and not the next, so that the first derivative depended on the optimization level as
    /// well.
    @Test func theanoIssue3210() throws {
        let x = Formula.input("x", shape: [Shape.batch, 1])
        let value = try 0.5 * (x + Formula(NaiveAbsoluteValue(), x))
        let first = try gradients(of: value.sum(), withRespectTo: [x])[0]
        let naive = try [value, first, gradients(of: first.sum(), withRespectTo: [x])[0]]
        let canonical = try rebuilt(naive) { original, operands in
            guard original.operation is Divide, operands[1].operation is NaiveAbsoluteValue else { return nil }
            guard let factors = operands[0].operation is Multiply ? operands[0].operands : nil, factors[1] == x else { return nil }
            return try factors[0] * heaviside(x, below: -1, atZero: 0, above: 1)
        }
        func atZero(_ outputs: [Formula], _ rewrites: Set<Rewrite>) throws -> [Double] {
            let program = try Program(outputs, batchSize: 1, rewrites: rewrites)
            try program.setInput("x", to: [0])
            program.run()
            return outputs.indices.map { program.values(ofOutput: $0)[0] }
        }
        for rewrites in optimizerLevels {
            #expect(same(try atZero(canonical, rewrites), [0, 0.5, .nan]))
            #expect(same(try atZero(naive, rewrites), [0, .nan, .nan]))
        }
        // Ours, as written and as declared.
        for results in try successiveDerivatives(of: { try 0.5 * ($0 + Rectifier.abs($0)) }, at: [0]) {
            #expect(results == [[0], [0], [0]])
        }
        for results in try successiveDerivatives(of: { relu($0, atZero: 0.5) }, at: [0]) { #expect(results == [[0], [0.5], [0]]) }
    }
}
