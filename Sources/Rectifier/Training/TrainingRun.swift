import Foundation

/// Drives a session to its end: events, checkpoints, clocks.
struct TrainingRun {
    private let trainer: Trainer
    private let session: TrainingSession
    private let output: RunOutput?
    private let stop: StopSignal
    private let clock = ContinuousClock()

    init(_ trainer: Trainer, _ stop: StopSignal) throws {
        self.trainer = trainer
        self.stop = stop
        output = try trainer.output.map { try RunOutput($0, of: trainer) }
        session = try TrainingSession(trainer)
    }

    func run(_ listener: (TrainingEvent) throws -> Void) throws -> TrainingEvent.Outcome {
        // Nobody looks at the last finite weights of a run that is neither saved nor probed.
        var bookmark = output != nil || !trainer.probes.isEmpty ? session.bookmark() : nil
        do {
            return try run(&bookmark, listener)
        } catch let error as RectifierError where error.kind == .divergence {
            guard let bookmark else {
                try listener(.diverged(session.measurements))
                throw error
            }
            throw try afterDivergence(error, from: bookmark, listener)
        }
    }

    /// Goes back to the last step whose weights are finite, lets probes look at what follows it, and saves it.
    private func afterDivergence(
        _ error: RectifierError, from bookmark: Checkpoint, _ listener: (TrainingEvent) throws -> Void
    ) throws -> RectifierError {
        try session.restore(bookmark)
        let last = try session.repeat(to: nil)
        try session.restore(bookmark)
        _ = try session.repeat(to: last)
        try session.lookAtDivergence()
        for notice in session.takeNotices() { try listener(.noticed(notice)) }
        try listener(.diverged(session.measurements))
        guard let output, try save(session.snapshot(), listener) != nil else { return error }
        return RectifierError(
            .divergence, "\(error.description); \(output.url.relativePath) holds the last finite weights, of step \(last)")
    }

    /// - Parameter bookmark: Where a run that diverges can be repeated from: at most a quarter of its steps ago, or a
    ///   short while. `nil` stays so.
    private func run(_ bookmark: inout Checkpoint?, _ listener: (TrainingEvent) throws -> Void) throws -> TrainingEvent.Outcome {
        let plan = session.plan, data = trainer.data
        try listener(
            .started(
                TrainingEvent.Started(
                    epochs: session.epochs, firstEpoch: session.position.epochsDone + 1, stepsPerEpoch: session.stepsPerEpoch,
                    trainingSamples: data.training.count, heldOutSamples: data.heldOut?.count ?? 0, folds: data.folds?.count ?? 1,
                    parameterCount: session.memory.slots.reduce(0) { $0 + ($1.isTrained ? $1.count : 0) }, threads: session.pool.threads)))
        // Shows before the work, not after it, whether the disk takes the model; and a run stopped in its first epoch
        // can be resumed.
        if trainer.checkpoint == nil { try save(session.snapshot(), listener) }
        var heldOut: Evaluation?
        var lastSave = clock.now, pause = Duration.seconds(1)
        var isInterrupted = false
        while !session.isFinished {
            guard try trainEpoch(listener) else {
                isInterrupted = true
                break
            }
            var report = try session.endEpoch()
            report.seconds = session.takeEpochSeconds()
            report.samplesPerSecond = Double(data.training.count) / max(report.seconds, 1e-9)
            heldOut = report.heldOut
            for notice in session.takeNotices() { try listener(.noticed(notice)) }
            try listener(.epochEnded(report))
            if let kept = bookmark?.position.steps, session.position.steps - kept >= max(256, kept / 4) { bookmark = session.bookmark() }
            // Epochs of a small network take less than a write to the disk. A crash loses a second's work at most, or
            // twenty times what a write takes, so that writing takes a twentieth of the run.
            let every = plan.settings.checkpointEvery
            if every > 0, session.position.epochsDone % every == 0, !session.isFinished, lastSave.duration(to: .now) > pause {
                let began = clock.now
                try save(session.snapshot(), listener)
                lastSave = clock.now
                pause = max(.seconds(1), (lastSave - began) * 20)
            }
        }
        var reason = session.position.stopReason ?? .completed
        if isInterrupted { reason = .interrupted }
        let isBest = try reason != .interrupted && session.takeBest()
        try session.chooseThreshold()
        let snapshot = try session.snapshot()
        let sum = try save(snapshot, listener)
        if isInterrupted || isBest || heldOut == nil || plan.settings.threshold != nil { heldOut = try session.evaluateHeldOut() }
        let outcome = TrainingEvent.Outcome(
            model: snapshot.model, savedWeightsSHA256: sum, epochs: session.position.epochsDone, heldOut: heldOut,
            trainSeconds: session.position.trainSeconds, reason: reason, measurements: session.measurements, checkpoint: snapshot)
        try listener(.finished(outcome))
        return outcome
    }

    /// Trains to the end of the epoch; false if stopped before.
    private func trainEpoch(_ listener: (TrainingEvent) throws -> Void) throws -> Bool {
        let began = clock.now, first = session.position, samples = trainer.data.training.count
        defer { session.addSeconds((clock.now - began).seconds) }
        var reported = began, step = 0, isInterrupted = false
        let size = session.batchSize * session.memory.count
        let isDone = try session.train {
            for notice in session.takeNotices() { try listener(.noticed(notice)) }
            if stop.isStopped {
                isInterrupted = true
                return false
            }
            // Reading the clock costs as much as a small step, so not every step does.
            step += 1
            if step > 1, step % 32 == 0 || size > 1 << 20 {
                let now = clock.now
                if now - reported > .milliseconds(100) {
                    reported = now
                    let position = session.position
                    let rate = Double(position.samplesInEpoch - first.samplesInEpoch) / (now - began).seconds
                    let left = Double(session.epochs - position.epochsDone) * Double(samples) - Double(position.samplesInEpoch)
                    try listener(
                        .step(
                            TrainingEvent.StepReport(
                                epoch: position.epochsDone + 1, step: position.stepsInEpoch, stepsPerEpoch: session.stepsPerEpoch,
                                loss: position.lossTotal / Double(max(1, position.samplesInEpoch)), samplesPerSecond: rate,
                                secondsLeft: left / rate)))
                }
            }
            return true
        }
        return isDone && !isInterrupted
    }

    /// - Returns: The checksum of the weights; `nil` where nothing is written.
    @discardableResult
    private func save(_ checkpoint: @autoclosure () throws -> Checkpoint, _ listener: (TrainingEvent) throws -> Void) throws -> String? {
        guard let output, let sum = try output.save(checkpoint(), at: session.position) else { return nil }
        try listener(.checkpointed(output.url))
        return sum
    }
}

extension Duration {
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
