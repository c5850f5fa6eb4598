import Foundation

/// One run of a ``Trainer``: programs, memory, position.
final class TrainingRun {
    private let trainer: Trainer
    private let settings: TrainingSettings
    private let epochs: Int
    private let batchSize: Int
    private let learningRate: Double

    private let pool: ThreadPool
    let memory: ParameterMemory
    private let numbers: OptimizerNumbers
    private let cursor: BatchCursor
    private let evaluator: Evaluator
    private var position: Checkpoint.Position
    /// The best weights so far and their held-out loss, for early stopping.
    private var best: Parameters?
    private var lastSave = ContinuousClock.now

    private let steps: UpdateCalls
    private let kinkWatch: KinkWatch?

    init(_ trainer: Trainer) throws {
        self.trainer = trainer
        settings = trainer.settings
        let count = trainer.training.count
        epochs = settings.epochs ?? 10
        switch settings.batchSize ?? .samples(128) {
        case .full: batchSize = count
        case .samples(let size): batchSize = min(size, count)
        }
        learningRate = settings.learningRate ?? settings.optimizer.usualLearningRate
        guard epochs >= 0, batchSize > 0 else { throw RectifierError(.setting, "epochs and batch size must be positive") }
        guard learningRate > 0, learningRate.isFinite else {
            throw RectifierError(.setting, "the learning rate must be a positive number, not \(learningRate)")
        }

        let network = try trainer.network.built(isTraining: true)
        pool = try ThreadPool(threads: settings.threads)
        memory = ParameterMemory(parameters: network.parameters, elementType: settings.precision)
        memory.makeTrainable(stateCount: settings.optimizer.stateCount)
        numbers = OptimizerNumbers(clipLimit: settings.clipNorm ?? 0)
        cursor = BatchCursor(seed: settings.seed)
        evaluator = try Evaluator(trainer.network, loss: trainer.loss, parameters: memory, pool: pool)

        if let checkpoint = trainer.checkpoint {
            position = checkpoint.position
            try memory.write(checkpoint.model.parameters, to: memory.weights)
            guard checkpoint.states.count == memory.states.count else {
                throw RectifierError(.file, "the checkpoint's optimiser state is of another optimiser")
            }
            try memory.requireFinite { "the checkpoint cannot be trained further: \($0)" }
            for (state, block) in zip(checkpoint.states, memory.states) { try memory.write(state, to: block) }
            best = checkpoint.best
        } else {
            position = Checkpoint.Position(trainingSamples: count)
            let initial =
                try trainer.initialParameters ?? trainer.network.initialParameters(seed: settings.seed, precision: settings.precision)
            guard initial.names.count == memory.slots.count else {
                throw RectifierError(.shape, "there are \(initial.names.count) initial parameters; the network has \(memory.slots.count)")
            }
            try memory.write(initial, to: memory.weights)
        }

        let target = Formula.input(Network.targetName, shape: network.output.shape)
        let plainLosses = try trainer.loss(network.output, target)
        kinkWatch = settings.census ? try KinkWatch(network, losses: plainLosses, elementType: settings.precision) : nil
        let losses = kinkWatch?.losses ?? plainLosses
        let derivatives = try gradients(of: losses.mean(), withRespectTo: network.parameters)
        steps = UpdateCalls(
            losses: losses, gradients: zip(memory.slots.map(\.name), derivatives).map { ($0, $1) }, optimizer: settings.optimizer,
            clips: settings.clipNorm != nil, numbers: numbers)
    }

    private var stepsPerEpoch: Int { (trainer.training.count + batchSize - 1) / batchSize }

