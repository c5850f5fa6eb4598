import RectifierInstruments

/// The exact interval for a share of which `hits` among `count` were seen (Clopper and Pearson 1934): the shares under
/// which neither so few nor so many would be a surprise, each with half of `1 - confidence`.
///
/// - Parameters:
///   - hits: From 0 to `count`.
///   - count: At least 1.
public func binomialInterval(hits: Int, of count: Int, confidence: Double = 0.99) -> ClosedRange<Double> {
    precondition(count > 0 && 0...count ~= hits && 0..<1 ~= confidence)
    let tail = (1 - confidence) / 2
    /// The share at which `probability`, which falls with it or rises, is `tail`.
    func solve(_ rises: Bool, _ probability: (Double) -> Double) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if (probability(middle) < tail) == rises { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
    let lower = hits == 0 ? 0 : solve(true) { share in 1 - atMost(hits - 1, of: count, share: share) }
    let upper = hits == count ? 1 : solve(false) { share in atMost(hits, of: count, share: share) }
    return lower...upper
}

/// The chance of at most `hits` among `count`. 0 < share < 1.
private func atMost(_ hits: Int, of count: Int, share: Double) -> Double {
    // In logarithms, because (1 - share)^count underflows.
    let odds = logarithm(of: share) - logarithm(of: 1 - share)
    var logTerm = Double(count) * logarithm(of: 1 - share), sum = 0.0
    for k in 0...hits {
        if k > 0 { logTerm += odds + logarithm(of: Double(count - k + 1) / Double(k)) }
        sum += exponential(of: logTerm)
    }
    return min(1, sum)
}
