import Foundation

/// How often something is measured.
struct BenchBudget {
    var rounds: ClosedRange<Int>
    /// No further round begins after so many seconds, once there are enough.
    var seconds: Double

    /// Calls `round` as often as the budget says and gives the median of each of its numbers, never a single time.
    ///
    /// Rounds in which the system gave the cores to others do not count, which are those in which this process had
    /// clearly less of them than in the best one; there are more rounds then, and pauses before them, after which a
    /// scheduler leaves a process alone for longer.
    func medians(_ round: () throws -> [Double]) rethrows -> [Double] {
        let clock = ContinuousClock(), start = clock.now
        var found: [(busy: Double, values: [Double])] = [], best = 0.0
        func isWhole(_ round: (busy: Double, values: [Double])) -> Bool { round.busy > 0.95 * best }
        var whole = 0
        while found.count < rounds.lowerBound || whole < rounds.lowerBound && found.count < 4 * rounds.lowerBound
            || found.count < rounds.upperBound && clock.now - start < .seconds(seconds)
        {
            let began = clock.now, used = processSeconds()
            let values = try round()
            let busy = (processSeconds() - used) / max((clock.now - began) / .seconds(1), 1e-9)
            found.append((busy, values))
            best = max(best, busy)
            whole = found.count(where: isWhole)
            if !isWhole(found.last!) { usleep(3000) }
        }
        found.sort { $0.busy > $1.busy }
        let chosen = found.prefix(max(whole, 3))
        return found[0].values.indices.map { number in middle(chosen.map { $0.values[number] }) }
    }

    /// The same of rates, of several pieces of work a round.
    func medianRates(_ round: () throws -> [BenchRate]) rethrows -> [BenchRate] {
        let numbers = try medians { try round().flatMap { [$0.flops, $0.share, $0.ratio] } }
        return stride(from: 0, to: numbers.count, by: 3).map {
            BenchRate(flops: numbers[$0], share: numbers[$0 + 1], ratio: numbers[$0 + 2])
        }
    }
}

/// What a piece of work reached.
struct BenchRate {
    /// Multiplications and additions a second that a dense computation would have needed.
    var flops: Double
    /// Of the peak beside it.
    var share: Double
    /// Over the first piece of the same round.
    var ratio: Double
}

/// The middle one, or the upper of the two.
private func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// Seconds that processors have worked for this process, all threads together.
private func processSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