    func run(_ listener: (TrainingEvent) throws -> Void) throws -> TrainingEvent.Outcome {
        try listener(
            .started(
                TrainingEvent.Started(
                    epochs: epochs, firstEpoch: position.epochsDone + 1, stepsPerEpoch: stepsPerEpoch,
                    trainingSamples: trainer.training.count,
                    heldOutSamples: trainer.heldOut?.count ?? 0, parameterCount: memory.slots.reduce(0) { $0 + $1.count },
                    threads: pool.threads)))
        var heldOut: Evaluation?
        var reason = TrainingEvent.Outcome.Reason.completed
        try trainer.training.withFeeds { feeds in
            // Shows before the work, not after it, whether the output can be written; and a run stopped in its first epoch can be resumed.
            if trainer.checkpoint == nil { try save(listener) }
            // One program for whole batches, one for the rest of the data.
            func program(_ size: Int) throws -> Program {
                try Program([], batchSize: size, parameters: memory, cursor: cursor, feeds: feeds, training: steps, pool: pool)
            }
            let rest = trainer.training.count % batchSize
            let whole = try program(batchSize), last = rest == 0 ? whole : try program(rest)
            // What looks at the batch that the cursor is at.
            func examination(_ size: Int, _ outputs: [Formula], _ parameters: ParameterMemory) throws -> Program {
                try Program(outputs, batchSize: size, parameters: parameters, cursor: cursor, feeds: feeds, pool: pool)
            }
            while position.epochsDone < epochs, position.stopReason == nil {
                guard try trainEpoch(whole, last, examination, listener) else {
                    reason = .interrupted
                    break
                }
                heldOut = try finishEpoch(listener)
                // Epochs of a small network take less than a write to the disk; what is lost with a crash is a second's work at most.
                if settings.checkpointEvery > 0, position.epochsDone % settings.checkpointEvery == 0, position.epochsDone < epochs,
                    lastSave.duration(to: .now) > .seconds(1)
                {
                    try save(listener)
                }
            }
        }
        if position.stopReason != nil { reason = .earlyStopping }
        if reason != .interrupted, let best { try memory.write(best, to: memory.weights) }
        let model = try model()
        try save(listener)
        if reason == .interrupted || best != nil || heldOut == nil { heldOut = try evaluate() }
        let outcome = TrainingEvent.Outcome(
            model: model, epochs: position.epochsDone, heldOut: heldOut, trainSeconds: position.trainSeconds, reason: reason,
            kinks: allKinks)
        try listener(.finished(outcome))
        return outcome
    }

    /// Trains to the end of the epoch the position is in; false if stopped before.
    private func trainEpoch(
        _ whole: Program, _ last: Program, _ examination: (Int, [Formula], ParameterMemory) throws -> Program,
        _ listener: (TrainingEvent) throws -> Void
    ) throws -> Bool {
        let count = trainer.training.count
        let epoch = position.epochsDone
        let order =
            settings.shuffle
            ? RandomStream(seed: settings.seed, purpose: RandomPurpose.order, epoch: UInt64(epoch)).permutation(count)
            : (0..<Int32(count)).map { $0 }
        cursor.epoch.pointee = UInt64(epoch)
        numbers.lossTotal.pointee = position.lossTotal
        let clock = ContinuousClock()
        let began = clock.now
        let firstStep = position.stepsInEpoch
        var reported = began
        var kinks = position.epochKinks ?? kinkWatch?.emptyReport
        // Minibatches that touched no kink: added up at the end, because a small step takes little longer than touching the report.
        var untouched = 0
        // The step of the epoch that is compared with its linear model.
        let sampledStep = stepsPerEpoch / 2
        defer {
            position.trainSeconds += (clock.now - began).seconds
            kinkWatch?.add(untouched: untouched, to: &kinks!)
            position.epochKinks = kinks
        }

        return try order.withUnsafeBufferPointer { order in
            for step in position.stepsInEpoch..<stepsPerEpoch {
                if trainer.stopping.stopsNow() {
                    position.epochSeconds += (clock.now - began).seconds
                    return false
                }
                let start = step * batchSize
                let size = min(batchSize, count - start)
                cursor.indices.pointee = order.baseAddress! + start
                cursor.position.pointee = UInt64(start)
                let progress = Double(epoch) + Double(step) / Double(stepsPerEpoch)
                numbers.set(
                    settings,
                    learningRate: learningRate * (settings.schedule ?? .constant).factor(progress: progress, epochs: Double(epochs)),
                    step: position.steps + 1)
                let program = size == batchSize ? whole : last
                if let kinkWatch {
                    program.runGradients()
                    if kinkWatch.isTouched {
                        try kinkWatch.look(batchSize: size, into: &kinks!) { try examination($0, $1, memory) }
                    } else {
                        untouched += 1
                    }
                    let before = step == sampledStep && kinkWatch.hasTimeForTrust ? memory.read(memory.weights) : nil
                    program.runUpdate()
                    if let before {
                        kinks!.trust = try kinkWatch.trust(from: before, to: memory.read(memory.weights), batchSize: size) {
                            try examination(size, $0, $1)
                        }
                    }
                } else {
                    program.run()
                }
                position.steps += 1
                position.stepsInEpoch = step + 1
                position.lossTotal = numbers.lossTotal.pointee
                guard position.lossTotal.isFinite else { throw divergence(epoch: epoch + 1, step: step + 1) }
                // Reading the clock costs as much as a small step, so not every step does.
                if step % 32 == 31 || size * memory.count > 1 << 20 {
                    let now = clock.now
                    if now - reported > .milliseconds(100) {
                        reported = now
                        let stepRate = Double(step + 1 - firstStep) / (now - began).seconds
                        let left = Double((epochs - epoch) * stepsPerEpoch - step - 1) / stepRate
                        try listener(
                            .step(
                                TrainingEvent.StepReport(
                                    epoch: epoch + 1, step: step + 1, stepsPerEpoch: stepsPerEpoch,
                                    loss: position.lossTotal / Double(start + size),
                                    samplesPerSecond: stepRate * Double(batchSize), secondsLeft: left)))
                    }
                }
            }
            position.epochSeconds += (clock.now - began).seconds
            return true
        }
    }

