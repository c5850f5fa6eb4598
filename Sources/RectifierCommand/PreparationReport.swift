import Rectifier
import RectifierReports

/// What `inspect` tells of how data become a network's input and its output an answer.
struct PreparationReport {
    let lines: [String]

    private static let mostNames = 12

    init(_ preparation: Preparation) {
        var lines: [String] = []
        switch preparation.input {
        case .bytes(let shape):
            lines.append("input: bytes \(Format.shape(shape)), divided by 255")
        case .numbers(let shape, let mean, let deviation):
            let isPlain = mean == 0 && deviation == 1
            let scale = "less \(Format.significant(mean)), divided by \(Format.significant(deviation))"
            lines.append("input: numbers \(Format.shape(shape)), \(isPlain ? "as they are" : scale)")
        case .table(let layout):
            lines.append("input: \(layout.columns.count) columns of a table, \(layout.width) features")
            var table = TextTable(["column", "as", "mean or levels", "sd"], alignments: [.left, .left, .left, .right])
            for column in layout.columns {
                switch column.content {
                case .numbers(let mean, let deviation):
                    table.addRow([column.name, "number", Format.significant(mean), Format.significant(deviation)])
                case .levels(let names, _):
                    table.addRow([column.name, "\(names.count) levels", Self.listed(names), ""])
                }
            }
            lines += table.lines.map { "  " + $0 }
        }
        switch preparation.target {
        case .classes(let names):
            lines.append("output: \(names.count) classes: \(Self.listed(names))")
        case .values(let columns):
            for column in columns {
                lines.append("output: \(column.name), mean \(Format.significant(column.mean)), sd \(Format.significant(column.deviation))")
            }
        }
        self.lines = lines
    }

    private static func listed(_ names: [String]) -> String {
        names.prefix(mostNames).joined(separator: ", ") + (names.count > mostNames ? ", …" : "")
    }
}
