/// What the units of a network do on some data, at fixed weights: who is dead, by the definitions that people use.
public struct UnitCensus: Sendable, Codable, Equatable {
    /// Activations, from the input on.
    public var layers: [Layer]

    /// The units of one activation.
    public struct Layer: Sendable, Codable, Equatable {
        /// As in ``NetworkSummary``: `relu1`.
        public var layer: String
        /// Whether it passes nothing on up to 0: only then can a unit be dead.
        public var isRectifier: Bool
        /// For channels, their positions in all samples.
        public var samples: Int
        /// By unit, the samples, or positions, whose pre-activation was above 0.
        public var active: [Int]
        /// By unit, the largest pre-activation.
        public var largest: [Double]
        /// By unit, the mean size of what it gives.
        public var size: [Double]
        /// By unit, whether it was closed for 2,000 samples drawn at random (Dohare et al., Nature 2024); for all where
        /// there are fewer.
        public var closedFor2000: [Bool]
        /// The effective rank of what the layer gives for 128 samples: the exponential of the entropy of its singular
        /// values as shares; 0 where all is 0.
        public var rank: Double

        public var units: Int { active.count }
        public var activeShare: Double { Double(active.reduce(0, +)) / Double(max(1, units * samples)) }
        /// Exactly dead on the data: closed for every sample. Empty for an activation that does not close.
        public var dead: [Int] { isRectifier ? active.indices.filter { active[$0] == 0 } : [] }

        /// τ-dormant units: those whose mean size is at most `tau` times the layer's mean (Sokar et al. 2023); all of a
        /// layer that gives only zeros.
        public func dormant(tau: Double) -> [Int] {
            let mean = size.reduce(0, +) / Double(max(1, units))
            return size.indices.filter { size[$0] <= tau * mean }
        }
    }

    private static let rankSamples = 128

    /// - Parameters:
    ///   - data: Samples of the network's input shape; targets are not looked at.
    ///   - precision: What is computed in.
    ///   - seed: Draws the 2,000 samples.
    ///   - threads: `nil` for one on each physical core.
    /// - Throws: ``RectifierError`` where data or parameters do not fit the network.
    public init(
        _ network: Network, parameters: Parameters, data: Dataset, precision: ElementType = .float32, seed: UInt64 = 0,
        threads: Int? = nil
    ) throws {
        guard network.inputShape == data.sampleShape else {
            throw RectifierError(.shape, "the network takes samples of shape \(network.inputShape), the data has \(data.sampleShape)")
        }
        let built = try network.built(isTraining: false), sites = built.healthSites
        let memory = try ParameterMemory(parameters: built.parameters, elementType: precision)
        try memory.write(parameters, to: memory.weights)
        layers = sites.map {
            Layer(
                layer: $0.layer, isRectifier: $0.isGate, samples: data.count * $0.positions, active: .init(repeating: 0, count: $0.units),
                largest: .init(repeating: -.greatestFiniteMagnitude, count: $0.units), size: .init(repeating: 0, count: $0.units),
                closedFor2000: .init(repeating: true, count: $0.units), rank: 0)
        }
        guard !sites.isEmpty else { return }
        var isDrawn = [Bool](repeating: data.count <= 2000, count: data.count)
        if data.count > 2000 {
            let order = RandomStream(seed: seed, purpose: RandomPurpose.order).permutation(data.count)
            for sample in order.prefix(2000) { isDrawn[Int(sample)] = true }
        }
        let runner = BatchRunner(sites.flatMap { [$0.input, $0.output] }, parameters: memory, pool: try ThreadPool(threads: threads))
        try runner.run(data) { program, start, count in
            for (place, site) in sites.enumerated() {
                let inputs = program.values(ofOutput: 2 * place), outputs = program.values(ofOutput: 2 * place + 1)
                layers[place].add(inputs, outputs, isDrawn[start..<start + count], positions: site.positions)
                if start == 0 {
                    let samples = min(Self.rankSamples, max(2, FlowMeter.mostElements / max(1, site.elements)))
                    layers[place].rank = effectiveRank(of: Array(outputs.prefix(samples * site.elements)), width: site.elements)
                }
            }
        }
        for place in layers.indices { layers[place].size = layers[place].size.map { finite($0 / Double(layers[place].samples)) } }
    }
}

extension UnitCensus.Layer {
    fileprivate mutating func add(_ inputs: [Double], _ outputs: [Double], _ isDrawn: ArraySlice<Bool>, positions: Int) {
        for row in 0..<isDrawn.count * positions {
            let isDrawn = isDrawn[isDrawn.startIndex + row / positions]
            for unit in 0..<units {
                let z = inputs[row * units + unit]
                if z > 0 {
                    active[unit] += 1
                    if isDrawn { closedFor2000[unit] = false }
                }
                if z > largest[unit] { largest[unit] = finite(z) }
                size[unit] += abs(outputs[row * units + unit])
            }
        }
    }
}
