/// A readable description of a network.
public struct NetworkSummary: Sendable, CustomStringConvertible {
    public struct Row: Sendable {
        /// `dense1`, or `residual1.dense1` inside another layer.
        public var name: String
        /// The layer as it was written.
        public var layer: String
        public var output: Shape
        /// The derivative declared at the layer's kinks: `0`, `unsound:2`, `ties first`; `share 0` where it is that
        /// share of the way from the inactive side's derivative to the active side's. `nil` for a layer without kinks.
        public var atKinks: String?
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
        var table = [["layer", "output", "at kinks", "parameters", "multiply-adds"], ["input", input.description, "", "", ""]]
        table += rows.map { [$0.name, $0.output.description, $0.atKinks ?? "", grouped($0.parameters), grouped($0.multiplyAdds)] }
        table.append(["total", "", "", grouped(parameterCount), grouped(multiplyAdds)])
        if rows.allSatisfy({ $0.atKinks == nil }) { for row in table.indices { table[row].remove(at: 2) } }
        let words = table[0].count - 2
        let widths = table[0].indices.map { column in table.map { $0[column].count }.max()! }
        func padding(_ text: String, _ column: Int) -> String { String(repeating: " ", count: widths[column] - text.count) }
        return table.map { row in
            let cells = row.enumerated().map { $0 < words ? $1 + padding($1, $0) : padding($1, $0) + $1 }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}

/// 669,706
package func grouped(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
    return (number < 0 ? "-" : "") + String(digits)
}
