import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// The one way an operation is tested: its value against a float64 reference at every element type, its gradient
/// against difference quotients that cross no kink (``CheckedFunctions``), and its gradient's gradient likewise. Every
/// rewrite is on, and then every one off, which must not matter.
///
/// - Parameters:
///   - shapes: Of the operands. `Shape.batch` stands for 3.
///   - domain: Where operands are drawn from.
///   - reference: The value in plain Swift.
func checkOperation(
    _ name: String, shapes: [Shape], domain: ClosedRange<Double> = -2...2, secondOrder: Bool = true,
    operation: ([Formula]) throws -> Formula, reference: ([[Double]]) -> [Double], sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let batch = 3
    var numbers = Numbers(seed: name.utf8.reduce(5381) { $0 &* 33 &+ Int($1) })
    let values = shapes.map { shape in
        (0..<shape.count(batchSize: batch)).map { _ in numbers.uniform(in: domain) }
    }
    let inputs = shapes.enumerated().map { Formula.input("x\($0)", shape: $1) }
    let result = try operation(inputs)

    func run(
        _ outputs: [Formula], _ values: [[Double]], _ type: ElementType = .float64, rewrites: Set<Rewrite> = Set(Rewrite.allCases)
    ) throws -> [[Double]] {
        let program = try Program(outputs, batchSize: batch, elementType: type, rewrites: rewrites)
        for (index, value) in values.enumerated() where outputs.contains(where: { topologicalOrder(of: [$0]).contains(inputs[index]) }) {
            try program.setInput("x\(index)", to: value)
        }
        program.run()
        return outputs.indices.map { program.values(ofOutput: $0) }
    }
    func expectClose(_ a: [Double], _ b: [Double], _ tolerance: Double, _ what: String) {
        #expect(a.count == b.count, "\(name): \(what)", sourceLocation: sourceLocation)
        let scale = b.map { Swift.abs($0) }.max() ?? 0
        for (x, y) in zip(a, b) where !(x.isNaN && y.isNaN) && x != y {
            #expect(Swift.abs(x - y) <= tolerance * max(1, scale), "\(name): \(what): \(x) is not \(y)", sourceLocation: sourceLocation)
        }
    }

    // Values. A 16-bit type sees the operands rounded, so its own rounding is all the tolerance covers.
    let expected = reference(values)
    for type in ElementType.allCases {
        let seen = try values.indices.map { index in
            let program = try Program([inputs[index] * 1], batchSize: batch, elementType: type)
            try program.setInput("x\(index)", to: values[index])
            program.run()
            return program.values(ofOutput: 0)
        }
        let tolerance =
            switch type {
            case .float64: 1e-12
            case .float32: 4e-6
            case .float16: 4e-3
            case .bfloat16: 3e-2
            }
        for rewrites in [Set(Rewrite.allCases), []] {
            expectClose(
                try run([result], values, type, rewrites: rewrites)[0], type == .float64 ? expected : reference(seen), tolerance,
                "value in \(type)")
        }
    }

    // Gradients, of a weighted sum so that no symmetry hides a mistake.
    func derivativesMatch(of function: Formula, weights: [Double], _ what: String) throws -> [Formula] {
        let derivatives = try gradients(of: function, withRespectTo: inputs)
        func evaluate(_ outputs: [Formula], _ values: [[Double]], _ rewrites: Set<Rewrite>) throws -> [[Double]] {
            let program = try Program(outputs, batchSize: batch, elementType: .float64, rewrites: rewrites)
            let leaves = topologicalOrder(of: outputs).compactMap { ($0.operation as? Input)?.name }
            for leaf in leaves {
                if leaf.hasPrefix("x") {
                    try program.setInput(leaf, to: values[Int(leaf.dropFirst())!])
                } else {
                    try program.setInput(leaf, to: weights)
                }
            }
            program.run()
            return outputs.indices.map { program.values(ofOutput: $0) }
        }
        let exact = try evaluate(derivatives, values, Set(Rewrite.allCases))
        for (a, b) in zip(exact, try evaluate(derivatives, values, [])) { expectClose(a, b, 1e-12, "\(what), rewrites on and off") }
        // Every single number by itself, with the gradient check's difference quotients.
        let checked = try CheckedFunctions([function], of: inputs, batchSize: batch, cursor: BatchCursor())
        for (index, value) in values.enumerated() { try checked.setInput("x\(index)", to: value) }
        try checked.setInput("wave", to: weights)
        try checked.update()
        for (index, value) in values.enumerated() {
            for place in value.indices {
                var unit = value.map { _ in 0.0 }
                unit[place] = 1
                let found = try checked.compare(along: [index: unit], functions: [0])[0]
                #expect(
                    found.verdict == .ok && found.bound < 1e-6 * max(1, Swift.abs(found.numeric)),
                    "\(name): \(what) with respect to operand \(index), element \(place): \(found)", sourceLocation: sourceLocation)
            }
        }
        return derivatives
    }
    let weights = (0..<4096).map { _ in numbers.uniform(in: 0.5...1.5) }
    let count = result.shape.count(batchSize: batch)
    let wave = Formula.input("wave", shape: result.shape)
    let function = try (result * wave).sum()
    let first = try derivativesMatch(of: function, weights: Array(weights[..<count]), "gradient")

    if secondOrder {
        // The derivatives of the derivatives along one direction.
        let along = try first.reduce(Formula.constant(0)) { try $0 + ($1 * $1).sum() }
        _ = try derivativesMatch(of: along, weights: Array(weights[..<count]), "second derivative")
    }
}
