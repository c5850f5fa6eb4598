import RectifierInstruments
import Synchronization

extension ZeroStudy {
    /// One way to treat 0 in training.
    private struct Treatment {
        var derivative: Double
        var isInjected = false
        /// The second of two runs that must not differ.
        var isControl = false
    }

    /// Multiply-adds of all trainings, forward and twice backward.
    func trainingWork(_ training: Training, _ images: StudyImages) -> Double {
        let family = StudyFamily(input: images.shape, classes: images.classes, units: Self.usualWidth, depths: [Self.usualDepth])
        return Double(treatments(training).count * training.seeds * training.epochs) * 3 * Double(images.count)
            * Double(family.multiplyAdds(depth: Self.usualDepth))
    }

    private func treatments(_ training: Training) -> [Treatment] {
        [Treatment(derivative: 0), Treatment(derivative: 0, isControl: true)]
            + training.derivatives.dropFirst().map { Treatment(derivative: $0) } + [Treatment(derivative: 1, isInjected: true)]
    }

    /// Trains from each seed with every treatment. Each run has a thread of its own; its bits are those of any number
    /// of threads.
    func trained(
        _ training: Training, _ data: Dataset, _ heldOut: Dataset, work: Double, _ stop: StopSignal, _ meter: StudyMeter
    ) throws -> [ZeroStudyReport.TrainingRow] {
        let treatments = treatments(training)
        let count = treatments.count * training.seeds
        let family = StudyFamily(
            input: data.sampleShape, classes: data.outputCount, units: Self.usualWidth, depths: [Self.usualDepth])
        meter.begin("training, \(training.epochs) epochs", count: count, work: work / Double(count))
        let outcomes = Mutex([(accuracy: Double, weights: String)?](repeating: nil, count: count))
        try inParallel(count, threads: settings.threads) { next in
            while !stop.isStopped, let index = next() {
                // All treatments of a seed one after another, so that a study that is stopped has whole seeds.
                let treatment = treatments[index % treatments.count]
                let activation: any Layer =
                    treatment.isInjected
                    ? InjectedReLULayer(value: treatment.derivative) : ReLU(atZero: KinkValue(treatment.derivative))
                var run = TrainingSettings()
                run.optimizer = .sgd()
                run.learningRate = training.learningRate
                run.schedule = .constant
                run.weightDecay = 0
                run.batchSize = .samples(training.batchSize)
                run.epochs = training.epochs
                run.threads = 1
                run.seed = RandomStream(seed: settings.seed, purpose: RandomPurpose.zeroStudy)[index / treatments.count]
                let trainer = try Trainer(
                    family.network(depth: Self.usualDepth, activation: activation), data: data, heldOut: heldOut, settings: run)
                let outcome = try trainer.run(stop: stop)
                guard outcome.reason == .completed, let accuracy = outcome.heldOut?.accuracy else { return }
                outcomes.withLock { $0[index] = (accuracy, outcome.model.weightsSHA256) }
                meter.did()
            }
        }

        let finished = outcomes.withLock { outcomes in
            (0..<training.seeds).map { seed in treatments.indices.compactMap { outcomes[seed * treatments.count + $0] } }
        }.filter { $0.count == treatments.count }
        guard !finished.isEmpty else { return [] }
        return treatments.indices.map { place in
            ZeroStudyReport.TrainingRow(
                derivative: treatments[place].derivative, isInjected: treatments[place].isInjected, isControl: treatments[place].isControl,
                accuracies: finished.map { $0[place].accuracy }, weightsSHA256: finished.map { $0[place].weights },
                identicalToZero: finished.filter { $0[place].weights == $0[0].weights }.count)
        }
    }
}
