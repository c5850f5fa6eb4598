// Layers in model files: `{"layer": "dense", "units": 512, …}`.

/// A layer with its name beside its settings.
private struct CodedLayer: Codable {
    enum Key: String, CodingKey { case layer }
    var layer: any Layer

    init(_ layer: any Layer) { self.layer = layer }

    init(from decoder: any Decoder) throws {
        let name = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .layer)
        guard let entry = LayerCatalog.entry(named: name) else {
            throw RectifierError(
                .file,
                "there is no layer \(quoted(name)); a layer of your own must be registered before it is read: LayerCatalog.register")
        }
        layer = try entry.type.init(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
        guard let entry = LayerCatalog.entry(for: layer), let coded = layer as? any (Layer & Codable) else {
            throw RectifierError(
                .output, "the layer \(layer.name) is code and cannot be described in a file; LayerCatalog.register makes it known")
        }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(entry.name, forKey: .layer)
        try coded.encode(to: encoder)
    }
}

extension Dense: Codable {
    private enum Key: String, CodingKey { case units, initializer, initialiser, hasBias }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        // As it was once spelled.
        let key = container.contains(.initialiser) ? Key.initialiser : .initializer
        self.init(
            try container.decode(Int.self, forKey: .units), initializer: try container.decode(Initializer.self, forKey: key),
            hasBias: try container.decode(Bool.self, forKey: .hasBias))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(units, forKey: .units)
        try container.encode(initializer, forKey: .initializer)
        try container.encode(hasBias, forKey: .hasBias)
    }
}

extension Dropout {
    private enum Key: String, CodingKey { case rate, dropsChannels }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            try container.decode(Double.self, forKey: .rate),
            channels: try container.decodeIfPresent(Bool.self, forKey: .dropsChannels) ?? false)
    }

    /// Says no more of what is usual than models did before there was a choice.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(rate, forKey: .rate)
        if dropsChannels { try container.encode(true, forKey: .dropsChannels) }
    }
}

extension Residual: Codable {
    private enum Key: String, CodingKey { case layers }

    public init(from decoder: any Decoder) throws {
        self.init(layers: try decoder.container(keyedBy: Key.self).decode([CodedLayer].self, forKey: .layers).map(\.layer))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(layers.map { CodedLayer($0) }, forKey: .layers)
    }
}

private enum BranchKey: String, CodingKey { case branches }

extension LayerOfLayers {
    /// The branches as ``Sum`` and ``Concatenation`` code them.
    public init(from decoder: any Decoder) throws {
        let branches = try decoder.container(keyedBy: BranchKey.self).decode([[CodedLayer]].self, forKey: .branches)
        try self.init(branches: branches.map { $0.map(\.layer) })
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: BranchKey.self)
        try container.encode(branches.map { $0.map { CodedLayer($0) } }, forKey: .branches)
    }
}

extension Network: Codable {
    private enum Key: String, CodingKey { case input, layers }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let layers = try container.decode([CodedLayer].self, forKey: .layers).map(\.layer)
        guard layers.countWithParts <= Network.mostLayers else {
            throw RectifierError(.file, "its network has \(layers.countWithParts) layers, more than \(Network.mostLayers)")
        }
        try self.init(input: container.decode([Int].self, forKey: .input), layers: layers)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(inputShape, forKey: .input)
        try container.encode(layers.map { CodedLayer($0) }, forKey: .layers)
    }

    /// The most layers that a file may describe: building more takes memory and time without end.
    static let mostLayers = 10_000

    /// Whether a file can describe all layers: false where one is code of yours.
    var isDescribable: Bool {
        func describable(_ layer: any Layer) -> Bool {
            LayerCatalog.entry(for: layer) != nil
                && ((layer as? any LayerOfLayers)?.branches.allSatisfy { $0.allSatisfy(describable) } ?? true)
        }
        return layers.allSatisfy(describable)
    }
}

extension [any Layer] {
    /// The layers and those in them.
    var countWithParts: Int {
        reduce(0) { $0 + 1 + (($1 as? any LayerOfLayers)?.branches.reduce(0) { $0 + $1.countWithParts } ?? 0) }
    }
}
