/// What looks into a training run without changing a bit of it.
///
/// A probe is a description, a value. Each session asks it for an observer of its own, which is called between the
/// gradient and the update of every step, and hands the observer's reports on with the session's events:
///
/// ```swift
/// let trainer = try Trainer(network, data: data, probes: [GradientLengths()])
/// try trainer.run { event in
///     if case .epochEnded(let epoch) = event { print(epoch.measurements[GradientLengths.Lengths.self] ?? "") }
/// }
/// ```
///
/// When an observer looks follows from step numbers and from what the step computed, never from a clock, so that a
/// report is as reproducible as the weights.
public protocol TrainingProbe: Sendable {
    /// What its state is filed under in checkpoints, such as `kinks`. No two probes of a run have the same.
    var name: String { get }

    /// Called once by each session, before its first step.
    func observer(of run: ProbedRun) throws -> any ProbeObserver
}

/// What a probe reports of an epoch, or of a run. Events carry one of each type.
public protocol ProbeReport: Sendable, Codable, Equatable {}

/// A probe at work in one session. Used by one thread at a time.
public protocol ProbeObserver: AnyObject {
    associatedtype Report: ProbeReport
    /// All that it takes to go on as if nothing had happened: what a checkpoint keeps.
    associatedtype State: Codable & Sendable

    /// Formulas of the run that are computed with every step, for ``ProbedStep/values(ofFormula:)``. None by default.
    var formulas: [Formula] { get }

    /// After the gradient of a step was computed and before the weights change: whether ``look(at:)`` is to be called.
    ///
    /// - Parameter step: Its number in the run, from 1.
    func looks(atStep step: Int) -> Bool
    /// Looks at a step whose gradient was computed, before the weights change.
    func look(at step: ProbedStep) throws

    /// Whether ``lookBack(at:)`` is to be called when the weights have changed. False by default.
    func looksBack(atStep step: Int) -> Bool
    func lookBack(at step: ProbedStep) throws

    /// Called after the last step of an epoch with its mean training loss and what the network then gives on data that
    /// it is not trained on, before ``endEpoch()``.
    func evaluated(trainLoss: Double, heldOut: Evaluation?, validation: Evaluation?)

    /// Called with the report of an epoch, when all observers have ended it, and before a checkpoint is written.
    func ended(_ epoch: TrainingEvent.EpochReport)

    /// Called where a run diverged, which has gone back to the last step whose weights were finite: after the gradient
    /// of the step that follows, before its update.
    func lookAtDivergence(_ step: ProbedStep) throws

    /// What is to be told before the epoch ends, as ``TrainingEvent/noticed(_:)``; each thing once. Asked after steps
    /// that were looked at, and at the end of an epoch.
    func takeNotices() -> [any ProbeReport]

    /// What was seen in the epoch that ends; the next one begins.
    func endEpoch() throws -> Report
    /// What was seen in the run so far, over all its sessions.
    var report: Report { get }

    var state: State { get set }
}

extension ProbeObserver {
    public var formulas: [Formula] { [] }
    public func looksBack(atStep step: Int) -> Bool { false }
    public func lookBack(at step: ProbedStep) throws {}
    public func evaluated(trainLoss: Double, heldOut: Evaluation?, validation: Evaluation?) {}
    public func ended(_ epoch: TrainingEvent.EpochReport) {}
    public func lookAtDivergence(_ step: ProbedStep) throws {}
    public func takeNotices() -> [any ProbeReport] { [] }
}

/// A probe's observer that counts in the kernels of the step itself.
package protocol CountingObserver: ProbeObserver {
    /// The formula that is to stand for one of the run's: the same to the bit, with counters in it.
    ///
    /// - Parameter made: The formula as it stands so far, with what observers count before it and in it; most often
    ///   what is to be given back.
    func counted(_ original: Formula, _ made: Formula) throws -> Formula
}

/// The run that a probe is to look into.
public struct ProbedRun {
    public let plan: TrainingPlan
    package let data: LoadedData
    /// The epoch that the session begins in, from 1.
    package let firstEpoch: Int
    /// Threads that share its steps, at most.
    package let threads: Int
    /// Samples of the training data.
    public var samples: Int { data.training.count }
    /// One loss for each sample of the batch, `[batch, 1]`.
    public let losses: Formula
    /// The network as formulas, built for training.
    package let network: Network.Built
    /// What of it is trained.
    package let trained: [Formula]

