/// All axes after the batch joined into one: `[batch, 28, 28]` → `[batch, 784]`.
public struct Flatten: Layer, Codable, Hashable {
    public init() {}
    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula { try x.flattened() }
}

/// While training, each element is 0 with probability `rate`, else scaled by 1 / (1 - rate); otherwise nothing happens.
public struct Dropout: Layer, Codable, Hashable {
    public var rate: Double
    /// Whether a sample's channel, which is a place of the last axis, is dropped at all places or none: for images,
    /// whose neighbours tell what was dropped (Tompson et al. 2015).
    public var dropsChannels: Bool

    /// - Parameter rate: 0 ≤ rate < 1.
    public init(_ rate: Double, channels dropsChannels: Bool = false) { (self.rate, self.dropsChannels) = (rate, dropsChannels) }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        guard (0..<1).contains(rate) else { throw RectifierError(.setting, "the dropout rate must be at least 0 and below 1, not \(rate)") }
        let mask = build.nextMask()
        return build.isTraining ? try dropout(x, rate: rate, stream: mask, byChannel: dropsChannels) : x
    }
}

/// A layer of your own, as a function. It can wire its input in any way that has no cycle, and is not part of a model
/// file: a model that has one is read back with ``Model/init(contentsOf:network:)``. For one that is, see
/// ``LayerCatalog``.
public struct Function: Layer {
    public let name: String
    private let body: @Sendable (Formula, inout NetworkBuild) throws -> Formula

    public init(_ name: String, _ body: @escaping @Sendable (Formula, inout NetworkBuild) throws -> Formula) {
        self.name = name
        self.body = body
    }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula { try body(x, &build) }
}
