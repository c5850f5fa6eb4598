/// A value that recipes, flags and files know by one text.
///
/// ``init(_:)`` reads what ``spelling`` writes, to the same value.
public protocol Spelled: Sendable, Equatable, CustomStringConvertible {
    /// The value of a text.
    /// - Throws: ``RectifierError`` of kind `setting` that says what may stand there.
    init(_ spelling: String) throws

    var spelling: String { get }
}

extension Spelled {
    public var description: String { spelling }
}

/// In JSON a spelled value is its text, unless its type says otherwise.
extension Spelled where Self: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        self = try located(decoder) { try Self(text) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(spelling)
    }
}

/// A name with numbers behind it: `staircase:10:0.5`.
struct NumberedName {
    var name: String
    /// `nil` where one is no finite number.
    var numbers: [Double]?

    init(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        name = parts[0]
        let found = parts.dropFirst().map { finiteNumber($0) }
        numbers = found.contains(nil) ? nil : found.map { $0! }
    }

    static func spelling(_ name: String, _ numbers: Double...) -> String { ([name] + numbers.map(exactText)).joined(separator: ":") }
}

/// The shortest text that reads back as the same number: `2`, `0.1`, `1e-08`.
func exactText(_ number: Double) -> String {
    let text = String(number)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

func finiteNumber(_ text: some StringProtocol) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }

/// Whether a text can be the name of a layer or loss: ASCII letters, digits and hyphens, a letter first.
func isName(_ text: String) -> Bool { text.wholeMatch(of: /[A-Za-z][A-Za-z0-9-]*/) != nil }
