/// What a model says of some rows beside what is true of them, ready to be measured many times.
///
/// A measurement weighs the rows. A weight of 2 is that of two equal rows, which is how ``Bootstrap`` draws rows again.
protocol Answers: Sendable {
    var count: Int { get }
    /// Scores in an order of their own, NaN where one is not defined.
    func scores(_ weights: UnsafeBufferPointer<Double>) -> [Double]
    /// Steps that one measurement takes, about.
    var work: Int { get }
}

extension Answers {
    /// Each row once.
    var scores: [Double] {
        [Double](repeating: 1, count: count).withUnsafeBufferPointer { scores($0) }
    }
}

/// A sum of weighted numbers over a sum of weights.
struct WeightedMean {
    private var sum = 0.0, weight = 0.0

    mutating func add(_ value: Double, _ weight: Double) {
        sum += weight * value
        self.weight += weight
    }

    /// NaN of nothing.
    var value: Double { sum / weight }
}
