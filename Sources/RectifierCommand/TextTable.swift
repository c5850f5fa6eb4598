/// Columns of text, as wide as their widest cell.
struct TextTable {
    enum Alignment { case left, right }

    var alignments: [Alignment]
    private var rows: [[String]] = []
    private var ruledRows: Set<Int> = []

    init(_ headings: [String], alignments: [Alignment]) {
        self.alignments = alignments
        if !headings.isEmpty {
            rows.append(headings)
            addRule()
        }
    }

    mutating func addRow(_ cells: [String]) { rows.append(cells) }

    /// A line of dashes below what was added so far.
    mutating func addRule() { ruledRows.insert(rows.count) }

    var lines: [String] {
        let widths = alignments.indices.map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        var lines: [String] = []
        for (number, row) in rows.enumerated() {
            if ruledRows.contains(number) { lines.append(widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")) }
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return alignments[column] == .left ? cell + padding : padding + cell
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        return lines
    }
}
