import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// An operation by itself, as it stands in a formula: with operands of the same shapes and values.
struct AppliedOperation: CustomStringConvertible {
    let operation: any Rectifier.Operation
    /// The result for a batch.
    let result: Formula
    /// The operands' shapes there.
    let batchedShapes: [Shape]
    /// Inputs `x0`, `x1`, … in the operands' place, with the batch filled in; constants as they are.
    let leaves: [Formula]
    /// The result of them.
    let fixed: Formula
    /// What each operand is in the formula it comes from.
    let values: [[Double]]

    struct Key: Hashable {
        var operation: AnyHashable
        var shapes: [Shape]
        var constants: [Double?]
    }

    var key: Key { Key(operation: AnyHashable(operation), shapes: batchedShapes, constants: leaves.map(\.constantValue)) }
    var type: String { String(describing: Swift.type(of: operation)) }
    var description: String { "\(operation.name) of \(batchedShapes)" }
    /// The operands that are no constants.
    var places: [Int] { leaves.indices.filter { !isInlineConstant(leaves[$0]) } }

    /// The operations in a case's formulas.
    static func all(in operationCase: OperationCase) throws -> [AppliedOperation] {
        let order = topologicalOrder(of: try operationCase.formulas())
        var numbers = Numbers(seed: 11)
        let program = try Program(order, batchSize: OperationCase.batch, elementType: .float64, rewrites: [])
        let domain = operationCase.domain
        for input in order where input.inputName != nil {
            let values = (0..<input.shape.count(batchSize: OperationCase.batch)).map { _ in
                domain.lowerBound + (domain.upperBound - domain.lowerBound) * (0.5 + 0.5 * numbers.uniform())
            }
            try program.setInput(input.operation.name, to: values)
        }
        program.run()
        let outputs = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1.id, $0) })
        return try order.filter { !$0.operands.isEmpty }.map { formula in
            let values = formula.operands.map { program.values(ofOutput: outputs[$0.id]!) }
            let leaves = formula.operands.enumerated().map { place, operand in
                isInlineConstant(operand)
                    ? operand : Formula.input("x\(place)", shape: operand.shape.filled(batchSize: OperationCase.batch))
            }
            return AppliedOperation(
                operation: formula.operation, result: formula, batchedShapes: formula.operands.map(\.shape), leaves: leaves,
                fixed: try Formula(formula.operation.resolved(batchSize: OperationCase.batch), leaves), values: values)
        }
    }

    /// The same with one operand as a parameter.
    func with(parameter: Int?) throws -> AppliedOperation {
        let leaves = leaves.enumerated().map { place, leaf in
            place == parameter ? Formula.parameter("x\(place)", shape: leaf.shape, initializer: .zeros) : leaf
        }
        return AppliedOperation(
            operation: operation, result: result, batchedShapes: batchedShapes, leaves: leaves,
            fixed: try Formula(fixed.operation, leaves), values: values)
    }

    /// What some formulas are for values of the operands, and of inputs `d0`, `d1`, … for directions. No rewrite is on.
    func run(
        _ outputs: [Formula], _ values: [[Double]], _ directions: [[Double]] = [], type: ElementType = .float64
    ) throws -> [[Double]] {
        var parameters = Parameters()
        for (place, leaf) in leaves.enumerated() where leaf.parameter != nil {
            parameters["x\(place)"] = Tensor(shape: leaf.shape.extents, values[place])
        }
        let program = try Program(outputs, batchSize: 1, parameters: parameters, elementType: type, rewrites: [])
        for (prefix, numbers) in [("x", values), ("d", directions)] {
            for (place, numbers) in numbers.enumerated() where program.hasInput("\(prefix)\(place)") {
                try program.setInput("\(prefix)\(place)", to: numbers)
            }
        }
        program.run()
        return outputs.indices.map { program.values(ofOutput: $0) }
    }

    // MARK: Lines

    /// The result at three points on a line along which no kink is met.
    struct Line {
        var step: Double
        var directions: [[Double]]
        var shapes: [Shape]
        var values: (low: [Double], middle: [Double], high: [Double])

        func direction(of place: Int) -> Formula { .input("d\(place)", shape: shapes[place]) }

        func expectStraight(_ what: String) {
            let size = (values.low + values.high).reduce(1) { max($0, Swift.abs($1)) }
            for index in values.middle.indices {
                let bend = values.low[index] - 2 * values.middle[index] + values.high[index]
                #expect(Swift.abs(bend) <= 1e-12 * size, "\(what): the result is not straight up to the next kink")
            }
        }
    }

    /// Moves some operands at random; `nil` where a kink is too near.
    func line(moving: [Int]) throws -> Line? {
        guard !moving.isEmpty else { return nil }
        var numbers = Numbers(seed: 5)
        let directions = leaves.enumerated().map { place, leaf in
            (0..<leaf.shape.count(batchSize: 1)).map { _ in moving.contains(place) ? numbers.uniform() : 0 }
        }
        let margins = try fixed.operation.kinks(of: leaves).map { try $0.margin }
        func point(_ h: Double) throws -> [[Double]] {
            try run([fixed] + margins, zip(values, directions).map { zip($0, $1).map { $0 + h * $1 } })
        }
        let middle = try point(0)
        guard middle.joined().allSatisfy(\.isFinite) else { return nil }
        for exponent in 1...20 {
            let step = Double(sign: .plus, exponent: -exponent, significand: 1)
            let (low, high) = (try point(-step), try point(step))
            let sides = zip(low.dropFirst().joined(), high.dropFirst().joined())
            guard sides.allSatisfy({ $0 * $1 > 0 || $0 == $1 }) else { continue }
            return Line(
                step: step, directions: directions, shapes: leaves.map(\.shape), values: (low: low[0], middle: middle[0], high: high[0]))
        }
        return nil
    }
}
