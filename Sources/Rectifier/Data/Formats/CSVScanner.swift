/// One field of a row where it stands in the file, without its quotes and the blanks around it.
struct CSVField {
    var start: UnsafePointer<UInt8>
    var count: Int
    /// Whether quotes inside are doubled, so that the text differs from the bytes.
    var hasDoubledQuotes = false

    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

    /// The field's text; bytes that are not UTF-8 are replaced.
    var text: String {
        guard hasDoubledQuotes else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: unescaped(), as: UTF8.self)
    }

    /// The bytes with each doubled quote once.
    func unescaped() -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var i = 0
        while i < count {
            result.append(start[i])
            i += start[i] == UInt8(ascii: "\"") ? 2 : 1
        }
        return result
    }
}

/// What is wrong with a CSV file, and where (a byte's offset).
enum CSVProblem: Error {
    case quoteNotClosed(at: Int)
    case textAfterQuote(at: Int)
    /// A row of another length than the first.
    case ragged(at: Int, found: Int, expected: Int)
    case textInNumbers(at: Int, column: Int, text: String)
    /// A field that is not spelled as its column is.
    case notSpelled(at: Int, column: Int, text: String, ColumnSpelling)

    var offset: Int {
        switch self {
        case .quoteNotClosed(let offset), .textAfterQuote(let offset), .ragged(let offset, _, _), .textInNumbers(let offset, _, _),
            .notSpelled(let offset, _, _, _):
            offset
        }
    }
}

/// Walks over the fields of a CSV file (RFC 4180): quoted fields with separators, newlines and doubled quotes; rows
/// that end in LF, CR LF or CR. Blanks around a field are not part of it. A quote inside an unquoted field is a
/// character like others. Blank lines are no rows.
struct CSVScanner {
    var position: UnsafePointer<UInt8>
    let fileStart: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    let separator: UInt8

    /// - Parameter position: the start of a row.
    init(file: UnsafePointer<UInt8>, position: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, separator: UInt8) {
        fileStart = file
        self.position = position
        self.end = end
        self.separator = separator
    }

    @inline(__always)
    func isBlank(_ byte: UInt8) -> Bool {
        (byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")) && byte != separator
    }

    @inline(__always)
    static func isNewline(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

    /// Goes to the next row that is not blank; false at the end of the file.
    @inline(__always)
    mutating func startRow() -> Bool {
        var p = position
        while p < end {
            var q = p
            while q < end, isBlank(q.pointee) { q += 1 }
            guard q < end else { break }
            guard CSVScanner.isNewline(q.pointee) else {
                position = p
                return true
            }
            p = q + 1
        }
        position = end
        return false
    }

    /// Reads the field here and stops at the separator or newline behind it, or at the end.
    mutating func field() throws(CSVProblem) -> CSVField {
        var p = position
        while p < end, isBlank(p.pointee) { p += 1 }
        guard p < end, p.pointee == UInt8(ascii: "\"") else {
            let start = p
            while p < end, p.pointee != separator, !CSVScanner.isNewline(p.pointee) { p += 1 }
            position = p
            while p > start, isBlank(p[-1]) { p -= 1 }
            return CSVField(start: start, count: p - start)
        }

        let quote = p
        p += 1
        var field = CSVField(start: p, count: 0)
        while true {
            while p < end, p.pointee != UInt8(ascii: "\"") { p += 1 }
            guard p < end else { throw .quoteNotClosed(at: quote - fileStart) }
            p += 1
            guard p < end, p.pointee == UInt8(ascii: "\"") else { break }
            field.hasDoubledQuotes = true
            p += 1
        }
        field.count = p - 1 - field.start
        while p < end, isBlank(p.pointee) { p += 1 }
        guard p == end || p.pointee == separator || CSVScanner.isNewline(p.pointee) else { throw .textAfterQuote(at: p - fileStart) }
        position = p
        return field
    }

    /// Passes a separator; false at the end of the row, which is passed too.
    @inline(__always)
    mutating func nextField() -> Bool {
        guard position < end else { return false }
        let byte = position.pointee
        position += 1
        if byte == separator { return true }
        if byte == UInt8(ascii: "\r"), position < end, position.pointee == UInt8(ascii: "\n") { position += 1 }
        return false
    }

    /// Reads a whole row.
    mutating func row() throws(CSVProblem) -> [CSVField] {
        var fields: [CSVField] = []
        repeat { fields.append(try field()) } while nextField()
        return fields
    }
}
