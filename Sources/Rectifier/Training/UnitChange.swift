/// New weights for single units of a dense layer. What the optimizer keeps of these weights is forgotten.
///
/// Part of a ``TrainingChange``, and so of a recipe: running it again repeats the change.
public struct UnitChange: Sendable, Codable, Hashable {
    /// The dense layer, as in ``NetworkSummary``: `dense1`.
    public var layer: String
    /// From 0.
    public var units: [Int]
    /// What is added to their biases, a number each; `nil` leaves them.
    public var lift: [Double]?
    /// Draws their weights by the layer's initializer from this seed, and makes their biases 0; `nil` leaves both.
    public var seed: UInt64?
    /// The dense layer that takes what they give. Its weights for them become 0, so that the network's results are
    /// those without the units; `nil` leaves them.
    public var reader: String?

    public init(layer: String, units: [Int], lift: [Double]? = nil, seed: UInt64? = nil, reader: String? = nil) {
        (self.layer, self.units, self.lift, self.seed, self.reader) = (layer, units, lift, seed, reader)
    }

    /// Throws where a network has no such units, or the change is none.
    func check(_ network: Network) throws {
        func fail(_ text: String) -> RectifierError { RectifierError(.setting, "a change of units: \(text)") }
        func shape(_ layer: String) throws -> [Int] {
            let shapes = network.parameterShapes
            guard let weights = shapes[layer + ".weights"], weights.count == 2 else {
                let layers = shapes.filter { $0.key.hasSuffix(".weights") && $0.value.count == 2 }.map { String($0.key.dropLast(8)) }
                throw fail("there is no dense layer '\(oneLine(layer))'; \(Names.hint(for: layer, among: layers.sorted()))")
            }
            return weights
        }
        let count = try shape(layer)[1]
        guard !units.isEmpty, Set(units).count == units.count, let last = units.max(), let first = units.min() else {
            throw fail("\"units\" are numbers of units of \(layer), each once")
        }
        guard first >= 0, last < count else {
            throw fail("\(layer) has units 0 to \(count - 1), not \(first < 0 ? first : last)")
        }
        guard lift != nil || seed != nil || reader != nil else {
            throw fail("nothing changes: give a \"lift\", a \"seed\" or a \"reader\"")
        }
        if let lift {
            guard network.parameterShapes[layer + ".bias"] != nil else { throw fail("\(layer) has no biases to lift") }
            guard lift.count == units.count, lift.allSatisfy(\.isFinite) else {
                throw fail("\"lift\" takes a finite number for each of \(units.count) units, and has \(lift.count)")
            }
        }
        if let reader, try shape(reader)[0] != count {
            throw fail("\(reader) does not take the \(count) units of \(layer) but \(try shape(reader)[0]) numbers")
        }
    }

    /// - Parameter drawn: The network's parameters from a seed; asked for where there is one.
    func apply(to weights: inout Parameters, states: inout [Parameters], drawn: (UInt64) throws -> Parameters) rethrows {
        /// Sets what a parameter holds for the units, and what the optimizer keeps of it to 0.
        func set(_ name: String, _ places: (_ unit: Int, _ shape: [Int]) -> [Int], _ value: (_ old: Double, _ unit: Int, Int) -> Double) {
            func edit(_ parameters: inout Parameters, _ value: (Double, Int, Int) -> Double) {
                guard let tensor = parameters[name] else { return }
                var values = tensor.doubles
                for (number, unit) in units.enumerated() {
                    for place in places(unit, tensor.shape) { values[place] = value(values[place], number, place) }
                }
                parameters[name] =
                    switch tensor.storage {
                    case .float32: Tensor(shape: tensor.shape, values.map(Float.init))
                    case .float64: Tensor(shape: tensor.shape, values)
                    }
            }
            edit(&weights, value)
            for place in states.indices { edit(&states[place]) { _, _, _ in 0 } }
        }
        if let seed {
            let fresh = try drawn(seed)[layer + ".weights"]?.doubles ?? []
            set(layer + ".weights") { unit, shape in
                Array(stride(from: unit, to: shape[0] * shape[1], by: shape[1]))
            } _: {
                _, _, place in
                fresh[place]
            }
        }
        if seed != nil || lift != nil {
            set(layer + ".bias") { unit, _ in
                [unit]
            } _: { old, number, _ in
                (seed == nil ? old : 0) + (lift?[number] ?? 0)
            }
        }
        if let reader {
            set(reader + ".weights") { unit, shape in
                Array(unit * shape[1]..<(unit + 1) * shape[1])
            } _: { _, _, _ in
                0
            }
        }
    }
}

extension TrainingChange {
    func check(_ network: Network) throws {
        for change in units ?? [] { try change.check(network) }
    }
}
