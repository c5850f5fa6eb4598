/// Compares a network's gradient with difference quotients, in float64.
///
/// Along a random direction in each layer's parameters, in each parameter and in the features, and for single numbers,
/// the derivative that backpropagation gives is compared with a difference quotient whose step stays on one linear
/// piece of every kinked operation. For a piecewise linear network the quotient is then exact up to rounding; what is
/// left of curvature elsewhere is extrapolated away and estimated. The bound is computed for each comparison, so no
/// tolerance is chosen. Where samples lie exactly on a kink, the value must be what the declared derivatives make it;
/// on a single kink it must also lie between the one-sided derivatives.
///
/// A layer of your own is checked like those here:
///
/// ```swift
/// let network = try Network(input: [6]) { Dense(5); MyLayer(); Dense(3) }
/// let report = try network.gradientCheck()
/// print(report)   // the gradient is right: …
/// ```
///
/// A check is compiled once and can be run for many parameters and samples. It is used from one thread at a time.
public final class GradientCheck {
    public let network: Network
    public let loss: Loss?
    /// Samples that are checked together.
    public let samples: Int

    private let functions: CheckedFunctions
    /// Parameters in the network's order, then the features.
    private let variableNames: [String]
    /// What gradients do not move, and so is no variable.
    private let states: [Formula]
    private let cursor = BatchCursor()
    private let operations: CheckedOperations
    private let outputCount: Int

    /// - Parameters:
    ///   - loss: What is checked beside a random weighted sum of the outputs; `nil` for nothing.
    ///   - samples: At least 1.
    ///   - isTraining: Whether dropout masks are drawn.
    public init(_ network: Network, loss: Loss? = nil, samples: Int = 8, isTraining: Bool = true) throws {
        guard samples > 0 else { throw RectifierError(.setting, "a gradient is checked with at least 1 sample, not \(samples)") }
        self.network = network
        self.loss = loss
        self.samples = samples
        let built = try network.built(isTraining: isTraining)
        outputCount = built.output.shape.count(batchSize: samples)
        let cotangent = Formula.input(GradientCheck.cotangentName, shape: built.output.shape)
        var checked = [try (built.output * cotangent).sum()]
        if let loss { checked.append(try loss(built.output, .input(Network.targetName, shape: built.output.shape)).mean()) }

        // Parameters become inputs, so that all that varies is set in one way.
        let original = topologicalOrder(of: checked)
        let formulas = try rebuilt(original) { formula, _ in
            formula.parameter.map { Formula.input($0.name, shape: formula.shape) }
        }
        let places = Dictionary(uniqueKeysWithValues: original.enumerated().map { ($1.id, $0) })
        func made(of leaves: [Formula]) -> [Formula] { leaves.compactMap { places[$0.id] }.map { formulas[$0] } }
        let used = made(of: built.trained + [built.input])
        states = made(of: built.parameters.filter { !$0.parameter!.isTrained })
        variableNames = used.map(\.operation.name)
        functions = try CheckedFunctions(checked.map { formulas[places[$0.id]!] }, of: used, batchSize: samples, cursor: cursor)
        let layers = original.map { formula in
            built.layerOutputs.firstIndex { $0.id >= formula.id }.map { built.rows[$0].name } ?? "loss"
        }
        operations = CheckedOperations(formulas, layers: layers, variables: used, batchSize: samples, cursor: cursor)
    }

    private static let cotangentName = "cotangent"

