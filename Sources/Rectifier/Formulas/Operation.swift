import CRectifierKernels

/// One of the closed set of things a formula can be. Each states, side by side, its shape, its gradient and how it is computed.
protocol Operation: Sendable, Hashable {
    /// For messages.
    var name: String { get }

    /// The shape of the result. Throws a ``RectifierError`` of kind `shape` that names the operands' shapes.
    func shape(of operands: [Shape]) throws -> Shape

    /// The derivative of a scalar with respect to each operand, given the one with respect to the result; `nil` where it is 0 everywhere.
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?]

    /// Where the derivative jumps; none where it is continuous.
    func kinks(of x: [Formula]) -> [Kink]

    /// The same with other derivatives at its kinks: `share` of the way from the inactive side to the active one. For ReLU that is the derivative itself.
    func atKinks(_ share: Double) -> Self

    /// What is declared for its kinks, for people: `0.5`, `ties first`. `nil` where nothing is, or another operation of the same function says it.
    var declaredAtKinks: String? { get }

    /// Adds the calls that compute the result from the operands' buffers. Elementwise operations have none of their own: they are fused into maps.
    func lower(_ result: Formula, in lowering: inout Lowering) throws
}

extension Operation {
    var name: String {
        let name = String(describing: Self.self)
        return name.prefix(1).lowercased() + name.dropFirst()
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        x.map { _ in nil }
    }

    func kinks(of x: [Formula]) -> [Kink] { [] }
    func atKinks(_ share: Double) -> Self { self }
    var declaredAtKinks: String? { nil }
}

/// An operation that works element by element, after broadcasting.
protocol Elementwise: Operation {
    func instruction(batchSize: Int) -> Instruction
}

/// The opcode and constants of an elementwise operation (see `rk_instruction`).
struct Instruction {
    var opcode: rk_opcode
    var x = 0.0, y = 0.0, z = 0.0
    var counter: UnsafeMutablePointer<Int64>?

    init(_ opcode: rk_opcode, _ x: Double = 0, _ y: Double = 0, _ z: Double = 0, counter: UnsafeMutablePointer<Int64>? = nil) {
        (self.opcode, self.x, self.y, self.z, self.counter) = (opcode, x, y, z, counter)
    }
}

extension Elementwise {
    func shape(of operands: [Shape]) throws -> Shape {
        try operands.reduce(.scalar) { shape, operand in
            guard let both = shape.broadcast(with: operand) else {
                throw RectifierError(.shape, "\(name): the shapes \(operands.map(\.description).joined(separator: " and ")) do not match")
            }
            return both
        }
    }

    func lower(_ result: Formula, in lowering: inout Lowering) throws {
        preconditionFailure("elementwise operations are computed by maps")
    }
}

extension Formula {
    var isElementwise: Bool { operation is any Elementwise }

    /// The sum of this over the axes along which `shape` was repeated to give this one's: the adjoint of broadcasting.
    func summed(to shape: Shape) throws -> Formula {
        if self.shape == shape { return self }
        let extra = self.shape.rank - shape.rank
        let repeated = (0..<self.shape.rank).filter { $0 < extra || (shape[$0 - extra] == 1 && self.shape[$0] != 1) }
        let sum = try self.sum(over: repeated, keepingAxes: true)
        return try sum.reshaped(to: shape)
    }
}
