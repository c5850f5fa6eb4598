import RectifierText

import struct Foundation.URL

/// A cure that was tried on a twin of a run: the same batches, one change.
public struct CureTrial: Sendable, Codable, Equatable {
    public var cure: Cure
    /// What it is against.
    public var diagnosis: Diagnosis.Name
    /// Steps that the twin was trained, or until it diverged.
    public var steps: Int
    /// The twin's mean training loss over the last fifth of them, and the held-out loss where that is what counts;
    /// `nil` where it diverged.
    public var loss: Double?
    /// The same of a twin without the change.
    public var lossWithout: Double?
    /// Whether the twin was diagnosed the same.
    public var isFoundAgain: Bool

    /// The loss of the best constant answer, below which learning begins; `nil` where none can be told.
    public var trivialLoss: Double?

    /// Whether the twin learns, and either what was wrong is gone at no cost or the loss is at least a tenth smaller.
    public var helps: Bool {
        guard let loss, loss < trivialLoss ?? .infinity else { return false }
        guard let lossWithout else { return true }
        return loss < 0.9 * lossWithout || !isFoundAgain && loss < 1.05 * lossWithout
    }

    /// Best first: what helps, what makes the diagnosis go away, what has the smallest loss.
    fileprivate static func isBetter(_ a: CureTrial, _ b: CureTrial) -> Bool {
        func rank(_ trial: CureTrial) -> (Int, Int, Double) {
            (trial.helps ? 0 : 1, trial.isFoundAgain ? 1 : 0, trial.loss ?? .infinity)
        }
        return rank(a) < rank(b)
    }

    /// `learning rate 0.003: loss 0.21 after 300 steps, 2.3 without it`.
    public var sentence: String {
        func shown(_ loss: Double?) -> String { loss.map { Format.significant($0, 3) } ?? "no finite loss" }
        let again = isFoundAgain ? "; \(diagnosis.words) again" : ""
        return
            "\(cure.words): \(loss == nil ? "" : "loss ")\(shown(loss)) after \(Format.count(steps, "step")), \(shown(lossWithout)) without it\(again)"
    }
}

/// Tries the cures of a run's diagnoses on twins.
public struct CureTrials: Sendable {
    /// Steps of each twin.
    public var steps = 300

    public init(steps: Int = 300) { self.steps = steps }

    /// Every cure that can be tried, best first; those that help before those that do not.
    ///
    /// - Parameters:
    ///   - trainer: The sick run, from its beginning.
    ///   - end: Where it ended, for cures that treat single units and go on from there; `nil` leaves those out.
    ///   - health: What was found.
    ///   - progress: Called before each twin with how many are done of how many. Returning false ends the trials.
    public func run(
        _ trainer: Trainer, end: Checkpoint? = nil, health: HealthReport,
        progress: (_ done: Int, _ of: Int, _ cure: Cure) -> Bool = { _, _, _ in true }
    ) throws -> [CureTrial] {
        var seen = Set<Cure>()
        var wanted: [(cure: Cure, diagnosis: Diagnosis.Name, run: CurableRun)] = []
        for diagnosis in health.diagnoses {
            for cure in diagnosis.cures where seen.insert(cure).inserted {
                if let run = try? cure.applied(to: trainer, end: end, sick: health.units) { wanted.append((cure, diagnosis.name, run)) }
            }
        }
        var without: [Bool: Measured] = [:]
        var trials: [CureTrial] = []
        for (number, (cure, diagnosis, run)) in wanted.enumerated() {
            guard progress(number, wanted.count, cure) else { break }
            // Overfitting shows on data that is not trained on, and takes its time.
            let isHeldOut = diagnosis == .overfitting
            let base: Measured
            if let known = without[cure.goesOn] {
                base = known
            } else {
                let sick = cure.goesOn ? CurableRun(trainer, goingOnFrom: end)! : CurableRun(trainer)
                base = try measure(sick, heldOut: isHeldOut)
                without[cure.goesOn] = base
            }
            guard let twin = try? measure(run, heldOut: isHeldOut) else { continue }
            trials.append(
                CureTrial(
                    cure: cure, diagnosis: diagnosis, steps: twin.steps, loss: isHeldOut ? twin.heldOut : twin.loss,
                    lossWithout: isHeldOut ? base.heldOut : base.loss,
                    // Early stopping does not keep the loss from rising; it goes back to where it was lowest.
                    isFoundAgain: !isHeldOut && twin.found.contains(diagnosis), trivialLoss: health.trivialLoss))
        }
        return trials.sorted(by: CureTrial.isBetter)
    }

    private struct Measured {
        var steps = 0
        var loss: Double?
        var heldOut: Double?
        var found: Set<Diagnosis.Name> = []
    }

    private func measure(_ run: CurableRun, heldOut: Bool) throws -> Measured {
        let session = try TrainingSession(run.trainer(probes: [HealthProbe()]))
        var result = Measured(), losses: [Double] = []
        do {
            if heldOut {
                var best = Double.infinity
                while let report = try session.epoch() {
                    let loss = (report.validation ?? report.heldOut)?.loss ?? .infinity
                    best = min(best, loss)
                    // What the run would end with.
                    result.heldOut = run.recipe.training.earlyStopping == nil ? loss : best
                }
                result.steps = session.position.steps
            } else {
                while losses.count < steps, let step = try session.step() { losses.append(step.loss) }
                result.steps = losses.count
                let last = losses.suffix(max(1, losses.count / 5))
                result.loss = last.reduce(0, +) / Double(last.count)
            }
        } catch let error as RectifierError where error.kind == .divergence {
            result.steps = max(losses.count, session.position.steps)
            result.loss = nil
            result.heldOut = nil
        }
        result.found = Set(session.measurements[HealthReport.self]?.diagnoses.map(\.name) ?? [])
        return result
    }
}

extension Cure {
    /// The run with the change, to be trained in the sick one's place. Its recipe has the change.
    ///
    /// - Parameters:
    ///   - health: What was found in the sick run, and `end` where it ended: what cures of single units go on from.
    ///     Without them these cures change nothing.
    /// - Returns: `nil` where there is nothing to change.
    public func applied(
        to trainer: Trainer, end: Checkpoint? = nil, health: HealthReport? = nil, probes: [any TrainingProbe], output: URL?
    ) throws -> Trainer? {
        try applied(to: trainer, end: end, sick: health?.units ?? [])?.trainer(probes: probes, output: output)
    }
}
