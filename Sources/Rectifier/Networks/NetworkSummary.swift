import RectifierText

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
        let showsKinks = rows.contains { $0.atKinks != nil }
        var table = TextTable([], alignments: [.left, .left] + (showsKinks ? [.left] : []) + [.right, .right])
        func add(_ name: String, _ output: String, _ atKinks: String, _ parameters: String, _ multiplyAdds: String) {
            table.addRow([name, output] + (showsKinks ? [atKinks] : []) + [parameters, multiplyAdds])
        }
        add("layer", "output", "at kinks", "parameters", "multiply-adds")
        add("input", input.description, "", "", "")
        for row in rows {
            add(row.name, row.output.description, row.atKinks ?? "", Format.count(row.parameters), Format.count(row.multiplyAdds))
        }
        add("total", "", "", Format.count(parameterCount), Format.count(multiplyAdds))
        return table.lines.joined(separator: "\n")
    }
}
