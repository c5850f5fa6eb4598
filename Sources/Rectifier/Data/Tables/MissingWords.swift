/// The words that stand for a value nobody knows.
enum MissingWords {
    /// Whether a field is missing in a column of text: empty, or what no text means.
    static func isMissing(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.count == 0 || (bytes.count <= 4 && plain.contains { $0.count == bytes.count && $0.elementsEqual(bytes) })
    }

    /// Whether a field is missing among numbers, where more words can mean nothing else.
    static func isMissingNumber(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if isMissing(bytes) { return true }
        guard bytes.count <= longest else { return false }
        return amongNumbers.contains { word in
            word.count == bytes.count && zip(word, bytes).allSatisfy { $0 == (65...90 ~= $1 ? $1 | 0x20 : $1) }
        }
    }

    static func isMissing(_ text: String) -> Bool {
        var text = text
        return text.withUTF8(isMissing)
    }

    static func isMissingNumber(_ text: String) -> Bool {
        var text = text
        return text.withUTF8(isMissingNumber)
    }

    private static let plain = ["?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL"].map { Array($0.utf8) }

    /// In lower case.
    private static let amongNumbers = [
        "-", "--", ".", "na", "n/a", "n.a.", "#n/a", "nan", "nat", "nil", "null", "none", "missing", "unknown", "undefined",
    ].map { Array($0.utf8) }
    private static let longest = amongNumbers.map(\.count).max()!
}
