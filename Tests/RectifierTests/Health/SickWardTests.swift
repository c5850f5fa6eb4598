import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierInstruments

@Suite struct SickWardTests {
    /// RECTIFIER_WARD_SEEDS=20 looks at each healthy run twenty times.
    private static let seeds = UInt64(setting("RECTIFIER_WARD_SEEDS") ?? 1)

    @Test(arguments: Ward.sick) func `The cause is found in the right place, and the cure makes the run learn`(_ patient: Patient) throws {
        let (health, sick, _) = try patient.examine()
        let cause = try #require(health.diagnoses.first)
        #expect(patient.names.contains(cause.name), "\(health.diagnoses)")
        if let layer = patient.layer {
            #expect(health.diagnoses.contains { patient.names.contains($0.name) && $0.layer == layer }, "\(health.diagnoses)")
        }
        if let latest = patient.latest { #expect(cause.step <= latest) }
        if let words = patient.words { #expect(cause.sentence.contains(words), "\(cause.sentence)") }
        let trainer = try patient.trainer(0)
        if [.bornDead, .deadUnits].contains(cause.name), let model = sick?.model {
            let census = try UnitCensus(model.network, parameters: model.parameters, data: trainer.data.training)
            let layer = try #require(census.layers.first { $0.layer == cause.layer })
            #expect(Double(layer.dead.count) >= Diagnostician.deadShare * Double(layer.units), "\(cause): \(layer.dead)")
        }

        let cured: Trainer
        if patient.table != nil {
            cured = try patient.trainerOfCuredTable()
        } else {
            let trials = try CureTrials(steps: 120).run(trainer, end: sick?.checkpoint, health: health)
            let advised = trials.filter { cause.cures.contains($0.cure) }
            let best = try #require(advised.first { $0.helps && !$0.cure.goesOn }, "\(trials.map(\.sentence))")
            cured = try #require(try best.cure.applied(to: trainer, probes: [HealthProbe()], output: nil))
        }
        var losses: [Double] = [], heldOut: Double?
        let outcome = try cured.run {
            if case .epochEnded(let epoch) = $0 {
                losses.append(epoch.trainLoss)
                heldOut = epoch.heldOut?.loss
            }
        }
        #expect(Ward.hasLearned(losses, health), "\(losses)")
        if cause.name == .overfitting { #expect(outcome.heldOut!.loss < sick!.heldOut!.loss && heldOut! < health.trivialLoss!) }
        if patient.table != nil {
            #expect(outcome.health!.diagnoses.isEmpty)
        } else {
            // The recipe that would be saved has the change, and the twin's batches are the run's.
            #expect(outcome.model.recipe != trainer.plan.recipe || outcome.model.preparation != trainer.plan.preparation)
        }
    }

    @Test(arguments: Ward.healthy) func `Healthy runs are left alone`(_ patient: Patient) throws {
        for seed in 0..<Self.seeds {
            let (health, _, losses) = try patient.examine(seed: seed)
            #expect(health.diagnoses.isEmpty, "seed \(seed)")
            #expect(Ward.hasLearned(losses, health), "seed \(seed): \(losses)")
        }
    }

    private static func setting(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }

    /// Recipes drawn at random, half of them sick: RECTIFIER_WARD=200 of them, from number RECTIFIER_WARD_FROM on.
    @Test func `Causes of random runs are named, and healthy ones left alone`() throws {
        let first = Self.setting("RECTIFIER_WARD_FROM") ?? 0, count = Self.setting("RECTIFIER_WARD") ?? 16
        var ours = Score(), fixed = Score(), doubtful = 0
        for number in first..<first + count {
            let patient = RandomPatient(number).patient
            let (health, outcome, losses) = try patient.examine(seed: UInt64(number))
            // Drawn to be well, and did not learn: who is to say what it is?
            if patient.names.isEmpty, !Ward.hasLearned(losses, health) {
                doubtful += 1
                continue
            }
            if !ours.count(health.diagnoses.first.map { [$0.name] } ?? [], of: patient) {
                print("RANDOM \(number) \(patient.name): \(health.diagnoses.map { "\($0.name) \($0.step) \($0.sentence)" }), \(losses)")
            }
            fixed.count(FixedThresholds.findings(health.looks, diverged: outcome == nil), of: patient)
        }
        print("RANDOM \(first)..<\(first + count): \(ours); fixed thresholds: \(fixed); \(doubtful) left out")
        #expect(Double(ours.right) >= 0.95 * Double(ours.sick))
        #expect(Double(ours.alarms) <= 0.02 * Double(ours.healthy) + 0.5)
    }
}

/// How often findings are right.
private struct Score: CustomStringConvertible {
    private(set) var sick = 0, right = 0, healthy = 0, alarms = 0

    /// - Returns: Whether they are right for a patient.
    @discardableResult
    mutating func count(_ found: Set<Diagnosis.Name>, of patient: Patient) -> Bool {
        let isRight = patient.names.isEmpty ? found.isEmpty : !found.isDisjoint(with: patient.names)
        if patient.names.isEmpty {
            healthy += 1
            alarms += isRight ? 0 : 1
        } else {
            sick += 1
            right += isRight ? 1 : 0
        }
        return isRight
    }

    var description: String { "\(right) of \(sick) causes named right, \(alarms) false alarms in \(healthy) healthy runs" }
}
