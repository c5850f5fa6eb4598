/// What is wrong with a run, since when, how that is known, and what may help.
public struct Diagnosis: ProbeReport {
    /// What can be wrong: a closed list, the gravest first.
    public enum Name: String, Sendable, Codable, CaseIterable {
        /// The loss or the weights are no longer finite.
        case diverged
        /// A whole layer has been closed for every sample since it was drawn.
        case bornDead = "born-dead"
        /// Units were killed by training.
        case deadUnits = "dead-units"
        /// Signal or gradient grows from layer to layer beyond what chance does.
        case exploding
        /// Signal or gradient shrinks from layer to layer beyond what chance does.
        case vanishing
        /// Numbers that a network is fed are far from 1 in size, or of very different sizes.
        case unscaledInputs = "unscaled-inputs"
        /// Most of a layer's outputs are where its activation is flat.
        case saturated
        /// The loss jumps instead of falling: the learning rate is beyond the edge of stability.
        case unstableRate = "unstable-rate"
        /// A layer tells samples apart no longer.
        case rankCollapse = "rank-collapse"
        /// Targets that do not follow from the inputs, or contradict one another.
        case labelTrouble = "label-trouble"
        /// The loss does not fall below that of a constant answer, and nothing else explains it.
        case notLearning = "not-learning"
        /// The loss on data that is not trained on rises while the other falls.
        case overfitting
        /// A feature that is the same for all samples.
        case constantInputs = "constant-inputs"
    }

    public var name: Name
    /// The layer, as in ``NetworkSummary``; `nil` where it is no layer's.
    public var layer: String?
    /// From 1: when it was found. 0: in the data, before training.
    public var epoch: Int
    /// From 1, over the whole run; 0: before training.
    public var step: Int
    /// What is seen, in a sentence.
    public var sentence: String
    /// The numbers it is read from.
    public var evidence: [Evidence]
    /// What may help; none of it is tried yet.
    public var cures: [Cure]

    public struct Evidence: Sendable, Codable, Equatable {
        /// `dead`, `of`, `ratio`.
        public var name: String
        public var value: Double
    }

    init(
        _ name: Name, layer: String? = nil, epoch: Int, step: Int, _ sentence: String, _ evidence: KeyValuePairs<String, Double>,
        cures: [Cure]
    ) {
        (self.name, self.layer, self.epoch, self.step, self.sentence) = (name, layer, epoch, step, sentence)
        self.evidence = evidence.map { Evidence(name: $0.key, value: finite($0.value)) }
        self.cures = cures
    }

    public subscript(evidence name: String) -> Double? { evidence.first { $0.name == name }?.value }

    /// What it is the same as, found again.
    struct Key: Hashable {
        var name: Name
        var layer: String?
    }
    var key: Key { Key(name: name, layer: layer) }
}

extension Diagnosis: Comparable {
    /// The first cause first: what was found first, then what is gravest. A column that tells nothing does no harm.
    public static func < (a: Diagnosis, b: Diagnosis) -> Bool {
        func place(_ x: Diagnosis) -> (Int, Int, Diagnosis.Name) { (x.name == .constantInputs ? 1 : 0, x.step, x.name) }
        return place(a) < place(b)
    }
}

extension Diagnosis.Name: Comparable {
    public static func < (a: Self, b: Self) -> Bool { allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)! }

    /// `dead units`.
    public var words: String { rawValue.split(separator: "-").joined(separator: " ") }
}
