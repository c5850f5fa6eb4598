import Foundation

/// What the probes of a run need to go on, by their names: part of a ``Checkpoint``.
struct ProbeStates: Codable, Sendable {
    private var values: [String: JSONValue] = [:]

    init() {}

    mutating func keep(_ state: some Encodable, of name: String) throws {
        values[name] = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(state))
    }

    /// - Throws: ``RectifierError`` where what was kept is of another form.
    func state<State: Decodable>(of name: String, as _: State.Type) throws -> State? {
        guard let value = values[name] else { return nil }
        do {
            return try JSONDecoder().decode(State.self, from: JSONEncoder().encode(value))
        } catch let error as DecodingError {
            throw RectifierError(.file, "the checkpoint's state of the probe '\(oneLine(name))' is damaged: \(error.place)")
        }
    }

    init(from decoder: any Decoder) throws { values = try decoder.singleValueContainer().decode([String: JSONValue].self) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }
}

/// Any JSON.
private enum JSONValue: Codable, Sendable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Whole numbers come first, because states are full of them and a wrong guess takes long.
        if let value = try? container.decode(Int.self) {
            self = .int(value)
        } else if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
