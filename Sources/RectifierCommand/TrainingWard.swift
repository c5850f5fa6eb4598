import ArgumentParser
import Foundation
import Rectifier
import RectifierInstruments

/// A run of `train` with what is done about its findings: cures tried and applied, a report in its folder, a verdict.
struct TrainingWard {
    private var trainer: Trainer
    private let folder: URL
    private let flags: HealthFlags
    private let reporter: any TrainingReporter
    /// Whether `--fail-on` names something that was found.
    private(set) var fails = false

    /// Deaths of so many of a run's steps are explained, which takes as long as so many steps.
    private static func autopsySteps(of steps: Int) -> Int { min(2000, max(500, steps / 4)) }

    init(_ trainer: Trainer, folder: URL, flags: HealthFlags, reporter: any TrainingReporter) {
        (self.trainer, self.folder, self.flags, self.reporter) = (trainer, folder, flags, reporter)
    }

    /// Runs it, once more where a cure is applied.
    mutating func run(stop: StopSignal, _ listener: (TrainingEvent) throws -> Void) throws -> TrainingEvent.Outcome {
        var attempt = try watched(stop, listener)
        if let health = attempt.report.health, health.diagnoses.contains(where: { $0.name == .deadUnits }), !stop.isStopped {
            reporter.isExplaining()
            let steps = attempt.outcome?.checkpoint.position.steps ?? 0
            let autopsy = try Autopsy(trainer, report: health, steps: Self.autopsySteps(of: steps))
            attempt.report.autopsy = autopsy
            try reporter.explained(autopsy)
        }
        if flags.tryCures || flags.cure, !stop.isStopped, let health = attempt.report.health, !health.diagnoses.isEmpty {
            attempt.report.trials = try CureTrials(steps: flags.cureSteps ?? 300).run(
                trainer, end: attempt.outcome?.checkpoint, health: health
            ) { done, count, cure in
                reporter.isTrying(cure, done: done, of: count)
                return !stop.isStopped
            }
            try reporter.tried(attempt.report.trials)
            if flags.cure, !stop.isStopped { attempt = try cured(attempt, stop, listener) }
        }
        if let outcome = attempt.outcome { try listener(.finished(outcome)) }
        // A run that diverged has a report too, where it has a folder.
        if FileManager.default.fileExists(atPath: folder.path), attempt.outcome?.savedWeightsSHA256 != nil || attempt.error != nil {
            try attempt.report.write(to: folder)
        }
        if let health = attempt.report.health, let failures = flags.failOn?.failures(health), !failures.isEmpty {
            fails = true
            for failure in failures { writeErrorLine("rectifier: failed: \(failure)") }
            // What the run was to fail on says more than that it failed.
            if attempt.error != nil { throw ExitCode(FailOn.code) }
        }
        if let error = attempt.error { throw error }
        return attempt.outcome!
    }

    private struct Attempt {
        var report: TrainingReport
        var outcome: TrainingEvent.Outcome?
        /// What it ended with, where it diverged.
        var error: RectifierError?
    }

    private func watched(_ stop: StopSignal, _ listener: (TrainingEvent) throws -> Void) throws -> Attempt {
        var attempt = Attempt(report: TrainingReport(plan: trainer.plan))
        do {
            attempt.outcome = try trainer.run(stop: stop) { event in
                switch event {
                // What is found out about it comes first.
                case .finished: return
                case .diverged(let measurements): attempt.report.take(measurements)
                default: break
                }
                try listener(event)
            }
            attempt.report.outcome = attempt.outcome
            if let measurements = attempt.outcome?.measurements { attempt.report.take(measurements) }
        } catch let error as RectifierError where error.kind == .divergence && trainer.plan.settings.health {
            attempt.error = error
            attempt.report.failure = error.description
        }
        return attempt
    }

    /// The run with the best cure that helps.
    private mutating func cured(
        _ sick: Attempt, _ stop: StopSignal, _ listener: (TrainingEvent) throws -> Void
    ) throws -> Attempt {
        for trial in sick.report.trials where trial.helps {
            guard
                var new = try trial.cure.applied(
                    to: trainer, end: sick.outcome?.checkpoint, health: sick.report.health, probes: trainer.probes, output: folder)
            else { continue }
            new.replacesOtherRuns = true
            trainer = new
            try reporter.isCured(by: trial.cure, plan: new.plan)
            var attempt = try watched(stop, listener)
            attempt.report.trials = sick.report.trials
            return attempt
        }
        try reporter.isCured(by: nil, plan: trainer.plan)
        return sick
    }
}
