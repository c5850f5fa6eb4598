import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// A function, with what it must be. `OperationTests` checks its values and derivatives, `TraitTests` what the
/// operations in its formula and in its gradient state of themselves.
struct OperationCase: @unchecked Sendable, CustomTestStringConvertible {
    var name: String
    /// Of the operands. `Shape.batch` stands for ``batch``.
    var shapes: [Shape]
    /// Where operands are drawn from.
    var domain: ClosedRange<Double>
    var operation: ([Formula]) throws -> Formula
    /// The value in plain Swift.
    var reference: ([[Double]]) -> [Double]
    var testDescription: String { name }

    static let batch = 3

    init(
        _ name: String, shapes: [Shape], domain: ClosedRange<Double> = -2...2, operation: @escaping ([Formula]) throws -> Formula,
        reference: @escaping ([[Double]]) -> [Double]
    ) {
        (self.name, self.shapes, self.domain, self.operation, self.reference) = (name, shapes, domain, operation, reference)
    }

    /// The result and its derivatives with respect to the operands, which are inputs `x0`, `x1`, …
    func formulas() throws -> [Formula] {
        let inputs = shapes.enumerated().map { Formula.input("x\($0)", shape: $1) }
        let result = try operation(inputs)
        return [result] + (try gradients(of: (result * .input("wave", shape: result.shape)).sum(), withRespectTo: inputs))
    }
}

/// Several cases, one after another.
@resultBuilder
enum OperationCases {
    static func buildBlock(_ cases: OperationCase...) -> [OperationCase] { cases }
}
