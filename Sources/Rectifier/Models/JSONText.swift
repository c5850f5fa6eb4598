import Foundation

/// What is looked at in JSON from a file before Foundation's decoder reads it. That one ends the program for bytes that
/// are no UTF-8, takes many times the file's size of memory, and picks one of two members of the same name.
///
/// Whether the text is JSON at all is left to the decoder; comments and the other liberties of JSON5 are understood.
struct JSONText {
    /// One line.
    struct Flaw: Error, CustomStringConvertible {
        var description: String
    }

    /// Layers may lie 100 deep in each other, and take three levels each.
    private static let deepest = 320
    /// What the names of about a million categories take.
    private static let largest = 32 << 20

    /// Throws a ``Flaw`` where the decoder should not see the text.
    static func check(_ json: Data) throws(Flaw) {
        guard json.count <= largest else { throw Flaw(description: "\(json.count) bytes are more than the \(largest) that are read") }
        let bytes = [UInt8](json)
        // 0 stands in UTF-16, which the decoder would take as well, and in no JSON.
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else { throw notUTF8(bytes) }
        var text = JSONText(bytes: bytes)
        try text.walk()
    }

    /// What a file says, if it says that.
    static func value<Value: Decodable>(_ type: Value.Type, in json: [UInt8]) -> Value? {
        let json = Data(json)
        guard (try? check(json)) != nil else { return nil }
        return try? JSONDecoder().decode(type, from: json)
    }

    private static func notUTF8(_ bytes: [UInt8]) -> Flaw {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let bad = lines.firstIndex { $0.contains(0) || String(validating: $0, as: UTF8.self) == nil } ?? 0
        let line = String(decoding: lines[bad], as: UTF8.self).trimmingCharacters(in: .whitespaces)
        return Flaw(description: "line \(bad + 1) is not UTF-8: \(quoted(line))")
    }

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    /// The objects and lists around the position, with the names so far of each object.
    private var open: [Set<ArraySlice<UInt8>>?] = []
    /// The word or string that came last, if nothing but space has come since.
    private var token: ArraySlice<UInt8>?

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func walk() throws(Flaw) {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                token = nil
                open.append(byte == UInt8(ascii: "{") ? [] : nil)
                guard open.count <= Self.deepest else { throw Flaw(description: "line \(line): more than \(Self.deepest) levels deep") }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                token = nil
                _ = open.popLast()
            case UInt8(ascii: ":"):
                if let token, let last = open.indices.last, open[last]?.insert(token).inserted == false {
                    throw Flaw(description: "line \(line): \(quoted(String(decoding: token, as: UTF8.self))) stands twice in one object")
                }
                token = nil
            case UInt8(ascii: ","): token = nil
            case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(to: byte)
            case UInt8(ascii: "/"): skipComment()
            default: skipWord()
            }
        }
    }

    private mutating func skipString(to quote: UInt8) {
        let start = position
        while position < bytes.count, bytes[position] != quote {
            if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count { position += 1 }
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
        token = bytes[start..<position]
        position = min(position + 1, bytes.count)
    }

    private mutating func skipComment() {
        guard position < bytes.count else { return }
        let isLine = bytes[position] == UInt8(ascii: "/")
        guard isLine || bytes[position] == UInt8(ascii: "*") else { return }
        position += 1
        let start = position
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "\n") {
                if isLine { return }
                line += 1
            } else if !isLine, position > start, bytes[position] == UInt8(ascii: "/"), bytes[position - 1] == UInt8(ascii: "*") {
                break
            }
            position += 1
        }
        position = min(position + 1, bytes.count)
    }

    private mutating func skipWord() {
        let start = position - 1
        while position < bytes.count, !"{}[]:,\"'/ \t\r\n".utf8.contains(bytes[position]) { position += 1 }
        token = bytes[start..<position]
    }
}
