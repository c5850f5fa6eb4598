import RectifierInstruments

/// What a ``DeadStudy`` counted.
public struct DeadStudyReport: Sendable, Hashable {
    public let settings: DeadStudy.Settings
    /// `nil` where nothing was trained.
    public internal(set) var data: Data?
    public internal(set) var bornDead: [BornDeadRow] = []
    public internal(set) var growth: [GrowthRow] = []
    /// By activation, ReLU first, and rate.
    public internal(set) var training: [TrainingRow] = []
    /// The same in a narrow and deep network, at one rate.
    public internal(set) var narrow: [TrainingRow] = []
    public internal(set) var seconds = 0.0
    public internal(set) var wasStopped = false

    init(settings: DeadStudy.Settings) { self.settings = settings }

    /// What was trained on.
    public struct Data: Sendable, Hashable {
        public var samples: Int
        public var heldOutSamples: Int
        public var sampleShape: [Int]
        public var classes: Int
        /// The accuracy of always answering the class that is most frequent in what is tested on.
        public var trivialAccuracy: Double

        init(_ data: LoadedData) {
            let tested = data.heldOut ?? data.training
            (samples, heldOutSamples) = (data.training.count, data.heldOut?.count ?? 0)
            (sampleShape, classes) = (data.training.sampleShape, data.training.outputCount)
            trivialAccuracy = 0
            if case .classes(let labels, let names) = tested.targets {
                var counts = [Int](repeating: 0, count: names.count)
                for label in labels { counts[Int(label)] += 1 }
                trivialAccuracy = Double(counts.max() ?? 0) / Double(labels.count)
            }
        }
    }

    /// Fresh networks of one input, of one width and depth.
    public struct BornDeadRow: Sendable, Hashable {
        public var units: Int
        public var hiddenLayers: Int
        public var networks = 0
        /// In which all units of a layer were closed at the input 1.
        public var deadAtOne = 0
        /// In which that was so at every input.
        public var deadEverywhere = 0

        init(units: Int, hiddenLayers: Int) { (self.units, self.hiddenLayers) = (units, hiddenLayers) }

        public var share: Double { Double(deadAtOne) / Double(networks) }
        public var shareEverywhere: Double { Double(deadEverywhere) / Double(networks) }
        /// The law's share at one input.
        public var law: Double { BornDeadLaw(units: units, hiddenLayers: hiddenLayers).probability }
        /// Of ``share``, by the law.
        public var standardError: Double { (law * (1 - law) / Double(networks)).squareRoot() }
        /// How many standard errors ``share`` lies above the law.
        public var deviations: Double { (share - law) / standardError }
        /// The share of other 40,000 networks that were dead at every input, counted by a program of its own; `nil`
        /// where none was counted.
        public var referenceEverywhere: Double? { DeadStudyReport.references[DeadStudy.Kind(units: units, hiddenLayers: hiddenLayers)] }
        /// How many standard errors of the difference ``shareEverywhere`` lies above that share.
        public var deviationsEverywhere: Double? {
            referenceEverywhere.map {
                (shareEverywhere - $0)
                    / ($0 * (1 - $0) * (1 / Double(networks) + 1 / Double(DeadStudyReport.referenceNetworks))).squareRoot()
            }
        }
    }

    static let referenceNetworks = 40_000
    private static let references: [DeadStudy.Kind: Double] = [
        .init(units: 2, hiddenLayers: 9): 0.878, .init(units: 3, hiddenLayers: 9): 0.577,
        .init(units: 5, hiddenLayers: 9): 0.128, .init(units: 10, hiddenLayers: 9): 0.0015,
        .init(units: 3, hiddenLayers: 19): 0.888, .init(units: 5, hiddenLayers: 19): 0.359,
    ]

    /// ln(|h|² / |x|²) behind some layers of one width, in those networks that are not dead there.
    public struct GrowthRow: Sendable, Hashable {
        /// Inputs, and units of each layer.
        public var width: Int
        public var layers: Int
        public var networks: Int
        /// Of them.
        public var alive: Int
        public var mean: Double
        /// Around the law's mean.
        public var variance: Double

        init(width: Int, layers: Int, networks: Int, growths: [Double]) {
            (self.width, self.layers, self.networks, alive) = (width, layers, networks, growths.count)
            let law = Double(layers) * SignalGrowthLaw(inputs: width).mean
            mean = growths.mean
            variance = growths.map { ($0 - law) * ($0 - law) }.mean
        }

