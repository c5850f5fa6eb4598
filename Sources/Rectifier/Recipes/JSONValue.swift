/// Any JSON: what a recipe's ranges draw, and the states of probes. Numbers keep all their digits.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case whole(Int)
    /// Above what ``whole(_:)`` holds, as a seed may be.
    case large(UInt64)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    /// Puts a value where a path of keys leads; objects that are missing are made.
    ///
    /// - Throws: ``RectifierError`` where something else than an object stands on the way.
    mutating func set(_ path: ArraySlice<String>, to value: JSONValue) throws {
        guard let key = path.first else {
            self = value
            return
        }
        guard case .object(var members) = self else {
            throw RectifierError(.setting, "the recipe has no object in { } around '\(oneLine(key))'")
        }
        var member = members[key] ?? .object([:])
        try member.set(path.dropFirst(), to: value)
        members[key] = member
        self = .object(members)
    }
}

extension JSONValue: Codable, RecipeValue {
    static var expected: String { "a value" }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Whole numbers come first, because the states of probes are full of them and a wrong guess takes long.
        if let value = try? container.decode(Int.self) {
            self = .whole(value)
        } else if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .large(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .whole(let value): try container.encode(value)
        case .large(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// As people read it: `0.003`, `relu`, `64, 64`.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .whole(let value): "\(value)"
        case .large(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): oneLine(value)
        case .list(let values): values.isEmpty ? "none" : values.map(\.description).joined(separator: ",")
        case .object(let members):
            "{\(members.sorted { $0.key < $1.key }.map { "\(oneLine($0.key)): \($0.value)" }.joined(separator: ", "))}"
        }
    }
}
