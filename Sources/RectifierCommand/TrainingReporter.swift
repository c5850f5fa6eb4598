import Foundation
import Rectifier
import RectifierInstruments
import RectifierReports

/// Tells the user what a trainer does. Throws where standard output cannot be written.
protocol TrainingReporter {
    func begin(_ trainer: Trainer, notes: [String]) throws
    func report(_ event: TrainingEvent) throws
    /// Steps that killed units are about to be repeated.
    func isExplaining()
    /// Why units died.
    func explained(_ autopsy: Autopsy) throws
    /// A twin of the run is about to be trained.
    func isTrying(_ cure: Cure, done: Int, of count: Int)
    func tried(_ trials: [CureTrial]) throws
    /// The run begins again with a cure; `nil` where none helps.
    func isCured(by cure: Cure?, plan: TrainingPlan) throws
}

extension TrainingReporter {
    func isExplaining() {}
    func explained(_ autopsy: Autopsy) throws {}
    func isTrying(_ cure: Cure, done: Int, of count: Int) {}
    func tried(_ trials: [CureTrial]) throws {}
    func isCured(by cure: Cure?, plan: TrainingPlan) throws {}
}

/// Nothing at all.
struct QuietReporter: TrainingReporter {
    func begin(_ trainer: Trainer, notes: [String]) {}
    func report(_ event: TrainingEvent) {}
}

/// What a run says that was stopped before it had an epoch to put in an old model's place.
func stillThere(_ folder: URL) -> String {
    "the run has not finished an epoch, so \(folder.relativePath) still holds the model that was there"
}

/// One object a line. The keys, their order and their meaning are kept stable.
struct JSONReporter: TrainingReporter {
    var folder: URL

    func begin(_ trainer: Trainer, notes: [String]) {
        // The first says what is predicted, the others what was left out.
        for note in notes.dropFirst() { writeErrorLine("rectifier: note: \(note)") }
    }

    func report(_ event: TrainingEvent) throws {
        var line = JSONLine()
        switch event {
        case .started, .step, .checkpointed, .diverged:
            return
        case .noticed(let notice):
            guard let diagnosis = notice as? Diagnosis else { return }
            line = JSONLine(diagnosis)
        case .epochEnded(let epoch):
            line.add("event", "epoch")
            line.add("epoch", epoch.epoch)
            line.add("trainLoss", epoch.trainLoss)
            line.add(epoch.heldOut)
            line.add("seconds", epoch.seconds)
            line.add("samplesPerSecond", epoch.samplesPerSecond)
            line.add("gradients", epoch.kinks.map(JSONLine.init))
            line.add("health", epoch.health.map(JSONLine.init))
        case .finished(let outcome):
            line.add("event", "finished")
            line.add("epochs", outcome.epochs)
            line.add(outcome.heldOut)
            line.add("threshold", outcome.model.threshold)
            line.add("trainSeconds", outcome.trainSeconds)
            line.add("model", folder.relativePath)
            line.add("weightsSHA256", outcome.savedWeightsSHA256 ?? outcome.model.weightsSHA256)
            line.add("gradients", outcome.kinks.map(JSONLine.init))
            if let curve = outcome.measurements[StabilityCurve.self] {
                line.add(
                    "stability",
                    curve.points.map { point -> JSONLine in
                        [
                            "step": point.step, "sharpness": point.report.sharpness, "scaled": point.report.preconditionedSharpness,
                            "edge": point.report.edge, "learningRate": point.report.learningRate,
                            "largestStableRate": point.report.largestStableRate,
                        ]
                    })
            }
            if let health = outcome.health {
                line.add("health", JSONLine(health))
                line.add("diagnoses", health.diagnoses.map { ["name": $0.name.rawValue, "layer": $0.layer] as JSONLine })
            }
            if outcome.savedWeightsSHA256 == nil {
                writeErrorLine("rectifier: note: \(stillThere(folder))")
            } else if outcome.reason == .interrupted {
                writeErrorLine("resume with: \(Invocation.command(Invocation.resuming(folder)))")
            }
        }
        try StandardOutput.writeLine(line.description)
    }
}

extension JSONReporter {
    func explained(_ autopsy: Autopsy) throws {
        for finding in autopsy.findings {
            let line: JSONLine = [
                "event": "death", "layer": finding.layer, "unit": finding.unit, "step": finding.step, "cause": finding.cause.rawValue,
                "activeBefore": finding.activeBefore, "before": finding.before, "after": finding.after, "byBias": finding.byBias,
                "byWeights": finding.byWeights, "byFeeders": finding.byFeeders, "byPenalties": finding.byPenalties,
            ]
            try StandardOutput.writeLine(line.description)
        }
    }

    func tried(_ trials: [CureTrial]) throws {
        for trial in trials {
            let line: JSONLine = [
                "event": "cure-tried", "cure": trial.cure.words, "against": trial.diagnosis.rawValue, "helps": trial.helps,
                "loss": trial.loss, "lossWithout": trial.lossWithout, "steps": trial.steps, "foundAgain": trial.isFoundAgain,
            ]
            try StandardOutput.writeLine(line.description)
        }
    }

    func isCured(by cure: Cure?, plan: TrainingPlan) throws {
        guard let cure else { return writeErrorLine("rectifier: note: no cure that was tried helps; the run stays as it was") }
        let line: JSONLine = ["event": "cured", "cure": cure.words]
        try StandardOutput.writeLine(line.description)
    }
}

extension JSONLine {
    /// Verdicts on gradients, and the kinks that were touched.
    fileprivate init(_ report: KinkReport) {
        self.init()
        add("exact", report.exact)
        add("clarke", report.clarke)
        add("clarkeByRank", report.clarkeByRank)
        add("notGuaranteed", report.notGuaranteed)
        add("reason", report.reason)
        let touched = report.kinks.filter { $0.touched > 0 }
        if !touched.isEmpty {
            add(
                "kinks",
                touched.map { kink -> JSONLine in
                    [
                        "layer": kink.layer, "kink": kink.name, "touched": kink.touched, "examined": kink.examined,
                        "structural": kink.structural,
                    ]
                })
        }
        if !report.sensitivity.isEmpty {
            var line = JSONLine()
            for (layer, value) in report.sensitivity.sorted(by: { $0.key < $1.key }) { line.add(layer, value) }
            add("sensitivity", line)
        }
        if let trust = report.trust {
            let step: JSONLine = [
                "predicted": trust.predicted, "actual": trust.actual, "flipped": trust.flipped, "firstFlip": trust.firstFlip,
            ]
            add("step", step)
        }
    }

    /// `testLoss` and `testAccuracy`, or `testRMSE` and `testR2`.
    fileprivate mutating func add(_ evaluation: Evaluation?) {
        add("testLoss", evaluation?.loss)
        add("testAccuracy", evaluation?.accuracy)
        add("testRMSE", evaluation?.rmse)
        add("testR2", evaluation?.r2)
    }
}
