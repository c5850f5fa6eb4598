import RectifierText

/// Where numbers stop being finite, in the step behind the last finite weights.
struct Divergence {
    private let step: ProbedStep
    private let place: Place
    /// The largest size of the layer's numbers that are finite.
    private let largest: Double
    private let lastLayer: String?

    private enum Place {
        /// The output of a layer, or the loss.
        case forward(layer: String, sample: Int, unit: Int)
        case gradient(parameter: String)
        /// Everything is finite but what the update makes of it.
        case update
    }

    init(_ step: ProbedStep, _ sites: [HealthSite], _ run: ProbedRun) throws {
        self.step = step
        lastLayer = run.network.rows.last?.name
        // In the order in which they are computed.
        var values: [(layer: String, formula: Formula)] = []
        for (row, output) in zip(run.network.rows, run.network.layerOutputs) { values.append((row.name, output)) }
        values.append(("loss", run.losses))
        let program = try step.compile(values.map(\.formula))
        program.run()
        var largest = 0.0
        for (output, (layer, _)) in values.enumerated() {
            let numbers = program.values(ofOutput: output), width = numbers.count / step.batchSize
            if let bad = numbers.firstIndex(where: { !$0.isFinite }) {
                place = .forward(layer: layer, sample: bad / max(1, width), unit: bad % max(1, width))
                self.largest = largest
                return
            }
            largest = numbers.reduce(largest) { max($0, abs($1)) }
        }
        self.largest = largest
        // Backwards, as gradients are computed.
        for (name, tensor) in Array(step.gradients).reversed() where tensor.doubles.contains(where: { !$0.isFinite }) {
            place = .gradient(parameter: name)
            return
        }
        place = .update
    }

    /// - Parameter sample: The number, in the training data, of a sample of the batch.
    func diagnosis(plan: TrainingPlan, sample: (Int) -> Int32) -> Diagnosis {
        var layer: String?, sentence: String, unit = -1.0, row = -1.0
        switch place {
        case .forward(let name, let place, let element):
            layer = name == "loss" ? lastLayer : name
            (unit, row) = (Double(element), Double(sample(place)))
            let what = name == "loss" ? "the loss" : "unit \(element) of its output"
            sentence =
                "\(what) is the first number that is not finite, at sample \(sample(place)); the largest before it is \(Format.significant(largest, 3))"
        case .gradient(let parameter):
            layer = parameter.split(separator: ".").dropLast().joined(separator: ".")
            sentence =
                "the gradient of its \(parameter.split(separator: ".").last ?? "") is the first that is not finite; outputs reach \(Format.significant(largest, 3))"
        case .update: sentence = "the update makes weights that are not finite; outputs reach \(Format.significant(largest, 3))"
        }
        let losses = step.lossesBefore
        if let first = losses.first, let last = losses.last, losses.count > 1 {
            sentence +=
                "; the loss went from \(Format.significant(first, 3)) to \(Format.significant(last, 3)) in the \(losses.count) steps before"
        }
        return Diagnosis(
            .diverged, layer: layer, epoch: step.epoch, step: step.number, sentence,
            [
                "unit": unit, "sample": row, "largest": largest, "lossBefore": losses.last ?? 0, "lossEarlier": losses.first ?? 0,
                "learningRate": step.learningRate,
            ],
            cures: plan.lowerRates + [.clipping(1), .scaledInputs])
    }
}
