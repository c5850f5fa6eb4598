import Testing

@testable import Rectifier
@testable import RectifierInstruments

/// Networks of a thousand layers.
@Suite struct DeepHealthTests {
    private func train(_ layers: String, steps: Int) throws -> (losses: [Double], health: HealthReport) {
        let data = try madeData(256, features: 8, seed: 1) { x, _ in x[0] + x[1] }.asClasses()
        let session = try TrainingSession(
            madeTrainer(layers, data, seed: 0) { ($0.learningRate, $0.batchSize, $0.epochs) = (0.0003, .samples(32), 100) })
        var losses: [Double] = []
        while losses.count < steps, let step = try session.step() { losses.append(step.loss) }
        return (losses, session.measurements[HealthReport.self]!)
    }

    @Test func `A thousand layers are trained and diagnosed`() throws {
        let (_, health) = try train(deep(1000, 64, "relu") + ", dense 2", steps: 1)
        #expect([.vanishing, .rankCollapse].contains(health.diagnoses.first?.name), "\(health.diagnoses)")
    }

    @Test func `With residual sums a thousand layers learn`() throws {
        let blocks = Array(repeating: "residual(dense 64, relu, dense 64 init=zeros)", count: 500).joined(separator: ", ")
        let (losses, health) = try train("dense 64, \(blocks), dense 2", steps: 16)
        let last = losses.suffix(2).reduce(0, +), first = losses.prefix(2).reduce(0, +)
        #expect(last < 0.8 * first, "\(losses)")
        #expect(health.diagnoses.isEmpty, "\(health.diagnoses.map(\.sentence))")
    }
}
