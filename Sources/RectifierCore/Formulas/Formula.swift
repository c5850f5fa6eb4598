import Synchronization

/// What to compute: a node of an immutable graph of operations, with its shape.
///
/// Formulas carry no numbers and no element type. Layers and losses are functions from formulas to formulas; a
/// ``Program`` computes them. Two formulas are equal when they are the same node.
public struct Formula: Sendable, Hashable, CustomStringConvertible {
    let node: Node

    public var shape: Shape { node.shape }
    package var operation: any Operation { node.operation }
    package var operands: [Formula] { node.operands }
    /// Grows along every path from operands to results, so that sorting by it is a topological order.
    package var id: Int { node.id }

    /// Applies an operation. Throws when the operands' shapes do not fit it.
    init(_ operation: some Operation, _ operands: Formula...) throws {
        try self.init(operation, operands)
    }

    package init(_ operation: any Operation, _ operands: [Formula]) throws {
        node = Node(operation, operands, shape: try operation.shape(of: operands.map(\.shape)))
    }

    /// An elementwise function of one argument, which no shape can make fail.
    package init(_ operation: some Elementwise, of operand: Formula) {
        node = Node(operation, [operand], shape: operand.shape)
    }

    init(leaf operation: some Operation, shape: Shape) {
        node = Node(operation, [], shape: shape)
    }

    public static func == (a: Formula, b: Formula) -> Bool { a.node === b.node }
    public func hash(into hasher: inout Hasher) { hasher.combine(node.id) }

    public var description: String {
        let arguments = operands.isEmpty ? "" : "(" + operands.map(\.description).joined(separator: ", ") + ")"
        return operation.name + arguments
    }
}

extension Formula: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    public init(floatLiteral value: Double) { self = .constant(value) }
    public init(integerLiteral value: Int) { self = .constant(Double(value)) }
}

/// The body of a formula. Immutable but for `deinit`.
final class Node: @unchecked Sendable {
    let id: Int
    let operation: any Operation
    private(set) var operands: [Formula]
    let shape: Shape

    private static let created = Atomic<Int>(0)

    init(_ operation: any Operation, _ operands: [Formula], shape: Shape) {
        id = Node.created.wrappingAdd(1, ordering: .relaxed).newValue
        self.operation = operation
        self.operands = operands
        self.shape = shape
    }

    /// Takes the graph below apart in a loop: left to itself, releasing a network of a thousand layers would recurse
    /// once per operation.
    deinit {
        var pending = operands.map(\.node)
        operands = []
        while var node = pending.popLast() {
            if isKnownUniquelyReferenced(&node) {
                pending += node.operands.map(\.node)
                node.operands = []
            }
        }
    }
}

/// All formulas that the given ones are computed from, themselves included, operands before results.
/// - Parameter start: Leaves out what was made before this formula, and the formula itself.
package func topologicalOrder(of outputs: [Formula], after start: Formula? = nil) -> [Formula] {
    var seen = Set<Int>()
    var order: [Formula] = []
    var pending = outputs
    while let formula = pending.popLast() {
        guard formula.id > start?.id ?? .min, seen.insert(formula.id).inserted else { continue }
        order.append(formula)
        pending += formula.operands
    }
    return order.sorted { $0.id < $1.id }
}

/// The outputs with every operation below them made anew, operands first.
/// - Parameter make: Given a formula and its new operands. Returning `nil` applies the same operation to them.
package func rebuilt(_ outputs: [Formula], _ make: (_ original: Formula, _ operands: [Formula]) throws -> Formula?) throws -> [Formula] {
    var result: [Int: Formula] = [:]
    for original in topologicalOrder(of: outputs) {
        let operands = original.operands.map { result[$0.id]! }
        if let made = try make(original, operands) {
            result[original.id] = made
        } else {
            result[original.id] = operands == original.operands ? original : try Formula(original.operation, operands)
        }
    }
    return outputs.map { result[$0.id]! }
}

/// The outputs with other derivatives at their kinks: `share` of the way from the inactive side to the active one, for
/// ReLU the derivative at 0 itself.
package func atKinks(_ share: Double, _ outputs: [Formula]) throws -> [Formula] {
    try rebuilt(outputs) { original, operands in
        original.operation.kinks(of: original.operands).isEmpty ? nil : try Formula(original.operation.atKinks(share), operands)
    }
}
