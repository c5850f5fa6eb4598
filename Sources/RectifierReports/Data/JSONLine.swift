import Foundation

/// A JSON object on one line, its members in the order they were added. Members that are nil or not finite are left
/// out.
package struct JSONLine: CustomStringConvertible {
    private var members: [String] = []

    package init() {}

    package mutating func add(_ key: String, _ value: (any JSONWritable)?) {
        if let text = value?.jsonText { members.append("\(jsonQuoted(key)):\(text)") }
    }

    package var description: String { "{\(members.joined(separator: ","))}" }
}

extension JSONLine: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral members: (String, (any JSONWritable)?)...) {
        for (key, value) in members { add(key, value) }
    }
}

/// What can stand in a ``JSONLine``. Nil: cannot be written, as NaN.
package protocol JSONWritable {
    var jsonText: String? { get }
}

extension Int: JSONWritable {
    package var jsonText: String? { description }
}

extension Bool: JSONWritable {
    package var jsonText: String? { description }
}

extension Double: JSONWritable {
    /// The shortest text that reads back as the same number.
    package var jsonText: String? { isFinite ? description : nil }
}

extension Float: JSONWritable {
    package var jsonText: String? { isFinite ? description : nil }
}

extension String: JSONWritable {
    package var jsonText: String? { jsonQuoted(self) }
}

extension JSONLine: JSONWritable {
    package var jsonText: String? { description }
}

extension Array: JSONWritable where Element: JSONWritable {
    package var jsonText: String? { "[\(map { $0.jsonText ?? "null" }.joined(separator: ","))]" }
}

/// Text that is JSON already.
package struct RawJSON: JSONWritable {
    package var jsonText: String?
    package init(jsonText: String?) { self.jsonText = jsonText }
}

private func jsonQuoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        case "\n": quoted += "\\n"
        case "\r": quoted += "\\r"
        case "\t": quoted += "\\t"
        case _ where scalar.value < 0x20:
            quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}
