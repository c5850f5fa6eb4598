/// What a classifier says of rows.
struct ClassAnswers: Answers {
    let count: Int
    let classCount: Int
    private let labels: [Int32]
    private let predicted: [Int32]
    private let logLosses: [Double], squares: [Double]
    /// Of the predicted class: its probability, and the bin of that.
    private let confidences: [Double], bins: [UInt8]
    /// One for each class; none where so many would take more memory than the answers are worth.
    private let rankings: [Ranking]

    /// Of the expected calibration error.
    static let binCount = 15
    private static let mostRanked = 1 << 24

    /// - Parameters:
    ///   - probabilities: Row by row, one for each class. Those of sigmoids do not add up to 1, so rows are divided by
    ///     their sums, but not where they are ranked.
    ///   - predicted: The class that each row is taken for.
    init(probabilities: [Double], predicted: [Int32], labels: [Int32], classCount: Int) {
        (count, self.classCount, self.labels, self.predicted) = (labels.count, classCount, labels, predicted)
        var rows = probabilities.map { max(0, $0) }
        for row in 0..<count {
            let places = row * classCount..<(row + 1) * classCount, sum = rows[places].reduce(0, +)
            for place in places { rows[place] = sum > 0 ? rows[place] / sum : 1 / Double(classCount) }
        }
        func probability(_ row: Int, _ place: some BinaryInteger) -> Double { rows[row * classCount + Int(place)] }
        logLosses = labels.enumerated().map { -logarithm(of: max(probability($0, $1), Double.ulpOfOne)) }
        // Of two classes both have the same square.
        let scale = classCount == 2 ? 0.5 : 1
        squares = labels.enumerated().map { row, label in
            (0..<classCount).reduce(0) { sum, place in
                let distance = probability(row, place) - (place == Int(label) ? 1 : 0)
                return sum + scale * distance * distance
            }
        }
        confidences = predicted.enumerated().map { probability($0, $1) }
        // A bin holds its upper bound.
        bins = confidences.map { UInt8(min(max(($0 * Double(Self.binCount)).rounded(.up) - 1, 0), Double(Self.binCount - 1))) }
        rankings =
            count * classCount <= Self.mostRanked
            ? (0..<classCount).map { place in
                Ranking(labels.indices.map { probabilities[$0 * classCount + place] }, isOfClass: labels.map { $0 == Int32(place) })
            } : []
    }

    /// What always saying the shares of the classes gives.
    init(shares: [Double], labels: [Int32]) {
        let count = labels.count
        self.init(
            probabilities: (0..<count).flatMap { _ in shares }, predicted: [Int32](repeating: Int32(largest(shares)), count: count),
            labels: labels, classCount: shares.count)
    }

    var work: Int { count * (2 + rankings.count) }

    /// Of each class, behind those of ``Metric/ofClasses``.
    enum ClassScore: Int, CaseIterable { case precision, recall, f1, rocAUC, averagePrecision }

    /// Where a class's score stands among the scores.
    static func place(_ score: ClassScore, of index: Int) -> Int {
        Metric.ofClasses.count + index * ClassScore.allCases.count + score.rawValue
    }

    func scores(_ weights: UnsafeBufferPointer<Double>) -> [Double] {
        var found = [Double](repeating: 0, count: classCount), ofClass = found, taken = found
        var logLoss = WeightedMean(), square = WeightedMean(), total = 0.0
        var gaps = [Double](repeating: 0, count: Self.binCount)
        for row in 0..<count {
            let weight = weights[row]
            if weight == 0 { continue }
            let label = Int(labels[row]), guess = Int(predicted[row]), isRight = label == guess
            ofClass[label] += weight
            taken[guess] += weight
            if isRight { found[label] += weight }
            gaps[Int(bins[row])] += weight * ((isRight ? 1 : 0) - confidences[row])
            logLoss.add(logLosses[row], weight)
            square.add(squares[row], weight)
            total += weight
        }
        let recalls = (0..<classCount).map { found[$0] / ofClass[$0] }
        let f1s = (0..<classCount).map { 2 * found[$0] / (ofClass[$0] + taken[$0]) }
        let ranks = rankings.map { $0.scores(weights) }
        func overClasses(_ score: KeyPath<(rocAUC: Double, averagePrecision: Double), Double>) -> Double {
            if ranks.isEmpty { return .nan }
            return classCount == 2 ? ranks[1][keyPath: score] : mean(ranks.map { $0[keyPath: score] })
        }
        var scores = [
            found.reduce(0, +) / total, mean(recalls), logLoss.value, square.value, gaps.reduce(0) { $0 + abs($1) } / total, mean(f1s),
            overClasses(\.rocAUC), overClasses(\.averagePrecision),
        ]
        for index in 0..<classCount {
            scores += [found[index] / taken[index], recalls[index], f1s[index]]
            scores += ranks.isEmpty ? [.nan, .nan] : [ranks[index].rocAUC, ranks[index].averagePrecision]
        }
        return scores
    }

    /// Of the defined ones.
    private func mean(_ values: [Double]) -> Double {
        let defined = values.filter { !$0.isNaN }
        return defined.reduce(0, +) / Double(defined.count)
    }
}
