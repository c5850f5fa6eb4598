import Foundation

/// A run of a plan on data, and what happens in it.
///
/// A trainer is a value that describes a run; nothing changes in it while one goes on. Listeners (progress, logs) read
/// its events and never reach into it. ``TrainingSession`` runs it step by step.
///
/// ```swift
/// var settings = TrainingSettings()
/// settings.epochs = 5
/// let trainer = try Trainer(network, data: training, heldOut: test, settings: settings)
/// for try await event in trainer.events() {
///     if case .epochEnded(let report) = event { print(report.trainLoss) }
/// }
/// ```
public struct Trainer: Sendable {
    public let plan: TrainingPlan
    public let data: LoadedData
    /// What looks into the run.
    public let probes: [any TrainingProbe]
    /// What training starts from; `nil` draws it by the layers' initializers from the settings' seed. Must be this
    /// network's parameters by name and shape, which is checked when the run begins. A resumed run goes on from its
    /// checkpoint.
    public let initialParameters: Parameters?
    /// Where checkpoints and the finished model go; `nil` keeps them in memory. A model that is there already stays
    /// until the run has finished an epoch. While the run goes on no other can save there.
    public let output: URL?
    /// Whether the run may replace the model of another recipe at the output.
    package var replacesOtherRuns = true

    let checkpoint: Checkpoint?
    /// What the user should know of a run that goes on: where it is not the run that had as many epochs from the
    /// beginning. One line each.
    public let notes: [String]

    /// A run of a network in code, on data that were read with their preparation: its model works with every command of
    /// the tool, `train --resume` included.
    ///
    /// - Parameter loss: `nil` for the usual one of the targets: cross-entropy for classes, squared error for numbers.
    /// - Throws: ``RectifierError`` where the shapes of network and data differ, a setting is out of range, or the
    ///   derivative at the loss's kink is no subgradient.
    public init(
        _ network: Network, loss: Loss? = nil, data: LoadedData, settings: TrainingSettings = TrainingSettings(),
        initialParameters: Parameters? = nil, probes: [any TrainingProbe] = [], output: URL? = nil
    ) throws {
        self.init(
            plan: try TrainingPlan(network, loss: loss, data: data, settings: settings), data: data, probes: probes,
            initialParameters: initialParameters, output: output, checkpoint: nil)
    }

    /// A run of a network in code on data made in code.
    ///
    /// - Parameters:
    ///   - heldOut: What the model is tested on after every epoch.
    ///   - validation: What early stopping looks at; `nil` for the held-out data.
    public init(
        _ network: Network, loss: Loss? = nil, data: Dataset, heldOut: Dataset? = nil, validation: Dataset? = nil,
        settings: TrainingSettings = TrainingSettings(), initialParameters: Parameters? = nil, probes: [any TrainingProbe] = [],
        output: URL? = nil
    ) throws {
        try self.init(
            network, loss: loss, data: try LoadedData(training: data, heldOut: heldOut, validation: validation), settings: settings,
            initialParameters: initialParameters, probes: probes, output: output)
    }

    /// A run of a recipe.
    public init(
        recipe: Recipe, data: LoadedData, initialParameters: Parameters? = nil, probes: [any TrainingProbe] = [], output: URL? = nil
    ) throws {
        self.init(
            plan: try TrainingPlan(recipe: recipe, data: data), data: data, probes: probes, initialParameters: initialParameters,
            output: output, checkpoint: nil)
    }

    /// Goes on where a checkpoint stopped, and gives the bits that the uninterrupted run would have given.
    ///
    /// A run that goes on with another total of epochs, or after its end, need not be the run that had them from the
    /// beginning: ``notes`` says where it is not.
    ///
    /// - Parameters:
    ///   - epochs: Another total than the recipe's: more than are done. It is logged as a change.
    ///   - threads: `nil` for the recipe's.
    ///   - output: Where the run goes on to write; most often the folder that the checkpoint is from.
    /// - Throws: ``RectifierError`` where the data is not what it was, or more epochs are done.
    public init(
        resuming checkpoint: Checkpoint, data: LoadedData, epochs: Int? = nil, threads: Int? = nil, probes: [any TrainingProbe] = [],
        output: URL? = nil
    ) throws {
        let model = checkpoint.model, position = checkpoint.position
        var change: TrainingChange?
        if let epochs {
            let done = position.epochsDone + (position.samplesInEpoch > 0 ? 1 : 0)
            guard epochs >= done else {
                let state = position.samplesInEpoch > 0 ? "is in epoch \(done)" : "has trained \(done) \(done == 1 ? "epoch" : "epochs")"
                throw RectifierError(
                    .setting, "the run \(state) already and cannot end after \(epochs); give \(done) or more", setting: "training.epochs")
            }
            if epochs != model.recipe?.training.epochsInAll { change = TrainingChange(afterStep: position.steps, epochs: epochs) }
        }
        try self.init(resuming: checkpoint, change: change, data: data, threads: threads, probes: probes, output: output)
    }

