import Rectifier
import RectifierText

/// What `inspect` tells of how data become a network's input and its output an answer.
struct PreparationReport {
    private let preparation: Preparation

    private static let mostNames = 12
    /// Columns of a terminal: for the levels in a table, and those that a name is not shortened below.
    private static let widestLevels = 32, leastName = 12

    init(_ preparation: Preparation) { self.preparation = preparation }

    func lines(width: Int) -> [String] { input(width: width) + output.flatMap { wrapped($0, width: width, indent: "  ") } }

    private func input(width: Int) -> [String] {
        switch preparation.input {
        case .bytes(let shape): return ["input: bytes \(Format.shape(shape)), divided by 255"]
        case .channels(let shape, let scales):
            func listed(_ numbers: [Double]) -> String { numbers.map { Format.significant($0) }.joined(separator: ", ") }
            let text = "input: bytes \(Format.shape(shape)), less \(listed(scales.means)), divided by \(listed(scales.deviations))"
            return wrapped(text, width: width, indent: "  ")
        case .numbers(let shape, let mean, let deviation):
            let isPlain = mean == 0 && deviation == 1
            let scale = "less \(Format.significant(mean)), divided by \(Format.significant(deviation))"
            return wrapped("input: numbers \(Format.shape(shape)), \(isPlain ? "as they are" : scale)", width: width, indent: "  ")
        case .table(let layout):
            var table = TextTable(["column", "as", "mean or levels", "sd"], alignments: [.left, .left, .left, .right])
            for column in layout.columns {
                switch column.content {
                case .numbers(let mean, let deviation):
                    let kind = (column.spelling == .boolean ? "yes or no" : "number") + (column.marksMissing == true ? ", or missing" : "")
                    table.addRow([printable(column.name), kind, Format.significant(mean), Format.significant(deviation)])
                case .shaped(let shape):
                    let kind =
                        (shape.width > 1 ? "number in \(shape.width - 1) pieces" : "number")
                        + (column.marksMissing == true ? ", or missing" : "")
                    table.addRow([
                        printable(column.name), kind, "about \(Format.significant(shape.median))", Format.significant(shape.spread),
                    ])
                case .levels(let names, _, _):
                    let levels = shortened(Self.listed(names.map { $0.isEmpty ? "(missing)" : $0 }), to: Self.widestLevels)
                    table.addRow([printable(column.name), Format.count(names.count, "level"), levels, ""])
                case .dates:
                    let kind = "date" + (column.marksMissing == true ? ", or missing" : "")
                    table.addRow([printable(column.name), kind, "year, month, weekday, days", ""])
                }
            }
            return ["input: \(Format.count(layout.columns.count, "column")) of a table, \(Format.count(layout.width, "feature"))"]
                + table.lines(width: width - 2, shorteningTo: Self.leastName).map { "  " + $0 }
        }
    }

    private var output: [String] {
        switch preparation.target {
        case .classes(let names):
            return ["output: \(Format.count(names.count, "class", plural: "classes")): \(Self.listed(names))"]
        case .values(let columns):
            return columns.map { column in
                "output: \(printable(column.name)), mean \(Format.significant(column.mean)), sd \(Format.significant(column.deviation))"
            }
        }
    }

    private static func listed(_ names: [String]) -> String {
        printable(names.prefix(mostNames).joined(separator: ", ")) + (names.count > mostNames ? ", …" : "")
    }
}
