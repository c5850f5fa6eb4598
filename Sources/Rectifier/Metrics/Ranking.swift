/// Rows in the order of their scores for one class, highest first.
struct Ranking: Sendable {
    /// A row of the class by its number, another by the complement of it.
    private let rows: [Int32]
    /// Whether the next row has a lower score.
    private let isLastOfEqual: [Bool]

    init(_ scores: [Double], isOfClass: [Bool]) {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        rows = order.map { isOfClass[$0] ? Int32($0) : ~Int32($0) }
        isLastOfEqual = order.indices.map { $0 + 1 == order.count || scores[order[$0]] != scores[order[$0 + 1]] }
    }

    /// ROC AUC and average precision; NaN without rows of the class, ROC AUC also without others.
    func scores(_ weights: UnsafeBufferPointer<Double>) -> (rocAUC: Double, averagePrecision: Double) {
        var ofClass = 0.0, others = 0.0, ofClassBefore = 0.0, othersBefore = 0.0
        var area = 0.0, precision = 0.0
        for (place, row) in rows.enumerated() {
            if row >= 0 { ofClass += weights[Int(row)] } else { others += weights[Int(~row)] }
            guard isLastOfEqual[place] else { continue }
            area += (others - othersBefore) * (ofClass + ofClassBefore) / 2
            if ofClass > ofClassBefore { precision += (ofClass - ofClassBefore) * ofClass / (ofClass + others) }
            (ofClassBefore, othersBefore) = (ofClass, others)
        }
        return (area / (ofClass * others), precision / ofClass)
    }
}
