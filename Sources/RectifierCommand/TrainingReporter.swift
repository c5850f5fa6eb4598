import Foundation
import Rectifier

/// Tells the user what a trainer does. Throws where standard output cannot be written.
protocol TrainingReporter {
    func begin(trainer: Trainer, notes: [String]) throws
    func report(_ event: TrainingEvent) throws
}

/// Nothing at all.
struct QuietReporter: TrainingReporter {
    func begin(trainer: Trainer, notes: [String]) {}
    func report(_ event: TrainingEvent) {}
}

/// One object a line. The keys, their order and their meaning are kept stable.
struct JSONReporter: TrainingReporter {
    var folder: URL

    func begin(trainer: Trainer, notes: [String]) {
        // The first says what is predicted, the others what was left out.
        for note in notes.dropFirst() { writeErrorLine("rectifier: note: \(note)") }
    }

    func report(_ event: TrainingEvent) throws {
        var line = JSONLine()
        switch event {
        case .started, .step, .checkpointed:
            return
        case .epochEnded(let epoch):
            line.add("event", "epoch")
            line.add("epoch", epoch.epoch)
            line.add("trainLoss", epoch.trainLoss)
            line.add(epoch.heldOut)
            line.add("seconds", epoch.seconds)
            line.add("samplesPerSecond", epoch.samplesPerSecond)
        case .finished(let outcome):
            line.add("event", "finished")
            line.add("epochs", outcome.epochs)
            line.add(outcome.heldOut)
            line.add("trainSeconds", outcome.trainSeconds)
            line.add("model", folder.relativePath)
            line.add("weightsSHA256", outcome.model.weightsSHA256)
            if outcome.reason == .interrupted {
                writeErrorLine("resume with: \(Invocation.resume(folder))")
            }
        }
        try StandardOutput.writeLine(line.description)
    }
}

extension JSONLine {
    /// `testLoss` and `testAccuracy`, or `testRMSE` and `testR2`.
    fileprivate mutating func add(_ evaluation: Evaluation?) {
        add("testLoss", evaluation?.loss)
        add("testAccuracy", evaluation?.accuracy)
        add("testRMSE", evaluation?.rmse)
        add("testR2", evaluation?.r2)
    }
}
