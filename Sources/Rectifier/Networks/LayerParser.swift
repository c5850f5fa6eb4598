/// A layer as it stands in a text, before it is known what its words mean.
struct LayerPhrase {
    var name: Word
    var words: [Word] = []
    /// What stands in parentheses, in parts with `|` between them.
    var branches: [[LayerPhrase]]?

    struct Word {
        var text: String
        /// In characters, from 1.
        var position: Int
    }
}

/// Reads the layer language:
///
///     layers = "identity" | layer { "," layer }
///     layer  = name { word } [ "(" layers { "|" layers } ")" ]
///
/// A word ends at a space, a line end or one of `,()|`, unless it is JSON in `{ }`. `identity` stands for no layers.
struct LayerParser {
    private let text: [Character]
    private var place = 0
    private var depth = 0

    static let identity = "identity"
    /// Layers inside layers inside layers.
    private static let greatestDepth = 100

    /// The phrases of a whole text.
    /// - Throws: ``RectifierError`` with the position of what is wrong.
    static func phrases(of text: String) throws -> [LayerPhrase] {
        var parser = LayerParser(text: Array(text))
        let phrases = try parser.layers()
        guard parser.isAtEnd else { throw parser.unexpected("a ',' or the end") }
        return phrases
    }

    private init(text: [Character]) { self.text = text }

    private mutating func layers() throws -> [LayerPhrase] {
        var phrases = [try layer()]
        while skip(",") { phrases.append(try layer()) }
        for phrase in phrases where phrase.name.text == Self.identity {
            guard phrases.count == 1, phrase.words.isEmpty, phrase.branches == nil else {
                throw phrase.name.error("'\(Self.identity)' stands for no layers, so it stands alone")
            }
            return []
        }
        return phrases
    }

    private mutating func layer() throws -> LayerPhrase {
        guard let name = try word() else { throw unexpected("a layer") }
        var phrase = LayerPhrase(name: name)
        while let word = try word() { phrase.words.append(word) }
        if skip("(") {
            depth += 1
            guard depth <= Self.greatestDepth else { throw name.error("layers lie inside each other more than \(Self.greatestDepth) deep") }
            var branches = [try layers()]
            while skip("|") { branches.append(try layers()) }
            guard skip(")") else { throw unexpected("a ',', '|' or ')'") }
            depth -= 1
            phrase.branches = branches
        }
        return phrase
    }

    private mutating func word() throws -> LayerPhrase.Word? {
        skipSpace()
        let start = place
        while place < text.count, !text[place].isWhitespace, !",()|".contains(text[place]) {
            if text[place] == "{" { try skipJSON() } else { place += 1 }
        }
        // JSON may go over several lines, errors may not.
        let characters = text[start..<place].map { $0.isNewline ? " " : $0 }
        return place == start ? nil : LayerPhrase.Word(text: String(characters), position: start + 1)
    }

    /// Moves behind the brace that closes the one here. Braces in strings do not count.
    private mutating func skipJSON() throws {
        let start = place
        var open = 0, isInString = false
        while place < text.count {
            let character = text[place]
            place += 1
            switch character {
            case "\\" where isInString: place += 1
            case "\"": isInString.toggle()
            case "{" where !isInString: open += 1
            case "}" where !isInString:
                open -= 1
                if open == 0 { return }
            default: break
            }
        }
        throw LayerPhrase.Word(text: "{", position: start + 1).error("the '{' is not closed")
    }

    private mutating func skipSpace() { while place < text.count, text[place].isWhitespace { place += 1 } }

    private mutating func skip(_ character: Character) -> Bool {
        skipSpace()
        guard place < text.count, text[place] == character else { return false }
        place += 1
        return true
    }

    private var isAtEnd: Bool { text[place...].allSatisfy(\.isWhitespace) }

    /// What to say where something else was expected than what comes next.
    private func unexpected(_ expected: String) -> RectifierError {
        let next = text[place...].prefix { !$0.isWhitespace && !",()|".contains($0) }
        let found = LayerPhrase.Word(text: next.isEmpty ? String(text[place...].prefix(1)) : String(next), position: place + 1)
        return found.error("\(expected) is expected, not \(found.text.isEmpty ? "the end" : found.shown)")
    }
}

extension LayerPhrase.Word {
    /// An error at this place.
    func error(_ message: String) -> RectifierError { RectifierError(.setting, "character \(position): \(message)") }

    /// The word as an error shows it.
    var shown: String { "'\(oneLine(text))'" }
}
