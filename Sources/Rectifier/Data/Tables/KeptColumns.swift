/// Columns of a table as they stand in its file, to be written beside what is predicted for its rows.
package struct KeptColumns: Sendable {
    package var names: [String]
    /// The fields of each row, as many as names.
    package var rows: [[String]]
}

extension CSVFile {
    /// - Parameter names: of the columns, or their numbers; `all` alone is every column.
    func keeping(_ names: [String]) throws -> KeptColumns {
        let places =
            names == ["all"] && !columnNames.contains("all")
            ? Array(columnNames.indices)
            : try names.map { name in
                guard let place = columnNames.place(ofColumn: name) else {
                    throw RectifierError(
                        .data, "\(bytes.name): no column \(quoted(name)) to keep; the columns are \(TargetValues.listed(columnNames))")
                }
                return place
            }
        return KeptColumns(names: places.map { columnNames[$0] }, rows: try rows().map { row in places.map { row[$0] } })
    }
}
