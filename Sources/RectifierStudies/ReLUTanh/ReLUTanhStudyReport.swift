import RectifierInstruments
import RectifierText

/// What a ``ReLUTanhStudy`` measured.
public struct ReLUTanhStudyReport: Sendable, Hashable {
    public let settings: ReLUTanhStudy.Settings
    /// Images that were trained on.
    public let images: Int
    /// Of those there were.
    public let imagesGiven: Int
    public let imageShape: [Int]
    public let classes: Int
    public let parameters: Int
    /// The network with ReLU, in the layer language.
    public internal(set) var network = ""
    /// ReLU's and tanh's, as far as they were finished.
    public internal(set) var grids: [Grid] = []
    public internal(set) var seconds = 0.0
    public internal(set) var wasStopped = false

    init(settings: ReLUTanhStudy.Settings, data: Dataset, images: Dataset, parameters: Int) {
        self.settings = settings
        (self.images, imagesGiven, imageShape, classes) = (images.count, data.count, images.sampleShape, images.outputCount)
        self.parameters = parameters
    }

    public enum Activation: String, Sendable, Hashable, CaseIterable {
        case relu, tanh
    }

    /// One training.
    public struct Run: Sendable, Hashable {
        public let activation: Activation
        public let rate: Double
        /// Which seed, from 0.
        public let seed: Int
        /// The error to reach.
        public let target: Double
        /// The share of the training images that the network gets wrong: before training, and after each epoch.
        public internal(set) var errors: [Double] = []
        /// Of training, without the measuring, from its beginning to the end of each epoch; the first is 0.
        public internal(set) var seconds = [0.0]
        public internal(set) var end = End.notReached

        public enum End: String, Sendable, Hashable {
            /// The error was reached.
            case reached
            /// It was not, in all epochs.
            case notReached
            /// It was not in as many epochs as another rate takes.
            case beaten
            case diverged
        }

        init(activation: Activation, rate: Double, seed: Int, target: Double) {
            (self.activation, self.rate, self.seed, self.target) = (activation, rate, seed, target)
        }

        /// Epochs that were trained.
        public var epochs: Int { max(0, errors.count - 1) }
        public var wasReached: Bool { reached != nil }
        /// Until the error was reached, a fraction of the last one: errors are taken to fall evenly between the ends of
        /// two epochs. `nil` where it was not.
        public var epochsToTarget: Double? { reached.map { Double($0.epoch - 1) + $0.share } }
        /// The same in seconds of training.
        public var secondsToTarget: Double? {
            reached.map { seconds[$0.epoch - 1] + $0.share * (seconds[$0.epoch] - seconds[$0.epoch - 1]) }
        }

        /// The epoch in which the error was reached, and after which share of it.
        private var reached: (epoch: Int, share: Double)? {
            guard let epoch = errors.indices.dropFirst().first(where: { errors[$0] <= target }) else { return nil }
            let (before, after) = (errors[epoch - 1], errors[epoch])
            return (epoch, before > target ? (before - target) / (before - after) : 1)
        }

        static func words(ofRate rate: Double) -> String { Format.significant(rate, 3) }
    }

    /// The runs of an activation: those of the rates, and those of the best rate from other seeds.
    public struct Grid: Sendable, Hashable {
        public let activation: Activation
        /// From the first seed, by ascending rate.
        public internal(set) var tried: [Run] = []
        /// With the rate of ``best``, from the other seeds.
        public internal(set) var repeats: [Run] = []

        init(activation: Activation) { self.activation = activation }

        /// The run that reached the error first; where none did, the one that came closest. Of equals the one of the
        /// lowest rate.
        public var best: Run? {
            tried.min {
                ($0.epochsToTarget ?? .infinity, $0.lowestError, $0.rate) < ($1.epochsToTarget ?? .infinity, $1.lowestError, $1.rate)
            }
        }

        public enum Edge: String, Sendable, Hashable { case lowest, highest }

        /// Whether the best rate is the lowest or the highest that was tried, so that one beyond might be better.
        public var edge: Edge? {
            guard let best else { return nil }
            return !tried.contains { $0.rate > best.rate } ? .highest : !tried.contains { $0.rate < best.rate } ? .lowest : nil
        }

        /// With the best rate, by seed.
        public var runs: [Run] { (best.map { [$0] } ?? []) + repeats }
    }

    /// How many times as much tanh takes as ReLU, or what is known of it.
    public enum Ratio: Sendable, Hashable {
        case exactly(Double)
        /// tanh was given up.
        case moreThan(Double)
        /// ReLU was.
        case lessThan(Double)
        /// Both were.
        case unknown
    }

    /// ReLU and tanh from one seed.
    public struct Pair: Sendable, Hashable {
        public let relu: Run
        public let tanh: Run

        public var seed: Int { relu.seed }
        public var epochs: Ratio { ratio(\.epochsToTarget) { Double($0.epochs) } }
        public var seconds: Ratio { ratio(\.secondsToTarget) { $0.seconds.last! } }

        private func ratio(_ value: (Run) -> Double?, limit: (Run) -> Double) -> Ratio {
            switch (value(relu), value(tanh)) {
            case (let relu?, let tanh?): .exactly(tanh / relu)
            // What diverges does not get there later either.
            case (let relu?, nil): .moreThan(tanh.end == .diverged ? .infinity : limit(tanh) / relu)
            case (nil, let tanh?): .lessThan(relu.end == .diverged ? 0 : tanh / limit(relu))
            case (nil, nil): .unknown
            }
        }
    }

    /// By seed, where both were trained.
    public var pairs: [Pair] {
        guard let relu = grids.first(where: { $0.activation == .relu }), let tanh = grids.first(where: { $0.activation == .tanh }) else {
            return []
        }
        return relu.runs.compactMap { run in tanh.runs.first { $0.seed == run.seed }.map { Pair(relu: run, tanh: $0) } }
    }
}

extension [ReLUTanhStudyReport.Ratio] {
    /// The mean of them; of numbers and lower bounds a lower bound. Unknown where upper and lower bounds meet.
    public var mean: ReLUTanhStudyReport.Ratio {
        var sum = 0.0, isLower = false, isUpper = false
        for ratio in self {
            switch ratio {
            case .exactly(let value): sum += value
            case .moreThan(let value): (sum, isLower) = (sum + value, true)
            case .lessThan(let value): (sum, isUpper) = (sum + value, true)
            case .unknown: return .unknown
            }
        }
        guard !isEmpty, !(isLower && isUpper) else { return .unknown }
        let mean = sum / Double(count)
        return isLower ? .moreThan(mean) : isUpper ? .lessThan(mean) : .exactly(mean)
    }

    /// Those that are known.
    var exact: [Double] {
        compactMap { if case .exactly(let value) = $0 { value } else { nil } }
    }
}
