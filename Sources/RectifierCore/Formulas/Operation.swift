/// One of the closed set of things a formula can be.
///
/// An operation states side by side, in one file, all that others need to know of it: its shape, its gradient, how it
/// is computed, and some facts. Whoever needs such a fact asks for it, and never which operation it is.
///
/// What has a default is either rare or claims nothing by default, so that an operation that says too little is at
/// worst refused or vouched for by nobody. `OperationTests` and `TraitTests` hold what is stated against numbers. Facts
/// are asked of a result `y`, which has its operands with it.
package protocol Operation: Sendable, Hashable {
    /// For messages.
    var name: String { get }

    /// The shape of the result. Throws a ``RectifierError`` of kind `shape` that names the operands' shapes.
    func shape(of operands: [Shape]) throws -> Shape

    /// The same for a fixed number of samples, where the operation itself holds a shape.
    func resolved(batchSize: Int) -> Self

    // MARK: Derivatives

    /// The derivative of a scalar with respect to each operand, given the one with respect to the result; `nil` where
    /// it is 0 everywhere.
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?]

    /// How the result follows an operand, up to the next kink.
    func response(to operand: Int) -> Response

    /// How the result changes with its operands, for several directions at once; `nil` where it does not. Asked only
    /// where the result is affine in what moves (``isAffine(in:)``). By default refused.
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula?

    // MARK: Kinks

    /// Where the derivative jumps; none where it is continuous.
    func kinks(of x: [Formula]) -> [Kink]

    /// The same with other derivatives at its kinks: `share` of the way from the inactive side to the active one. For
    /// ReLU that is the derivative itself.
    func atKinks(_ share: Double) -> Self

    /// What is declared for its kinks, for people: `0.5`, `ties first`. `nil` where nothing is, or another operation of
    /// the same function says it.
    var declaredAtKinks: String? { get }

    /// The axes over which equal extrema share the derivative evenly, for an extremum of one operand over axes, which
    /// stay as extents of 1. Whether two elements share it cannot be read off one element, so such ties are not among
    /// the kinks.
    var tiedAxes: Range<Int>? { get }

    /// The same, counting the elements at its only kink while it computes; `nil` where it cannot.
    func counting(with counter: KinkCounter) -> Self?

    // MARK: Facts

    /// Whether sample i of the result depends on sample i alone of each operand that has samples. Asked only where the
    /// first axis of the result, and no other, is the batch.
    func keepsSamples(of y: Formula) -> Bool

    /// 1 where the result is a zero of a kind, 0 elsewhere; `nil` where it has none.
    /// - Parameter zeros: Gives the same for an operand.
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula?

    /// How far rounding moves the result, given its operands; `nil` where it holds their numbers as they are.
    func rounding(of y: Formula, batchSize: Int) throws -> Rounding?

    /// Between what its elements lie as they are computed, given the same of the operands, for one sample; `nil` where
    /// nothing is known. Asked only where samples are kept apart.
    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds?

    // MARK: Computing

    /// A formula of fewer operations with the same bits, signs of zeros included.
    func simplified(_ y: Formula) throws -> Formula?

    /// A formula that neither overflows nor cancels where this one does.
    func stabilized(_ y: Formula) throws -> Formula?

    /// The logarithm of the result in such a form.
    func logarithm(of y: Formula) throws -> Formula?

    /// Whether the result is positive exactly where the only operand is, and 0 elsewhere.
    var keepsPositivity: Bool { get }

    /// Whether all that the result tells of its only operand is where that is positive.
    var readsPositivity: Bool { get }

    /// The largest size of the derivative by the only operand, for a function that flattens out on both sides; `nil`
    /// for others.
    var largestSlope: Double? { get }

    /// Whether an operand that is fed with class numbers may stay so, instead of a matrix with a 1 in each row's class.
    func takesLabels(_ operand: Int, of y: Formula) -> Bool

    /// Adds the calls that compute the result from the operands' buffers. Elementwise operations have none of their
    /// own: they are fused into maps.
    func lower(_ result: Formula, in lowering: inout Lowering) throws
}

extension Operation {
    package var name: String {
        let name = String(describing: Self.self)
        return name.prefix(1).lowercased() + name.dropFirst()
    }

    package func resolved(batchSize: Int) -> Self { self }

    package func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        x.map { _ in nil }
    }

    package func response(to operand: Int) -> Response { .nonlinear }
    package func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? { throw NotPiecewiseLinear(formula: y) }

    package func kinks(of x: [Formula]) -> [Kink] { [] }
    package func atKinks(_ share: Double) -> Self { self }
    package var declaredAtKinks: String? { nil }
    package var tiedAxes: Range<Int>? { nil }
    package func counting(with counter: KinkCounter) -> Self? { nil }

    package func keepsSamples(of y: Formula) -> Bool { false }
    package func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { nil }
    package func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? { nil }

    package func simplified(_ y: Formula) throws -> Formula? { nil }
    package func stabilized(_ y: Formula) throws -> Formula? { nil }
    package func logarithm(of y: Formula) throws -> Formula? { nil }
    package var keepsPositivity: Bool { false }
    package var readsPositivity: Bool { false }
    package var largestSlope: Double? { nil }
    package func takesLabels(_ operand: Int, of y: Formula) -> Bool { false }
}

/// An operation without operands that is made with its shape and has memory of its own.
protocol Leaf: Operation {}

extension Leaf {
    package func shape(of operands: [Shape]) -> Shape { preconditionFailure("leaves are made with their shape") }
    package func rounding(of y: Formula, batchSize: Int) -> Rounding? { Rounding(abs(y), 1) }
    package func lower(_ result: Formula, in lowering: inout Lowering) { _ = lowering.newBuffer(for: result) }
}

/// An operation whose elements are sums of products, in rows of a last axis. What is added to every row, and
/// elementwise operations on the result, are computed with it before its elements leave the registers.
package protocol Contraction: Operation {
    /// Multiplications, each with an addition.
    func multiplyAdds(of y: Formula, batchSize: Int) -> Int

    /// Adds the calls that compute the result.
    /// - Parameters:
    ///   - output: Where it goes.
    ///   - bias: Added to every row.
    ///   - epilogue: What then is made of it, in place.
    func lower(_ result: Formula, into output: Buffer, bias: Buffer?, epilogue: Map?, in lowering: inout Lowering)
}

extension Contraction {
    package func lower(_ result: Formula, in lowering: inout Lowering) {
        lower(result, into: lowering.newBuffer(for: result), bias: nil, epilogue: nil, in: &lowering)
    }
}
