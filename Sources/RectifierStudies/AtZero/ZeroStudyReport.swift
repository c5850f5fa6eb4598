import RectifierInstruments

/// What a ``ZeroStudy`` found.
public struct ZeroStudyReport: Sendable {
    public var settings: ZeroStudy.Settings
    public var samples: Int
    /// The shape of one image.
    public var imageShape: [Int]
    /// Of pixels in [0, 1]: the one thing about the data that predictions need.
    public var meanSquare: Double
    /// Images with no pixel but 0.
    public var blankImages: Int
    public var cells: [Cell] = []
    public var zeroBiases: [ZeroBiasRow] = []
    public var training: [TrainingRow] = []
    /// Whether it was ended early; then it covers fewer networks than were asked for.
    public var wasStopped = false
    public var seconds = 0.0

    init(settings: ZeroStudy.Settings, images: StudyImages) {
        self.settings = settings
        (samples, imageShape, meanSquare) = (images.count, images.shape, images.meanSquare)
        blankImages = images.isBlank.count { $0 }
    }

    /// What is varied, with all else as usual: three hidden layers of 256 units, batches of 256.
    public enum Sweep: String, Sendable, CaseIterable, Comparable {
        case depth, width, batchSize
        public static func < (a: Sweep, b: Sweep) -> Bool { allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)! }
    }

    /// Networks whose gradient depends on the derivative at 0, on one batch at least.
    public struct Hits: Sendable, Hashable {
        /// The gradient of the first layer's weights, which is what was published.
        public var firstLayer = 0
        /// That of any parameter.
        public var anyLayer = 0

        mutating func add(_ changes: TieScanner.Changes) {
            firstLayer += changes.firstLayer ? 1 : 0
            anyLayer += changes.anyLayer ? 1 : 0
        }
    }

    /// The networks of one kind, in one precision.
    public struct Cell: Sendable, Hashable {
        public var sweep: Sweep
        /// Of what is varied.
        public var value: Int
        public var precision: ElementType
        public var hiddenLayers: Int
        public var units: Int
        public var batchSize: Int
        /// The first so many of the data, and no more, went through each network.
        public var samples: Int
        public var networks: Int
        /// Derivative 0 against 1, by the chain rule.
        public var chainRule = Hits()
        /// 0 against 1 in the place of the gradient from above.
        public var asPublished = Hits()
        /// Networks that the chain rule changes and the published code does not: none, for the published count to be an
        /// upper bound.
        public var chainRuleOnly = 0
        /// Pre-activations that were 0 because all their inputs were, up to where each network was decided.
        public var structuralTies = 0
        /// Those that were 0 by rounding.
        public var accidentalTies = 0
        /// Pre-activations that were looked at. Scans end when a network is decided.
        public var evaluations = 0
        /// The mean number of ties in a network over all samples, from the ties for each evaluation, layer by layer.
        public var tiesPerNetwork = 0.0
        /// What ``TiePrediction`` expects that number to be.
        public var prediction = 0.0

        /// The share of the networks whose first gradient changed as published.
        public var share: Double { Double(asPublished.firstLayer) / Double(networks) }
        public var chainRuleShare: Double { Double(chainRule.firstLayer) / Double(networks) }
        /// The 99 % interval of ``share``.
        public var interval: ClosedRange<Double> { binomialInterval(hits: asPublished.firstLayer, of: networks) }
        public var predictedShare: Double { 1 - exponential(of: -prediction) }
        /// The share published for MNIST: 1,000 networks, 60,000 images.
        public var publishedShare: Double? { PublishedCounts.share(sweep, value, precision) }
    }

    /// Ties of networks of three hidden layers whose biases are 0. All samples, all ties.
    public struct ZeroBiasRow: Sendable, Hashable {
        public var precision: ElementType
        public var hiddenLayers: Int
        public var units: Int
        public var samples: Int
        public var networks: Int
        public var structuralTies = 0
        public var accidentalTies = 0
        public var evaluations = 0
        public var networksWithStructuralTies = 0
        /// Networks whose structural ties are at the same places in all precisions; `nil` where there was one precision
        /// only.
        public var networksWithEqualStructure: Int?
    }

    /// Trainings with one derivative at 0, one for each seed.
    public struct TrainingRow: Sendable, Hashable {
        public var derivative: Double
        /// Put in the gradient's place, as published.
        public var isInjected: Bool
        /// The second run with the derivative 0, which must not differ from the first.
        public var isControl: Bool
        /// On the held-out data, by seed.
        public var accuracies: [Double]
        public var weightsSHA256: [String]
        /// Runs whose weights are, bit for bit, those of the derivative 0.
        public var identicalToZero: Int

        public var mean: Double { accuracies.mean }
        /// Of the mean; `nil` for a single run.
        public var standardError: Double? { accuracies.standardError }
    }
}

/// The counts of Bertoin et al. for MNIST, per 1,000 networks.
enum PublishedCounts {
    /// `nil` where nothing was published, or was not measured: the 64-bit row by depth was never run.
    static func share(_ sweep: ZeroStudyReport.Sweep, _ value: Int, _ precision: ElementType) -> Double? {
        counts[sweep]?[precision]?[value].map { Double($0) / 1000 }
    }

    private static let counts: [ZeroStudyReport.Sweep: [ElementType: [Int: Int]]] = [
        .depth: [
            .float16: [1: 871, 2: 999, 3: 1000, 5: 1000, 6: 1000],
            .float32: [1: 54, 2: 258, 3: 463, 5: 647, 6: 697],
        ],
        .width: [
            .float16: [16: 333, 64: 1000, 256: 1000, 512: 1000, 1024: 1000],
            .float32: [16: 21, 64: 163, 256: 478, 512: 582, 1024: 873],
            .float64: [16: 0, 64: 0, 256: 0, 512: 0, 1024: 0],
        ],
        .batchSize: [
            .float16: [16: 1000, 64: 1000, 256: 1000, 512: 1000, 1024: 1000],
            .float32: [16: 439, 64: 453, 256: 488, 512: 351, 1024: 384],
        ],
    ]
}
