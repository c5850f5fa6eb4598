import Foundation
import Rectifier
import RectifierInstruments
import RectifierText

/// For people: what is trained, a line that moves where the terminal allows it, lines for epochs, and what to do next.
///
/// No line is wider than the terminal, or than 80 columns in a pipe. Of a long run every tenth epoch has a line.
final class TextReporter: TrainingReporter {
    private let folder: URL
    private let terminal: Terminal
    private var recipe = Recipe()
    private var data: LoadedData?
    private var notes: [String] = []
    /// The first epoch of this run, and the last that it is meant to have.
    private var firstEpoch = 1, epochs = 0
    private var lastHeldOut: Evaluation?
    /// The last epoch, where it has no line yet.
    private var unshown: TrainingEvent.EpochReport?
    private var seconds = 0.0, samples = 0.0
    private var barIsShown = false
    private var barMoved = ContinuousClock.now

    private static let mostEpochs = 20, everyEpoch = 10

    init(folder: URL, terminal: Terminal) {
        self.folder = folder
        self.terminal = terminal
    }

    func begin(_ trainer: Trainer, notes: [String]) throws {
        (recipe, data) = (trainer.plan.recipe, trainer.data)
        self.notes = notes
    }

    func report(_ event: TrainingEvent) throws {
        switch event {
        case .started(let started):
            (firstEpoch, epochs) = (started.firstEpoch, started.epochs)
            try write(heading(started))
        case .step(let step):
            try move(Progress(step))
        case .epochEnded(let epoch):
            lastHeldOut = epoch.heldOut
            seconds += epoch.seconds
            samples += epoch.seconds * epoch.samplesPerSecond.clamped
            unshown = epoch
            if hasLine(epoch.epoch) {
                try showEpoch()
            } else if ContinuousClock.now - barMoved > .milliseconds(100) {
                try move(Progress(epoch, of: epochs))
            }
        case .noticed(let notice):
            guard let diagnosis = notice as? Diagnosis else { return }
            try clearBar()
            try write(lines(diagnosis))
        case .checkpointed, .diverged:
            return
        case .finished(let outcome):
            try showEpoch()
            try clearBar()
            try write(ending(outcome, scores: heldOutScores(outcome)))
        }
    }

    private func write(_ lines: [String]) throws {
        for line in lines { try StandardOutput.writeLine(line) }
    }

    // ===--- Epochs ---===//

    private var everyEpochHasALine: Bool { epochs - firstEpoch < Self.mostEpochs }

    private func hasLine(_ epoch: Int) -> Bool {
        everyEpochHasALine || epoch == firstEpoch || epoch == epochs || epoch % Self.everyEpoch == 0
    }

    /// The line of the last epoch, if it has none yet.
    private func showEpoch() throws {
        guard let epoch = unshown else { return }
        unshown = nil
        try clearBar()
        try StandardOutput.writeLine(summary(epoch))
    }

    private func summary(_ epoch: TrainingEvent.EpochReport) -> String {
        var parts: [(text: String, style: Terminal.Style?)] = [(label(epoch.epoch), .bold), ("loss \(Format.score(epoch.trainLoss))", nil)]
        if let decider = decider(epoch) { parts.append((decider, nil)) }
        if let heldOut = epoch.heldOut {
            parts.append(("test loss \(Format.score(heldOut.loss))", nil))
            if let score = score(heldOut) { parts.append((score, .green)) }
        }
        parts.append((Format.duration(epoch.seconds), nil))
        while parts.reduce(-2, { $0 + $1.text.count + 2 }) > terminal.width, parts.count > 1 { parts.removeLast() }
        return parts.map { part in part.style.map { terminal.styled(part.text, $0) } ?? part.text }.joined(separator: "  ")
    }

    /// What early stopping looks at, where that is not the loss on the test data.
    private func decider(_ epoch: TrainingEvent.EpochReport) -> String? {
        guard recipe.training.earlyStopping != nil, let evaluation = epoch.validation ?? epoch.heldOut else { return nil }
        let name = epoch.validation == nil ? "test" : "validation"
        if let metric = recipe.training.metric, let score = evaluation.score { return "\(name) \(metric.words) \(metric.text(score))" }
        return epoch.validation == nil ? nil : "\(name) loss \(Format.score(evaluation.loss))"
    }

    private func label(_ epoch: Int) -> String {
        let total = String(epochs)
        let number = String(epoch)
        return "epoch \(String(repeating: " ", count: max(0, total.count - number.count)))\(number)/\(total)"
    }

    private func score(_ evaluation: Evaluation) -> String? {
        if let accuracy = evaluation.accuracy { return "accuracy \(Format.percent(accuracy))" }
        guard let rmse = evaluation.rmse else { return nil }
        return "RMSE \(Format.significant(rmse))" + (evaluation.r2.map { "  R² \(Format.score($0))" } ?? "")
    }

    // ===--- Findings ---===//

