/// A CSV file that was opened: its separator, its header and the number of its fields are known; its rows are not read
/// yet.
struct CSVFile {
    let bytes: Bytes
    let separator: UInt8
    let hasHeader: Bool
    /// The header's names, or the columns' numbers from 0.
    let columnNames: [String]
    /// Where the first row of data begins.
    let dataStart: Int
    /// What the user should know of how it was read.
    let notes: [String]

    /// The most columns of a table.
    static let columnLimit = 1 << 20

    /// The most of a file that is looked at to find out how it is written.
    private static let sampleSize = 1 << 18
    private static let sampleRows = 1000

    /// - Parameters:
    ///   - separator: one ASCII character (`tab` is spelled out too); nil: found from the content.
    ///   - header: whether the first row holds names; nil: found from the content.
    init(_ packed: Bytes, separator: String? = nil, header: Bool? = nil) throws {
        let unpacked = try packed.unpacked()
        let name = unpacked.name
        if unpacked.raw.starts(with: [0xff, 0xfe]) || unpacked.raw.starts(with: [0xfe, 0xff]) {
            throw RectifierError(.file, "\(name): is UTF-16 text; save it as UTF-8")
        }
        if unpacked.raw.prefix(CSVFile.sampleSize).contains(0) {
            throw RectifierError(.file, "\(name): is not text, so it cannot be read as a table")
        }
        let isUTF8 = unpacked.isUTF8
        bytes = isUTF8 ? unpacked : try unpacked.asUTF8()
        notes = isUTF8 ? [] : ["\(name): is no UTF-8 text; it is read as Latin-1 (Windows-1252)"]
        var start = bytes.raw.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0

        if let separator {
            self.separator = try CSVFile.byte(of: separator)
        } else {
            self.separator = CSVFile.likelySeparator(bytes, from: start)
        }
        let sample = CSVFile.sample(bytes, from: start, separator: self.separator)
        var scanner = CSVScanner(file: bytes.start, position: bytes.start + start, end: bytes.end, separator: self.separator)
        guard scanner.startRow() else { throw RectifierError(.data, "\(name): is empty; a table needs at least one row") }
        let first: [CSVField]
        do {
            first = try scanner.row()
        } catch {
            throw CSVFile.error(error, in: bytes, columnNames: [])
        }
        guard first.count <= CSVFile.columnLimit else {
            throw RectifierError(.data, "\(name): has \(first.count) columns, more than \(CSVFile.columnLimit)")
        }
        let hasHeader = header ?? CSVFile.looksLikeHeader(sample)
        self.hasHeader = hasHeader
        if hasHeader { start = scanner.position - bytes.start }
        dataStart = start
        columnNames = first.enumerated().map { index, field in hasHeader && field.count > 0 ? field.text : String(index) }
        var known: Set<String> = []
        if let twice = columnNames.first(where: { !known.insert($0).inserted }) {
            throw RectifierError(.data, "\(name): two columns are called \(quoted(twice)); give each a name of its own in the first line")
        }
    }

    /// All rows as text.
    func rows() throws -> [[String]] {
        var scanner = CSVScanner(file: bytes.start, position: bytes.start + dataStart, end: bytes.end, separator: separator)
        var rows: [[String]] = []
        while scanner.startRow() {
            let start = scanner.position
            let row: [String]
            do {
                row = try scanner.row().map(\.text)
                if row.count != columnNames.count {
                    throw CSVProblem.ragged(at: start - bytes.start, found: row.count, expected: columnNames.count)
                }
            } catch let problem as CSVProblem {
                throw error(problem)
            }
            rows.append(row)
        }
        return rows
    }

    // MARK: How the file is written

    private static func byte(of separator: String) throws -> UInt8 {
        if separator == "tab" || separator == "\\t" { return UInt8(ascii: "\t") }
        guard separator.utf8.count == 1, let byte = separator.utf8.first, byte < 0x80, byte != 0,
            !"\"\r\n.+-".utf8.contains(byte), !separator.first!.isLetter, !separator.first!.isNumber
        else {
            throw RectifierError(
                .setting,
                "separator \(quoted(separator)): must be one character, no letter, no quote, nothing of a number (or the word tab)"
            )
        }
        return byte
    }

    /// The first rows, as far as they can be read, by a cheap limit.
    private static func sample(_ bytes: Bytes, from start: Int, separator: UInt8) -> [[CSVField]] {
        let isWhole = bytes.count - start <= sampleSize
        let end = isWhole ? bytes.end : bytes.start + start + sampleSize
        var scanner = CSVScanner(file: bytes.start, position: bytes.start + start, end: end, separator: separator)
        var rows: [[CSVField]] = []
        while rows.count < sampleRows, scanner.startRow(), let row = try? scanner.row() {
            // What the limit cut is no row.
            if !isWhole, scanner.position == end, !rows.isEmpty { break }
            rows.append(row)
        }
        return rows
    }