    /// Evaluates, reports and moves the position to the next epoch.
    private func finishEpoch(_ listener: (TrainingEvent) throws -> Void) throws -> Evaluation? {
        let count = trainer.training.count
        try memory.requireFinite { "training diverged in epoch \(position.epochsDone + 1): \($0); \(cure)" }
        let heldOut = try evaluate(), validation = try evaluate(trainer.validation)
        let seconds = position.epochSeconds
        let report = TrainingEvent.EpochReport(
            epoch: position.epochsDone + 1, trainLoss: position.lossTotal / Double(count), heldOut: heldOut, validation: validation,
            seconds: seconds,
            samplesPerSecond: Double(count) / max(seconds, 1e-9), learningRate: numbers.others.pointee.learning_rate,
            kinks: position.epochKinks)
        position.kinks = allKinks
        position.epochKinks = nil
        position.epochsDone += 1
        position.stepsInEpoch = 0
        position.lossTotal = 0
        position.epochSeconds = 0
        if let stopping = settings.earlyStopping, let loss = (validation ?? heldOut)?.loss {
            if loss < (position.bestLoss ?? .infinity) - stopping.minimumDelta {
                position.bestLoss = loss
                position.bestEpoch = position.epochsDone
                best = memory.read(memory.weights)
            } else if position.epochsDone - position.bestEpoch >= stopping.patience {
                position.stopReason = .earlyStopping
            }
        }
        try listener(.epochEnded(report))
        return heldOut
    }

    /// Of the whole run so far.
    private var allKinks: KinkReport? {
        guard var all = position.kinks else { return position.epochKinks }
        if let epoch = position.epochKinks { all.add(epoch) }
        return all
    }

    private func evaluate() throws -> Evaluation? { try evaluate(trainer.heldOut) }

    private func evaluate(_ data: Dataset?) throws -> Evaluation? {
        try data.map { try evaluator.evaluate($0, preparation: trainer.preparation) }
    }

    private var cure: String { "lower the learning rate (now \(numbers.others.pointee.learning_rate)), or clip the gradient" }

    private func divergence(epoch: Int, step: Int) -> RectifierError {
        RectifierError(.divergence, "training diverged: the loss is no longer finite in epoch \(epoch), step \(step); \(cure)")
    }

    private func model() throws -> Model {
        var model = Model(
            network: trainer.network, loss: trainer.loss, parameters: memory.read(memory.weights), precision: settings.precision)
        model.preparation = trainer.preparation
        model.recipe = trainer.recipe
        return model
    }

    private func save(_ listener: (TrainingEvent) throws -> Void) throws {
        guard let output = trainer.output else { return }
        guard trainer.network.isDescribable else {
            throw RectifierError(
                .output, "\(output.relativePath): a network with layers that are code cannot be written; train it without an output")
        }
        lastSave = .now
        try Checkpoint(model: model(), states: memory.states.map { memory.read($0) }, position: position, best: best).write(to: output)
        try listener(.checkpointed(output))
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