    /// Goes on where a checkpoint stopped, with a change there.
    package init(
        resuming checkpoint: Checkpoint, change: TrainingChange?, data: LoadedData, threads: Int? = nil,
        probes: [any TrainingProbe] = [], output: URL? = nil
    ) throws {
        guard checkpoint.model.preparation == data.preparation, checkpoint.position.trainingSamples == data.training.count else {
            throw RectifierError(.data, "\(data.settings.source): is not the data that the model was trained on")
        }
        let plan = try TrainingPlan(resuming: checkpoint.model, change: change, threads: threads, data: data)
        self.init(
            plan: plan, data: data, probes: probes, initialParameters: nil, output: output, checkpoint: checkpoint,
            notes: Trainer.notes(on: checkpoint, plan, change))
    }

    /// - Parameter change: Of the total of epochs.
    private static func notes(on checkpoint: Checkpoint, _ plan: TrainingPlan, _ change: TrainingChange?) -> [String] {
        let position = checkpoint.position
        guard position.stopReason == nil else {
            let end = position.stopReason == .diverged ? "diverged" : "has stopped early"
            return ["the run \(end), after epoch \(position.epochsDone); it does not go on"]
        }
        guard let old = checkpoint.model.recipe?.training.epochsInAll, let epochs = change?.epochs else { return [] }
        var notes: [String] = []
        if plan.schedule.spansTheRun, position.steps > 0 {
            notes.append(
                "the learning rates so far were those of \(old) epochs; a run of \(epochs) from the beginning gives other weights")
        }
        if position.epochsDone >= old, checkpoint.best != nil, position.bestEpoch < position.epochsDone {
            notes.append(
                "the run had ended and returned to the weights of epoch \(position.bestEpoch), its best, from which it goes on; "
                    + "a run that did not end gives others")
        }
        return notes
    }

    private init(
        plan: TrainingPlan, data: LoadedData, probes: [any TrainingProbe], initialParameters: Parameters?, output: URL?,
        checkpoint: Checkpoint?, notes: [String] = []
    ) {
        self.plan = plan
        self.data = data
        self.probes = probes
        self.initialParameters = initialParameters
        self.output = output
        self.checkpoint = checkpoint
        self.notes = notes
    }

    /// The same run from its beginning, looked into by others and kept in memory.
    package func again(probes: [any TrainingProbe]) -> Trainer {
        Trainer(plan: plan, data: data, probes: probes, initialParameters: initialParameters, output: nil, checkpoint: nil)
    }

    /// The run, on a thread of its own. Cancelling the task that reads it stops it as `stop` does.
    ///
    /// - Parameter stop: Ends the run after its current step, from any thread.
    public func events(stop: StopSignal = StopSignal()) -> AsyncThrowingStream<TrainingEvent, any Error> {
        AsyncThrowingStream { continuation in
            continuation.onTermination = { reason in if case .cancelled = reason { stop.stop() } }
            let isStarted = startThread {
                do {
                    _ = try run(stop: stop) { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            if !isStarted { continuation.finish(throwing: RectifierError(.setting, "the system gives no thread for the run")) }
        }
    }

    /// The run, on this thread, with its events handed to a function.
    ///
    /// - Parameter stop: Ends the run after its current step, from any thread.
    @discardableResult
    public func run(
        stop: StopSignal = StopSignal(), _ listener: (TrainingEvent) throws -> Void = { _ in }
    ) throws -> TrainingEvent.Outcome {
        try TrainingRun(self, stop).run(listener)
    }
}

extension TrainingSettings {
    /// The epochs after the last change.
    var epochsInAll: Int? { changes.last { $0.epochs != nil }?.epochs ?? epochs }
}
