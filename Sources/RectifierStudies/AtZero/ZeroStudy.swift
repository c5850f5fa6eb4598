import RectifierInstruments
import Synchronization

/// How often the value given to ReLU's derivative at 0 changes a gradient, and what comes of it in training: the counts
/// of Bertoin, Bolte, Gerchinovitz and Pauwels, "Numerical influence of ReLU'(0) on backpropagation" (NeurIPS 2021), on
/// any images.
///
/// Networks are drawn as PyTorch draws them, and see every batch of the data once, in its order. A network counts
/// where the gradient of its first layer is not the same, bit for bit, with the derivatives 0 and 1, on one batch
/// at least. Both are counted: the chain rule, in which the derivative multiplies the gradient from above, and what the
/// published code computes, which puts it in that gradient's place.
///
/// ```swift
/// var study = ZeroStudy()
/// study.settings.networks = 50
/// let report = try study.run(on: data.training, heldOut: data.heldOut)
/// print(report.conclusion)
/// ```
public struct ZeroStudy: Sendable {
    /// What is counted.
    public struct Settings: Sendable, Hashable {
        /// Drawn for each kind of network.
        public var networks = 1000
        public var seed: UInt64 = 0
        /// `nil`: one for each physical core. The results are the same for any number.
        public var threads: Int?
        /// Numbers of hidden layers, of 256 units.
        public var depths = [1, 2, 3, 5, 6]
        /// Units of each of three hidden layers, at most 2048.
        public var widths = [16, 64, 256, 512]
        /// For three layers of 256 units.
        public var batchSizes = [16, 64, 256, 512, 1024]
        /// Any of float16, float32 and float64.
        public var precisions: [ElementType] = [.float16, .float32, .float64]
        /// The share of the samples that is scanned in float64, where about one network in a thousand million is
        /// expected to have a tie.
        public var float64Share = 0.1
        /// Units of each of three hidden layers of the networks whose biases are 0.
        public var zeroBiasWidths = [16, 64]
        /// `nil` trains nothing.
        public var training: Training? = Training()

        public init() {}
    }

    /// Networks of three layers of 256 units, trained by gradient descent without momentum with different derivatives
    /// at 0.
    public struct Training: Sendable, Hashable {
        public var epochs = 3
        /// Runs with each derivative, from different initial weights.
        public var seeds = 4
        public var derivatives = [0, 0.5, 1]
        public var learningRate = 0.01
        public var batchSize = 128

        public init() {}
    }

    /// What is varied, and what is not, as in the publication.
    static let usualDepth = 3, usualWidth = 256, usualBatchSize = 256

    public var settings: Settings

    public init(settings: Settings = Settings()) { self.settings = settings }

    /// Does the study.
    ///
    /// - Parameters:
    ///   - data: Byte images, scaled to [0, 1], with classes.
    ///   - heldOut: What trained networks are tested on; the training data where there is none.
    ///   - stop: Ends the study early, from any thread; what is finished stays.
    ///   - listener: Called after each network and training, from any thread, one call at a time.
    /// Throws where the data or a setting does not fit.
    public func run(
        on data: Dataset, heldOut: Dataset? = nil, stop: StopSignal = StopSignal(),
        _ listener: @escaping @Sendable (StudyProgress) -> Void = { _ in }
    ) throws -> ZeroStudyReport {
        try validate(data)
        let images = StudyImages(data)
        var report = ZeroStudyReport(settings: settings, images: images)
        let stages = stages(for: images)
        let trainingWork = settings.training.map { self.trainingWork($0, images) } ?? 0
        let meter = StudyMeter(total: stages.reduce(trainingWork) { $0 + $1.work * Double(settings.networks) }, listener)

        for stage in stages where !stop.isStopped {
            meter.begin(stage.name, count: settings.networks, work: stage.work)
            let scans = try scan(stage, data, images, stop, meter)
            if stage.cells.isEmpty {
                report.zeroBiases += zeroBiasRows(stage, scans)
            } else {
                report.cells += cells(of: stage, scans.map { $0.map { $0[0] } }, images)
            }
        }
        if let training = settings.training, !stop.isStopped {
            report.training = try trained(training, data, heldOut ?? data, work: trainingWork, stop, meter)
        }
        report.cells.sort { ($0.sweep, $0.precision.size, $0.value) < ($1.sweep, $1.precision.size, $1.value) }
        report.wasStopped = stop.isStopped
        report.seconds = meter.seconds
        return report
    }

