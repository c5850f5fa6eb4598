extension Report.Table {
    /// Comma-separated values after a line of names, as RFC 4180 has them; numbers are not rounded.
    public var csv: String {
        let keyed = keyedColumns
        let lines = [keyed.map { columns[$0].key! }] + rows.map { row in keyed.map { row[$0].csv } }
        return lines.map { $0.map(quotedForCSV).joined(separator: ",") + "\n" }.joined()
    }
}

extension Report {
    /// A file for each table that programs read. A single one gets the name alone, others the table's name as well.
    public func csvFiles(named name: String) -> [(name: String, content: String)] {
        let tables = tables.filter(\.isForPrograms)
        return tables.map { (tables.count == 1 ? "\(name).csv" : "\(name)-\($0.name).csv", $0.csv) }
    }
}

extension Report.Cell {
    fileprivate var csv: String {
        switch value {
        case .text(let text): text
        case .count(let count): String(count)
        case .number(let number): number.description
        case .none: ""
        }
    }
}

private func quotedForCSV(_ text: String) -> String {
    // By scalars: a quote with a combining mark after it is another character, and still a quote to a reader.
    guard text.unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else { return text }
    var quoted = "\"".unicodeScalars
    for scalar in text.unicodeScalars { quoted.append(contentsOf: scalar == "\"" ? [scalar, scalar] : [scalar]) }
    quoted.append("\"")
    return String(quoted)
}
