/// The network of a recipe, and its loss.
///
/// Either hidden layers of some widths with one activation, or all layers in the layer language:
///
/// ```json
/// "network": {"layers": [512, 512], "activation": "relu", "dropout": 0.2}
/// "network": "dense 512, relu, dropout 0.2, dense 10"
/// "network": {"layers": "dense 512, relu, dense 1", "loss": "huber:1", "atZero": 0.5}
/// ```
public struct NetworkSettings: Sendable, Codable, Equatable {
    /// Units of the hidden layers; `[]` is a linear model. `nil`: 512, 512 for images, smaller for tables.
    public var layers: [Int]?
    /// The activation after each hidden layer.
    public var activation = Activation.relu
    /// The derivative at the kinks of activations and loss: for ReLU the one at 0, 0 ≤ value ≤ 1; for others the same
    /// share of the way from the inactive side's to the active side's, so that leaky ReLU has
    /// `slope + value · (1 - slope)`, the absolute value `2 · value - 1` and hard sigmoid `value / 6`. `nil`: each
    /// function's own, 0 for ReLU. A value outside [0, 1] must be written as ``KinkValue/unsound(_:)``, in JSON
    /// `"unsound:2"`.
    public var atZero: KinkValue?
    /// How weights are drawn. `nil`: the usual way for the activation.
    public var initializer: Initializer?
    /// The share of hidden outputs set to 0 while training, 0 ≤ share < 1.
    public var dropout = 0.0
    /// All layers, the last one included, whose width the data decide. Where they are given, widths, activation,
    /// initializer and dropout are not. Images are flattened where no layer of the list does it: first, or, behind
    /// layers that take images, before the first dense one.
    public var allLayers: LayerList?
    /// A network by its name, in place of all layers. A plan has the layers.
    public var named: NamedNetwork?
    /// What training makes small. `nil`: cross-entropy for classes, squared error for numbers.
    public var loss: Loss?

    public init() {}

    /// A network by its name, or its layers in the layer language.
    package init(_ text: String) throws {
        named = NamedNetwork(rawValue: text)
        if named == nil { allLayers = try LayerList(text) }
    }

    /// The settings of a network in code.
    /// - Throws: ``RectifierError`` for a layer that is not in the ``LayerCatalog``.
    public init(_ network: Network, loss: Loss? = nil) throws {
        allLayers = try LayerList(network.layers)
        self.loss = loss
    }
}

// ===--- JSON ---===//

extension NetworkSettings: RecipeObject {
    private enum Key: String, RecipeKey, CodingKey { case layers, activation, atZero, initializer, initialiser, dropout, loss }

    static var expected: String { "an object in { }, or layers in quotes," }

    public init(from decoder: any Decoder) throws {
        self.init()
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            named = NamedNetwork(rawValue: text)
            if named == nil { allLayers = try LayerList(from: decoder) }
            return
        }
        guard (try? decoder.container(keyedBy: Key.self)) != nil else {
            throw recipeError(decoder.codingPath, "\(Self.expected) is expected")
        }
        let fields = try RecipeFields(decoder, as: Key.self)
        switch try fields.value(.layers, as: Layers.self) {
        case .widths(let widths): layers = widths
        case .all(let list): allLayers = list
        case .named(let network): named = network
        case nil: break
        }
        try fields.read(.activation, into: &activation)
        try fields.read(.atZero, into: &atZero)
        try fields.read(.initialiser, into: &initializer)  // as it was once spelled
        try fields.read(.initializer, into: &initializer)
        try fields.read(.dropout, into: &dropout)
        try fields.read(.loss, into: &loss)
    }

    public func encode(to encoder: any Encoder) throws {
        if let named, atZero == nil, loss == nil { return try named.encode(to: encoder) }
        if let allLayers, atZero == nil, loss == nil { return try allLayers.encode(to: encoder) }
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(atZero, forKey: .atZero)
        try container.encodeIfPresent(loss, forKey: .loss)
        if let named { return try container.encode(named, forKey: .layers) }
        if let allLayers { return try container.encode(allLayers, forKey: .layers) }
        try container.encodeIfPresent(layers, forKey: .layers)
        try container.encode(activation, forKey: .activation)
        try container.encodeIfPresent(initializer, forKey: .initializer)
        try container.encode(dropout, forKey: .dropout)
    }

    /// What `layers` may be.
    private enum Layers: RecipeValue {
        case widths([Int])
        case all(LayerList)
        case named(NamedNetwork)

        static var expected: String { "a list of whole numbers, or layers in quotes," }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                self = try NamedNetwork(rawValue: text).map(Self.named) ?? .all(LayerList(from: decoder))
            } else {
                self = .widths(try decoder.singleValueContainer().decode([Int].self))
            }
        }
    }
}

