import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments

/// Where numbers cease to be finite, against plain loops over the step behind the last finite weights.
@Suite struct DivergenceTests {
    /// The larger the rate, the earlier in a step, and the deeper in the network, it happens.
    @Test(arguments: [30, 100, 3e4, 1e8, 1e16, 1e25, 1e38]) func `Step, layer, unit and sample are right`(rate: Double) throws {
        var trainer = try Ward.sick.first { $0.name == "rate-100" }!.trainer(0)
        var recipe = trainer.plan.recipe
        recipe.training.learningRate = rate
        trainer = try Trainer(recipe: recipe, data: trainer.data, probes: [HealthProbe()])
        var health: HealthReport?
        #expect(throws: RectifierError.self) {
            try trainer.run { if case .diverged(let measurements) = $0 { health = measurements[HealthReport.self] } }
        }
        let found = try #require(health?.diagnoses.first { $0.name == .diverged })

        let session = try TrainingSession(Trainer(recipe: recipe, data: trainer.data))
        var weights = session.model().parameters, position = session.position
        while (try? session.step()) != nil, session.model().parameters.nonFinite.isEmpty {
            (weights, position) = (session.model().parameters, session.position)
        }
        #expect(found.step == position.steps + 1)
        let order = RandomStream(seed: 0, purpose: RandomPurpose.order, epoch: UInt64(position.epochsDone))
            .permutation(trainer.data.training.count)
        let batch = order[position.samplesInEpoch...].prefix(trainer.plan.batchSize).map(Int.init)
        let place = try Step(parameters: weights, data: trainer.data.training, batch: batch).firstNonFinite()
        #expect(found.layer == place.layer, "\(place), \(found.sentence)")
        #expect(found[evidence: "unit"] == place.unit.map(Double.init) ?? -1, "\(place), \(found.sentence)")
        #expect(found[evidence: "sample"] == place.sample.map(Double.init) ?? -1, "\(place), \(found.sentence)")
    }

    /// Three dense layers with ReLU between them, and the squared error, in 32 bits.
    private struct Step {
        var parameters: Parameters
        var data: Dataset
        var batch: [Int]

        func firstNonFinite() throws -> (layer: String?, unit: Int?, sample: Int?) {
            let weights = try (1...3).map { try #require(parameters["dense\($0).weights"]) },
                values = weights.map { $0.doubles.map(Float.init) }
            let biases = try (1...3).map { try #require(parameters["dense\($0).bias"]).doubles.map(Float.init) }
            guard case .doubleValues(let targets, _) = data.targets else { fatalError("the targets are numbers") }
            func first(_ rows: [[Float]]) -> (unit: Int, sample: Int)? {
                for (row, x) in rows.enumerated() { if let unit = x.firstIndex(where: { !$0.isFinite }) { return (unit, batch[row]) } }
                return nil
            }
            var inputs = [batch.map { sample in (0..<data.width).map { Float(data.features[sample * data.width + $0]) } }]
            var output: [[Float]] = []
            for layer in 0..<3 {
                output = inputs[layer].map { x in
                    biases[layer].indices.map { unit in
                        let units = biases[layer].count
                        return x.indices.reduce(0) { $0 + x[$1] * values[layer][$1 * units + unit] } + biases[layer][unit]
                    }
                }
                if let (unit, sample) = first(output) { return ("dense\(layer + 1)", unit, sample) }
                inputs.append(output.map { $0.map { max($0, 0) } })
            }
            let errors = zip(output, batch).map { $0[0] - Float(targets[$1]) }
            if let (_, sample) = first(errors.map { [$0 * $0] }) { return ("dense3", 0, sample) }
            // Backwards: the derivative of the mean of squares, or of their halves, whichever it is.
            var derivatives = errors.map { [2 * $0 / Float(batch.count)] }
            for layer in (0..<3).reversed() {
                let units = biases[layer].count, x = inputs[layer]
                var gradients = [Float](repeating: 0, count: values[layer].count)
                for row in batch.indices {
                    for k in x[row].indices { for unit in 0..<units { gradients[k * units + unit] += x[row][k] * derivatives[row][unit] } }
                }
                let sums = (0..<units).map { unit in derivatives.reduce(0) { $0 + $1[unit] } }
                if !(gradients + sums).allSatisfy(\.isFinite) { return ("dense\(layer + 1)", nil, nil) }
                derivatives = batch.indices.map { row in
                    x[row].indices.map { k in
                        x[row][k] > 0 ? (0..<units).reduce(0) { $0 + derivatives[row][$1] * values[layer][k * units + $1] } : 0
                    }
                }
            }
            return (nil, nil, nil)
        }
    }
}