    private func lines(_ diagnosis: Diagnosis) -> [String] {
        let place = diagnosis.layer.map { " in \($0)" } ?? "", when = diagnosis.step == 0 ? "" : ", step \(Format.count(diagnosis.step))"
        let title = "! \(diagnosis.name.words)\(place)\(when): "
        var lines = wrapped(title + diagnosis.sentence, width: terminal.width, indent: "  ")
        lines[0] = terminal.styled(title, .bold) + lines[0].dropFirst(title.count)
        let cures = diagnosis.cures.map(\.words).joined(separator: "; ")
        return lines + wrapped("untried: \(cures)", width: terminal.width, first: "  ", indent: "    ")
    }

    func isExplaining() {
        try? showEpoch()
        show("looking for what killed units")
    }

    func explained(_ autopsy: Autopsy) throws {
        try showEpoch()
        try clearBar()
        guard let summary = autopsy.summary else { return }
        try write(wrapped("killed: \(summary)", width: terminal.width, indent: "    "))
    }

    func isTrying(_ cure: Cure, done: Int, of count: Int) {
        show("trying \(done + 1) of \(count): \(cure.words)")
    }

    /// What is done, in the place of the bar.
    private func show(_ text: String) {
        guard terminal.isInteractive else { return }
        try? StandardOutput.write(Terminal.clearLine + shortened(text, to: terminal.width - 1))
        barIsShown = true
    }

    func tried(_ trials: [CureTrial]) throws {
        try showEpoch()
        try clearBar()
        try StandardOutput.writeLine("")
        if trials.isEmpty { try StandardOutput.writeLine("there is no cure that could be tried") }
        for trial in trials {
            let title = trial.helps ? "helps: " : "no help: "
            try write(wrapped(title + trial.sentence, width: terminal.width, indent: "  "))
        }
    }

    func isCured(by cure: Cure?, plan: TrainingPlan) throws {
        try StandardOutput.writeLine("")
        guard let cure else { return try StandardOutput.writeLine("no cure that was tried helps; the run stays as it was") }
        try write(wrapped("trained again with \(cure.words)", width: terminal.width))
        recipe = plan.recipe
        (seconds, samples, lastHeldOut, unshown) = (0, 0, nil, nil)
    }

    // ===--- The line that moves ---===//

    private struct Progress {
        var epoch: Int
        /// Of the epoch.
        var share: Double
        var loss: Double
        var samplesPerSecond: Double
        var secondsLeft: Double

        init(_ step: TrainingEvent.StepReport) {
            (epoch, loss, samplesPerSecond, secondsLeft) = (step.epoch, step.loss, step.samplesPerSecond, step.secondsLeft)
            share = Double(step.step) / Double(max(1, step.stepsPerEpoch))
        }

        init(_ report: TrainingEvent.EpochReport, of epochs: Int) {
            (epoch, share, loss, samplesPerSecond) = (report.epoch, 1, report.trainLoss, report.samplesPerSecond)
            secondsLeft = Double(epochs - report.epoch) * report.seconds
        }
    }

    private func move(_ progress: Progress) throws {
        guard terminal.isInteractive else { return }
        try StandardOutput.write(Terminal.clearLine + bar(progress))
        barIsShown = true
        barMoved = .now
    }

    private func clearBar() throws {
        if barIsShown { try StandardOutput.write(Terminal.clearLine) }
        barIsShown = false
    }

    /// How far the epoch is, or the run where not every epoch has a line.
    private func bar(_ progress: Progress) -> String {
        let run = (Double(progress.epoch - firstEpoch) + progress.share) / Double(max(1, epochs - firstEpoch + 1))
        let head = label(progress.epoch) + " "
        let tail =
            "  loss \(Format.score(progress.loss))  \(Format.count(Int(progress.samplesPerSecond.clamped))) samples/s"
            + "  \(Format.duration(progress.secondsLeft)) left"
        let score = lastHeldOut.flatMap(score).map { "  " + $0 } ?? ""
        var room = terminal.width - 1 - head.count - tail.count
        let end = room - score.count >= 10 ? score + tail : tail
        room -= end.count - tail.count
        guard room >= 4 else { return String((head + tail).prefix(max(0, terminal.width - 1))) }
        let length = min(30, room)
        let done = Int(((everyEpochHasALine ? progress.share : run) * Double(length)).rounded(.down))
        return head + terminal.styled(String(repeating: "━", count: done), .cyan)
            + terminal.styled(String(repeating: terminal.hasColor ? "━" : "─", count: length - done), .dim) + end
    }

    // ===--- Beginning and end ---===//

