import CRectifierKernels

/// A value handed in from outside, once for every run of a program.
struct Input: Leaf {
    var name: String
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { try equal(y, 0) }
}

/// A value that training changes.
package struct Parameter: Leaf {
    package enum Role: Hashable, Sendable {
        /// Trained, and kept small by weight decay, L1 and L2.
        case weight
        /// Trained.
        case bias
        /// Not trained but kept: each step moves it by a share of the way to what the step says of it.
        case state(share: Double)
    }

    package var name: String
    package var initializer: Initializer
    package var role: Role
    package var decays: Bool { role == .weight }
    package var isTrained: Bool { share == nil }
    /// By what share a step moves a state; `nil` for what is trained.
    package var share: Double? { if case .state(let share) = role { share } else { nil } }
    package func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        kind == .structural ? try equal(y, 0) : nil
    }
}

/// The same number everywhere.
struct Constant: Elementwise {
    var value: Double
    var name: String { value.description }
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_CONST, value) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { roundoff.constant(value) }

    // By bits, so that -0.0 is not merged with 0.0 and NaN is merged with itself.
    static func == (a: Constant, b: Constant) -> Bool { a.value.bitPattern == b.value.bitPattern }
    func hash(into hasher: inout Hasher) { hasher.combine(value.bitPattern) }
}

/// One divided by a number of elements: what a mean's gradient needs, known only with the batch size.
struct InverseCount: Elementwise {
    var counted: Shape
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_CONST, 1 / Double(counted.count(batchSize: batchSize))) }
}

/// n / (n - 1) for n elements; 1 for a single one.
struct VarianceCorrection: Elementwise {
    var counted: Shape
    func instruction(batchSize: Int) -> Instruction {
        let count = Double(counted.count(batchSize: batchSize))
        return Instruction(RK_OP_CONST, count > 1 ? count / (count - 1) : 1)
    }
}

/// What a mean square of so many elements is multiplied by to be an unbiased estimate of a variance.
package func varianceCorrection(_ counted: Shape) -> Formula { Formula(leaf: VarianceCorrection(counted: counted), shape: .scalar) }

extension Formula {
    /// A value handed in for every run, such as `[Shape.batch, 784]` features. Inputs of one program are told apart by
    /// their names.
    public static func input(_ name: String, shape: Shape) -> Formula { Formula(leaf: Input(name: name), shape: shape) }

    /// A value that training changes. Parameters of one program are told apart by their names.
    /// - Parameter decays: Whether weight decay, L1 and L2 apply.
    public static func parameter(_ name: String, shape: Shape, initializer: Initializer, decays: Bool = true) -> Formula {
        Formula(leaf: Parameter(name: name, initializer: initializer, role: decays ? .weight : .bias), shape: shape)
    }

    /// A value that training keeps but does not learn, such as a running mean.
    /// - Parameter share: How far each step moves it to what the step says of it, from 0 to 1.
    package static func state(_ name: String, shape: Shape, initializer: Initializer, share: Double) -> Formula {
        Formula(leaf: Parameter(name: name, initializer: initializer, role: .state(share: share)), shape: shape)
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
