import CRectifierKernels

/// A run in which the branches of a ``Mean`` are trained side by side, each without its part of the data: what of it
/// is not in the other runs.
final class FoldedTraining {
    let folds: Folds
    /// For each sample the networks' weights: 0 for the one that does without it. Of a network they are 1 in the mean.
    private let weights: UnsafeMutableBufferPointer<Float>
    /// Judges each row by the network that does without it.
    let evaluator: Evaluator
    /// By network, the names of its parameters.
    private let parameters: [[String]]

    static let inputName = "folds"

    init(_ folds: Folds, _ plan: TrainingPlan, memory: ParameterMemory, pool: ThreadPool?) throws {
        self.folds = folds
        parameters = try plan.network.built(isTraining: false).members.map { member in
            topologicalOrder(of: [member]).compactMap { $0.parameter?.name }
        }
        evaluator = try Evaluator(
            plan.network, loss: plan.loss, parameters: memory, pool: pool, folds: folds,
            predicts: plan.settings.threshold != nil, metric: plan.settings.metric, classWeights: plan.classWeights)
        weights = .allocate(capacity: folds.places.count * folds.count)
        weights.initialize(repeating: Float(folds.count) / Float(folds.count - 1))
        for (sample, fold) in folds.places.enumerated() { weights[sample * folds.count + Int(fold)] = 0 }
    }

    deinit { weights.deallocate() }

    var feed: Feed { .rows(UnsafeRawPointer(weights.baseAddress!), Float.source, width: folds.count, scale: 1) }

    /// Of each sample the mean loss over the networks that learn it.
    static func losses(_ loss: Loss, _ members: [Formula]) throws -> Formula {
        let target = Formula.input(Network.targetName, shape: members[0].shape)
        let weights = Formula.input(inputName, shape: [Shape.batch, members.count])
        let losses = try concatenated(members.map { try loss($0, target) }, axis: -1)
        return try (losses * weights).mean(over: [-1], keepingAxes: true)
    }

    /// Takes over one network's parameters.
    func copy(_ member: Int, from present: Parameters, to best: inout Parameters) {
        for name in parameters[member] { best[name] = present[name] }
    }
}

extension Checkpoint.Position {
    /// By network of a run in folds, what its best weights cost on its part of the data: the loss, or the run's metric
    /// as ``Evaluation/cost(by:)`` has it. `nil` for other runs.
    package var foldCosts: [Double]? { members?.map(\.bestCost) }

    /// The best that one network of a run in folds has done.
    struct Member: Codable, Sendable, Equatable {
        var bestCost = Double.greatestFiniteMagnitude
        var bestEpoch = 0
    }
}