extension Activation: RecipeValue {
    static var expected: String { "an activation's name in quotes" }
}

extension Initializer: RecipeValue {
    static var expected: String { "an initializer's name in quotes" }
}

extension Loss: RecipeValue {
    static var expected: String { "a loss's name in quotes" }
}

// ===--- What they make ---===//

extension Network {
    /// The network of a recipe, for samples of the shape `input` whose targets are `outputs` numbers.
    ///
    /// - Throws: As ``init(input:layers:)``, and where all layers are given and give another number of outputs.
    public init(_ settings: NetworkSettings, input: [Int], outputs: Int) throws {
        guard let list = settings.allLayers else {
            try self.init(input: input, layers: settings.hiddenLayers(input: input) + [settings.outputLayer(outputs)])
            return
        }
        var layers = list.layers
        if let share = settings.atZero { layers = layers.map { $0.withKinks(at: share) } }
        if input.count > 1, !layers.contains(where: { $0 is Flatten || $0 is GlobalAveragePool2D }) {
            let dense = layers.containsImageLayer ? layers.firstIndex { $0 is Dense } : 0
            if let dense { layers.insert(Flatten(), at: dense) }
        }
        try self.init(input: input, layers: layers)
        guard outputShape == [outputs] else {
            let found = outputShape == [1] ? "1 output" : "\(outputShape.map(String.init).joined(separator: "×")) outputs"
            throw RectifierError(
                .shape, "the network's layers end in \(found), the data need \(outputs): let the last one be dense \(outputs)")
        }
    }
}

extension NetworkSettings {
    fileprivate func hiddenLayers(input: [Int]) -> [any Layer] {
        let dense = initializer ?? activation.usualInitializer
        var result: [any Layer] = input.count > 1 ? [Flatten()] : []
        for units in layers ?? Self.usualLayers(input: input) {
            result.append(Dense(units, initializer: dense))
            if let activation = activation.layer(atKinks: atZero) { result.append(activation) }
            if dropout > 0 { result.append(Dropout(dropout)) }
        }
        return result
    }

    fileprivate func outputLayer(_ outputs: Int) -> Dense {
        Dense(outputs, initializer: initializer ?? Activation.linear.usualInitializer)
    }

    /// The hidden layers for samples of that shape, many of them, where nothing names any.
    static func usualLayers(input: [Int]) -> [Int] { input.count >= 2 ? [512, 512] : [128, 64] }

    /// Fills in the layers of a named network, and the widths of hidden layers where neither they nor all layers are
    /// given.
    mutating func fill(layers usual: [Int], outputs: Int) throws {
        if let named { (allLayers, self.named) = (try named.layers(outputs: outputs), nil) }
        if allLayers == nil { layers = layers ?? usual }
    }

    /// The loss for some targets, with the derivative ``atZero`` at its kink.
    /// - Throws: ``RectifierError`` where it is not for such targets.
    func loss(for data: Dataset) throws -> Loss {
        let loss = self.loss ?? data.usualLoss
        try loss.check(data.targets)
        return atZero.map(loss.atKinks) ?? loss
    }

    /// The network in a few words: `512-512 relu`, or all layers where they take no more than `width` characters.
    package func title(width: Int) -> String {
        if let named { return named.rawValue }
        guard let allLayers else {
            let widths = layers ?? []
            return widths.isEmpty ? "linear" : "\(widths.map(String.init).joined(separator: "-")) \(activation)"
        }
        let text = allLayers.spelling
        return text.count <= width ? text : "\(allLayers.layers.count) layers"
    }
}
