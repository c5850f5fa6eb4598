import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// All rewrites, none, and all but each one: what a derivative at a kink must not depend on.
let optimizerLevels = [Set(Rewrite.allCases), []] + Rewrite.allCases.map { Set(Rewrite.allCases).subtracting([$0]) }

/// Functions of one or two numbers, each at a kink, with the derivative that follows from the value `s` that every
/// operation declares there: right or wrong, it must be exactly this at every element type and optimization level.
struct KinkVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var number: Int
        var name: String
        /// Where each operand lies, sample by sample.
        var points: [[Double]] = [[0, -0.0, 0, -0.0, 0]]
        /// The Clarke subdifferential, or for two operands that of the first alone.
        var clarke: ClosedRange<Double>
        /// Whether `s` leads into it; no `s` in [0, 1] leads out of it by one ReLU alone.
        var isSound: @Sendable (Double) -> Bool = { _ in true }
        var function: @Sendable ([Formula], KinkValue) throws -> Formula
        /// With respect to each operand.
        var derivatives: @Sendable (Double) -> [Double]
        var testDescription: String { "\(number): \(name)" }
    }

    private static func ties(_ s: KinkValue) -> Ties { s == 0 ? .second : s == 1 ? .first : .split }
    private static let equalPoints = [[0, -0.0, 0, 1.5, -2], [0, 0, -0.0, 1.5, -2]]
    private static let origin = [[0, -0.0, 0, -0.0, 0], [0, 0, -0.0, -0.0, 0]]

    static let vectors = [
        Vector(number: 1, name: "relu(x)", clarke: 0...1, function: { relu($0[0], atZero: $1) }, derivatives: { [$0] }),
        Vector(
            number: 2, name: "relu(x) - relu(-x), which is x", clarke: 1...1, isSound: { $0 == 0.5 },
            function: { try relu($0[0], atZero: $1) - relu(-$0[0], atZero: $1) }, derivatives: { [2 * $0] }),
        Vector(
            number: 3, name: "relu(x) + relu(-x), which is |x|", clarke: -1...1,
            function: { try relu($0[0], atZero: $1) + relu(-$0[0], atZero: $1) }, derivatives: { _ in [0] }),
        Vector(
            number: 4, name: "relu(-x) + x, which is relu(x)", clarke: 0...1, function: { try relu(-$0[0], atZero: $1) + $0[0] },
            derivatives: { [1 - $0] }),
        Vector(
            number: 5, name: "(relu(x) + relu(-x) + x) / 2, which is relu(x)", clarke: 0...1,
            function: { try (relu($0[0], atZero: $1) + relu(-$0[0], atZero: $1) + $0[0]) / 2 }, derivatives: { _ in [0.5] }),
        Vector(
            number: 6, name: "relu(-x) + x - relu(x), which is 0", clarke: 0...0, isSound: { $0 == 0.5 },
            function: { try relu(-$0[0], atZero: $1) + $0[0] - relu($0[0], atZero: $1) }, derivatives: { [1 - 2 * $0] }),
        Vector(
            number: 7, name: "relu(x)²", clarke: 0...0, function: { try relu($0[0], atZero: $1) * relu($0[0], atZero: $1) },
            derivatives: { _ in [0] }),
        Vector(
            number: 7, name: "relu(x) to the power of 2", clarke: 0...0, function: { try power(relu($0[0], atZero: $1), 2) },
            derivatives: { _ in [0] }),
        Vector(
            number: 8, name: "relu(relu(x))", clarke: 0...1, function: { relu(relu($0[0], atZero: $1), atZero: $1) },
            derivatives: { [$0 * $0] }),
        Vector(
            number: 9, name: "relu(x) - relu(x)", clarke: 0...0, function: { try relu($0[0], atZero: $1) - relu($0[0], atZero: $1) },
            derivatives: { _ in [0] }),
        Vector(
            number: 10, name: "hardSigmoid(3 + x) + hardSigmoid(x - 3), which is 1 + x/6", clarke: 1.0 / 6...1.0 / 6,
            isSound: { $0 == 0.5 },
            function: { try hardSigmoid(3 + $0[0], atBounds: $1) + hardSigmoid($0[0] - 3, atBounds: $1) },
            derivatives: { [2 * ($0 / 6)] }),
        Vector(
            number: 11, name: "relu(0 · w + b) at b = 0, with respect to w and b", points: [[0, -0.0, 7, -1, 0], origin[1]], clarke: 0...0,
            function: { try relu($0[0] * 0 + $0[1], atZero: $1) }, derivatives: { [0, $0] }),
        Vector(
            number: 12, name: "max(x, y) at x = y", points: equalPoints, clarke: 0...1,
            function: { try maximum($0[0], $0[1], ties: ties($1)) },
            derivatives: { [$0, 1 - $0] }),
        Vector(
            number: 12, name: "min(x, y) at x = y", points: equalPoints, clarke: 0...1,
            function: { try minimum($0[0], $0[1], ties: ties($1)) },
            derivatives: { [$0, 1 - $0] }),
        Vector(
            number: 12, name: "max over an axis of x and y at x = y", points: equalPoints, clarke: 0...1,
            function: { try concatenated($0, axis: 1).maximum(over: [1], keepingAxes: true, ties: ties($1)) },
            derivatives: { [$0, 1 - $0] }),
        Vector(
            number: 13, name: "relu(x) + relu(y) - relu(x + y) at 0", points: origin, clarke: -1...1,
            function: { try relu($0[0], atZero: $1) + relu($0[1], atZero: $1) - relu($0[0] + $0[1], atZero: $1) },
            derivatives: { _ in [0, 0] }),
    ]

    @Test(arguments: vectors, [0, 0.5, 1]) func derivativeIsExact(_ vector: Vector, _ s: Double) throws {
        let operands = vector.points.indices.map { Formula.input("x\($0)", shape: [Shape.batch, 1]) }
        let outputs = try gradients(of: vector.function(operands, KinkValue(s)).sum(), withRespectTo: operands)
        for type in [ElementType.float32, .float64] {
            for rewrites in optimizerLevels {
                let program = try Program(outputs, batchSize: vector.points[0].count, elementType: type, rewrites: rewrites)
                for (index, points) in vector.points.enumerated() where program.hasInput("x\(index)") {
                    try program.setInput("x\(index)", to: points)
                }
                program.run()
                for (operand, expected) in vector.derivatives(s).enumerated() {
                    let rounded = type == .float32 ? Double(Float(expected)) : expected
                    #expect(program.values(ofOutput: operand).allSatisfy { $0 == rounded }, "\(vector), \(s), \(type), \(rewrites)")
                }
                guard type == .float64 else { continue }
                #expect(program.values(ofOutput: 0).allSatisfy { vector.clarke.contains($0) == vector.isSound(s) })
            }
        }
    }

    /// Vectors 14 and 15: one unit on a batch of +1 and -1, whose loss is the first output less the second. Without a
    /// bias that is w, whose derivative is 1; with one, (2s, 0) is a limit of gradients.
    @Test(arguments: [false, true], [0, 0.5, 1]) func unitOnABatch(_ hasBias: Bool, _ s: Double) throws {
        let network = try Network(input: [1]) {
            Dense(1, initializer: .zeros, hasBias: hasBias)
            ReLU(atZero: KinkValue(s))
        }
        let built = try network.built(isTraining: true)
        let sign = Formula.input("sign", shape: [Shape.batch, 1])
        let outputs = try gradients(of: (sign * built.output).sum(), withRespectTo: built.parameters)
        for type in [ElementType.float32, .float64] {
            for rewrites in optimizerLevels {
                let program = try Program(
                    outputs, batchSize: 2, parameters: network.initialParameters(seed: 0), elementType: type, rewrites: rewrites)
                for name in [Network.inputName, "sign"] { try program.setInput(name, to: [1, -1]) }
                program.run()
                #expect(program.values(ofOutput: 0) == [2 * s])
                if hasBias { #expect(program.values(ofOutput: 1) == [0]) }
            }
        }
    }
}
