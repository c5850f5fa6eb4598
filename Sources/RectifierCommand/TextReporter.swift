import Foundation
import Rectifier
import RectifierInstruments
import RectifierReports

/// For people: what is trained, a bar that moves where the terminal allows it, a line for each epoch, and what to do next.
final class TextReporter: TrainingReporter {
    private let folder: URL
    private let terminal: Terminal
    private var epochs = 0
    private var recipe = Recipe()
    private var notes: [String] = []
    private var lastHeldOut: Evaluation?
    private var barIsShown = false

    init(folder: URL, terminal: Terminal) {
        self.folder = folder
        self.terminal = terminal
    }

    func begin(plan: TrainingPlan, notes: [String]) throws {
        recipe = plan.recipe
        self.notes = notes
    }

    func report(_ event: TrainingEvent) throws {
        switch event {
        case .started(let started):
            epochs = started.epochs
            for line in heading(started) { try StandardOutput.writeLine(line) }
        case .step(let step):
            guard terminal.isInteractive else { return }
            try StandardOutput.write(Terminal.clearLine + bar(step))
            barIsShown = true
        case .epochEnded(let epoch):
            lastHeldOut = epoch.heldOut
            try clearBar()
            try StandardOutput.writeLine(summary(epoch))
        case .checkpointed:
            return
        case .finished(let outcome):
            try clearBar()
            for line in ending(outcome) { try StandardOutput.writeLine(line) }
        }
    }

    private func clearBar() throws {
        if barIsShown { try StandardOutput.write(Terminal.clearLine) }
        barIsShown = false
    }

    //===--- Lines ---===//

    private func heading(_ started: TrainingEvent.Started) -> [String] {
        let data =
            "\(recipe.data.source): \(Format.count(started.trainingSamples)) samples"
            + (started.heldOutSamples > 0 ? ", \(Format.count(started.heldOutSamples)) held out" : ", none held out")
        let about =
            (recipe.network.atZero.map { ", \($0) at zero" } ?? "") + (recipe.network.loss.map { ", \($0)" } ?? "")
            + ", \(Format.count(started.parameterCount)) parameters"
        let network = recipe.network.title(width: 70 - about.count) + about
        let rate = recipe.training.learningRate.map { ", learning rate \(Format.significant($0))" } ?? ""
        let batch =
            switch recipe.training.batchSize {
            case .samples(let count)?: ", batch \(Format.count(count))"
            case .full?: ", full batch"
            case nil: ""
            }
        let decay = recipe.training.weightDecay.flatMap { $0 > 0 ? ", weight decay \(Format.significant($0, 2))" : nil } ?? ""
        let training = "\(recipe.training.optimizer.name)\(rate)\(decay)\(batch), \(Format.count(started.epochs)) epochs"
        let machine =
            "\(started.threads) \(started.threads == 1 ? "thread" : "threads"), \(recipe.training.precision.rawValue), seed \(recipe.training.seed)"
        // The first note says what is predicted.
        let rows =
            [("data", data)] + notes.enumerated().map { ($0 == 0 ? "task" : "note", $1) }
            + [("network", network), ("training", "\(training), \(machine)")]
            + (started.firstEpoch > 1 ? [("resumed", "at epoch \(started.firstEpoch)")] : [])
        return rows.map { name, text in terminal.styled(name.padding(toLength: 10, withPad: " ", startingAt: 0), .bold) + text } + [""]
    }

    private func bar(_ step: TrainingEvent.StepReport) -> String {
        let share = Double(step.step) / Double(max(1, step.stepsPerEpoch))
        let head = label(step.epoch) + " "
        var tail = "  loss \(Format.fixed(step.loss, 4))"
        if let score = lastHeldOut.flatMap(score) { tail += "  \(score)" }
        tail += "  \(Format.count(Int(step.samplesPerSecond.clamped))) samples/s  \(Format.duration(step.secondsLeft)) left"
        let room = terminal.width - 1 - head.count - tail.count
        let length = min(30, room)
        guard length >= 4 else { return String((head + tail).prefix(max(0, terminal.width - 1))) }
        let done = Int((share * Double(length)).rounded(.down))
        return head + terminal.styled(String(repeating: "━", count: done), .cyan)
            + terminal.styled(String(repeating: terminal.hasColor ? "━" : "─", count: length - done), .dim) + tail
    }

    private func summary(_ epoch: TrainingEvent.EpochReport) -> String {
        var line = "\(terminal.styled(label(epoch.epoch), .bold))  loss \(Format.fixed(epoch.trainLoss, 4))"
        if let heldOut = epoch.heldOut {
            line += "  test loss \(Format.fixed(heldOut.loss, 4))"
            if let score = score(heldOut) { line += "  \(terminal.styled(score, .green))" }
        }
        return line + "  \(Format.duration(epoch.seconds))  \(Format.count(Int(epoch.samplesPerSecond.clamped))) samples/s"
    }

    private func label(_ epoch: Int) -> String {
        let total = String(epochs)
        let number = String(epoch)
        return "epoch \(String(repeating: " ", count: max(0, total.count - number.count)))\(number)/\(total)"
    }

    private func score(_ evaluation: Evaluation) -> String? {
        if let accuracy = evaluation.accuracy { return "accuracy \(Format.percent(accuracy))" }
        guard let rmse = evaluation.rmse else { return nil }
        return "RMSE \(Format.significant(rmse))" + (evaluation.r2.map { "  R² \(Format.fixed($0, 4))" } ?? "")
    }

    private func ending(_ outcome: TrainingEvent.Outcome) -> [String] {
        let path = Format.shellQuoted(folder.relativePath)
        var lines = [""]
        switch outcome.reason {
        case .completed: break
        case .earlyStopping: lines.append("stopped early: the held-out loss no longer falls; these are the best weights")
        case .interrupted: lines.append("interrupted after \(Format.count(outcome.epochs)) of \(Format.count(epochs)) epochs; saved")
        }
        var result = "trained in \(Format.duration(outcome.trainSeconds))"
        if let score = outcome.heldOut.flatMap(score) { result += ", \(score) on held-out data" }
        if let kinks = outcome.kinks {
            lines.append("gradients: \(kinks.summary)")
            lines += kinks.details.map { "  " + $0 }
        }
        lines += [result, "the model is in \(terminal.styled(folder.relativePath, .bold))", ""]
        if outcome.reason == .interrupted {
            lines.append("resume with: \(Invocation.resume(folder))")
        } else {
            let data = Format.shellQuoted(recipe.data.test ?? recipe.data.source)
            lines += [
                "evaluate it: \(Invocation.program) evaluate \(path)",
                "predict:     \(Invocation.program) predict \(path) --data \(data)",
                "look inside: \(Invocation.program) inspect \(path)",
            ]
            if outcome.reason == .completed { lines.append("go on:       \(Invocation.resume(folder)) --epochs \(outcome.epochs * 2)") }
        }
        return lines
    }
}

extension Double {
    /// Something that fits an `Int`, whatever was divided by zero.
    fileprivate var clamped: Double { isFinite ? Swift.min(Swift.max(self, 0), 1e15) : 0 }
}
