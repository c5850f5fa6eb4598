// Pooling: what is left of each window of an image `[batch, rows, columns, channels]`, channel by channel. An image
// without channels, `[batch, rows, columns]`, has one; series are images one row high.

/// The largest element of each window.
///
/// ```swift
/// let network = try Network(input: [28, 28, 1]) {
///     Conv2D(32)
///     ReLU()
///     MaxPool2D(2)
///     Flatten()
///     Dense(10)
/// }
/// ```
public struct MaxPool2D: ImageLayer, Codable, Hashable {
    public var window: Extent
    /// From window to window, in pixels; `nil` for the window's own extents, so that windows lie side by side.
    public var stride: Extent?
    /// From place to place of the window, in pixels.
    public var dilation: Extent
    /// Never the largest.
    public var padding: Padding
    /// What equal elements have of the derivative: the first, the last (`.second`), row by row, or each the same.
    public var ties: Ties

    public init(_ window: Extent = 2, stride: Extent? = nil, dilation: Extent = 1, padding: Padding = .valid, ties: Ties = .first) {
        self.window = window
        self.stride = stride
        self.dilation = dilation
        self.padding = padding
        self.ties = ties
    }

    public var name: String { "maxpool" }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let x = try x.images()
        return try x.maximum(in: x.windows(window, stride: stride ?? window, dilation: dilation, padding: padding), ties: ties)
    }
}

/// The mean of each window. Padding is not counted.
public struct AveragePool2D: ImageLayer, Codable, Hashable {
    public var window: Extent
    /// From window to window, in pixels; `nil` for the window's own extents, so that windows lie side by side.
    public var stride: Extent?
    public var padding: Padding

    public init(_ window: Extent = 2, stride: Extent? = nil, padding: Padding = .valid) {
        (self.window, self.stride, self.padding) = (window, stride, padding)
    }

    public var name: String { "avgpool" }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let x = try x.images()
        return try x.mean(in: x.windows(window, stride: stride ?? window, dilation: 1, padding: padding))
    }
}

/// The mean over all places of an image: `[batch, rows, columns, channels]` → `[batch, channels]`.
public struct GlobalAveragePool2D: ImageLayer, Codable, Hashable {
    public init() {}
    public var name: String { "globalAvgpool" }
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula { try x.images().mean(over: [1, 2]) }
}

/// As in files and the layer language: `first`, `second` or `split`.
extension Ties: Spelled {
    public init(_ text: String) throws {
        guard let ties = Ties(rawValue: text) else {
            throw RectifierError(.setting, "'\(oneLine(text))' is no rule for ties; write first, second or split")
        }
        self = ties
    }
    public var spelling: String { rawValue }
}

extension Formula {
    /// The windows of a layer over these images.
    func windows(_ window: Extent, stride: Extent, dilation: Extent, padding: Padding) throws -> Windows {
        try Windows(
            image: Windows.Pair(shape[1], shape[2]), kernel: window.pair, stride: stride.pair, dilation: dilation.pair,
            padding: padding.windows)
    }
}
