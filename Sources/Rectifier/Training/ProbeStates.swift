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
