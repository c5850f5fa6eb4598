import Rectifier

/// Between what a layer's outputs lie for every input of a box, as the layer is computed in a precision.
///
/// A bound that is infinite says that nothing is known: the number may be infinite or NaN.
public struct LayerBounds: Sendable {
    /// As ``NetworkSummary`` names it: `dense1`, `residual1.relu1`.
    public let layer: String
    /// Of the layer's outputs for one sample, in row-major order.
    public let outputs: ValueBounds
    /// Of what goes into the layer's activation, where it has a side that gives 0 and nothing else, as ReLU has; `nil`
    /// for other layers.
    public let preActivations: ValueBounds?

    /// The units whose output is 0 for every input of the box, where the layer has a side that gives 0; else `nil`.
    public var dead: [Int]? {
        preActivations.map { _ in outputs.low.indices.filter { outputs.low[$0] == 0 && outputs.high[$0] == 0 } }
    }
}

/// A lower and an upper bound for each of some numbers.
public struct ValueBounds: Sendable, Equatable {
    public let low: [Double]
    /// As many as lower ones.
    public let high: [Double]

    init(_ bounds: Bounds) { (low, high) = (bounds.elements.map(\.low), bounds.elements.map(\.high)) }
}

extension Network {
    /// Between what the outputs of all layers lie, whatever input of the box comes in: by interval arithmetic over the
    /// formulas that programs compute, in the order of the layers.
    ///
    /// What is said holds for the numbers that are computed, rounding included, and on every instruction set. It is
    /// reached in the first layer, but for the margin for rounding; deeper down bounds are sound and grow loose.
    /// Dropout does nothing, as outside training.
    /// - Throws: ``RectifierError`` where the box has another number of inputs, or a parameter is missing or has
    ///   another shape.
    public func bounds(on box: InputBox, parameters: Parameters, precision: ElementType = .float32) throws -> [LayerBounds] {
        let built = try built(isTraining: false)
        let found = try ComputedBounds(built, on: box, parameters, precision)
        let rectified = Dictionary(uniqueKeysWithValues: built.zeroSides.map { ($0.row, $0.operand) })
        return built.rows.indices.map { row in
            LayerBounds(
                layer: built.rows[row].name, outputs: ValueBounds(found[built.layerOutputs[row]]),
                preActivations: rectified[row].map { ValueBounds(found[$0]) })
        }
    }
}

extension Model {
    /// Between what the outputs of all layers lie for every input of the box, in the model's precision:
    /// ``Network/bounds(on:parameters:precision:)``.
    public func bounds(on box: InputBox) throws -> [LayerBounds] {
        try network.bounds(on: box, parameters: parameters, precision: precision)
    }
}

/// Bounds of the formulas of a network.
struct ComputedBounds {
    /// A parameter's value, its bounds, and a copy of them.
    private static let bytesForANumber = 48

    private var known: [Int: Bounds] = [:]

    /// Of all outputs of layers, what goes into those with a side of 0, and what products read.
    init(_ built: Network.Built, on box: InputBox, _ parameters: Parameters, _ precision: ElementType) throws {
        let width = built.input.shape.count(batchSize: 1)
        guard box.low.count == width else {
            throw RectifierError(.shape, "the box has \(box.low.count) inputs, the network takes \(width)")
        }
        let numbers = built.parameters.reduce(width) { $0 + $1.shape.count(batchSize: 1) }
        try MachineMemory.require(
            Shape.elementCount([numbers, Self.bytesForANumber]), kind: .setting, for: "the network's bounds",
            advice: "take a machine with more")
        let all = topologicalOrder(of: [built.output] + built.layerOutputs)
        let wanted = built.layerOutputs + built.zeroSides.map(\.operand) + all.compactMap { $0.factors?.a }
        // Leaves as programs store them: rounding keeps the order of numbers, so it may be done to the bounds.
        let corner = Formula.input("corner", shape: [2, width])
        let leaves = built.parameters
        let program = try Program([corner] + leaves, batchSize: 1, parameters: parameters, elementType: precision)
        try program.setInput("corner", to: box.low + box.high)
        program.run()
        let corners = program.values(ofOutput: 0)
        let places = Dictionary(uniqueKeysWithValues: leaves.enumerated().map { ($1.parameter!.name, $0 + 1) })
        let found = try Bounds.bounds(of: wanted, in: precision) { leaf in
            if leaf == built.input { return Bounds((0..<width).map { Interval(corners[$0], corners[width + $0]) }) }
            return leaf.parameter.flatMap { places[$0.name] }.map { Bounds(program.values(ofOutput: $0).map { Interval($0) }) }
        }
        for (formula, bounds) in zip(wanted, found) { known[formula.id] = bounds }
    }

    subscript(formula: Formula) -> Bounds { known[formula.id]! }
}

extension Network.Built {
    /// The layers with a side that gives 0 and nothing else, by the places of their rows, and what goes into it. A
    /// layer that hands on what another one gave, as dropout does, is none.
    var zeroSides: [(row: Int, output: Formula, operand: Formula)] {
        layerOutputs.indices.compactMap { row in
            let output = layerOutputs[row]
            guard !layerOutputs[..<row].contains(output), let operand = output.zeroSideOperand else { return nil }
            return (row, output, operand)
        }
    }
}

extension Formula {
    /// The operand, where all on one side of a kink becomes 0 and nothing else: of ReLU, and of what is held between 0
    /// and a bound.
    fileprivate var zeroSideOperand: Formula? {
        guard operands.count == 1, let operation = operation as? any Elementwise else { return nil }
        let hasZeroSide = operation.kinks(of: operands).contains { kink in
            guard kink.a == operands[0], let place = kink.b.constantValue else { return false }
            return [Interval(place - 1, place), Interval(place, place + 1)].contains {
                operation.interval(of: [$0], Roundoff(.float64)).isZero
            }
        }
        return hasZeroSide ? operands[0] : nil
    }
}
