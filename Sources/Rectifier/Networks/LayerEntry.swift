import Foundation

/// A layer in the ``LayerCatalog``.
struct LayerEntry: Sendable {
    let name: String
    let type: any (Layer & Codable).Type
    /// How weights before it are usually drawn; `nil` where it is no activation.
    let usualInitializer: Initializer?
    /// Whether it has weights that an activation behind it speaks for, or layers that may have.
    let hasWeights: Bool
    /// The layer of a phrase, where its weights are usually drawn by an initializer.
    let read: @Sendable (LayerPhrase, Initializer) throws -> any Layer
    /// The phrase of a layer.
    let write: @Sendable (any Layer, Initializer) throws -> String
}

/// A layer whose weights are drawn by an initializer of its own.
protocol WeightedLayer: Layer {
    var initializer: Initializer { get set }
}

/// A layer made of layers.
package protocol LayerOfLayers: Layer, Codable {
    /// Lists of layers that each take the input.
    var branches: [[any Layer]] { get }
    /// Throws where it cannot have so many branches.
    init(branches: [[any Layer]]) throws
}

extension LayerEntry {
    /// A layer whose settings are spelled by arguments.
    /// - Parameter usual: What it is without any.
    init<L: Layer & Codable>(_ name: String, _ usual: L, _ arguments: [LayerArgument<L>], activation: Initializer? = nil) {
        let words = LayerWords(name: name, arguments: arguments)
        @Sendable func usualLayer(_ initializer: Initializer) -> L {
            guard var weighted = usual as? any WeightedLayer else { return usual }
            weighted.initializer = initializer
            return weighted as! L
        }
        self.init(
            name: name, type: L.self, usualInitializer: activation, hasWeights: usual is any WeightedLayer,
            read: { phrase, initializer in
                guard phrase.branches == nil else { throw phrase.name.error("\(name) takes no layers in parentheses") }
                var layer = usualLayer(initializer)
                try words.read(phrase, into: &layer)
                return layer
            },
            write: { layer, initializer in words.write(layer as! L, usual: usualLayer(initializer)) })
    }

    init<L: Layer & Codable>(_ name: String, _ usual: L, _ arguments: LayerArgument<L>..., activation: Initializer? = nil) {
        self.init(name, usual, arguments, activation: activation)
    }

    /// A layer of layers: `residual(dense 64, relu, dense 64)`.
    init<L: LayerOfLayers>(_ name: String, _ type: L.Type) {
        self.init(
            name: name, type: type, usualInitializer: nil, hasWeights: true,
            read: { phrase, _ in
                if let word = phrase.words.first { throw word.error("\(name) takes layers in parentheses, not \(word.shown)") }
                guard let branches = phrase.branches else {
                    throw phrase.name.error("\(name) takes layers in parentheses: \(name)(dense 64, relu, dense 64)")
                }
                let layers = try branches.map(LayerCatalog.layers)
                do {
                    return try L(branches: layers)
                } catch let error as RectifierError {
                    throw phrase.name.error("\(name) \(error.description)")
                }
            },
            write: { layer, _ in
                let branches = try (layer as! L).branches.map(LayerCatalog.spelling)
                return "\(name)(\(branches.joined(separator: " | ")))"
            })
    }

    /// A layer whose settings are spelled as its `Codable` has them: `scaled-mish {"scale":2}`.
    init<L: Layer & Codable>(coded type: L.Type, _ name: String, activation: Initializer?) {
        self.init(
            name: name, type: type, usualInitializer: activation, hasWeights: false,
            read: { phrase, _ in
                guard phrase.branches == nil else { throw phrase.name.error("\(name) takes no layers in parentheses") }
                guard phrase.words.count <= 1 else { throw phrase.words[1].error("\(name) takes its settings as one JSON object") }
                let place = phrase.words.first ?? phrase.name
                do {
                    return try JSONDecoder().decode(L.self, from: Data((phrase.words.first?.text ?? "{}").utf8))
                } catch let error as DecodingError {
                    throw place.error("\(name) takes its settings as a JSON object: \(error.place)")
                } catch let error as RectifierError {
                    throw place.error(error.description)
                }
            },
            write: { layer, _ in
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                let settings = String(decoding: try encoder.encode(layer as! L), as: UTF8.self)
                return settings == "{}" ? name : "\(name) \(settings)"
            })
    }
}

/// The words behind a layer's name.
private struct LayerWords<L: Layer>: Sendable {
    let name: String
    let arguments: [LayerArgument<L>]

    func read(_ phrase: LayerPhrase, into layer: inout L) throws {
        var places = arguments.filter { if case .place = $0.form { true } else { false } }[...]
        var given = Set<String>()
        for word in phrase.words {
            guard let (argument, value) = match(word.text) ?? places.popFirst().map({ ($0, word.text) }) else { throw unknown(word) }
            guard given.insert(argument.usage).inserted else { throw word.error("\(argument.usage) is given twice") }
            do {
                try argument.read(&layer, value)
            } catch let error as RectifierError {
                throw word.error(error.description)
            }
        }
        if case .place(isRequired: true)? = places.first?.form {
            throw phrase.name.error("\(name) needs a number behind it: \(usage)")
        }
    }

    /// The argument that a word names, with the value it gives it.
    private func match(_ word: String) -> (LayerArgument<L>, String)? {
        for argument in arguments {
            switch argument.form {
            case .flag(word): return (argument, word)
            case .key(let key) where word.hasPrefix(key + "="): return (argument, String(word.dropFirst(key.count + 1)))
            default: continue
            }
        }
        return nil
    }

    private func unknown(_ word: LayerPhrase.Word) -> RectifierError {
        let keys = arguments.compactMap { argument in
            switch argument.form {
            case .key(let key): key
            case .flag(let word): word
            case .place: nil
            }
        }
        let close = Names.closest(to: String(word.text.prefix { $0 != "=" }), among: keys)
        return word.error("\(name) takes no \(word.shown); \(close.map { "did you mean '\($0)'?" } ?? "it is written: \(usage)")")
    }

    func write(_ layer: L, usual: L) -> String {
        var words = [name]
        // A number in its place needs those before it.
        var isLast = true
        for argument in arguments.reversed() {
            let text = argument.write(layer)
            switch argument.form {
            case .place(let isRequired):
                guard isRequired || !isLast || text != argument.write(usual), let text else { continue }
                isLast = false
                words.insert(text, at: 1)
            case .key(let key):
                if let text, text != argument.write(usual) { words.insert("\(key)=\(text)", at: 1) }
            case .flag:
                if let text { words.insert(text, at: 1) }
            }
        }
        return words.joined(separator: " ")
    }

    /// `dense UNITS [no-bias] [init=INIT]`
    private var usage: String {
        let words = arguments.map { argument in
            if case .place(isRequired: true) = argument.form { return argument.usage }
            return "[\(argument.usage)]"
        }
        return ([name] + words).joined(separator: " ")
    }
}
