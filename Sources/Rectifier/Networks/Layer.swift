/// A part of a network: a function from a formula to a formula.
///
/// The layers here are a few lines each; one of your own needs nothing else, and is differentiated, fused and threaded
/// like them:
///
/// ```swift
/// struct Scale: Layer {
///     func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
///         try x * build.parameter("scale", shape: [x.shape[1]], initializer: .constant(1))
///     }
/// }
/// ```
public protocol Layer: Sendable {
    /// What parameters of this layer are called, before its number: `dense`.
    var name: String { get }

    /// The layer's output for an input whose first axis is the batch. Throws where the shape does not fit.
    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula
}

extension Layer {
    public var name: String {
        let name = String(describing: Self.self)
        return name.prefix(1).lowercased() + name.dropFirst()
    }
}

/// What a layer may ask for while its network is built.
public struct NetworkBuild {
    /// Whether the network is built to be trained: dropout works only then.
    public let isTraining: Bool
    /// All parameters so far, states among them.
    public private(set) var parameters: [Formula] = []
    /// What a step of training says of each state.
    private(set) var targets: [(state: Formula, target: Formula)] = []
    /// What each layer made, for ``NetworkSummary``.
    private(set) var rows: [NetworkSummary.Row] = []
    /// What came out of each of them.
    private(set) var outputs: [Formula] = []
    /// What went into each of them.
    private(set) var inputs: [Formula] = []
    /// Which of them normalize.
    private(set) var normalizations = Set<Int>()
    /// What the branches of the last mean made.
    var members: [Formula] = []

    private var path: [String] = []
    private var counts: [String: Int] = [:]
    private var names = Set<String>()
    private var parameterCount = 0
    private var masks = 0

    init(isTraining: Bool) { self.isTraining = isTraining }

    /// A parameter of the layer that is being built.
    ///
    /// - Parameters:
    ///   - name: Distinct within the layer; the network knows it as `dense1.weights`.
    ///   - decays: Whether weight decay, L1 and L2 apply: true for weights, false for biases.
    public mutating func parameter(_ name: String, shape: Shape, initializer: Initializer, decays: Bool = true) throws -> Formula {
        let full = try reserve(name, shape)
        let parameter = Formula.parameter(full, shape: shape, initializer: initializer, decays: decays)
        parameters.append(parameter)
        return parameter
    }

    /// A state of the layer that is being built: a parameter that training does not learn but keeps, such as a running
    /// mean. It is saved with the weights; gradients, clipping, penalties and ``TrainingSettings/layerRates`` leave it
    /// alone.
    ///
    /// - Parameters:
    ///   - name: Distinct within the layer, as for ``parameter(_:shape:initializer:decays:)``.
    ///   - target: What a step of training moves it towards, of the same shape; asked for where ``isTraining``.
    ///   - share: How far it moves, from 0 to 1: it becomes `state - share * (state - target)`, in the computing type,
    ///     when the step's gradients have been computed.
    public mutating func state(
        _ name: String, shape: Shape, initializer: Initializer, share: Double, target: (Formula) throws -> Formula
    ) throws -> Formula {
        guard 0...1 ~= share else { throw RectifierError(.setting, "a state moves by a share from 0 to 1, not \(share)") }
        let full = try reserve(name, shape)
        let state = Formula.state(full, shape: shape, initializer: initializer, share: share)
        parameters.append(state)
        guard isTraining else { return state }
        let target = try target(state)
        guard target.shape == shape else {
            throw RectifierError(.shape, "\(full) has the shape \(shape), what it moves towards \(target.shape)")
        }
        targets.append((state, target))
        return state
    }

    /// The full name of a parameter, which is no longer free, nor is its memory.
    private mutating func reserve(_ name: String, _ shape: Shape) throws -> String {
        let full = (path + [name]).joined(separator: ".")
        guard names.insert(full).inserted else {
            throw RectifierError(.setting, "there are two parameters called \(full); give each its own name")
        }
        // All together, so that what counts them cannot overflow.
        guard !shape.extents.contains(0), let own = Shape.elementCount(shape.extents),
            Shape.elementCount([parameterCount + own]) != nil
        else { throw RectifierError(.shape, "\(full) has the shape \(shape), which no memory holds; extents are at least 1") }
        parameterCount += own
        return full
    }

    /// A number of its own for each dropout mask.
    mutating func nextMask() -> Int {
        defer { masks += 1 }
        return masks
    }

    /// Applies a layer: its parameters are named after it, and errors name it.
    public mutating func apply(_ layer: any Layer, to x: Formula) throws -> Formula {
        counts[layer.name, default: 0] += 1
        let name = layer.name + String(counts[layer.name]!)
        let outer = (path: path, counts: counts, parameters: parameters.count, row: rows.count)
        path.append(name)
        counts = [:]
        defer { (path, counts) = (outer.path, outer.counts) }
        let result: Formula
        do {
            result = try layer(x, in: &self)
        } catch let error as RectifierError where error.kind == .shape && !error.description.hasPrefix(path.joined(separator: ".")) {
            throw RectifierError(.shape, "\(path.joined(separator: ".")): \(error.description)")
        }
        let operations = topologicalOrder(of: [result], after: x)
        do {
            for formula in operations { try checkKinkValues(of: formula) }
        } catch let error as RectifierError {
            throw error.prefixed(by: path.joined(separator: "."))
        }
        let made = parameters[outer.parameters...].reduce(0) { $0 + ($1.parameter!.isTrained ? $1.shape.extents.reduce(1, *) : 0) }
        // A layer of layers is described by its parts.
        if rows.count == outer.row {
            outputs.append(result)
            inputs.append(x)
            if layer is any NormalizingLayer { normalizations.insert(rows.count) }
            let multiplyAdds = operations.map { ($0.operation as? any Contraction)?.multiplyAdds(of: $0, batchSize: 1) ?? 0 }
            var declared: [String] = []
            for text in operations.compactMap(\.operation.declaredAtKinks) where !declared.contains(text) { declared.append(text) }
            rows.append(
                NetworkSummary.Row(
                    name: path.joined(separator: "."), layer: String(describing: layer), output: result.shape,
                    atKinks: declared.isEmpty ? nil : declared.joined(separator: ", "), parameters: made,
                    multiplyAdds: multiplyAdds.reduce(0, +)))
        }
        return result
    }
}
