/// Layers one after another, as the layer language spells them: `dense 512, relu, dropout 0.2, dense 10`.
///
/// Every layer of the ``LayerCatalog`` has a spelling, so that a text says all that the layers are:
/// `LayerList(list.spelling) == list`. See <doc:LayerLanguage>.
///
/// Weights whose initializer is not written are drawn by the usual one of the activation behind them, before the next
/// layer that has weights; where there is none, by Glorot's.
public struct LayerList: Spelled, Codable, Hashable {
    public let layers: [any Layer]
    public let spelling: String

    /// - Throws: ``RectifierError`` with the position, what stands there, and what may.
    public init(_ spelling: String) throws { try self.init(LayerCatalog.layers(of: LayerParser.phrases(of: spelling))) }

    /// - Throws: ``RectifierError`` for a layer that is not in the ``LayerCatalog``.
    public init(_ layers: [any Layer]) throws {
        self.layers = layers
        spelling = try LayerCatalog.spelling(of: layers)
    }

    public static func == (a: LayerList, b: LayerList) -> Bool { a.spelling == b.spelling }
    public func hash(into hasher: inout Hasher) { hasher.combine(spelling) }
}

extension LayerCatalog {
    static func layers(of phrases: [LayerPhrase]) throws -> [any Layer] {
        let entries = try phrases.map { phrase in
            guard let entry = entry(named: phrase.name.text) else {
                let hint = Names.hint(for: phrase.name.text, among: names)
                throw phrase.name.error("there is no layer \(phrase.name.shown); \(hint)")
            }
            return entry
        }
        return try zip(zip(entries, phrases), usualInitializers(entries)).map { try $0.0.read($0.1, $1) }
    }

    package static func spelling(of layers: [any Layer]) throws -> String {
        if layers.isEmpty { return LayerParser.identity }
        let entries = try layers.map { layer in
            guard let entry = entry(for: layer) else {
                throw RectifierError(
                    .setting, "the layer \(layer.name) is code and has no spelling; LayerCatalog.register gives it one")
            }
            return entry
        }
        return try zip(zip(entries, layers), usualInitializers(entries)).map { try $0.0.write($0.1, $1) }.joined(separator: ", ")
    }

    /// The same layers with their weights drawn as is usual before the activations behind them.
    package static func drawnAsUsual(_ layers: [any Layer]) -> [any Layer] {
        let entries = layers.map { entry(for: $0) }
        guard !entries.contains(where: { $0 == nil }) else { return layers }
        return zip(layers, usualInitializers(entries.map { $0! })).map { layer, usual in
            if var weighted = layer as? any WeightedLayer {
                weighted.initializer = usual
                return weighted
            }
            guard let layer = layer as? any LayerOfLayers else { return layer }
            // As many branches as before, which is what the layer has shown it can have.
            return try! type(of: layer).init(branches: layer.branches.map(drawnAsUsual))
        }
    }

    /// For each of some layers in a row, how its weights are usually drawn: by what the next activation needs.
    private static func usualInitializers(_ entries: [LayerEntry]) -> [Initializer] {
        var usual = [Initializer](repeating: Activation.linear.usualInitializer, count: entries.count)
        for index in entries.indices.dropFirst().reversed() {
            let entry = entries[index]
            usual[index - 1] = entry.usualInitializer ?? (entry.hasWeights ? Activation.linear.usualInitializer : usual[index])
        }
        return usual
    }
}
