/// The activation of a recipe: one of the ``LayerCatalog``'s, or none. In JSON and flags its spelling: `relu`,
/// `leaky-relu 0.1`.
public struct Activation: Spelled, Codable, Hashable {
    public let spelling: String
    /// `nil` for ``linear``.
    private let layer: (any Layer)?
    /// How weights before it are usually drawn, which keeps the size of signals: He's for ReLU and its kin, Glorot's
    /// for those that are linear near 0.
    public let usualInitializer: Initializer

    /// max(x, 0).
    public static let relu = Activation(ReLU(), "relu", .he)
    /// No activation.
    public static let linear = Activation(nil, "linear", .glorot)

    private init(_ layer: (any Layer)?, _ spelling: String, _ usualInitializer: Initializer) {
        (self.layer, self.spelling, self.usualInitializer) = (layer, spelling, usualInitializer)
    }

    public init(_ spelling: String) throws {
        if spelling == Self.linear.spelling {
            self = .linear
            return
        }
        let layers: [any Layer]
        do {
            layers = try LayerList(spelling).layers
        } catch {
            guard Self.names.contains(where: { spelling.hasPrefix($0 + " ") }) else { throw Self.unknown(spelling) }
            throw error
        }
        guard layers.count == 1 else { throw Self.unknown(spelling) }
        try self.init(layers[0])
    }

    /// - Throws: ``RectifierError`` where the layer is no activation of the ``LayerCatalog``.
    public init(_ layer: any Layer) throws {
        guard let entry = LayerCatalog.entry(for: layer), let usual = entry.usualInitializer else { throw Self.unknown(layer.name) }
        self.init(layer, try LayerCatalog.spelling(of: [layer]), usual)
    }

    private static func unknown(_ name: String) -> RectifierError {
        RectifierError(.setting, "there is no activation '\(oneLine(name))'; \(Names.hint(for: name, among: names))")
    }

    /// The names of all, the usual ones first.
    public static var names: [String] {
        LayerCatalog.entries.filter { $0.usualInitializer != nil }.map(\.name) + [linear.spelling]
    }

    /// The names of those with kinks.
    static var kinkedNames: [String] { names.filter { (try? Activation($0))?.hasKinks == true } }

    var hasKinks: Bool { (layer as? any KinkedLayer)?.hasKinks ?? false }

    /// The layer; `nil` for ``linear``, which is none.
    ///
    /// - Parameter share: What the derivative at its kinks is, as a share of the way from the inactive side's to the
    ///   active side's; for ReLU the derivative at 0 itself. `nil` leaves the layer's own, and so does a layer
    ///   without kinks.
    public func layer(atKinks share: KinkValue? = nil) -> (any Layer)? { share.map { layer?.withKinks(at: $0) } ?? layer }

    public static func == (a: Activation, b: Activation) -> Bool { a.spelling == b.spelling }
    public func hash(into hasher: inout Hasher) { hasher.combine(spelling) }
}

extension Layer {
    /// The same with other derivatives at its kinks and at those of the layers in it.
    func withKinks(at share: KinkValue) -> any Layer {
        if let layer = self as? any KinkedLayer { return layer.hasKinks ? layer.atKinks(share) : self }
        if let layer = self as? any LayerOfLayers {
            // As many branches as before, which is what the layer has shown it can have.
            return try! type(of: layer).init(branches: layer.branches.map { $0.map { $0.withKinks(at: share) } })
        }
        return self
    }

    /// Whether it has kinks, or a layer in it has.
    var hasKinks: Bool {
        (self as? any KinkedLayer)?.hasKinks ?? (self as? any LayerOfLayers)?.branches.contains { $0.contains(where: \.hasKinks) } ?? false
    }
}