    private func validate(_ data: Dataset) throws {
        func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
            if !condition { throw RectifierError(.setting, what()) }
        }
        guard case .bytes = data.features, case .classes = data.targets else {
            throw RectifierError(.data, "the study needs byte images with classes, such as an IDX folder or the generated set digits")
        }
        try require(settings.networks > 0, "networks must be at least 1, not \(settings.networks)")
        try require(settings.depths.allSatisfy { 1...100 ~= $0 }, "depths must be between 1 and 100")
        // Counts of a layer's units are exact in float16 up to here.
        try require((settings.widths + settings.zeroBiasWidths).allSatisfy { 1...2048 ~= $0 }, "widths must be between 1 and 2048")
        try require(settings.batchSizes.allSatisfy { 1...65_536 ~= $0 }, "batch sizes must be between 1 and 65536")
        try require(!settings.precisions.contains(.bfloat16), "precisions are 16, 32 and 64 bits (float16, float32, float64)")
        try require(
            settings.float64Share > 0 && settings.float64Share <= 1, "the share of samples in float64 must be above 0 and at most 1")
        if let training = settings.training {
            try require(training.epochs > 0 && training.seeds > 0, "epochs and seeds must be at least 1")
            try require(
                training.derivatives.first == 0 && training.derivatives.allSatisfy { 0...1 ~= $0 },
                "derivatives begin with 0 and lie in [0, 1]")
        }
    }

    // MARK: Stages

    /// Networks of one kind, in one precision or, where it compares them, in several.
    struct Stage {
        var name: String
        var family: StudyFamily
        var precisions: [ElementType]
        /// The first so many.
        var samples: Int
        /// Empty: all ties are found, and gradients are not looked at.
        var cells: [TieScanner.Cell]
        /// For one network, in multiply-adds of 32 bits.
        var work: Double
    }

    private func stages(for images: StudyImages) -> [Stage] {
        var stages: [Stage] = []
        func stage(_ units: Int, _ depths: [Int], _ precisions: [ElementType], biases: StudyBiases = .uniform, cells: [TieScanner.Cell]) {
            let family = StudyFamily(input: images.shape, classes: images.classes, units: units, depths: depths, biases: biases)
            let samples =
                precisions == [.float64] ? max(1, Int(Double(images.count) * settings.float64Share)) : images.count
            let work = precisions.reduce(0.0) { sum, precision in
                let prediction = TiePrediction(
                    meanSquare: images.meanSquare, inputs: images.width, units: [Int](repeating: units, count: depths.last!),
                    precision: precision)
                return sum + expectedWork(family, cells, prediction, samples: samples) * (precision == .float64 ? 2 : 1)
            }
            let bits = precisions.map { "\($0.size * 8)" }.joined(separator: " and ") + " bits"
            stages.append(
                Stage(
                    name: "\(depths.last!) × \(units), \(bits)\(biases == .zero ? ", biases 0" : "")", family: family,
                    precisions: precisions,
                    samples: samples, cells: cells, work: work))
        }
        for precision in settings.precisions.sorted(by: { $0.size < $1.size }) {
            // All sweeps meet in the usual network, so they share it.
            var cells = Set(settings.depths.map { TieScanner.Cell(depth: $0, batchSize: Self.usualBatchSize) })
            cells.formUnion(settings.batchSizes.map { TieScanner.Cell(depth: Self.usualDepth, batchSize: $0) })
            if settings.widths.contains(Self.usualWidth) {
                cells.insert(TieScanner.Cell(depth: Self.usualDepth, batchSize: Self.usualBatchSize))
            }
            if !cells.isEmpty {
                stage(
                    Self.usualWidth, Set(cells.map(\.depth)).sorted(), [precision],
                    cells: cells.sorted { ($0.depth, $0.batchSize) < ($1.depth, $1.batchSize) })
            }
            for width in Set(settings.widths).sorted() where width != Self.usualWidth {
                stage(
                    width, [Self.usualDepth], [precision], cells: [TieScanner.Cell(depth: Self.usualDepth, batchSize: Self.usualBatchSize)])
            }
        }
        let compared = [ElementType.float32, .float64].filter(settings.precisions.contains)
        if !compared.isEmpty {
            for width in Set(settings.zeroBiasWidths).sorted() {
                stage(width, [Self.usualDepth], compared, biases: .zero, cells: [])
            }
        }
        return stages
    }

    /// Multiply-adds until a network is decided: layers from the last on are left out as soon as all cells that have
    /// them are hit.
    private func expectedWork(_ family: StudyFamily, _ cells: [TieScanner.Cell], _ prediction: TiePrediction, samples: Int) -> Double {
        (1...family.depths.last!).reduce(0) { sum, layer in
            var share = 1.0
            // A hit in a network with fewer layers is one in those with more, so the shallowest that has this layer is
            // the last to be decided.
            if let shallowest = cells.map(\.depth).filter({ $0 >= layer }).min() {
                let ties = prediction.tiesPerSample[..<shallowest].reduce(0, +) * Double(samples)
                if ties > 1e-6 { share = (1 - exponential(of: -ties)) / ties }
            }
            let own = family.multiplyAdds(depth: layer) - (layer > 1 ? family.multiplyAdds(depth: layer - 1) : 0)
            return sum + Double(own) * Double(samples) * share
        }
    }

    /// Every network of a stage in every precision; `nil` for those that were not finished.
    private func scan(
        _ stage: Stage, _ data: Dataset, _ images: StudyImages, _ stop: StopSignal, _ meter: StudyMeter
    ) throws -> [[TieScanner.NetworkScan]?] {
        let results = Mutex([[TieScanner.NetworkScan]?](repeating: nil, count: settings.networks))
        try inParallel(settings.networks, threads: settings.threads) { next in
            try data.withFeeds { feeds in
                let scanners = try stage.precisions.map {
                    try TieScanner(stage.family, precision: $0, data: data, feeds: feeds, isBlank: images.isBlank)
                }
                while !stop.isStopped, let index = next() {
                    let seed = stage.family.seed(of: index, seed: settings.seed)
                    let scans = try scanners.compactMap {
                        try $0.scan(seed: seed, samples: stage.samples, cells: stage.cells, isStopped: { stop.isStopped })
                    }
                    guard scans.count == scanners.count else { return }
                    results.withLock { $0[index] = scans }
                    meter.did()
                }
            }
        }
        return results.withLock { $0 }
    }

    // MARK: Rows of the report

    private func cells(of stage: Stage, _ scans: [TieScanner.NetworkScan?], _ images: StudyImages) -> [ZeroStudyReport.Cell] {
        let done = scans.compactMap { $0 }
        guard !done.isEmpty else { return [] }
        func row(_ sweep: ZeroStudyReport.Sweep, _ value: Int, _ cell: TieScanner.Cell) -> ZeroStudyReport.Cell {
            var row = ZeroStudyReport.Cell(
                sweep: sweep, value: value, precision: stage.precisions[0], hiddenLayers: cell.depth, units: stage.family.units,
                batchSize: cell.batchSize, samples: stage.samples, networks: done.count)
            for scan in done {
                let hits = scan.hits[cell]!
                row.chainRule.add(hits.chainRule)
                row.asPublished.add(hits.asPublished)
                if hits.chainRule.firstLayer, !hits.asPublished.firstLayer { row.chainRuleOnly += 1 }
            }
            for layer in 0..<cell.depth {
                let layers = done.map { $0.layers[layer] }
                let passed = layers.reduce(0) { $0 + $1.samples }, ties = layers.reduce(0) { $0 + $1.structural + $1.accidental }
                row.structuralTies += layers.reduce(0) { $0 + $1.structural }
                row.accidentalTies += layers.reduce(0) { $0 + $1.accidental }
                row.evaluations += passed * stage.family.units
                // Scans end when all is decided, so layers have seen different numbers of samples.
                if passed > 0 { row.tiesPerNetwork += Double(ties) / Double(passed) * Double(stage.samples) }
            }
            row.prediction = TiePrediction(
                meanSquare: images.meanSquare, inputs: images.width, units: [Int](repeating: stage.family.units, count: cell.depth),
                precision: row.precision
            ).ties(samples: stage.samples)
            return row
        }
        let (depth, batch) = (Self.usualDepth, Self.usualBatchSize)
        guard stage.family.units == Self.usualWidth else {
            return [row(.width, stage.family.units, TieScanner.Cell(depth: depth, batchSize: batch))]
        }
        return Set(settings.depths).sorted().map { row(.depth, $0, TieScanner.Cell(depth: $0, batchSize: batch)) }
            + (settings.widths.contains(Self.usualWidth)
                ? [row(.width, Self.usualWidth, TieScanner.Cell(depth: depth, batchSize: batch))] : [])
            + Set(settings.batchSizes).sorted().map { row(.batchSize, $0, TieScanner.Cell(depth: depth, batchSize: $0)) }
    }

    private func zeroBiasRows(_ stage: Stage, _ scans: [[TieScanner.NetworkScan]?]) -> [ZeroStudyReport.ZeroBiasRow] {
        let done = scans.compactMap { $0 }
        guard !done.isEmpty else { return [] }
        let agreeing = done.filter { scans in scans.allSatisfy { $0.structuralPlaces == scans[0].structuralPlaces } }.count
        return stage.precisions.enumerated().map { place, precision in
            var row = ZeroStudyReport.ZeroBiasRow(
                precision: precision, hiddenLayers: Self.usualDepth, units: stage.family.units, samples: stage.samples, networks: done.count
            )
            if stage.precisions.count > 1 { row.networksWithEqualStructure = agreeing }
            for layer in done.flatMap({ $0[place].layers }) {
                row.structuralTies += layer.structural
                row.accidentalTies += layer.accidental
                row.evaluations += layer.samples * stage.family.units
            }
            row.networksWithStructuralTies = done.filter { $0[place].layers.contains { $0.structural > 0 } }.count
            return row
        }
    }
}
