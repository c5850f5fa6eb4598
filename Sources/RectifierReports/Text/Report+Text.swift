import RectifierText

extension Report {
    /// As text, in lines of at most `width` columns.
    /// - Parameter pictures: Where the charts are, in words; nil: they are sketched in characters.
    public func text(width: Int = 80, pictures: String? = nil) -> String {
        var parts = [wrapped(title, width: width) + wrapped(summary, width: width)]
        if !facts.isEmpty { parts.append(factLines(width)) }
        if !findings.isEmpty { parts.append(findings.flatMap { $0.lines(width: width) }) }
        parts += tables.filter(\.isForPeople).map { $0.lines(width: width) }
        if let pictures { parts.append(wrapped(pictures, width: width)) } else { parts += charts.map { $0.lines(width: width) } }
        return parts.map { $0.map { $0 + "\n" }.joined() }.joined(separator: "\n")
    }

    private func factLines(_ width: Int) -> [String] {
        let names = facts.map { terminalColumns($0.name) }.max()! + 2
        return facts.flatMap { fact in
            let name = shortened(fact.name, to: width / 2)
            return wrapped(
                fact.value, width: width,
                first: name + String(repeating: " ", count: max(2, min(names, width / 2 + 2) - terminalColumns(name))),
                indent: String(repeating: " ", count: min(names, width / 2 + 2)))
        }
    }
}

extension Report.Finding {
    package func lines(width: Int) -> [String] { wrapped(sentence, width: width, first: "• ", indent: "  ") }
}

extension Report.Table {
    /// Title, rows and note. What is too wide is cut into tables below one another.
    package func lines(width: Int) -> [String] { wrapped(title, width: width) + body(width: width) }

    /// The same without the title.
    package func body(width: Int) -> [String] {
        let columns = shownColumns
        var table = TextTable(columns.map { self.columns[$0].heading! }, alignments: columns.map { isText($0) ? .left : .right })
        for (number, row) in rows.enumerated() {
            if ruledRows.contains(number) { table.addRule() }
            // A cell is one line.
            table.addRow(columns.map { row[$0].shown.split(whereSeparator: \.isNewline).joined(separator: " ") })
        }
        return table.lines(width: width, repeating: keyColumns) + (note.isEmpty ? [] : wrapped(note, width: width))
    }
}
