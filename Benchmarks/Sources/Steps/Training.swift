import Rectifier
import RectifierInstruments

/// Trains as any user of the library does: a `Trainer`, run to its end, whose events are listened to. The listener is
/// where the run waits for its turn.
///
/// An epoch's seconds are the time from the command, or the epoch before, to the event that the epoch has ended:
/// gathering the batches, the steps, the census of kinks, the search for weights that are not finite. The first turn
/// also compiles the programs; the driver does not count it.
func train(_ workload: Workload) throws {
    let description = workload.description
    let data = try workload.data()
    var settings = TrainingSettings()
    settings.optimizer = description.optimizer
    settings.learningRate = description.learningRate
    settings.batchSize = .samples(description.batchSize)
    settings.epochs = description.epochs
    settings.shuffle = false
    settings.threads = description.threads
    settings.schedule = .constant
    settings.weightDecay = 0
    let trainer = try Trainer(
        workload.network(), loss: description.loss, data: data.training, settings: settings, initialParameters: workload.parameters(),
        probes: description.census == false ? [] : [KinkProbe()])
    let stop = StopSignal()

    let clock = ContinuousClock()
    var began = clock.now
    var turn = Reply(), epochsLeft = 0
    /// Waits for the driver; false if it wants no more epochs.
    func waitForTurn() throws -> Bool {
        guard let epochs = try Command.next()?.epochs else { return false }
        (turn, epochsLeft) = (Reply(seconds: [], losses: []), epochs)
        began = clock.now
        return true
    }
    Reply(ready: true, version: rectifierVersion).send()
    let outcome = try trainer.run(stop: stop) { event in
        switch event {
        case .started:
            if try !waitForTurn() { stop.stop() }
        case .epochEnded(let report):
            let now = clock.now
            turn.seconds?.append((now - began) / .seconds(1))
            turn.losses?.append(report.trainLoss)
            began = now
            epochsLeft -= 1
            guard epochsLeft == 0 else { break }
            turn.send()
            if try !waitForTurn() { stop.stop() }
        default: break
        }
    }
    guard outcome.reason == .completed else { return }
    // The last turn waited for `finish`.
    Reply(accuracy: try data.test.flatMap { try outcome.model.evaluate(on: $0).accuracy }).send()
}
