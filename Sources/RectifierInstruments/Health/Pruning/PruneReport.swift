import Rectifier

/// A model without its dead units, and what was taken out.
public struct PrunedModel: Sendable {
    public let model: Model
    public let report: PruneReport
}

/// Which units ``Model/pruned(_:on:data:multiple:comparisons:seed:threads:)`` takes out.
public enum PrunedUnits: String, Sendable {
    /// Those that are proved to give 0 for every input of the box.
    case certified
    /// Those that give 0 for each sample of the data.
    case deadOnData
}

/// What pruning found in a model, and what it took out.
public struct PruneReport: Sendable {
    public let layers: [Layer]
    /// Numbers that are trained.
    public let parameters: BeforeAndAfter<Int>
    /// Multiplications with addition that one sample takes.
    public let multiplyAdds: BeforeAndAfter<Int>
    /// What one sample takes, compiled, on one thread: medians of pairs measured in turns.
    public let seconds: BeforeAndAfter<Double>
    /// Old and new model on inputs drawn in the box: uniformly, and at its corners in every fourth.
    public let onBox: Comparison
    /// Old and new model on the samples of the data; `nil` where there were none.
    public let onData: Comparison?

    /// A layer with a side that gives 0 and nothing else.
    public struct Layer: Sendable {
        /// As ``NetworkSummary`` names it.
        public let name: String
        /// Before.
        public let units: Int
        /// How many are proved to give 0 for every input of the box.
        public let certified: Int
        /// How many give 0 for each sample of the data; `nil` without data.
        public let deadOnData: Int?
        /// How many were taken out.
        public let removed: Int
        /// Why those that could have gone are still there; `nil` where none is.
        public let obstacle: String?
    }

    public struct BeforeAndAfter<Value: Sendable>: Sendable {
        public let before: Value
        public let after: Value
    }

    /// The outputs of two networks, bit by bit.
    public struct Comparison: Sendable, Equatable {
        public internal(set) var samples = 0
        /// How many samples have an output with other bits.
        public internal(set) var differing = 0
        /// The largest difference between two outputs; infinite where one is not finite and has other bits.
        public internal(set) var largestDifference = 0.0

        public var areSameBits: Bool { differing == 0 }

        mutating func add(_ old: ArraySlice<Double>, _ new: ArraySlice<Double>) {
            samples += 1
            var differs = false
            for (a, b) in zip(old, new) where a.bitPattern != b.bitPattern {
                differs = true
                let difference = (a - b).magnitude
                largestDifference = max(largestDifference, difference.isNaN ? .infinity : difference)
            }
            if differs { differing += 1 }
        }
    }

    /// Over all layers. A unit that passes through two of them counts in both.
    public var removed: Int { layers.reduce(0) { $0 + $1.removed } }
}