    /// The training data's samples in the order of an epoch, by their numbers.
    ///
    /// - Parameter epoch: From 1.
    package func order(ofEpoch epoch: Int) -> [Int32] {
        [Int32](unsafeUninitializedCapacity: samples) { order, filled in
            plan.settings.order(ofEpoch: epoch - 1, UnsafeMutableBufferPointer(rebasing: order[..<samples]))
            filled = samples
        }
    }

    /// What comes out of each layer, by its name in ``NetworkSummary``, in order.
    public var layerOutputs: [(name: String, output: Formula)] { zip(network.rows, network.layerOutputs).map { ($0.name, $1) } }
    /// The network's parameters, by name.
    public var parameters: [(name: String, formula: Formula)] {
        network.parameters.map { ($0.parameter!.name, $0) }
    }
}

/// A step of training as a probe sees it.
public struct ProbedStep {
    let session: TrainingSession
    /// The observer's formulas, and the first one's place among the outputs of the step's program, where they are
    /// there.
    let formulas: [Formula]
    let firstOutput: Int?
    /// From 1, over the whole run.
    public let number: Int
    /// From 1.
    public var epoch: Int { session.position.epochsDone + 1 }
    /// The place of its first sample in the epoch, from 0.
    public var position: Int { session.position.samplesInEpoch }
    /// Samples in the batch.
    public let batchSize: Int
    /// Updates of the weights so far: one more after the step than before it.
    let updates: Int

    /// The mean losses of the steps before, as far as they are known: those that were repeated after a run diverged.
    package var lossesBefore: [Double] { session.repeatedLosses }
    /// The value of one of the observer's ``ProbeObserver/formulas`` in this step, in row-major order.
    public func values(ofFormula index: Int) throws -> [Double] {
        if let firstOutput { return session.stepValues(ofOutput: firstOutput + index) }
        return try compute([formulas[index]])[0]
    }

    /// Computes formulas on the step's batch, with the weights as they are now. Hand in the same formulas each time: a
    /// program is made for each list of them and each batch size, and kept for the run.
    public func compute(_ formulas: [Formula]) throws -> [[Double]] {
        let program = try session.programBeside(formulas, batchSize: batchSize)
        program.run()
        return formulas.indices.map { program.values(ofOutput: $0) }
    }

    /// The weights as they are now. A copy.
    public var parameters: Parameters { session.memory.read(session.memory.weights) }
    /// The learning rate of the step, schedule included.
    public var learningRate: Double { session.stepRate(session.stepsPerEpoch) }
    /// How it is made of its gradient.
    package var stepping: Stepping { session.stepping(after: updates) }
    /// The gradient of the batch's mean loss, before it is clipped. A copy. Parameters that are not trained have zeros.
    public var gradients: Parameters { session.memory.readGradients() }

    /// A record of the weights, to be taken before the update and looked at behind it.
    package func weightRecord() throws -> WeightRecord { try WeightRecord(of: session.memory) }

    /// A program over the step's batch.
    /// - Parameters:
    ///   - samples: By output, how many of the batch's samples are wanted of it; all where it is not named.
    ///   - parameters: `nil` for the weights of the run.
    package func compile(_ outputs: [Formula], samples: [Int: Int] = [:], parameters: ParameterMemory? = nil) throws -> Program {
        try session.compile(outputs, batchSize: batchSize, samples: samples, parameters: parameters)
    }
}

/// What the probes of a run reported, one report of each type.
public struct Measurements: Sendable {
    /// With the names of their probes, in the order the probes were given.
    public private(set) var all: [(name: String, report: any ProbeReport)] = []

    public init() {}

    mutating func add(_ report: any ProbeReport, of name: String) { all.append((name, report)) }

    /// The report of that type; `nil` where no probe made one.
    public subscript<Report: ProbeReport>(type: Report.Type) -> Report? {
        for (_, report) in all { if let report = report as? Report { return report } }
        return nil
    }
}
