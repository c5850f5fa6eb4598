import Testing

@testable import Rectifier
@testable import RectifierInstruments

@Suite struct SickWardTests {
    @Test(arguments: Ward.sick) func isFound(_ patient: Patient) throws {
        for seed in 0..<2 as Range<UInt64> {
            let (health, outcome) = try patient.examine(seed: seed)
            print("WARD \(patient.name) \(seed): ", health.diagnoses.map { "\($0.name) \($0.layer ?? "-") \($0.step): \($0.sentence)" }, outcome?.heldOut?.accuracy ?? -1)
            for trial in try CureTrials(steps: 300).run(patient.trainer(seed), parameters: outcome?.model.parameters, health: health) {
                print("WARD \(patient.name) \(seed): TRIED ", trial.helps, trial.diagnosis, trial.sentence)
            }
        }
    }
    @Test(arguments: Ward.healthy) func isWell(_ patient: Patient) throws {
        for seed in 0..<8 as Range<UInt64> {
            let (health, outcome) = try patient.examine(seed: seed)
            print("WELL \(patient.name) \(seed): ", health.diagnoses.map { "\($0.name) \($0.layer ?? "-") \($0.step): \($0.sentence)" }, outcome?.heldOut?.accuracy ?? -1)
        }
    }
}