    private func heading(_ started: TrainingEvent.Started) -> [String] {
        let training = recipe.training
        let heldOut =
            started.folds > 1 && started.heldOutSamples == 0
            ? "in \(started.folds) folds" : (started.heldOutSamples > 0 ? Format.count(started.heldOutSamples) : "none") + " held out"
        let data = "\(recipe.data.source): \(Format.count(started.trainingSamples, "sample")), \(heldOut)"
        let about =
            (recipe.network.atZero.map { ", \($0) at zero" } ?? "") + (recipe.network.loss.map { ", \($0)" } ?? "")
            + ", \(Format.count(started.parameterCount, "parameter"))"
        let rate = training.learningRate.map { ", learning rate \(Format.significant($0))" } ?? ""
        let batch =
            switch training.batchSize {
            case .samples(let count)?: ", batch \(Format.count(count))"
            case .full?: ", full batch"
            case nil: ""
            }
        let decay = training.weightDecay.flatMap { $0 > 0 ? ", weight decay \(Format.significant($0, 2))" : nil } ?? ""
        let augmentation = training.augmentation.map { ($0.flip ? ", flip" : "") + ($0.shift > 0 ? ", shift \($0.shift)" : "") } ?? ""
        let weights = training.classWeights.map { $0 == .balanced ? ", balanced classes" : ", weighted classes" } ?? ""
        let rowWeights = recipe.data.weights.map { ", rows weighted by \(printable($0))" } ?? ""
        let run =
            "\(training.optimizer.name)\(rate)\(decay)\(weights)\(rowWeights)\(batch)\(augmentation), \(Format.count(started.epochs, "epoch")), seed \(training.seed)"
        // The first note says what is predicted.
        let rows =
            [("data", data)] + notes.enumerated().map { ($0 == 0 ? "task" : "note", $1) }
            + [
                ("network", recipe.network.title(width: 2 * (terminal.width - 10) - about.count) + about), ("training", run),
                ("machine", "\(Format.count(started.threads, "thread")), \(training.precision.rawValue)"),
            ]
            + (started.firstEpoch > 1 ? [("resumed", "at epoch \(started.firstEpoch)")] : [])
        return rows.flatMap { name, text in
            let title = name.padding(toLength: 10, withPad: " ", startingAt: 0), indent = String(repeating: " ", count: 10)
            var lines = wrapped(text, width: terminal.width, first: title, indent: indent)
            lines[0] = terminal.styled(title, .bold) + lines[0].dropFirst(title.count)
            return lines
        } + [""]
    }

    /// What the run's model scores on held-out data, beside the trivial model.
    private func heldOutScores(_ outcome: TrainingEvent.Outcome) throws -> [String] {
        guard let data, let heldOut = data.heldOut ?? (data.folds == nil ? nil : data.training) else { return [] }
        let folds = data.heldOut == nil ? data.folds : nil
        let metrics = try outcome.model.metrics(on: heldOut, folds: folds, hasIntervals: false, threads: recipe.training.threads)
        let table = MetricTable(metrics, classNames: outcome.model.preparation?.classNames)
        return ["on \(folds == nil ? "held-out data" : "rows that a network has not seen"): \(table.summary)"] + table.verdicts
    }

    private func ending(_ outcome: TrainingEvent.Outcome, scores: [String]) -> [String] {
        let width = terminal.width, model = folder.relativePath, isSaved = outcome.savedWeightsSHA256 != nil
        var lines = [""]
        switch outcome.reason {
        case .completed, .diverged: break
        case .earlyStopping:
            let metric = recipe.training.metric ?? .loss, verb = metric.isHigherBetter ? "rises" : "falls"
            lines.append("stopped early: the held-out \(metric.words) no longer \(verb); these are the best weights")
        case .interrupted:
            let end = isSaved ? "saved" : "not saved"
            lines.append("interrupted after \(Format.count(outcome.epochs)) of \(Format.count(epochs, "epoch")); \(end)")
        }
        if let kinks = outcome.kinks {
            lines += wrapped("gradients: \(kinks.summary)", width: width, indent: "    ")
            lines += kinks.details.flatMap { wrapped($0, width: width, first: "  ", indent: "    ") }
        }
        if let last = outcome.measurements[StabilityCurve.self]?.points.last {
            lines += wrapped("step \(Format.count(last.step)): \(last.report.summary)", width: width, indent: "    ")
        }
        if let health = outcome.health { lines += wrapped("health: \(health.summary)", width: width, indent: "    ") }
        var result = "trained in \(Format.duration(outcome.trainSeconds))"
        if seconds > 0 { result += " at \(Format.count(Int((samples / seconds).clamped))) samples/s" }
        lines += wrapped(result, width: width) + scores.flatMap { wrapped($0, width: width, indent: "    ") }
        if let threshold = outcome.model.threshold {
            let decision = MetricTable.decision(threshold, outcome.model.preparation?.classNames)
            lines += wrapped("threshold: \(decision)", width: width, indent: "    ")
        }
        guard isSaved else { return lines + wrapped(stillThere(folder), width: width) }
        lines += wrapped("the model is in \(model)", width: width) + [""]
        if outcome.reason == .interrupted {
            lines += ["resume with:"] + Invocation.commandLines(Invocation.resuming(folder), width: width)
        } else {
            var commands = [
                ["evaluate", model], ["predict", model, "--data", recipe.data.test ?? recipe.data.source], ["inspect", model],
            ]
            if outcome.reason == .completed { commands.append(Invocation.resuming(folder) + ["--epochs", String(2 * outcome.epochs)]) }
            lines += ["evaluate, predict, look inside, or go on with:"] + commands.flatMap { Invocation.commandLines($0, width: width) }
        }
        return lines
    }
}

extension Double {
    /// Something that fits an `Int`, whatever was divided by zero.
    fileprivate var clamped: Double { isFinite ? Swift.min(Swift.max(self, 0), 1e15) : 0 }
}
