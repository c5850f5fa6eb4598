import RectifierInstruments
import Synchronization

/// How often ReLU networks are born dead, how many units a learning rate kills, and whether leaky ReLU is the cure.
///
/// First it draws fresh networks by the thousand and holds them against ``BornDeadLaw`` and ``SignalGrowthLaw``. Then
/// it trains a network with several learning rates and activations, and a narrow and deep one, each from the same seeds
/// and under a ``HealthProbe``. ``UnitCensus`` tells the units that no training sample opens.
///
/// ```swift
/// var study = DeadStudy()
/// study.settings.initializations = 1000
/// let report = try study.run(on: data)
/// print(report.conclusion)
/// ```
public struct DeadStudy: Sendable {
    /// What is counted.
    public struct Settings: Sendable, Hashable {
        /// Fresh networks of each kind.
        public var initializations = 10_000
        public var seed: UInt64 = 0
        /// `nil`: one for each physical core. The results are the same for any number.
        public var threads: Int?
        /// Kinds of networks of one input that are looked at for death.
        public var kinds = [(2, 1), (2, 4), (4, 4), (2, 9), (3, 9), (4, 9), (5, 9), (10, 9), (3, 19), (4, 19), (5, 19)].map {
            Kind(units: $0, hiddenLayers: $1)
        }
        /// Inputs and units of the layers whose signals are measured.
        public var signalWidths = [8, 16, 32, 64, 128, 512]
        /// Behind so many of them.
        public var signalDepths = [1, 2, 4]
        /// `nil` trains nothing.
        public var training: Training? = Training()

        public init() {}
    }

    /// A width and a depth.
    public struct Kind: Sendable, Hashable {
        /// Of each hidden layer.
        public var units: Int
        public var hiddenLayers: Int

        public init(units: Int, hiddenLayers: Int) { (self.units, self.hiddenLayers) = (units, hiddenLayers) }
    }

    /// Trainings by Adam at a constant rate, with ReLU and with what may cure it.
    public struct Training: Sendable, Hashable {
        /// What the usual learning rate of the data is multiplied by.
        public var rates = [1.0, 3, 10, 30]
        /// What ReLU is compared with.
        public var cures = [LeakyReLU(slope: 0.01) as any Layer, LeakyReLU(slope: 0.1), ELU()].map { try! Activation($0) }
        public var hiddenUnits = [256, 256]
        public var epochs = 2
        /// Runs of each kind, from different initial weights.
        public var seeds = 5
        public var batchSize = 128
        /// A network so narrow and deep that whole layers die. It is trained once more at one rate, with as many more
        /// epochs and seeds. Empty: it is not.
        public var narrowUnits = [Int](repeating: 5, count: 9)
        public var narrowRate = 3.0
        public var narrowEpochsMore = 5
        public var narrowSeedsMore = 4

        public init() {}

        /// What is done with the narrow network.
        var ofNarrow: Training? {
            guard !narrowUnits.isEmpty else { return nil }
            var training = self
            (training.hiddenUnits, training.rates) = (narrowUnits, [narrowRate])
            (training.epochs, training.seeds) = (epochs * narrowEpochsMore, seeds * narrowSeedsMore)
            return training
        }

        var activations: [Activation] { [.relu] + cures }
        /// Of one seed.
        var runs: Int { rates.count * activations.count }
    }

    public var settings: Settings

    public init(settings: Settings = Settings()) { self.settings = settings }

    /// Does the study.
    ///
    /// - Parameters:
    ///   - data: Samples with classes; tested on the held-out ones, or on the training data where there are none.
    ///     `nil` only where nothing is trained.
    ///   - stop: Ends the study early, from any thread; what is finished stays.
    ///   - listener: Called as networks and trainings are done, from any thread, one call at a time.
    /// - Throws: ``RectifierError`` where the data or a setting does not fit.
    public func run(
        on data: LoadedData? = nil, stop: StopSignal = StopSignal(), _ listener: @escaping @Sendable (StudyProgress) -> Void = { _ in }
    ) throws -> DeadStudyReport {
        try validate(data)
        var report = DeadStudyReport(settings: settings)
        let trainings = try [settings.training, settings.training?.ofNarrow].compactMap(\.self).map { ($0, work: try work(of: $0, data!)) }
        let trainingWork = trainings.reduce(0) { $0 + $1.work * Double($1.0.seeds) }
        let meter = StudyMeter(total: bornDeadWork + growthWork + trainingWork, listener)
        report.bornDead = try bornDead(stop, meter)
        report.growth = try growth(stop, meter)
        if let data, !trainings.isEmpty {
            report.data = DeadStudyReport.Data(data)
            let rows = try trainings.map { try trained($0, data, work: $1 / Double($0.runs), stop, meter) }
            (report.training, report.narrow) = (rows[0], rows.count > 1 ? rows[1] : [])
        }
        report.wasStopped = stop.isStopped
        report.seconds = meter.seconds
        return report
    }

