// Layers in model files: `{"layer": "dense", "units": 512, …}`.

/// Layers that a model file can describe, by the name they have there.
private let knownLayers: [String: any (Layer & Codable).Type] = [
    "dense": Dense.self, "flatten": Flatten.self, "dropout": Dropout.self, "residual": Residual.self,
    "relu": ReLU.self, "leaky-relu": LeakyReLU.self, "prelu": PReLU.self, "relu6": ReLU6.self, "abs": Absolute.self, "elu": ELU.self,
    "gelu": GELU.self,
    "silu": SiLU.self, "softplus": Softplus.self, "sigmoid": Sigmoid.self, "tanh": Tanh.self, "hard-sigmoid": HardSigmoid.self,
    "hard-tanh": HardTanh.self, "sin": SineActivation.self,
]

private let layerNames = Dictionary(uniqueKeysWithValues: knownLayers.map { (ObjectIdentifier($1), $0) })

/// A layer with its name beside its settings.
private struct CodedLayer: Codable {
    enum Key: String, CodingKey { case layer }
    var layer: any Layer

    init(_ layer: any Layer) { self.layer = layer }

    init(from decoder: any Decoder) throws {
        let name = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .layer)
        guard let type = knownLayers[name] else {
            throw RectifierError(
                .file, "there is no layer \"\(name)\"; a model with layers of your own is read with its network given in code")
        }
        layer = try type.init(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
        guard let coded = layer as? any (Layer & Codable), let name = layerNames[ObjectIdentifier(type(of: layer))] else {
            throw RectifierError(.output, "the layer \(layer.name) is code and cannot be described in a file")
        }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .layer)
        try coded.encode(to: encoder)
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

extension Network: Codable {
    private enum Key: String, CodingKey { case input, layers }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        try self.init(
            input: container.decode([Int].self, forKey: .input), layers: container.decode([CodedLayer].self, forKey: .layers).map(\.layer))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(inputShape, forKey: .input)
        try container.encode(layers.map { CodedLayer($0) }, forKey: .layers)
    }

    /// Whether a file can describe all layers: false where one is code of yours.
    var isDescribable: Bool {
        func describable(_ layer: any Layer) -> Bool {
            (layer as? Residual)?.layers.allSatisfy(describable) ?? (layerNames[ObjectIdentifier(type(of: layer))] != nil)
        }
        return layers.allSatisfy(describable)
    }
}
