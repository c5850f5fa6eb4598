/// How a column's fields are read.
enum ColumnReading: Sendable, Equatable {
    /// As numbers; fields that are none are counted.
    case tentative
    /// As numbers; a field that is none is an error.
    case numeric
    /// As numbers that are spelled in some way; a field that is none is an error.
    case spelled(ColumnSpelling)
    /// As levels.
    case text
    /// Not at all.
    case skipped

    /// - Parameter spelling: nil: plain decimal numbers.
    static func numbers(_ spelling: ColumnSpelling?) -> ColumnReading { spelling.map(ColumnReading.spelled) ?? .numeric }

    /// nil where the field is no number of this kind.
    func number(in field: CSVField) -> Double? {
        if case .spelled(let spelling) = self { spelling.number(field.text) } else { Decimal.number(field.bytes) }
    }

    /// Whether plain decimal numbers are looked for.
    var takesNumbers: Bool {
        switch self {
        case .tentative, .numeric: true
        case .spelled, .text, .skipped: false
        }
    }
}

/// Reads the rows that begin in one stretch of a CSV file into a block of numbers.
///
/// The way a number takes through the loop is short: digits, the power of ten, the separator. Everything else (quotes,
/// words, missing values, text) goes through ``CSVScanner``.
struct CSVBlockParser {
    let file: Bytes
    let separator: UInt8
    let readings: [ColumnReading]

    /// What was found beside the numbers.
    struct Outcome {
        let block: NumberBlock
        /// Where the row behind the last one read begins; the limit where only blank lines are between.
        var end = 0
        var problem: CSVProblem?
        var columns: [Column]

        struct Column {
            /// Tentative columns: the fields that are not numbers, the fields that are missing, and where the first
            /// that is no number stands.
            var texts = 0
            var missing = 0
            var firstText = Int.max
            /// Text columns.
            var levels: LevelTable?
        }
    }

    /// Reads the rows from `start`, where one begins, up to the last that begins before `limit`.
    ///
    /// - Parameter earlier: what an earlier pass made of these rows; columns that are not skipped are written anew.
    func parse(from start: Int, to limit: Int, into earlier: NumberBlock? = nil) throws -> Outcome {
        let columnCount = readings.count
        guard let block = earlier ?? NumberBlock(capacity: start < limit ? rowLimit(start, limit) : 0, columns: columnCount) else {
            throw RectifierError(.data, "\(file.name): there is no memory for a table of this size")
        }
        var outcome = Outcome(block: block, columns: readings.map { .init(levels: $0 == .text ? LevelTable() : nil) })
        var rows = 0
        readings.withUnsafeBufferPointer { readings in
            let limit = file.start + limit
            let end = file.end
            let separator = separator
            let skipsSpaces = separator != UInt8(ascii: " ")
            var scanner = CSVScanner(file: file.start, position: file.start + start, end: end, separator: separator)
            var rowEnd = scanner.position
            var row = block.values
            while rowEnd < limit, scanner.startRow(), scanner.position < limit {
                let rowStart = scanner.position
                var column = 0
                var isMore = true
                repeat {
                    var isRead = false
                    if readings[column].takesNumbers {
                        var p = scanner.position
                        if skipsSpaces { while p < end, p.pointee == UInt8(ascii: " ") { p += 1 } }
                        let value = Decimal.read(&p, end)
                        if !value.isNaN, p == end || p.pointee == separator || CSVScanner.isNewline(p.pointee) {
                            scanner.position = p
                            row[column] = value
                            isRead = true
                        }
                    }
                    if !isRead {
                        outcome.problem = readOther(&scanner, column, readings[column], row + column, &outcome.columns[column])
                        if outcome.problem != nil { break }
                    }
                    column += 1
                    isMore = scanner.nextField()
                } while isMore && column < columnCount
                if outcome.problem == nil, isMore || column < columnCount { outcome.problem = ragged(rowStart) }
                if outcome.problem != nil { break }
                rows += 1
                row += columnCount
                rowEnd = scanner.position
            }
            outcome.end = max(rowEnd, limit) - file.start
        }
        if earlier == nil { block.fill(rows: rows) }
        return outcome
    }

