import RectifierInstruments

/// How many times as fast as tanh ReLU learns: figure 1 of Krizhevsky, Sutskever and Hinton, "ImageNet Classification
/// with Deep Convolutional Neural Networks" (2012), on any images with classes.
///
/// A convolutional network of four layers is trained with ReLU and with tanh until it gets a quarter of its training
/// images wrong: by gradient descent with momentum at a constant rate, without regularization. Each activation has the
/// learning rate of a grid with which it gets there first. Figures are epochs and seconds, over several seeds.
///
/// The paper publishes neither the sizes of its layers nor batch size and rates. Those here are our own choice.
///
/// ```swift
/// var study = ReLUTanhStudy()
/// study.settings.seeds = 5
/// let report = try study.run(on: data.training)
/// print(report.conclusion)
/// ```
public struct ReLUTanhStudy: Sendable {
    /// What is trained, and how long.
    public struct Settings: Sendable, Hashable {
        /// The share of the training images that a run must get wrong at most.
        public var targetError = 0.25
        /// Epochs after which a run is given up.
        public var epochs = 60
        /// Learning rates, each tried by both activations from the first seed.
        public var rates = [0.003, 0.006, 0.012, 0.024]
        /// Where the best rate is the grid's lowest or highest, further rates are tried beyond it, at most so many.
        public var moreRates = 3
        /// Runs with the best rate, from different initial weights and with different orders of the images. The run of
        /// the grid is one of them.
        public var seeds = 3
        /// Filters of the three convolutions, each 3×3 with a pooling of 2×2 behind it.
        public var channels = [16, 32, 32]
        public var batchSize = 32
        public var momentum = 0.9
        /// Images that are trained on, at most; they are taken from the data at equal distances.
        public var images = 10_000
        public var seed: UInt64 = 0
        /// Of the one run that goes on at a time. `nil`: one for each physical core. Epochs and errors are the same for
        /// any number; seconds are not.
        public var threads: Int?

        public init() {}
    }

    public var settings: Settings

    public init(settings: Settings = Settings()) { self.settings = settings }

    /// Does the study.
    ///
    /// - Parameters:
    ///   - data: Images with classes. Bytes are standardized, channel by channel; numbers are taken as they are.
    ///   - stop: Ends the study early, from any thread; runs that are finished stay.
    ///   - listener: Called after each epoch.
    /// - Throws: ``RectifierError`` where the data or a setting does not fit.
    public func run(
        on data: Dataset, stop: StopSignal = StopSignal(), _ listener: @escaping @Sendable (StudyProgress) -> Void = { _ in }
    ) throws -> ReLUTanhStudyReport {
        try validate(data)
        let images = try data.standardizedImages(atMost: settings.images)
        let networks = try ReLUTanhStudyReport.Activation.allCases.map { try network($0, images) }
        var report = ReLUTanhStudyReport(settings: settings, data: data, images: images, parameters: networks[0].summary.parameterCount)
        report.network = layers(.relu, classes: images.outputCount)
        // One run is one unit of work; those beyond the grid are none.
        let runs = Double(networks.count * (settings.rates.count + settings.seeds - 1))
        let race = Race(settings: settings, networks: networks, images: images, stop: stop, meter: StudyMeter(total: runs, listener))
        for activation in ReLUTanhStudyReport.Activation.allCases {
            report.grids.append(try race.grid(of: activation))
        }
        // In turns, so that what else the machine does meets both.
        for seed in 1..<max(1, settings.seeds) {
            for place in report.grids.indices {
                guard let best = report.grids[place].best,
                    let run = try race.run(report.grids[place].activation, rate: best.rate, seed: seed)
                else { continue }
                report.grids[place].repeats.append(run)
            }
        }
        report.wasStopped = stop.isStopped
        report.seconds = race.meter.seconds
        return report
    }

    private func validate(_ data: Dataset) throws {
        func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
            if !condition { throw RectifierError(.setting, what()) }
        }
        guard case .classes(_, let names) = data.targets, 2...3 ~= data.sampleShape.count else {
            throw RectifierError(
                .data,
                "the study needs images with classes, such as a CIFAR or IDX folder or the generated set digits, not samples of "
                    + "the shape \(data.sampleShape.map(String.init).joined(separator: "×"))"
                    + (data.sampleShape.count > 1 ? " without classes" : ""))
        }
        // A network that has learned nothing errs so often.
        let chance = 1 - 1 / Double(names.count)
        try require(
            settings.targetError > 0 && settings.targetError < chance,
            "the error to reach must be above 0 and below \(chance.rounded(toPlaces: 3)), what guessing among \(names.count) classes errs; it "
                + "is \(settings.targetError)")
        try require(1...10_000 ~= settings.epochs, "epochs must be from 1 to 10,000, not \(settings.epochs)")
        try require(1...100 ~= settings.seeds, "seeds must be from 1 to 100, not \(settings.seeds)")
        try require(
            !settings.rates.isEmpty && settings.rates.allSatisfy { $0 > 0 && $0 < 1e6 }
                && Set(settings.rates).count == settings.rates.count,
            "rates must be above 0 and below a million, each once")
        try require(0...20 ~= settings.moreRates, "rates beyond the grid must be at most 20, not \(settings.moreRates)")
        try require(
            settings.channels.count == 3 && settings.channels.allSatisfy { 1...4096 ~= $0 },
            "there are three convolutions, each with 1 to 4096 channels")
        try require(settings.batchSize > 0, "the batch size must be at least 1")
        try require(0..<1 ~= settings.momentum, "momentum must be from 0 to below 1")
        try require(settings.images > 0, "images must be at least 1, not \(settings.images)")
        _ = try checkedThreadCount(settings.threads)
    }

    /// In the layer language. Weights are drawn as is usual for the activation: He's for ReLU, Glorot's for tanh.
    func layers(_ activation: ReLUTanhStudyReport.Activation, classes: Int) -> String {
        (settings.channels.map { "conv \($0) 3x3, \(activation.rawValue), maxpool 2" } + ["dense \(classes)"]).joined(separator: ", ")
    }

    private func network(_ activation: ReLUTanhStudyReport.Activation, _ images: Dataset) throws -> Network {
        do {
            return try Network(
                NetworkSettings(layers(activation, classes: images.outputCount)), input: images.sampleShape, outputs: images.outputCount)
        } catch let error as RectifierError where error.kind == .shape {
            throw RectifierError(
                .shape, "images of \(images.sampleShape.map(String.init).joined(separator: "×")) are too small for three poolings: \(error)"
            )
        }
    }
}

extension Double {
    fileprivate func rounded(toPlaces places: Int) -> Double {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}