        public var lawMean: Double { Double(layers) * SignalGrowthLaw(inputs: width).mean }
        public var lawVariance: Double { Double(layers) * SignalGrowthLaw(inputs: width).variance }
        /// Of ``mean``, by the law.
        public var meanError: Double { (lawVariance / Double(alive)).squareRoot() }
        /// Of ``variance``, by the law: fourth cumulants of layers add, as variances do.
        public var varianceError: Double {
            let law = SignalGrowthLaw(inputs: width), square = law.variance * law.variance, layers = Double(layers)
            return ((layers * (law.fourthMoment - 3 * square) + 2 * layers * layers * square) / Double(alive)).squareRoot()
        }
        public var meanDeviations: Double { (mean - lawMean) / meanError }
        public var varianceDeviations: Double { (variance - lawVariance) / varianceError }
    }

    /// Trainings with one activation and rate, one for each seed.
    public struct TrainingRow: Sendable, Hashable {
        /// Of each hidden layer.
        public var hiddenUnits: [Int]
        public var activation: String
        /// Whether a unit that is closed for every sample learns nothing: ReLU's.
        public var isRectifier: Bool
        /// What the usual rate is multiplied by.
        public var rate: Double
        public var learningRate: Double
        public var runs: [Run]

        /// Of the runs that did not diverge: the units that no training sample opens. Dead where ``isRectifier``.
        public var neverOpen: [Double] { runs.compactMap(\.neverOpen) }
        public var accuracies: [Double] { runs.compactMap(\.accuracy) }
        public var diverged: Int { runs.count { $0.accuracy == nil } }
        /// Runs in which the probe found dead units.
        public var foundDead: [Run.Found] { runs.compactMap(\.foundDead) }
    }

    /// One training.
    public struct Run: Sendable, Hashable {
        public var accuracy: Double?
        /// After training; empty where it diverged.
        public var layers: [Layer] = []
        public var layersAtStart: [Layer] = []
        /// In the order they were made.
        public var diagnoses: [Found] = []

        init() {}

        public var neverOpen: Double? { layers.neverOpen }
        public var neverOpenAtStart: Double? { layersAtStart.neverOpen }
        /// Whether no sample opens a unit of some layer, after training.
        public var hasClosedLayer: Bool { layers.contains { $0.neverOpen == $0.units } }
        /// The same before it.
        public var hadClosedLayer: Bool { layersAtStart.contains { $0.neverOpen == $0.units } }
        /// The first time that units were found dead.
        public var foundDead: Found? { diagnoses.first { $0.name == .deadUnits || $0.name == .bornDead } }

        public struct Layer: Sendable, Hashable {
            public var units: Int
            /// Units whose pre-activation was above 0 for no training sample.
            public var neverOpen: Int
        }

        /// A ``Diagnosis``: what, where and when.
        public struct Found: Sendable, Hashable {
            public var name: Diagnosis.Name
            public var layer: String?
            public var step: Int
            public var epoch: Int
        }
    }

    /// ReLU against another activation, at one rate and from the same seeds.
    public struct Cure: Sendable, Hashable {
        public var hiddenUnits: [Int]
        public var rate: Double
        public var learningRate: Double
        public var activation: String
        /// Means over the runs of which neither diverged.
        public var deadShare: Double
        public var neverOpen: Double
        public var accuracyOfReLU: Double
        public var accuracy: Double
        /// By seed: how much more accurate the other one was.
        public var differences: [Double]

        public var difference: Double { differences.mean }
        /// Where the mean difference lies, with 95 % confidence; `nil` for a single seed.
        public var interval: ClosedRange<Double>? { differences.interval95 }
        public var isBetter: Bool { interval.map { $0.lowerBound > 0 } ?? false }
        public var isWorse: Bool { interval.map { $0.upperBound < 0 } ?? false }
    }

    /// By rate and activation.
    public var cures: [Cure] { Self.cures(training) }
    /// By activation.
    public var narrowCures: [Cure] { Self.cures(narrow) }

    private static func cures(_ rows: [TrainingRow]) -> [Cure] {
        rows.filter(\.isRectifier).flatMap { relu in
            rows.filter { !$0.isRectifier && $0.rate == relu.rate }.compactMap { other in
                let pairs = zip(relu.runs, other.runs).filter { $0.accuracy != nil && $1.accuracy != nil }
                guard !pairs.isEmpty else { return nil }
                return Cure(
                    hiddenUnits: relu.hiddenUnits, rate: relu.rate, learningRate: relu.learningRate, activation: other.activation,
                    deadShare: pairs.map { $0.0.neverOpen! }.mean, neverOpen: pairs.map { $0.1.neverOpen! }.mean,
                    accuracyOfReLU: pairs.map { $0.0.accuracy! }.mean, accuracy: pairs.map { $0.1.accuracy! }.mean,
                    differences: pairs.map { $1.accuracy! - $0.accuracy! })
            }
        }
    }
}

extension [DeadStudyReport.Run.Layer] {
    /// The share of all units; `nil` where there are none.
    fileprivate var neverOpen: Double? {
        let units = reduce(0) { $0 + $1.units }
        return units > 0 ? Double(reduce(0) { $0 + $1.neverOpen }) / Double(units) : nil
    }
}