    /// Reads a field that is not a plain number in a column of numbers.
    @inline(never)
    private func readOther(
        _ scanner: inout CSVScanner, _ column: Int, _ reading: ColumnReading, _ cell: UnsafeMutablePointer<Double>,
        _ notes: inout Outcome.Column
    ) -> CSVProblem? {
        let start = scanner.position
        let field: CSVField
        do { field = try scanner.field() } catch { return error }
        switch reading {
        case .skipped: break
        case .text:
            if field.count == 0 {
                cell.pointee = .nan
            } else if field.hasDoubledQuotes {
                cell.pointee = field.unescaped().withUnsafeBufferPointer { notes.levels!.code($0) }.map(Double.init) ?? .nan
            } else {
                cell.pointee = notes.levels!.code(field.bytes).map(Double.init) ?? .nan
            }
        case .tentative, .numeric, .spelled:
            if let number = reading.number(in: field) {
                cell.pointee = number
                break
            }
            cell.pointee = .nan
            if MissingWords.isMissingNumber(field.bytes) {
                notes.missing += 1
            } else if case .spelled(let spelling) = reading {
                return .notSpelled(at: start - file.start, column: column, text: field.text, spelling)
            } else if reading == .numeric {
                return .textInNumbers(at: start - file.start, column: column, text: field.text)
            } else {
                if notes.texts == 0 { notes.firstText = start - file.start }
                notes.texts += 1
            }
        }
        return nil
    }

    private func ragged(_ rowStart: UnsafePointer<UInt8>) -> CSVProblem {
        var scanner = CSVScanner(file: file.start, position: rowStart, end: file.end, separator: separator)
        do {
            var count = 1
            _ = try scanner.field()
            while scanner.nextField() {
                _ = try scanner.field()
                count += 1
            }
            return .ragged(at: rowStart - file.start, found: count, expected: readings.count)
        } catch {
            return error
        }
    }

    /// No more rows than this begin in the stretch: each has at least a byte for each of its fields. Memory is taken as
    /// rows are written.
    private func rowLimit(_ start: Int, _ limit: Int) -> Int { (limit - start) / readings.count + 1 }
}

/// How many quotes and newlines are in a stretch of a file, eight bytes at a time.
struct ByteCounts {
    var quotes = 0
    var newlines = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        let raw = UnsafeRawBufferPointer(bytes)
        let words = bytes.count / 8
        var word = 0
        while word < words {
            // As many words as the lanes of a counter can count.
            var quoteLanes: UInt64 = 0
            var newlineLanes: UInt64 = 0
            let last = min(word + 255, words)
            while word < last {
                let text = raw.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)
                quoteLanes &+= ByteCounts.lanes(text, equal: UInt8(ascii: "\""))
                newlineLanes &+= ByteCounts.lanes(text, equal: UInt8(ascii: "\n")) | ByteCounts.lanes(text, equal: UInt8(ascii: "\r"))
                word += 1
            }
            quotes += ByteCounts.sum(quoteLanes)
            newlines += ByteCounts.sum(newlineLanes)
        }
        for byte in bytes[(8 * words)...] {
            if byte == UInt8(ascii: "\"") { quotes += 1 }
            if CSVScanner.isNewline(byte) { newlines += 1 }
        }
    }

    /// 1 in each of the eight lanes that hold the byte, else 0.
    @inline(__always)
    private static func lanes(_ text: UInt64, equal byte: UInt8) -> UInt64 {
        let difference = text ^ (UInt64(byte) &* 0x0101_0101_0101_0101)
        let low: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
        return ~((difference & low) &+ low | difference | low) >> 7
    }

    private static func sum(_ lanes: UInt64) -> Int {
        (0..<8).reduce(0) { $0 + Int(lanes >> UInt64(8 * $1) & 0xff) }
    }
}
