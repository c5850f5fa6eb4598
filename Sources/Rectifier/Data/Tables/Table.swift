/// Rows and columns of a file in memory, with what each column holds.
struct Table {
    enum Content: Equatable {
        case numbers
        /// Level numbers, and the levels.
        case text([String])
        /// Text with more different values than are kept; the numbers mean nothing.
        case manyTexts
    }

    struct Column {
        var name: String
        var content: Content
        /// How the file spells the numbers; nil: plainly.
        var spelling: ColumnSpelling?
        /// Whether the texts are dates, and nobody can tell which of day and month comes first.
        var hasUnclearDates = false
    }

    /// What messages begin with.
    var name: String
    var columns: [Column]
    /// Given up one by one as the table is used up.
    var blocks: [NumberBlock]
    var rowCount: Int
    /// The text file these are the rows of; nil for arrays.
    var file: CSVFile?

    var hasHeader: Bool { file?.hasHeader ?? false }

    /// `line 292` of a text file, `row 7` of an array.
    func place(ofRow row: Int) -> String { Table.place(ofRow: row, in: file) }

    static func place(ofRow row: Int, in file: CSVFile?) -> String {
        guard let file else { return "row \(row)" }
        var scanner = CSVScanner(
            file: file.bytes.start, position: file.bytes.start + file.dataStart, end: file.bytes.end, separator: file.separator)
        var number = 0
        while scanner.startRow(), number < row {
            guard (try? scanner.row()) != nil else { break }
            number += 1
        }
        return "line \(file.line(at: scanner.position - file.bytes.start))"
    }

    /// In columns of text, the words that stand for a missing value become one, but for words that are levels.
    ///
    /// - Parameter levels: of each of the columns, those that a model knows.
    func forgetMissingWords(in places: [Int], besides levels: [[String]] = []) {
        for (i, place) in places.enumerated() {
            guard case .text(let texts) = columns[place].content else { continue }
            let known = Set(levels.isEmpty ? [] : levels[i])
            let isMissing = texts.map { MissingWords.isMissing($0) && !known.contains($0) }
            guard isMissing.contains(true) else { continue }
            let numbers = isMissing.enumerated().map { $1 ? .nan : Double($0) }
            for block in blocks { block.renumber(place, numbers) }
        }
    }

    /// Calls `body` with each row's number and cells.
    func forEachRow(_ body: (Int, UnsafeMutablePointer<Double>) throws -> Void) rethrows {
        var number = 0
        for block in blocks {
            for row in 0..<block.rows {
                try body(number, block.row(row))
                number += 1
            }
        }
    }

    /// Calls `body` with the cells of some rows, which come in ascending order.
    func forEachRow(among rows: [Int32], _ body: (UnsafeMutablePointer<Double>) -> Void) {
        var next = 0
        forEachRow { number, cells in
            guard next < rows.count, rows[next] == number else { return }
            body(cells)
            next += 1
        }
    }
}

extension Table {
    /// The rows of an array of rank 1 or 2; `appended` adds further columns (targets) of as many rows.
    init(_ array: NumericArray, appending appended: NumericArray? = nil) throws {
        name = array.name
        rowCount = array.count
        let width = array.columnCount
        let appendedWidth = appended?.columnCount ?? 0
        columns = (0..<width).map { Column(name: String($0), content: .numbers) }
        for i in 0..<appendedWidth { columns.append(Column(name: appendedWidth == 1 ? "target" : "target \(i)", content: .numbers)) }
        blocks = []
        let rowsPerBlock = max(1, (1 << 19) / max(columns.count, 1))
        for first in stride(from: 0, to: rowCount, by: rowsPerBlock) {
            let rows = min(rowsPerBlock, rowCount - first)
            guard let block = NumberBlock(capacity: rows, columns: columns.count) else {
                throw RectifierError(.data, "\(name): there is no memory for a table of this size")
            }
            block.fill(rows: rows)
            for row in 0..<rows {
                let cells = block.row(row)
                for column in 0..<width { cells[column] = array.element((first + row) * width + column) }
                for column in 0..<appendedWidth { cells[width + column] = appended!.element((first + row) * appendedWidth + column) }
            }
            blocks.append(block)
        }
    }
}
