/// Reads the members of one JSON object into settings that already hold their defaults.
///
/// A member that is absent or `null` leaves its default; one that no setting has is an error that names its path and
/// the closest key there is.
struct RecipeFields<Key: RecipeKey> {
    private let container: KeyedDecodingContainer<RecipePathKey>

    init(_ decoder: any Decoder, as _: Key.Type = Key.self) throws {
        do {
            container = try decoder.container(keyedBy: RecipePathKey.self)
        } catch {
            throw recipeError(decoder.codingPath, "an object in { } is expected")
        }
        let names = Key.allCases.map(\.rawValue)
        for key in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) where !names.contains(key.stringValue) {
            throw recipeError(decoder.codingPath + [key], "no such key; \(Names.hint(for: key.stringValue, among: names))")
        }
    }

    /// The member, or nil where it is absent or `null`.
    func value<Value: RecipeValue>(_ key: Key, as _: Value.Type = Value.self) throws -> Value? {
        let key = RecipePathKey(stringValue: key.rawValue)
        guard container.contains(key), (try? container.decodeNil(forKey: key)) != true else { return nil }
        do {
            return try container.decode(Value.self, forKey: key)
        } catch let error as RectifierError {
            throw error
        } catch {
            let found = (try? container.decode(String.self, forKey: key)).map { ", not '\(oneLine($0))'" } ?? ""
            throw recipeError(container.codingPath + [key], "\(Value.expected) is expected\(found)")
        }
    }

    func read<Value: RecipeValue>(_ key: Key, into setting: inout Value) throws {
        if let value = try value(key, as: Value.self) { setting = value }
    }

    func read<Value: RecipeValue>(_ key: Key, into setting: inout Value?) throws {
        if let value = try value(key, as: Value.self) { setting = value }
    }

    /// Throws for a member that another kind of this object would have.
    func refuseOthers(than allowed: Set<Key>, of name: String, at path: [any CodingKey]) throws where Key: Hashable {
        for key in container.allKeys where !allowed.contains(where: { $0.rawValue == key.stringValue }) {
            throw recipeError(path + [key], "'\(name)' has no such setting")
        }
    }
}

/// The keys of one object, all of them.
protocol RecipeKey: RawRepresentable<String>, CaseIterable {}

/// A key that may be any text, so that unknown ones are seen.
struct RecipePathKey: CodingKey {
    var stringValue: String
    var intValue: Int?

    init(stringValue: String) { self.stringValue = stringValue }
    init(intValue: Int) {
        stringValue = String(intValue)
        self.intValue = intValue
    }
}

/// `training.optimizer.momentum: …`
func recipeError(_ path: [any CodingKey], _ message: String) -> RectifierError {
    var text = ""
    for key in path {
        if let index = key.intValue {
            text += "[\(index)]"
        } else {
            text += (text.isEmpty ? "" : ".") + oneLine(key.stringValue)
        }
    }
    return RectifierError(.setting, text.isEmpty ? message : "\(text): \(message)")
}

// ===--- What a member may be ---===//

/// Something a recipe's member can hold.
protocol RecipeValue: Decodable {
    /// What an error says should stand there.
    static var expected: String { get }
}

extension Int: RecipeValue {
    static var expected: String { "a whole number" }
}

extension UInt64: RecipeValue {
    static var expected: String { "a whole number from 0 to \(UInt64.max)" }
}

extension Double: RecipeValue {
    static var expected: String { "a number" }
}

extension Bool: RecipeValue {
    static var expected: String { "true or false" }
}

extension String: RecipeValue {
    static var expected: String { "a text in quotes" }
}

extension Array: RecipeValue where Element: RecipeValue {
    static var expected: String { "a list of \(Element.expected.split(separator: " ").dropFirst().joined(separator: " "))s" }
}

extension Dictionary: RecipeValue where Key == String, Value: RecipeValue {
    static var expected: String { "an object in { } with \(Value.expected) for each name" }
}

extension RecipeValue where Self: CaseIterable & RawRepresentable<String> {
    static var expected: String { Names.oneOf(allCases.map(\.rawValue)) }
}

extension DataSettings.Task: RecipeValue {}
extension DataSettings.MissingValues: RecipeValue {}
extension DataSettings.NumberFeatures: RecipeValue {}
extension DataSettings.ColumnRole: RecipeValue {}
extension ElementType: RecipeValue {}
extension Metric: RecipeValue {}

/// Settings with a `Decodable` of their own, whose errors already name the place.
protocol RecipeObject: RecipeValue {}

extension RecipeObject {
    static var expected: String { "an object in { }" }
}
