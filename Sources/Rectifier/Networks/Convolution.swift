/// Every output is a weighted sum over a window of an image: `[batch, rows, columns, channels]` →
/// `[batch, rows, columns, filters]`, channels last.
///
/// `weights` is `[window rows, window columns, channels / groups, filters]` and drawn by the initializer; `bias` is
/// `[filters]` and starts at 0. An image without channels, `[batch, rows, columns]`, has one.
///
/// ```swift
/// let network = try Network(input: [32, 32, 3]) {
///     Conv2D(32, window: 3, padding: .same)
///     ReLU()
///     Flatten()
///     Dense(10)
/// }
/// ```
public struct Conv2D: ImageLayer, WeightedLayer, Codable, Hashable {
    public var filters: Int
    public var window: Extent
    public var stride: Extent
    /// From place to place of the window, in pixels.
    public var dilation: Extent
    public var padding: Padding
    /// Shares of the channels, each seen by the same share of the filters.
    public var groups: Groups
    public var hasBias: Bool
    public var initializer: Initializer

    /// - Parameters:
    ///   - padding: `.same` by default, which keeps the size of images where the stride is 1.
    ///   - initializer: He's by default, which keeps the size of signals through ReLU.
    public init(
        _ filters: Int, window: Extent = 3, stride: Extent = 1, dilation: Extent = 1, padding: Padding = .same, groups: Groups = 1,
        hasBias: Bool = true, initializer: Initializer = .he
    ) {
        self.filters = filters
        self.window = window
        self.stride = stride
        self.dilation = dilation
        self.padding = padding
        self.groups = groups
        self.hasBias = hasBias
        self.initializer = initializer
    }

    public var name: String { "conv" }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let x = try x.images()
        let channels = x.shape[3], groups = groups.count(of: channels)
        guard filters > 0 else { throw RectifierError(.shape, "needs at least 1 filter, not \(filters)") }
        guard groups > 0, channels % groups == 0, filters % groups == 0 else {
            throw RectifierError(.shape, "\(groups) groups do not divide \(channels) channels and \(filters) filters")
        }
        let windows = try x.windows(window, stride: stride, dilation: dilation, padding: padding)
        let weights = try build.parameter(
            "weights", shape: [window.rows, window.columns, channels / groups, filters], initializer: initializer)
        let sum = try convolution(x, weights, windows: windows, groups: groups)
        return hasBias ? try sum + build.parameter("bias", shape: [filters], initializer: .zeros, decays: false) : sum
    }
}

/// How the channels of a convolution are shared out: `4`, or `channels` for a group each, which is called *depthwise*.
public enum Groups: Sendable, Hashable, Codable, ExpressibleByIntegerLiteral {
    case count(Int)
    case channels

    public init(integerLiteral value: Int) { self = .count(value) }

    func count(of channels: Int) -> Int {
        switch self {
        case .count(let count): count
        case .channels: channels
        }
    }
}

extension Groups: Spelled {
    public init(_ text: String) throws {
        if text == "channels" {
            self = .channels
        } else {
            guard let count = Int(text), 1...1_000_000 ~= count else {
                throw RectifierError(.setting, "'\(oneLine(text))' is no number of groups; write a whole number, or channels for one each")
            }
            self = .count(count)
        }
    }
    public var spelling: String {
        switch self {
        case .count(let count): String(count)
        case .channels: "channels"
        }
    }
}

/// Rows and columns of a window or a step: `3` is `3x3`.
public struct Extent: Sendable, Hashable, Codable, ExpressibleByIntegerLiteral {
    public var rows: Int
    public var columns: Int

    public init(_ rows: Int, _ columns: Int) { (self.rows, self.columns) = (rows, columns) }
    public init(integerLiteral value: Int) { self.init(value, value) }

    var pair: Windows.Pair { Windows.Pair(rows, columns) }
}

extension Extent: Spelled {
    public init(_ text: String) throws {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard 1...2 ~= parts.count, let rows = parts[0], let columns = parts.last!, 0...1_000_000 ~= rows, 0...1_000_000 ~= columns else {
            throw RectifierError(.setting, "'\(oneLine(text))' is no extent; write a whole number as 3, or rows and columns as 3x5")
        }
        self.init(rows, columns)
    }
    /// `3`, or `3x5`.
    public var spelling: String { rows == columns ? String(rows) : "\(rows)x\(columns)" }
}

/// What lies around the images of a convolution or a pooling.
public enum Padding: Sendable, Hashable, Codable {
    /// Nothing: windows stay inside.
    case valid
    /// So much that there is an output for each pixel, or each `stride`-th one.
    case same
    /// So many rows above and below, and columns left and right.
    case pixels(Extent)

    var windows: Windows.Padding {
        switch self {
        case .valid: .valid
        case .same: .same
        case .pixels(let extent): .explicit(extent.pair)
        }
    }
}

extension Padding: Spelled {
    public init(_ text: String) throws {
        switch text {
        case "valid": self = .valid
        case "same": self = .same
        default:
            guard let extent = try? Extent(text) else {
                throw RectifierError(.setting, "'\(oneLine(text))' is no padding; write same, valid, or pixels as 1 or 1x2")
            }
            self = .pixels(extent)
        }
    }
    public var spelling: String {
        switch self {
        case .valid: "valid"
        case .same: "same"
        case .pixels(let extent): extent.description
        }
    }
}

/// A layer that takes images, so that nothing flattens them before it.
protocol ImageLayer: Layer {}

extension [any Layer] {
    /// Whether one of them, or of their parts, takes images.
    var containsImageLayer: Bool {
        contains { $0 is any ImageLayer || ($0 as? any LayerOfLayers)?.branches.contains(where: \.containsImageLayer) ?? false }
    }
}

extension Formula {
    /// As images `[batch, rows, columns, channels]`: those without channels have one.
    func images() throws -> Formula {
        switch shape.rank {
        case 4: return self
        case 3: return try reshaped(to: [shape[0], shape[1], shape[2], 1])
        default:
            throw RectifierError(.shape, "takes images [batch, rows, columns, channels], not \(shape)")
        }
    }
}