    /// Checks the gradient at a point.
    ///
    /// - Parameters:
    ///   - parameters: `nil` for initial ones drawn by the seed.
    ///   - features: ``samples`` rows; `nil` for numbers of the standard normal law.
    ///   - targets: As the loss takes them, ``samples`` rows; `nil` for random ones.
    ///   - seed: What directions, weights of the outputs, single numbers and dropout masks are drawn by.
    ///   - coordinates: Single numbers of each parameter: the one with the largest derivative and random ones.
    /// Throws where numbers are missing, too many, or not finite.
    public func run(
        parameters: Parameters? = nil, features: [Double]? = nil, targets: [Double]? = nil, seed: UInt64 = 0, coordinates: Int = 2
    ) throws -> GradientReport {
        var draws = Draws(seed: seed)
        cursor.seed.pointee = seed
        let parameters = try parameters ?? network.initialParameters(seed: seed, precision: .float64)
        var inputs: [String: [Double]] = [:]
        for (name, count) in zip(variableNames, functions.counts) {
            let values = name == Network.inputName ? features ?? draws.normals(count) : parameters[name]?.doubles
            guard let values else { throw RectifierError(.shape, "there is no parameter \(name)") }
            inputs[name] = try checked(values, count, name)
        }
        for state in states {
            let name = state.operation.name
            guard let values = parameters[name]?.doubles else { throw RectifierError(.shape, "there is no parameter \(name)") }
            inputs[name] = try checked(values, state.shape.count(batchSize: samples), name)
        }
        inputs[GradientCheck.cotangentName] = draws.normals(outputCount)
        if let loss { inputs[Network.targetName] = try checked(targets ?? randomTargets(loss, &draws), outputCount, Network.targetName) }
        for (name, values) in inputs { try functions.setInput(name, to: values) }
        try functions.update()

        var report = GradientReport(samples: samples)
        for direction in directions(coordinates: coordinates, &draws) {
            let comparisons = try functions.compare(along: direction.values, functions: direction.functions)
            for (function, comparison) in zip(direction.functions, comparisons) {
                report.rows.append(
                    GradientReport.Row(
                        layer: direction.layer, parameter: direction.parameter, function: function == 0 ? .output : .loss,
                        analytic: comparison.analytic, numeric: comparison.numeric, bound: comparison.bound, step: comparison.step,
                        kinks: comparison.kinks, oneSided: comparison.oneSided, verdict: comparison.verdict))
            }
        }
        if report.count(.wrong) > 0 { report.faults = try operations.faults(inputs, &draws) }
        return report
    }

    /// The same with samples of a data set, drawn by the seed.
    public func run(parameters: Parameters? = nil, data: Dataset, seed: UInt64 = 0, coordinates: Int = 2) throws -> GradientReport {
        guard data.sampleShape == network.inputShape else {
            throw RectifierError(.shape, "the network takes samples of shape \(network.inputShape), the data has \(data.sampleShape)")
        }
        guard data.count >= samples else { throw RectifierError(.data, "the data has \(data.count) samples, not \(samples)") }
        let order = RandomStream(seed: seed, purpose: RandomPurpose.gradientCheckSamples).permutation(data.count)
        let chosen = try data.selecting(Array(order.prefix(samples)))
        return try run(
            parameters: parameters, features: chosen.featureNumbers, targets: chosen.targetNumbers, seed: seed, coordinates: coordinates)
    }

    private func checked(_ values: [Double], _ count: Int, _ name: String) throws -> [Double] {
        guard values.count == count else { throw RectifierError(.shape, "\(name): \(values.count) numbers where the check takes \(count)") }
        guard values.allSatisfy(\.isFinite) else { throw RectifierError(.divergence, "\(name): has numbers that are not finite") }
        return values
    }

    // MARK: What is checked

    private struct Direction {
        var layer: String, parameter: String
        var values: CheckedFunctions.Direction
        /// 0 is the weighted sum of outputs, 1 the loss.
        var functions: [Int]
    }

    /// Layers and features for both functions; parameters and single numbers for the loss, where there is one.
    private func directions(coordinates: Int, _ draws: inout Draws) -> [Direction] {
        let all = loss == nil ? [0] : [0, 1], last = [all.count - 1]
        var result: [Direction] = []
        var index = 0
        while index < variableNames.count {
            let (layer, _) = split(variableNames[index])
            var end = index + 1
            while end < variableNames.count, layer != nil, split(variableNames[end]).layer == layer { end += 1 }
            let variables = index..<end
            result.append(
                Direction(
                    layer: layer ?? "input", parameter: variables.map { split(variableNames[$0]).name }.joined(separator: ", "),
                    values: Dictionary(uniqueKeysWithValues: variables.map { ($0, draws.normals(functions.counts[$0])) }), functions: all))
            for variable in variables where layer != nil {
                let name = split(variableNames[variable]).name, count = functions.counts[variable]
                if variables.count > 1 {
                    result.append(
                        Direction(layer: layer!, parameter: name, values: [variable: draws.normals(count)], functions: last))
                }
                for place in places(coordinates, of: functions.gradients[last[0]][variable], &draws) {
                    var unit = [Double](repeating: 0, count: count)
                    unit[place] = 1
                    let shape = functions.variables[variable].shape.extents
                    let name = "\(name)[\(coordinate(place, in: shape).map(String.init).joined(separator: ", "))]"
                    result.append(Direction(layer: layer!, parameter: name, values: [variable: unit], functions: last))
                }
            }
            index = end
        }
        return result
    }

