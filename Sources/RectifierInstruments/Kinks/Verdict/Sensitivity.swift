/// How much the values at kinks matter for the gradient of one batch.
final class Sensitivity {
    private var program: LookProgram
    private let layers: [String]

    /// - Parameters:
    ///   - losses: One for each sample.
    ///   - conventions: The derivatives at kinks to compare, from 0 (the inactive side) to 1.
    init(losses: Formula, _ parameters: [Formula], conventions: (Double, Double) = (0, 1)) throws {
        let forward = topologicalOrder(of: [losses])
        /// The values of the network are those of the run, whatever the derivatives: computed once, kept once.
        func derivatives(_ share: Double) throws -> [Formula] {
            let other = try atKinks(share, forward)
            let ours = Dictionary(zip(other.map(\.id), forward)) { first, _ in first }
            return try rebuilt(gradients(of: other.last!.mean(), withRespectTo: parameters)) { formula, _ in ours[formula.id] }
        }
        var outputs: [Formula] = []
        for (g0, g1) in zip(try derivatives(conventions.0), try derivatives(conventions.1)) {
            let change = try g1 - g0
            outputs += [try (change * change).sum(), try (g0 * g0).sum()]
        }
        program = LookProgram(outputs)
        layers = parameters.map { layerName(of: $0) }
    }

    /// ‖g₁ - g₀‖ / ‖g₀‖ by layer; the largest number there is where g₀ is 0 and g₁ is not. A layer whose gradients are
    /// not finite has none.
    ///
    /// - Parameter compile: Makes a program over the batch.
    func measured(batchSize: Int, compile: ([Formula]) throws -> Program) throws -> [String: Double] {
        var squares: [String: (change: Double, size: Double)] = [:]
        try program.run(batchSize: batchSize, compile: compile) { program in
            for (index, layer) in layers.enumerated() {
                squares[layer, default: (0, 0)].change += program.values(ofOutput: 2 * index)[0]
                squares[layer, default: (0, 0)].size += program.values(ofOutput: 2 * index + 1)[0]
            }
        }
        return squares.filter { $0.value.change.isFinite && $0.value.size.isFinite }.mapValues { change, size in
            change == 0 ? 0 : min((change / size).squareRoot(), .greatestFiniteMagnitude)
        }
    }
}

/// `residual1.dense1` for its `weights`.
func layerName(of parameter: Formula) -> String {
    let name = parameter.operation.name
    return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
}
