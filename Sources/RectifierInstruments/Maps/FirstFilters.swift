import Rectifier

/// The filters of a network's first layer, where that is a convolution: what it looks for in an image.
public struct FirstFilters: Sendable, Equatable {
    /// As in ``NetworkSummary``: `conv1`.
    public let layer: String
    public let rows: Int
    public let columns: Int
    /// Of the image that each filter sees.
    public let channels: Int
    /// By filter its weights, `[rows, columns, channels]`.
    public let weights: [[Double]]

    /// `nil` where the first layer is none, or its parameters are missing.
    public init?(_ network: Network, parameters: Parameters) {
        guard network.layers.first is Conv2D, let layer = network.summary.rows.first?.name,
            let tensor = parameters["\(layer).weights"], tensor.shape.count == 4
        else { return nil }
        self.layer = layer
        (rows, columns, channels) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
        let numbers = tensor.doubles, filters = tensor.shape[3]
        weights = (0..<filters).map { filter in stride(from: filter, to: numbers.count, by: filters).map { numbers[$0] } }
    }

    /// The largest size of a weight that is finite.
    public var limit: Double { weights.joined().reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 } }
}
