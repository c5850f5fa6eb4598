/// The operations of a network, each with its gradient rule checked by itself, at the operands it has in the network.
/// What names the one at fault.
final class CheckedOperations {
    private let formulas: [Formula]
    private let layers: [String]
    private let variables: [Formula]
    private let batchSize: Int
    private let cursor: BatchCursor
    private var compiled: (values: Program, checks: [Check])?

    private struct Check {
        /// The input with random weights, which make a number of the result.
        static let weights = "weights"

        var layer: String
        var operation: String
        /// The checked function's variables: the operands' places from 1.
        var operands: [Int]
        /// What each input is filled with: the number of an output of the program of all values.
        var sources: [(input: String, output: Int)]
        var function: CheckedFunctions
        var outputCount: Int
    }

    /// - Parameters:
    ///   - formulas: All formulas of a network, operands first, made of inputs alone.
    ///   - layers: The layer of each.
    init(_ formulas: [Formula], layers: [String], variables: [Formula], batchSize: Int, cursor: BatchCursor) {
        (self.formulas, self.layers, self.variables, self.batchSize, self.cursor) = (formulas, layers, variables, batchSize, cursor)
    }

    /// The rules that are wrong, in the order of the network.
    func faults(_ inputs: [String: [Double]], _ draws: inout Draws) throws -> [GradientReport.Fault] {
        let (values, checks) = try compiled ?? compile()
        compiled = (values, checks)
        for (name, numbers) in inputs where values.hasInput(name) { try values.setInput(name, to: numbers) }
        values.run()
        var faults: [GradientReport.Fault] = []
        for check in checks {
            for (input, output) in check.sources { try check.function.setInput(input, to: values.values(ofOutput: output)) }
            try check.function.setInput(Check.weights, to: draws.normals(check.outputCount))
            try check.function.update()
            for (variable, operand) in check.operands.enumerated() {
                let direction = [variable: draws.normals(check.function.counts[variable])]
                let comparison = try check.function.compare(along: direction, functions: [0])[0]
                guard comparison.verdict == .wrong else { continue }
                faults.append(
                    GradientReport.Fault(
                        layer: check.layer, operation: check.operation, operand: operand, analytic: comparison.analytic,
                        numeric: comparison.numeric))
            }
        }
        return faults
    }

    private func compile() throws -> (Program, [Check]) {
        let depends = Set(dependents(below: formulas, on: variables).map(\.id))
        var outputs: [Formula] = []
        var places: [Int: Int] = [:]
        func output(_ formula: Formula) -> Int {
            if let place = places[formula.id] { return place }
            places[formula.id] = outputs.count
            outputs.append(formula)
            return outputs.count - 1
        }
        var checks: [Check] = []
        for (formula, layer) in zip(formulas, layers) where formula.operands.contains(where: { depends.contains($0.id) }) {
            var leaves: [Formula] = [], changing: [Formula] = []
            var sources: [(input: String, output: Int)] = [], operands: [Int] = []
            for (place, operand) in formula.operands.enumerated() {
                // Rules may look at constants.
                if isInlineConstant(operand) { leaves.append(operand); continue }
                let leaf = Formula.input("operand\(place)", shape: operand.shape)
                leaves.append(leaf)
                sources.append((input: "operand\(place)", output: output(operand)))
                if depends.contains(operand.id) {
                    changing.append(leaf)
                    operands.append(place + 1)
                }
            }
            let result = try Formula(formula.operation, leaves)
            let function = try (Formula.input(Check.weights, shape: result.shape) * result).sum()
            checks.append(
                Check(
                    layer: layer, operation: formula.operation.name, operands: operands, sources: sources,
                    function: try CheckedFunctions([function], of: changing, batchSize: batchSize, cursor: cursor),
                    outputCount: result.shape.count(batchSize: batchSize)))
        }
        let program = try Program(
            outputs, batchSize: batchSize, parameters: ParameterMemory(parameters: [], elementType: .float64), cursor: cursor)
        return (program, checks)
    }
}
