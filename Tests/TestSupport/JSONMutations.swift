import Foundation

/// Damages one field of a JSON text at a time: every field, in every way that breaks readers.
public struct JSONMutations {
    /// What a value is replaced by.
    private static let values: [String] = [
        "null", "true", "\"\"", "[]", "{}", "[null]", "{\"\":0}", "-1", "0", "1", "0.5", "2147483648", "4294967297", "9007199254740993",
        "4611686018427387904", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e308", "-1e308", "1e999",
        "5e-324", "\"\\u0000\\u001b[31m\"", "\"\(String(repeating: "x", count: 5000))\"",
        String(repeating: "[", count: 700) + String(repeating: "]", count: 700),
        String(repeating: "{\"a\":", count: 700) + "0" + String(repeating: "}", count: 700), "\"\u{fffd}\u{202e}\"", "01", "NaN", "",
    ]
    private static let mark = "\u{e000}mark\u{e000}"

    private let root: Any
    private let paths: [[Key]]

    private enum Key {
        case member(String)
        case element(Int)
    }

    public init(_ json: String) throws {
        root = try JSONSerialization.jsonObject(with: Data(json.utf8))
        paths = Self.paths(in: root)
    }

    /// A path is damaged in so many ways: the replacements, absent, doubled, renamed, with bytes that are no UTF-8.
    private static let ways = values.count + 4
    public var count: Int { paths.count * Self.ways }

    /// A text with one field damaged. There are ``count`` of them.
    public subscript(index: Int) -> [UInt8] {
        let path = paths[index / Self.ways], way = index % Self.ways
        if way < Self.values.count { return text { Self.replaced($0, path, Self.mark) }.bytes(for: Self.values[way]) }
        switch (way - Self.values.count, path.last!) {
        case (0, _): return text { Self.replaced($0, path, nil) }.bytes(for: "")
        case (1, .member(let name)):
            let value = text { _ in Self.value(in: root, path) }.text
            return text { Self.replaced($0, path, Self.mark) }.bytes(for: "\(value), \"\(name)\": \(value)")
        case (2, .member(let name)):
            let renamed = Array(path.dropLast()) + [.member(name + "\u{1b}[2J" + String(repeating: "y", count: 5000))]
            return text { Self.replaced(Self.replaced($0, path, nil), renamed, 1) }.bytes(for: "")
        case (3, _):
            return text { Self.replaced($0, path, Self.mark) }.bytes(for: "\"\u{e001}\"").flatMap { $0 == 0xee ? [0xf8, 0xff] : [$0] }
        case (_, .element):
            let value = text { _ in Self.value(in: root, path) }.text
            let count = value.hasPrefix("{") ? 50 : 1000
            return text { Self.replaced($0, path, Self.mark) }.bytes(for: Array(repeating: value, count: count).joined(separator: ","))
        default: fatalError("there are \(Self.ways) ways")
        }
    }

    private struct Marked {
        var text: String
        func bytes(for value: String) -> [UInt8] { Array(text.replacing("\"\(JSONMutations.mark)\"", with: value).utf8) }
    }

    private func text(_ change: (Any?) -> Any?) -> Marked {
        guard let changed = change(root) else { return Marked(text: "") }
        let options: JSONSerialization.WritingOptions = [.fragmentsAllowed, .prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Marked(text: String(decoding: try! JSONSerialization.data(withJSONObject: changed, options: options), as: UTF8.self))
    }

    /// Of the objects and lists as well as of what is in them.
    private static func paths(in value: Any) -> [[Key]] {
        let parts: [(Key, Any)]
        switch value {
        case let object as [String: Any]: parts = object.sorted { $0.key < $1.key }.map { (.member($0.key), $0.value) }
        // A long list's elements are all alike.
        case let list as [Any]: parts = list.enumerated().prefix(3).map { (.element($0.offset), $0.element) }
        default: parts = []
        }
        return parts.flatMap { key, part in [[key]] + paths(in: part).map { [key] + $0 } }
    }

    private static func value(in whole: Any, _ path: [Key]) -> Any {
        path.reduce(whole) { part, key in
            switch key {
            case .member(let name): (part as! [String: Any])[name]!
            case .element(let index): (part as! [Any])[index]
            }
        }
    }

    /// - Parameter new: `nil` takes the field away.
    private static func replaced(_ whole: Any?, _ path: [Key], _ new: Any?) -> Any? {
        guard let key = path.first else { return new }
        let rest = Array(path.dropFirst())
        switch key {
        case .member(let name):
            var object = whole as? [String: Any] ?? [:]
            object[name] = replaced(object[name], rest, new)
            return object
        case .element(let index):
            var list = whole as? [Any] ?? []
            if let changed = replaced(list[index], rest, new) { list[index] = changed } else { list.remove(at: index) }
            return list
        }
    }
}
