import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

struct LossTests {
    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "nothing"
    }

    private func registerPinball() throws {
        // Tests run side by side in one process.
        guard !Loss.names.contains("test-pinball") else { return }
        try? Loss.register("test-pinball") { output, target, numbers in
            let miss = try target - output, share = Formula.constant(numbers.first ?? 0.5)
            return try maximum(share * miss, (share - 1) * miss, ties: .split)
        }
    }

    @Test func spellings() throws {
        let losses: [Loss] = [
            .softmaxCrossEntropy, .sigmoidCrossEntropy, .squaredError, .halfSquaredError, .absoluteError, .hinge, .huber(delta: 0.25),
            .huber(delta: 1), .hinge(atKink: 0.5), .absoluteError(atKink: .unsound(2)),
        ]
        for loss in losses {
            #expect(try Loss(loss.spelling) == loss && "\(loss)" == loss.spelling)
            #expect(try JSONDecoder().decode([Loss].self, from: JSONEncoder().encode([loss])) == [loss])
        }
        #expect(try Loss("huber:1.0").spelling == "huber:1")
        #expect(message { _ = try Loss("square-error") } == "there is no loss 'square-error'; did you mean 'squared-error'?")
        #expect(message { _ = try Loss("hinge:2") }.contains("[0, 1]"))
    }

    @Test func aRegisteredLossTrainsAndIsReadBack() throws {
        try registerPinball()
        let loss = try Loss("test-pinball:0.9")
        let network = try Network(input: [1]) { Dense(1, initializer: .zeros) }
        #expect(try network.gradientCheck(loss: loss).passes)
        // Nine tenths of the targets lie below the output that this loss is least for.
        let data = try Dataset(
            count: 101, sampleShape: [1], features: .floats([Float](repeating: 0, count: 101)),
            targets: .values((0...100).map { Float($0) / 100 }, width: 1))
        var settings = TrainingSettings()
        settings.epochs = 200
        settings.batchSize = .full
        settings.learningRate = 0.05
        let model = try Trainer(network, loss: loss, data: data, settings: settings).run().model
        #expect(Swift.abs(try model.predictions(for: data).outputs[0] - 0.9) < 0.03)

        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rectifier-loss-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try model.write(to: folder)
        #expect(try Model(contentsOf: folder).loss == loss)
        let file = folder.appendingPathComponent("model.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing("test-pinball:0.9", with: "test-swirl:3").utf8).write(to: file)
        let error = message { _ = try Model(contentsOf: folder) }
        #expect(error.contains("there is no loss 'test-swirl:3'") && error.contains("Loss.register"))
    }

    /// The values at its kinks are checked, and the verdict sees them.
    @Test func kinksOfARegisteredLoss() throws {
        try registerPinball()
        let network = try Network(input: [1]) { Dense(1, initializer: .zeros) }
        let report = try network.kinkReport(
            loss: Loss("test-pinball:0.9"), parameters: network.initialParameters(seed: 0), features: [1], targets: [0])
        #expect(report.kinks.contains { $0.layer == "loss" && $0.touched == 1 })
        try? Loss.register("test-unsound") { output, target, _ in try abs(output - target, atZero: 3) }
        #expect(message { _ = try Loss("test-unsound") }.contains("3 is no derivative at the kink"))
    }

    @Test func mistakesOfRegisteredLosses() throws {
        try registerPinball()
        #expect(message { try Loss.register("test-pinball") { output, _, _ in output } }.contains("already"))
        #expect(message { try Loss.register("hinge") { output, _, _ in output } }.contains("already"))
        #expect(message { try Loss.register("huber") { output, _, _ in output } }.contains("already"))
        #expect(message { try Loss.register("a:b") { output, _, _ in output } }.contains("cannot be a loss's name"))
        try? Loss.register("test-scalar") { output, _, _ in try output.sum() }
        #expect(message { _ = try Loss("test-scalar") }.contains("it must give that or [batch, 1]"))
        #expect(message { _ = try Loss("test-pinball:x") }.contains("there is no loss"))
    }

    @Test func recipesChooseALossThatFitsTheTargets() throws {
        let classes = Dataset.Targets.classes([0, 1], names: ["a", "b"]), numbers = Dataset.Targets.values([0, 1], width: 1)
        for (loss, isForClasses, isForNumbers) in [
            (Loss.softmaxCrossEntropy, true, false), (.sigmoidCrossEntropy, true, false), (.squaredError, false, true),
            (.huber(delta: 1), false, true), (.absoluteError, false, true), (.hinge, false, false),
        ] {
            #expect((message { try loss.check(classes) } == "nothing") == isForClasses, "\(loss)")
            #expect((message { try loss.check(numbers) } == "nothing") == isForNumbers, "\(loss)")
        }
        var recipe = Recipe()
        recipe.data.source = "circle"
        recipe.data.samples = 60
        recipe.training.epochs = 1
        recipe.network.loss = .sigmoidCrossEntropy
        let data = try LoadedData(recipe.data, seed: 0)
        let model = try Trainer(recipe: recipe, data: data).run().model
        #expect(model.loss == .sigmoidCrossEntropy && model.recipe?.network.loss == .sigmoidCrossEntropy)
        #expect(try model.predictions(for: data.training).classes?.count == 60)
        recipe.network.loss = .squaredError
        #expect(message { _ = try Trainer(recipe: recipe, data: data) }.contains("not for classes"))
    }

    @Test(arguments: [
        Optimizer.sgd(), .sgd(momentum: 0.9), .sgd(momentum: 0.5, nesterov: true), .adam(), .adam(beta1: 0.8, epsilon: 1e-7), .adamW(),
        .adamW(beta2: 0.99), .rmsProp(), .rmsProp(decay: 0.9, momentum: 0.1),
    ]) func optimizersHaveOneSpelling(_ optimizer: Optimizer) throws {
        #expect(try Optimizer(optimizer.spelling) == optimizer)
    }

    @Test func schedulesHaveOneSpelling() throws {
        let schedules: [Schedule] = [
            .constant, .staircase(every: 3, factor: 0.1), .cosine(), .cosine(warmUp: 1.5, floor: 0.01), .warmUp(2), .oneCycle,
        ]
        for schedule in schedules { #expect(try Schedule(schedule.spelling) == schedule) }
        #expect(try Schedule("step:3:0.1").spelling == "staircase:3:0.1")
        #expect(try Schedule("staircase:3") == .staircase(every: 3, factor: 0.1))
        for text in ["sgd:x", "sgd:1:2", "adam:nesterov", "adam:0.9", "guess"] {
            #expect(throws: RectifierError.self) { try Optimizer(text) }
        }
    }
}
