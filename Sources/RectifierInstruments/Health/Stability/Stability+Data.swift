import Rectifier
import RectifierCore

extension TrainingSession {
    /// The stability of the run as it is now, on the whole training set, without dropout. To be asked between steps.
    ///
    /// - Returns: `nil` where the Hessian is not finite.
    public func stability() throws -> StabilityReport? {
        let stepping = stepping()
        return try plan.network.stability(
            plan.loss, memory.read(memory.weights), on: data.training, stepping, isTrained: { stepping.layerRate($0) > 0 }, pool: pool)
    }
}

extension Model {
    /// How steep the model's loss curves on some data, and which learning rate training on all of them would stand.
    ///
    /// - Parameters:
    ///   - optimizer: Whose steps are asked for. Adam's and RMSProp's scale is of a run, and a model has none: ask the
    ///     ``TrainingSession`` that goes on with a checkpoint.
    ///   - learningRate: To be held against the edge.
    ///   - threads: `nil` for one on each physical core. The report is the same for any number.
    /// - Returns: `nil` where the Hessian is not finite.
    public func stability(
        on data: Dataset, optimizer: Optimizer = .sgd(), learningRate: Double? = nil, penalties: Penalties = Penalties(),
        threads: Int? = nil
    ) throws -> StabilityReport? {
        try network.stability(
            loss, parameters, on: data, Stepping(optimizer: optimizer, learningRate: learningRate ?? 0, penalties: penalties),
            pool: ThreadPool(threads: threads))
    }
}

extension Network {
    /// Samples that are computed together: as many as keep a large network's values in memory.
    private static let blockSize = 500

    func stability(
        _ loss: Loss, _ parameters: Parameters, on data: Dataset, _ stepping: Stepping, isTrained: (String) -> Bool = { _ in true },
        blockSize: Int = blockSize, tolerance: Double = SharpnessProgram.tolerance, limit: Int = SharpnessProgram.limit, pool: ThreadPool?
    ) throws -> StabilityReport? {
        try data.requireShapes(of: self)
        let network = try built(isTraining: false), cursor = BatchCursor()
        let losses = try loss(network.output, .input(Network.targetName, shape: network.output.shape))
        let rows = (0..<Int32(data.count)).map { $0 }
        var report: StabilityReport?
        try rows.withUnsafeBufferPointer { rows in
            try data.withFeeds { feeds in
                let program = try SharpnessProgram(
                    losses: losses, parameters: network.parameters, trained: network.trained.filter { isTrained($0.parameter!.name) }
                ) { formulas, memory in
                    // Blocks of one size take turns in one program.
                    var programs: [Int: Program] = [:]
                    return try stride(from: 0, to: data.count, by: blockSize).map { start in
                        let count = min(blockSize, data.count - start)
                        let program =
                            try programs[count]
                            ?? Program(formulas, batchSize: count, parameters: memory, cursor: cursor, feeds: feeds, pool: pool)
                        programs[count] = program
                        return SharpnessProgram.Block(program: program, share: Double(count) / Double(data.count)) {
                            cursor.indices.pointee = rows.baseAddress! + start
                        }
                    }
                }
                report = try program.report(at: parameters, stepping, samples: data.count, tolerance: tolerance, limit: limit)
            }
        }
        return report
    }
}
