import Rectifier

/// What the layers of a network give for one image, channel by channel.
public struct ActivationMaps: Sendable, Equatable {
    /// Layers whose output is images, from the input on, as far as they were asked for.
    public let layers: [Layer]
    /// Such layers there are more.
    public let layersLeftOut: Int

    /// What a layer gives.
    public struct Layer: Sendable, Equatable {
        /// As in ``NetworkSummary``: `relu1`.
        public let layer: String
        public let rows: Int
        public let columns: Int
        public let channels: Int
        /// By channel, the first ones, `[rows, columns]`.
        public let maps: [[Double]]
        /// Of all channels: those that are exactly 0 everywhere.
        public let closedChannels: [Int]
        /// Of all elements, the share that is exactly 0.
        public let zeros: Double

        /// The largest size of an element of ``maps`` that is finite.
        public var limit: Double { maps.joined().reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 } }
        public var hasNegatives: Bool { maps.contains { $0.contains { $0 < 0 } } }
    }

    /// - Parameters:
    ///   - data: Samples of the network's input shape; targets are not looked at.
    ///   - sample: Which of them, from 0.
    ///   - mostLayers: Layers to keep.
    ///   - mostChannels: Channels of each to keep.
    /// - Throws: ``RectifierError`` where data or parameters do not fit the network, or there is no such sample.
    public init(
        _ network: Network, parameters: Parameters, data: Dataset, sample: Int, precision: ElementType = .float32, mostLayers: Int = 12,
        mostChannels: Int = 16
    ) throws {
        guard network.inputShape == data.sampleShape else {
            throw RectifierError(.shape, "the network takes samples of shape \(network.inputShape), the data has \(data.sampleShape)")
        }
        guard 0..<data.count ~= sample else {
            throw RectifierError(.setting, "there is no sample \(sample); there are \(data.count), from 0")
        }
        let built = try network.built(isTraining: false)
        let images = zip(built.rows, built.layerOutputs).filter { $1.shape.rank == 4 }
        layersLeftOut = max(0, images.count - mostLayers)
        let shown = Array(images.prefix(mostLayers))
        guard !shown.isEmpty else {
            layers = []
            return
        }
        let memory = try ParameterMemory(parameters: built.parameters, elementType: precision)
        try memory.write(parameters, to: memory.weights)
        let runner = BatchRunner(shown.map(\.1), parameters: memory, pool: nil)
        var found: [Layer] = []
        try runner.run(data.selecting([Int32(sample)])) { program, _, _ in
            found = shown.enumerated().map { place, layer in
                let shape = layer.1.shape
                return Layer(
                    layer.0.name, rows: shape[1], columns: shape[2], channels: shape[3], values: program.values(ofOutput: place),
                    mostChannels: mostChannels)
            }
        }
        layers = found
    }
}

extension ActivationMaps.Layer {
    fileprivate init(_ layer: String, rows: Int, columns: Int, channels: Int, values: [Double], mostChannels: Int) {
        (self.layer, self.rows, self.columns, self.channels) = (layer, rows, columns, channels)
        maps = (0..<min(channels, mostChannels)).map { channel in
            stride(from: channel, to: values.count, by: channels).map { values[$0] }
        }
        closedChannels = (0..<channels).filter { channel in
            stride(from: channel, to: values.count, by: channels).allSatisfy { values[$0] == 0 }
        }
        zeros = Double(values.count { $0 == 0 }) / Double(max(1, values.count))
    }
}
