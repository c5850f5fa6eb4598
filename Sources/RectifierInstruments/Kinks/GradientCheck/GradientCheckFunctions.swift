/// Scalar functions of some inputs in float64, compiled twice: with their derivatives, as training compiles them, and
/// alone, with what tells where they bend.
///
/// Everything that the derivatives are compared with comes from forward evaluations, so no gradient rule can hide its
/// own mistake.
final class CheckedFunctions {
    let variables: [Formula]
    /// Elements of each variable.
    let counts: [Int]
    /// `gradients[function][variable]`, at the point of the last ``update()``.
    private(set) var gradients: [[[Double]]] = []
    /// What rounding can move each function by.
    private(set) var roundings: [Double] = []

    private let functionCount: Int
    private let derivatives: Program
    private let evaluations: Program
    private let bends: [Bend]
    private var point: [[Double]]
    /// Whether an element's margin is 0 and a line takes its place, over all bends.
    private(set) var isLine: [Bool] = []
    private var lines: [[Double]] = []
    /// The bend of each margin.
    private let bendOfMargin: [Int]

    /// - Parameters:
    ///   - variables: Inputs that the functions depend on.
    ///   - cursor: What dropout masks are drawn by.
    init(_ functions: [Formula], of variables: [Formula], batchSize: Int, cursor: BatchCursor) throws {
        self.variables = variables
        functionCount = functions.count
        counts = variables.map { $0.shape.count(batchSize: batchSize) }
        point = counts.map { [Double](repeating: 0, count: $0) }
        bends = try Bend.all(below: functions, dependingOn: variables)
        func program(_ outputs: [Formula]) throws -> Program {
            try Program(outputs, batchSize: batchSize, parameters: ParameterMemory(parameters: [], elementType: .float64), cursor: cursor)
        }
        derivatives = try program(
            functions.flatMap { try Rectifier.gradients(of: $0, withRespectTo: variables) }
                + functions.map { try squaredRounding(of: $0, dependingOn: variables, batchSize: batchSize) } + bends.map(\.margin))
        let straightened = try Bend.straightened(functions, bends)
        evaluations = try program(straightened.functions + straightened.margins)
        bendOfMargin = bends.enumerated().flatMap { Array(repeating: $0, count: $1.margin.shape.count(batchSize: batchSize)) }
    }

    /// Sets an input, variable or not. ``update()`` must follow.
    func setInput(_ name: String, to values: [Double]) throws {
        if let index = variables.firstIndex(where: { $0.inputName == name }) { point[index] = values }
        for program in [derivatives, evaluations] where program.hasInput(name) { try program.setInput(name, to: values) }
    }

    /// Computes the derivatives at the point that the inputs give, and finds the kinks it lies on.
    func update() throws {
        derivatives.run()
        let (f, v) = (functionCount, variables.count)
        gradients = (0..<f).map { function in (0..<v).map { derivatives.values(ofOutput: function * v + $0) } }
        roundings = (0..<f).map { derivatives.values(ofOutput: f * v + $0)[0].squareRoot() * 0x1p-53 }
        lines = bends.indices.map { bend in
            bends[bend].lines(for: derivatives.values(ofOutput: f * v + f + bend)[...], batchSize: derivatives.batchSize)
        }
        isLine = lines.joined().map { $0 != 0 }
        try setLines(true)
    }

    // MARK: Along a direction

    /// Numbers by which some variables change, by the variables' places.
    typealias Direction = [Int: [Double]]

    /// The derivative of a function along a direction as the gradient has it, and the sum of the sizes of its terms.
    func slope(of function: Int, along direction: Direction) -> (value: Double, size: Double) {
        var value = 0.0, size = 0.0
        for (variable, d) in direction.sorted(by: { $0.key < $1.key }) {
            for (g, d) in zip(gradients[function][variable], d) where d != 0 {
                value += g * d
                size += Swift.abs(g * d)
            }
        }
        return (value, size)
    }

    /// Evaluates the functions `h` directions away from the point, for ``values`` and ``margins``.
    func evaluate(_ direction: Direction, _ h: Double) throws {
        for (variable, d) in direction { try move(variable, h == 0 ? point[variable] : zip(point[variable], d).map { $0 + h * $1 }) }
        evaluations.run()
    }

    /// The functions' values at the place evaluated last.
    var values: [Double] { (0..<functionCount).map { evaluations.values(ofOutput: $0)[0] } }
    /// All bends' margins at the place evaluated last.
    var margins: [Double] { bends.indices.flatMap { evaluations.values(ofOutput: functionCount + $0) } }

    /// Goes back to the point.
    func reset(_ direction: Direction) throws { for variable in direction.keys { try move(variable, point[variable]) } }

    private func move(_ variable: Int, _ values: [Double]) throws {
        let name = variables[variable].operation.name
        if evaluations.hasInput(name) { try evaluations.setInput(name, to: values) }
    }

    /// Whether the elements at their kink are lines of the declared slope, or bend as they are.
    func setLines(_ areOn: Bool) throws {
        for (bend, line) in zip(bends, lines) where evaluations.hasInput(bend.lineName) {
            try evaluations.setInput(bend.lineName, to: areOn ? line : line.map { _ in 0 })
        }
    }

    /// A step that moves the direction's variables by about a hundredth of their size: a power of 2, so that little is
    /// rounded.
    func largestStep(_ direction: Direction) -> Double {
        var size = 1.0, length = 0.0
        for (variable, d) in direction {
            size = point[variable].reduce(size) { max($0, Swift.abs($1)) }
            length = d.reduce(length) { max($0, Swift.abs($1)) }
        }
        return powerOfTwo(below: size / (length > 0 ? length : 1) / 128)
    }

    /// The rule of the bend that a margin belongs to.
    func rule(ofMargin index: Int) -> Bend.Rule { bends[bendOfMargin[index]].rule }
}

/// The largest power of 2 that is not above a positive number.
func powerOfTwo(below value: Double) -> Double { Double(sign: .plus, exponent: value.exponent, significand: 1) }