    private func validate(_ data: LoadedData?) throws {
        func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
            if !condition { throw RectifierError(.setting, what()) }
        }
        let sizes = settings.kinds.flatMap { [$0.units, $0.hiddenLayers] } + settings.signalWidths + settings.signalDepths
        try require(
            1...10_000_000 ~= settings.initializations, "initializations must be from 1 to 10,000,000, not \(settings.initializations)")
        try require(sizes.allSatisfy { 1...1024 ~= $0 }, "widths and depths must be between 1 and 1024")
        guard let training = settings.training else { return }
        try require(training.epochs > 0 && training.seeds > 0, "epochs and seeds must be at least 1")
        try require(
            !training.rates.isEmpty && training.rates.allSatisfy { $0 > 0 && $0 < 1e6 }, "rates must be above 0 and below a million")
        try require(!training.hiddenUnits.isEmpty, "there must be a hidden layer")
        try require(
            training.narrowRate > 0 && training.narrowEpochsMore > 0 && training.narrowSeedsMore > 0,
            "the rate of the narrow network, and what its epochs and seeds are multiplied by, must be above 0")
        guard case .classes? = data?.training.targets else {
            throw RectifierError(.data, "the study needs data with classes, such as an IDX folder or the generated set digits")
        }
    }

    // MARK: Fresh networks

    /// What drawing a weight takes, in multiply-adds of training.
    private static let drawing = 600.0
    /// A layer takes as much as drawing so many weights, however few it has.
    private static let layerWeights = 50

    private func work(of kind: Kind) -> Double {
        let weights = Double(kind.units) + Double((kind.hiddenLayers - 1) * kind.units * kind.units + kind.hiddenLayers * Self.layerWeights)
        // Most networks that die do so before the last layer.
        return Self.drawing * weights * (1 - BornDeadLaw(units: kind.units, hiddenLayers: kind.hiddenLayers).probability / 2)
    }

    private var bornDeadWork: Double { settings.kinds.reduce(0) { $0 + work(of: $1) } * Double(settings.initializations) }

    /// Networks that one thread draws before it looks for other work.
    private static let portion = 200

    private func bornDead(_ stop: StopSignal, _ meter: StudyMeter) throws -> [DeadStudyReport.BornDeadRow] {
        let kinds = settings.kinds, count = settings.initializations
        let portions = (count + Self.portion - 1) / Self.portion
        meter.begin("fresh networks", count: kinds.count * count)
        let rows = Mutex(kinds.map { DeadStudyReport.BornDeadRow(units: $0.units, hiddenLayers: $0.hiddenLayers) })
        // Sums of whole numbers are the same in any order.
        try inParallel(kinds.count * portions, threads: settings.threads) { next in
            while !stop.isStopped, let number = next() {
                let place = number / portions, kind = kinds[place], first = number % portions * Self.portion
                let networks = first..<min(first + Self.portion, count)
                var atOne = 0, everywhere = 0
                for index in networks {
                    let id = UInt64(kind.units) << 32 | UInt64(kind.hiddenLayers)
                    let deaths = FreshNetwork(index, kind: id, seed: settings.seed).deaths(kind)
                    if deaths.atOne { atOne += 1 }
                    if deaths.everywhere { everywhere += 1 }
                }
                rows.withLock {
                    $0[place].networks += networks.count
                    $0[place].deadAtOne += atOne
                    $0[place].deadEverywhere += everywhere
                }
                meter.did(networks.count, work: work(of: kind))
            }
        }
        return rows.withLock { $0.filter { $0.networks > 0 } }
    }

    /// Wide networks are fewer: their weights are more, and their signals spread less.
    func signalNetworks(width: Int) -> Int {
        let weights = width * width * (settings.signalDepths.max() ?? 1)
        return min(settings.initializations, max(100, settings.initializations * 4000 / weights))
    }

    private func signalWork(width: Int) -> Double { Self.drawing * Double(width * width * (settings.signalDepths.max() ?? 0)) }

    private var growthWork: Double {
        settings.signalWidths.reduce(0) { $0 + signalWork(width: $1) * Double(signalNetworks(width: $1)) }
    }

    private func growth(_ stop: StopSignal, _ meter: StudyMeter) throws -> [DeadStudyReport.GrowthRow] {
        let widths = settings.signalWidths, depths = Set(settings.signalDepths).sorted()
        guard !depths.isEmpty, !stop.isStopped else { return [] }
        let networks = widths.enumerated().flatMap { place, width in (0..<signalNetworks(width: width)).map { (place, $0) } }
        meter.begin("signals in fresh networks", count: networks.count)
        let growths = Mutex([[Double?]?](repeating: nil, count: networks.count))
        try inParallel(networks.count, threads: settings.threads) { next in
            while !stop.isStopped, let number = next() {
                let (place, index) = networks[number], width = widths[place]
                let found = FreshNetwork(index, kind: UInt64(width), seed: settings.seed).growths(width: width, depths: depths)
                growths.withLock { $0[number] = found }
                meter.did(work: signalWork(width: width))
            }
        }
        let found = growths.withLock { $0 }
        return widths.indices.flatMap { place in
            let own = zip(networks, found).filter { $0.0.0 == place }.compactMap(\.1)
            return depths.enumerated().compactMap { depthPlace, depth in
                let alive = own.compactMap { $0[depthPlace] }
                return alive.count > 1
                    ? DeadStudyReport.GrowthRow(width: widths[place], layers: depth, networks: own.count, growths: alive) : nil
            }
        }
    }
}