    /// `dense1` and `weights` of `dense1.weights`.
    private func split(_ name: String) -> (layer: String?, name: String) {
        guard let dot = name.lastIndex(of: ".") else { return (nil, name) }
        return (String(name[..<dot]), String(name[name.index(after: dot)...]))
    }

    /// The place of the largest number and random ones.
    private func places(_ count: Int, of gradient: [Double], _ draws: inout Draws) -> [Int] {
        guard count > 0, gradient.count > 1 || count == 1 else { return gradient.count == 1 && count > 0 ? [0] : [] }
        var places = [largest(gradient.map { Swift.abs($0) })]
        for _ in 1..<count {
            let place = draws.integer(below: gradient.count)
            if !places.contains(place) { places.append(place) }
        }
        return places
    }

    private func coordinate(_ place: Int, in shape: [Int]) -> [Int] {
        var rest = place
        return rowMajorStrides(shape).map { stride in
            defer { rest %= stride }
            return rest / stride
        }
    }

    /// Targets that a loss takes: distributions, 0 or 1, -1 or 1, numbers.
    private func randomTargets(_ loss: Loss, _ draws: inout Draws) -> [Double] {
        let width = outputCount / samples
        switch loss {
        case .softmaxCrossEntropy:
            var targets = [Double](repeating: 0, count: outputCount)
            for row in 0..<samples { targets[row * width + draws.integer(below: width)] = 1 }
            return targets
        case .sigmoidCrossEntropy: return (0..<outputCount).map { _ in Double(draws.integer(below: 2)) }
        case .hinge: return (0..<outputCount).map { _ in Double(2 * draws.integer(below: 2) - 1) }
        default: return draws.normals(outputCount)
        }
    }
}

extension Network {
    /// Checks the gradient of this network at random samples and initial parameters; see ``GradientCheck``.
    ///
    /// - Parameters:
    ///   - loss: `nil` checks a random weighted sum of the outputs only.
    ///   - parameters: `nil` for initial ones drawn by the seed.
    public func gradientCheck(
        loss: Loss? = nil, parameters: Parameters? = nil, samples: Int = 8, seed: UInt64 = 0
    ) throws -> GradientReport {
        try GradientCheck(self, loss: loss, samples: samples).run(parameters: parameters, seed: seed)
    }
}

/// Random numbers one after another.
struct Draws {
    private let stream: RandomStream
    private var next = 0

    init(seed: UInt64) { stream = RandomStream(seed: seed, purpose: RandomPurpose.gradientCheck) }

    mutating func normal() -> Double {
        defer { next += 1 }
        return stream.normal(next)
    }

    mutating func normals(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }

    mutating func integer(below bound: Int) -> Int {
        defer { next += 1 }
        return stream.integer(2 * next, below: bound)
    }
}

extension Dataset {
    /// All features as a network is fed them.
    fileprivate var featureNumbers: [Double] { (0..<features.count).map { features[$0] } }

    /// All targets as a loss takes them, classes as rows with a 1; `nil` where there are none.
    fileprivate var targetNumbers: [Double]? {
        switch targets {
        case .classes(let labels, let names): labels.flatMap { label in names.indices.map { $0 == Int(label) ? 1 : 0 } }
        case .values(let values, _): values.map(Double.init)
        case .doubleValues(let values, _): values
        case .none: nil
        }
    }
}
