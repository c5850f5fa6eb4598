import CRectifierKernels

/// A value handed in from outside, once for every run of a program.
struct Input: Leaf {
    var name: String
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { try equal(y, 0) }
}

/// A value that training changes. `decays` says whether weight decay, L1 and L2 apply: true for weights, false for
/// biases.
package struct Parameter: Leaf {
    package var name: String
    package var initializer: Initializer
    package var decays: Bool
    package func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        kind == .structural ? try equal(y, 0) : nil
    }
}

/// The same number everywhere.
struct Constant: Elementwise {
    var value: Double
    var name: String { value.description }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_CONST, value) }

    // By bits, so that -0.0 is not merged with 0.0 and NaN is merged with itself.
    static func == (a: Constant, b: Constant) -> Bool { a.value.bitPattern == b.value.bitPattern }
    func hash(into hasher: inout Hasher) { hasher.combine(value.bitPattern) }
}

/// One divided by a number of elements: what a mean's gradient needs, known only with the batch size.
struct InverseCount: Elementwise {
    var counted: Shape
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_CONST, 1 / Double(counted.count(batchSize: batchSize))) }
}

extension Formula {
    /// A value handed in for every run, such as `[Shape.batch, 784]` features. Inputs of one program are told apart by
    /// their names.
    public static func input(_ name: String, shape: Shape) -> Formula { Formula(leaf: Input(name: name), shape: shape) }

    /// A value that training changes. Parameters of one program are told apart by their names.
    /// - Parameter decays: Whether weight decay, L1 and L2 apply.
    public static func parameter(_ name: String, shape: Shape, initializer: Initializer, decays: Bool = true) -> Formula {
        Formula(leaf: Parameter(name: name, initializer: initializer, decays: decays), shape: shape)
    }

    /// A scalar that repeats to any shape.
    public static func constant(_ value: Double) -> Formula { Formula(leaf: Constant(value: value), shape: .scalar) }

    /// The value, if this is a constant.
    package var constantValue: Double? { (operation as? Constant)?.value }
    /// What the parameter is, if this is one.
    package var parameter: Parameter? { operation as? Parameter }
    /// The name, if this is an input.
    package var inputName: String? { (operation as? Input)?.name }
}
