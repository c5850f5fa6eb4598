/// Columns of text, as wide as their widest cell.
package struct TextTable {
    package enum Alignment { case left, right }

    private var alignments: [Alignment]
    private var rows: [[String]] = []
    private var ruledRows: Set<Int> = []

    package init(_ headings: [String], alignments: [Alignment]) {
        self.alignments = alignments
        if !headings.isEmpty {
            rows.append(headings)
            addRule()
        }
    }

    package mutating func addRow(_ cells: [String]) { rows.append(cells) }

    /// A line of dashes below what was added so far.
    package mutating func addRule() { ruledRows.insert(rows.count) }

    package var lines: [String] { lines(of: Array(alignments.indices)) }

    /// Lines of at most so many columns of a terminal: a table that is wider is cut into several, one below the other,
    /// each of which begins with the first `repeated` columns.
    package func lines(width: Int, repeating repeated: Int = 1) -> [String] {
        let widths = widths
        var blocks: [[Int]] = []
        for column in alignments.indices {
            let used = (blocks.last ?? []).reduce(0) { $0 + widths[$1] + 2 }
            if blocks.isEmpty || (used + widths[column] > width && column > repeated) {
                blocks.append(Array(0..<min(repeated, column)))
            }
            blocks[blocks.count - 1].append(column)
        }
        return blocks.map { lines(of: $0).map { shortened($0, to: width) } }.joined(separator: [""]).map { $0 }
    }

    /// The same, but the first column's cells are shortened, down to `least` columns of a terminal, before the table is
    /// cut.
    package func lines(width: Int, repeating repeated: Int = 1, shorteningTo least: Int) -> [String] {
        let excess = widths.reduce(-2) { $0 + $1 + 2 } - width
        guard excess > 0 else { return lines }
        var table = self
        let room = max(least, widths[0] - excess)
        for row in rows.indices { table.rows[row][0] = shortenedInside(rows[row][0], to: room) }
        return table.lines(width: width, repeating: repeated)
    }

    private var widths: [Int] {
        alignments.indices.map { column in rows.map { column < $0.count ? terminalColumns($0[column]) : 0 }.max() ?? 0 }
    }

    private func lines(of columns: [Int]) -> [String] {
        let widths = widths
        var lines: [String] = []
        for (number, row) in rows.enumerated() {
            if ruledRows.contains(number) {
                lines.append(columns.map { String(repeating: "─", count: widths[$0]) }.joined(separator: "  "))
            }
            let cells = columns.filter { $0 < row.count }.map { column in
                let padding = String(repeating: " ", count: widths[column] - terminalColumns(row[column]))
                return alignments[column] == .left ? row[column] + padding : padding + row[column]
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        return lines
    }
}
