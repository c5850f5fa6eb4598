/// A readable description of a network.
public struct NetworkSummary: Sendable, CustomStringConvertible {
    public struct Row: Sendable {
        /// `dense1`, or `residual1.dense1` inside another layer.
        public var name: String
        /// The layer as it was written.
        public var layer: String
        public var output: Shape
        /// Numbers that are trained.
        public var parameters: Int
        /// Multiplications with addition that one sample takes forward.
        public var multiplyAdds: Int
    }

    public var input: Shape
    public var rows: [Row]

    public var parameterCount: Int { rows.reduce(0) { $0 + $1.parameters } }
    public var multiplyAdds: Int { rows.reduce(0) { $0 + $1.multiplyAdds } }

    /// A table, one line a layer.
    public var description: String {
        var table = [["layer", "output", "parameters", "multiply-adds"], ["input", input.description, "", ""]]
        table += rows.map { [$0.name, $0.output.description, grouped($0.parameters), grouped($0.multiplyAdds)] }
        table.append(["total", "", grouped(parameterCount), grouped(multiplyAdds)])
        let widths = table[0].indices.map { column in table.map { $0[column].count }.max()! }
        func padding(_ text: String, _ column: Int) -> String { String(repeating: " ", count: widths[column] - text.count) }
        return table.map { row in
            let cells = row.enumerated().map { $0 < 2 ? $1 + padding($1, $0) : padding($1, $0) + $1 }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}

/// 669,706
func grouped(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
    return (number < 0 ? "-" : "") + String(digits)
}
