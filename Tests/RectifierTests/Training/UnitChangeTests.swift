import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierInstruments

/// New weights for single units between two steps of a run.
@Suite struct UnitChangeTests {
    private func trainer(_ changes: [TrainingChange] = []) throws -> Trainer {
        let data = try madeData(128, features: 4, seed: 1) { x, _ in x[0] * x[1] }
        return try madeTrainer("dense 12, relu, dense 8, relu, dense 1", data, seed: 3) {
            ($0.epochs, $0.batchSize, $0.learningRate, $0.changes) = (4, .samples(16), 0.01, changes)
        }
    }

    private let redraw = UnitChange(layer: "dense1", units: [2, 7], seed: 9, reader: "dense2")

    @Test func `Only what belongs to the units changes, and the optimizer forgets it`() throws {
        let session = try TrainingSession(trainer())
        for _ in 0..<11 { try session.step() }
        let before = try session.snapshot()
        try session.change { $0.units = [redraw, UnitChange(layer: "dense2", units: [5], lift: [0.5])] }
        let after = try session.snapshot()
        let fresh = try session.plan.network.initialParameters(seed: 9)
        func compare(_ old: Parameters, _ new: Parameters, isState: Bool) {
            for (name, tensor) in old {
                let width = tensor.shape.last!
                for (place, (was, now)) in zip(tensor.doubles, new[name]!.doubles).enumerated() {
                    let unit = place % width, row = place / width
                    let expected: Double =
                        switch name {
                        case "dense1.weights" where [2, 7].contains(unit): isState ? 0 : fresh[name]!.doubles[place]
                        case "dense1.bias" where [2, 7].contains(unit): 0
                        case "dense2.weights" where [2, 7].contains(row): 0
                        case "dense2.bias" where unit == 5: isState ? 0 : Double(Float(was + 0.5))
                        default: was
                        }
                    #expect(now == expected, "\(name) \(place)")
                }
            }
        }
        compare(before.model.parameters, after.model.parameters, isState: false)
        #expect(!before.states.isEmpty)
        for (old, new) in zip(before.states, after.states) { compare(old, new, isState: true) }
    }

    @Test func `A replay and a run that is resumed behind the change give the same bits`() throws {
        let session = try TrainingSession(trainer())
        for _ in 0..<11 { try session.step() }
        try session.change { $0.units = [redraw] }
        let atChange = try session.snapshot()
        while try session.step() != nil {}
        let end = session.model()

        let replay = try Trainer(recipe: #require(end.recipe), data: trainer().data)
        #expect(try replay.run().model.weightsSHA256 == end.weightsSHA256)
        let folder = try TemporaryFolder()
        try atChange.write(to: folder.url("run"))
        let resumed = try Trainer(resuming: Checkpoint(contentsOf: folder.url("run")), data: trainer().data)
        #expect(try resumed.run().model.weightsSHA256 == end.weightsSHA256)
    }

    @Test func `Units that a network does not have are refused`() throws {
        let wrong: [(UnitChange, String)] = [
            (UnitChange(layer: "dense9", units: [0], seed: 1), "no dense layer 'dense9'"),
            (UnitChange(layer: "dense1", units: [12], seed: 1), "units 0 to 11, not 12"),
            (UnitChange(layer: "dense1", units: [-1], seed: 1), "units 0 to 11, not -1"),
            (UnitChange(layer: "dense1", units: [1, 1], seed: 1), "each once"),
            (UnitChange(layer: "dense1", units: [1]), "nothing changes"),
            (UnitChange(layer: "dense1", units: [1], lift: [1, 2]), "has 2"),
            (UnitChange(layer: "dense1", units: [1], seed: 1, reader: "dense3"), "dense3 does not take the 12 units"),
        ]
        for (change, text) in wrong {
            let error = #expect(throws: RectifierError.self) { try trainer([TrainingChange(afterStep: 3, units: [change])]) }
            #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
            let session = try TrainingSession(trainer())
            #expect(throws: RectifierError.self) { try session.change { $0.units = [change] } }
            #expect(session.changes.isEmpty)
        }
    }

    @Test func `Cures of single units go on from the end, and their recipe repeats them`() throws {
        let data = try madeData(256, features: 4, seed: 1) { x, _ in abs(x[0]) + x[1] * x[2] }
        let trainer = try madeTrainer("dense 24, relu, dense 16, relu, dense 1", data, seed: 1) {
            ($0.epochs, $0.batchSize, $0.learningRate) = (3, .samples(16), 0.3)
            // Later steps are small, and kill nothing.
            $0.schedule = .staircase(every: 1, factor: 0.03)
        }
        let outcome = try trainer.run(), health = try #require(outcome.health)
        #expect(health.units.dead > 0)
        for cure in [Cure.biasLift, .redraw] {
            let cured = try #require(
                try cure.applied(to: trainer, end: outcome.checkpoint, health: health, probes: [HealthProbe()], output: nil))
            let end = try cured.run()
            #expect(end.epochs == 6)
            #expect(end.health!.units.dead < health.units.dead, "\(cure)")
            let recipe = try #require(end.model.recipe)
            #expect(recipe.training.changes.first?.units?.isEmpty == false)
            #expect(try Trainer(recipe: recipe, data: data).run().model.weightsSHA256 == end.model.weightsSHA256)
        }
        #expect(try Cure.redraw.applied(to: trainer, probes: [], output: nil) == nil)
    }
}
