/// One setting of a layer in the layer language: `64`, `at-zero=0.5`, `no-bias`.
///
/// What a setting usually is need not be written, and is not printed.
public struct LayerArgument<L: Layer>: Sendable {
    enum Form: Sendable {
        /// The first, second, … word that is nothing else.
        case place(isRequired: Bool)
        /// `key=value`
        case key(String)
        /// A word that stands for itself.
        case flag(String)
    }

    let form: Form
    /// As errors show it: `UNITS`, `at-zero=VALUE`.
    let usage: String
    let read: @Sendable (inout L, String) throws -> Void
    /// The value as a text; `nil` where nothing is to be said.
    let write: @Sendable (L) -> String?

    private init<Value>(
        _ form: Form, usage: String, _ path: any WritableKeyPath<L, Value> & Sendable, expected: String,
        read: @escaping @Sendable (String) throws -> Value?, write: @escaping @Sendable (Value) -> String?
    ) {
        self.form = form
        self.usage = usage
        self.read = { layer, text in
            guard let value = try read(text) else {
                throw RectifierError(.setting, "\(usage) must be \(expected), not '\(oneLine(text))'")
            }
            layer[keyPath: path] = value
        }
        self.write = { write($0[keyPath: path]) }
    }

    /// A whole number in its place, which must be given: `dense 64`.
    public static func count(
        _ path: any WritableKeyPath<L, Int> & Sendable, _ name: String, in range: ClosedRange<Int> = 1...1_000_000
    ) -> Self {
        Self(
            .place(isRequired: true), usage: name, path,
            expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            read: { Int($0).flatMap { range ~= $0 ? $0 : nil } }, write: { String($0) })
    }

    /// A number in its place: `leaky-relu 0.1`.
    public static func number(
        _ path: any WritableKeyPath<L, Double> & Sendable, _ name: String, isRequired: Bool = false
    ) -> Self {
        Self(
            .place(isRequired: isRequired), usage: name, path, expected: "a number", read: { finiteNumber($0) },
            write: { exactText($0) })
    }

    /// A number by its key: `scale=2`.
    public static func number(_ path: any WritableKeyPath<L, Double> & Sendable, key: String) -> Self {
        Self(.key(key), usage: "\(key)=NUMBER", path, expected: "a number", read: { finiteNumber($0) }, write: { exactText($0) })
    }

    /// A word of its own for one side of a switch: `no-bias`.
    public static func flag(_ word: String, _ path: any WritableKeyPath<L, Bool> & Sendable, sets side: Bool = true) -> Self {
        Self(.flag(word), usage: word, path, expected: word, read: { _ in side }, write: { $0 == side ? word : nil })
    }

    /// A derivative at a kink: `at-zero=0.5`, `at-zero=unsound:2`.
    public static func kink(_ key: String, _ path: any WritableKeyPath<L, KinkValue> & Sendable) -> Self {
        Self(
            .key(key), usage: "\(key)=VALUE", path, expected: kinkValues, read: { KinkValue($0) }, write: { $0.description })
    }

    /// A derivative at a kink that may be left to the layer.
    public static func kink(_ key: String, _ path: any WritableKeyPath<L, KinkValue?> & Sendable) -> Self {
        Self(
            .key(key), usage: "\(key)=VALUE", path, expected: kinkValues, read: { KinkValue($0).map(Optional.some) },
            write: { $0?.description })
    }

    private static var kinkValues: String { "a number or unsound:NUMBER" }

    /// A value with a spelling of its own, in its place: `conv 32 3x3`.
    public static func place<Value: Spelled>(_ path: any WritableKeyPath<L, Value> & Sendable, _ name: String) -> Self {
        Self(
            .place(isRequired: false), usage: name, path, expected: "a value", read: { try Value($0) }, write: { $0.spelling })
    }

    /// A value with a spelling of its own, by its key: `init=orthogonal:0.5`.
    public static func value<Value: Spelled>(_ key: String, _ path: any WritableKeyPath<L, Value> & Sendable) -> Self {
        Self(
            .key(key), usage: "\(key)=\(key.uppercased())", path, expected: "a value", read: { try Value($0) },
            write: { $0.spelling })
    }

    /// The same for one that may be left to the layer.
    public static func value<Value: Spelled>(_ key: String, _ path: any WritableKeyPath<L, Value?> & Sendable) -> Self {
        Self(
            .key(key), usage: "\(key)=\(key.uppercased())", path, expected: "a value", read: { .some(try Value($0)) },
            write: { $0?.spelling })
    }
}
