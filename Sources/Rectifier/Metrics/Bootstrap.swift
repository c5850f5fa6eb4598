/// How far scores would vary if other rows had been held out: rows are drawn again with replacement, as many as there
/// are, and measured (the percentile bootstrap of Efron 1979).
///
/// Draws are functions of their place, so the same rows give the same intervals, bit for bit, on any number of threads.
enum Bootstrap {
    /// Resamples: as many as take about a second, within bounds that keep percentiles steady.
    static func resamples(for answers: some Answers) -> Int { min(1000, max(100, 100_000_000 / max(1, answers.work))) }

    /// 95 % of each score's values lie between these, as many below as above; `nil` where a score is not defined in
    /// half of the resamples or more.
    static func intervals(of answers: some Answers, resamples: Int, threads: Int) -> [ClosedRange<Double>?] {
        let count = answers.count, drawn = Slots<[Double]>(resamples)
        sideBySide(resamples, threads: threads) { resample in
            let stream = RandomStream(seed: 0, purpose: RandomPurpose.bootstrap, epoch: UInt64(resample))
            var weights = [Double](repeating: 0, count: count)
            weights.withUnsafeMutableBufferPointer { weights in
                for place in 0..<count { weights[stream.integer(place, below: count)] += 1 }
                drawn[resample] = answers.scores(UnsafeBufferPointer(weights))
            }
        }
        let scores = (0..<resamples).map { drawn[$0]! }
        return (0..<(scores.first?.count ?? 0)).map { place in
            let values = scores.map { $0[place] }.filter { !$0.isNaN }.sorted()
            guard 2 * values.count > resamples else { return nil }
            return quantile(values, 0.025)...quantile(values, 0.975)
        }
    }

    /// Between two sorted values, in proportion.
    private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let place = share * Double(sorted.count - 1), lower = Int(place), upper = min(lower + 1, sorted.count - 1)
        return sorted[lower] + (place - Double(lower)) * (sorted[upper] - sorted[lower])
    }
}
