/// Layers one after another, from an input of a fixed shape: a value, with no numbers in it.
///
/// ```swift
/// let network = try Network(input: [28, 28]) {
///     Flatten()
///     Dense(512)
///     ReLU()
///     Dense(10)
/// }
/// ```
public struct Network: Sendable {
    /// The shape of one sample.
    public let inputShape: [Int]
    public let layers: [any Layer]
    /// The shape of one sample's output.
    public let outputShape: [Int]

    /// Throws where a layer does not fit the one before it; the message names the layer and both shapes. Throws where a
    /// derivative declared at a kink is none, and not marked as ``KinkValue/unsound(_:)``; the message names the layer,
    /// the value and where it may lie.
    public init(input: [Int], @NetworkBuilder _ layers: () -> [any Layer]) throws { try self.init(input: input, layers: layers()) }

    public init(input: [Int], layers: [any Layer]) throws {
        guard input.count <= Network.mostAxes else {
            throw RectifierError(.shape, "the input shape has \(input.count) axes, more than \(Network.mostAxes)")
        }
        guard !input.isEmpty, input.allSatisfy({ $0 > 0 }), Shape.elementCount(input) != nil else {
            throw RectifierError(.shape, "the input shape must have extents of at least 1, not \(input)")
        }
        inputShape = input
        self.layers = layers
        outputShape = try Network.build(input, layers, isTraining: false).output.shape.extents.dropFirst().map { $0 }
    }

    /// As NumPy's arrays had for long.
    static let mostAxes = 32

    /// The network as formulas.
    package struct Built {
        package var input: Formula
        package var output: Formula
        /// States among them.
        package var parameters: [Formula]
        /// What a step of training says of each state; none where the network is built to be used.
        package var targets: [(state: Formula, target: Formula)]
        package var rows: [NetworkSummary.Row]
        /// What went into each row's layer, and what came out.
        package var layerInputs: [Formula]
        package var layerOutputs: [Formula]
        /// The numbers of rows whose layers normalize.
        package var normalizations: Set<Int>
        /// What each branch gives, where the network ends in a ``Mean`` or a ``Vote``.
        package var members: [Formula]

        /// The parameters that gradients move.
        package var trained: [Formula] { parameters.filter { $0.parameter!.isTrained } }
    }

    package static let inputName = "features"

    package func built(isTraining: Bool) throws -> Built { try Network.build(inputShape, layers, isTraining: isTraining) }

    private static func build(_ inputShape: [Int], _ layers: [any Layer], isTraining: Bool) throws -> Built {
        var build = NetworkBuild(isTraining: isTraining)
        let input = Formula.input(inputName, shape: Shape([Shape.batch] + inputShape))
        let output = try build.apply(layers, to: input)
        guard output.shape.rank > 0, output.shape[0] == Shape.batch else {
            throw RectifierError(.shape, "the network's output has shape \(output.shape), whose first axis is not the batch")
        }
        return Built(
            input: input, output: output, parameters: build.parameters, targets: build.targets, rows: build.rows,
            layerInputs: build.inputs, layerOutputs: build.outputs, normalizations: build.normalizations,
            members: layers.last is Mean || layers.last is Vote ? build.members : [])
    }

    /// Parameters drawn by the layers' initializers. Throws where they do not fit into memory.
    public func initialParameters(seed: UInt64, precision: ElementType = .float32) throws -> Parameters {
        var result = Parameters()
        for (index, formula) in try built(isTraining: false).parameters.enumerated() {
            let parameter = formula.parameter!
            let shape = formula.shape.extents
            // Drawn in double precision, then rounded.
            try MachineMemory.require(
                Shape.elementCount(shape + [8 + precision.computing.size]), kind: .setting, for: parameter.name,
                advice: "choose a layer of fewer units")
            let values = parameter.initializer.values(
                shape: shape, stream: RandomStream(seed: seed, purpose: RandomPurpose.initialization(index)))
            result[parameter.name] =
                precision.computing == .float64 ? Tensor(shape: shape, values) : Tensor(shape: shape, values.map(Float.init))
        }
        return result
    }

    /// The ensemble of so many such networks, whose weights are drawn apart.
    /// - Parameter votes: Whether what they give are scores of classes, to be put through a softmax.
    public func repeated(_ count: Int, votes: Bool) throws -> Network {
        let branches = Array(repeating: layers, count: count)
        return try Network(input: inputShape, layers: [votes ? Vote(branches: branches) : Mean(branches: branches)])
    }

    /// The names of its parameters, in order.
    var parameterNames: [String] { parameters.map { $0.parameter!.name } }

    /// By name, the shapes of its parameters.
    var parameterShapes: [String: [Int]] {
        Dictionary(parameters.map { ($0.parameter!.name, $0.shape.extents) }, uniquingKeysWith: { $1 })
    }

    // A network that exists has been built before.
    private var parameters: [Formula] { (try? built(isTraining: false).parameters) ?? [] }

    /// Layer by layer: shapes, parameters, multiply-adds.
    public var summary: NetworkSummary {
        // A network that exists has been built before.
        let rows = (try? built(isTraining: false).rows) ?? []
        return NetworkSummary(input: Shape([Shape.batch] + inputShape), rows: rows)
    }
}

/// Collects the layers written in a block.
@resultBuilder
public enum NetworkBuilder {
    public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
    public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
    public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
    public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
    public static func buildEither(first: [any Layer]) -> [any Layer] { first }
    public static func buildEither(second: [any Layer]) -> [any Layer] { second }
    public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}