    /// The candidate that gives the most rows of one length above 1, and of these the one that gives the longest.
    private static func likelySeparator(_ bytes: Bytes, from start: Int) -> UInt8 {
        var best = (separator: UInt8(ascii: ","), share: 0.0, length: 1)
        for candidate in ",;\t|".utf8 {
            let lengths = sample(bytes, from: start, separator: candidate).map(\.count)
            var occurrences: [Int: Int] = [:]
            for length in lengths { occurrences[length, default: 0] += 1 }
            guard let (length, count) = occurrences.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), length > 1 else { continue }
            let share = Double(count) / Double(lengths.count)
            if (share, length) > (best.share, best.length) { best = (candidate, share, length) }
        }
        return best.separator
    }

    /// The first row holds names if none of its fields is a number and it stands above at least one column of numbers.
    /// Where no column is one of numbers: if its fields are all there, all different, and none occurs again in its
    /// column. The numbers 0, 1, 2, … are names too: pandas writes them.
    private static func looksLikeHeader(_ sample: [[CSVField]]) -> Bool {
        guard let first = sample.first else { return false }
        if first.count > 1, first.enumerated().allSatisfy({ $1.text == String($0) }) { return true }
        if first.contains(where: { Decimal.number($0.bytes) != nil }) { return false }
        let rest = sample.dropFirst().filter { $0.count == first.count }
        // Words alone: a header without rows, which is reported as an empty set.
        if sample.count == 1 { return true }
        if rest.isEmpty { return false }
        var hasNumbers = false
        for column in first.indices {
            var numbers = 0
            var texts = 0
            for row in rest where !MissingWords.isMissingNumber(row[column].bytes) {
                if Decimal.number(row[column].bytes) == nil { texts += 1 } else { numbers += 1 }
            }
            if numbers > texts {
                hasNumbers = true
                // A value nobody knows above numbers is data.
                if first[column].count > 0, MissingWords.isMissing(first[column].bytes) { return false }
            }
        }
        if hasNumbers { return true }
        return Set(first.map(\.text)).count == first.count
            && first.indices.allSatisfy { column in
                first[column].count > 0 && rest.allSatisfy { !$0[column].bytes.elementsEqual(first[column].bytes) }
            }
    }

    // MARK: Places

    /// The line, counted from 1, in which a byte stands.
    func line(at offset: Int) -> Int { CSVFile.line(at: offset, in: bytes) }

    private static func line(at offset: Int, in bytes: Bytes) -> Int {
        var line = 1
        for i in 0..<min(offset, bytes.count) {
            // CR LF is counted by its LF.
            if bytes.start[i] == UInt8(ascii: "\n")
                || (bytes.start[i] == UInt8(ascii: "\r") && !(i + 1 < bytes.count && bytes.start[i + 1] == UInt8(ascii: "\n")))
            {
                line += 1
            }
        }
        return line
    }

    func error(_ problem: CSVProblem) -> RectifierError { CSVFile.error(problem, in: bytes, columnNames: columnNames) }

    private static func error(_ problem: CSVProblem, in bytes: Bytes, columnNames: [String]) -> RectifierError {
        let place = "\(bytes.name) line \(line(at: problem.offset, in: bytes))"
        switch problem {
        case .quoteNotClosed: return RectifierError(.data, "\(place): a quoted field begins here and never ends; close the quote")
        case .textAfterQuote:
            return RectifierError(.data, "\(place): text follows the closing quote of a field; double the quotes inside it")
        case .ragged(_, let found, let expected):
            return RectifierError(.data, "\(place): \(fields(found)) where the first row has \(expected); every row needs as many")
        case .textInNumbers(_, let column, let text):
            return RectifierError(
                .data, "\(place): \(quoted(text)) in column \(quoted(columnNames[column])), which holds numbers; correct it")
        case .notSpelled(_, let column, let text, let spelling):
            return RectifierError(
                .data, "\(place): \(quoted(text)) in column \(quoted(columnNames[column])), which holds \(spelling.what); correct it")
        }
    }

    private static func fields(_ count: Int) -> String { count == 1 ? "1 field" : "\(count) fields" }
}

/// Text in the form of comma-separated values (RFC 4180).
public enum CSV {
    /// The rows of a text, the header among them: for small use. A row of another length than the first is an error.
    ///
    /// - Parameter separator: one ASCII character; nil: found from the content.
    public static func rows(_ text: String, separator: String? = nil, name: String = "text") throws -> [[String]] {
        try CSVFile(Bytes(Array(text.utf8), name: name), separator: separator, header: false).rows()
    }
}
