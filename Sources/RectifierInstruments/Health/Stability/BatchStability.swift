import Rectifier
import RectifierCore

/// Measures the stability of training on the batches that it trains on: for an observer of a probe, at steps of its
/// choice.
///
/// ```swift
/// let stability = try BatchStability(run)
/// // In look(at:), at one step in a hundred:
/// if let report = try stability.report(at: step) { print(report.summary) }
/// ```
///
/// A batch is steeper than the whole training set, for its few samples agree less; with the whole set as its batch a
/// run has the whole set's numbers. Dropout draws the masks of the step. No bit of the run changes, and the report is
/// the same for any number of threads.
public final class BatchStability {
    private let run: ProbedRun
    private var programs: [Int: SharpnessProgram] = [:]

    public init(_ run: ProbedRun) { self.run = run }

    /// The stability with the weights and the optimizer's numbers as they are now: before the step in `look(at:)`,
    /// after it in `lookBack(at:)`.
    ///
    /// - Returns: `nil` where the Hessian is not finite.
    /// - Throws: ``RectifierError`` where there is no memory for a program in float64.
    public func report(at step: ProbedStep) throws -> StabilityReport? {
        let size = step.batchSize
        let program =
            try programs[size]
            ?? SharpnessProgram(losses: run.losses, parameters: run.network.parameters, trained: run.trained) {
                [SharpnessProgram.Block(program: try step.compile($0, parameters: $1))]
            }
        programs[size] = program
        return try program.report(at: step.parameters, step.stepping, samples: size)
    }
}
