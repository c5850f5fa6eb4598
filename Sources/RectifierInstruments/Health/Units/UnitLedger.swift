/// What is known of the units of one rectifying layer over a whole run.
final class UnitLedger {
    let layer: String
    let tally: UnitTally
    /// By unit, when a sample was last active, in epochs that have ended.
    private(set) var last: [LastActive]
    /// Units that were dead in the epoch before, so that the order of an epoch is drawn only for a new death.
    private(set) var dead: [Int: UnitReport.DeadUnit] = [:]
    /// The share of active samples of each unit, epoch by epoch, in steps of 1/1000: thinned to ``mostColumns``.
    private(set) var timeline = EpochSeries<[Int]>()

    struct LastActive: Codable, Equatable {
        var step = 0
        var epoch = 0
        /// The place in the epoch, from 1.
        var place = 0
    }

    private static let mostColumns = 64

    /// Where each unit stands in a sample: many in images.
    private let positions: Int

    init(layer: String, units: Int, positions: Int = 1, threads: Int) {
        (self.layer, self.positions) = (layer, positions)
        tally = UnitTally(count: units, threads: threads)
        last = [LastActive](repeating: LastActive(), count: units)
    }

    /// How many units were closed for every sample since a step, and how many of those always.
    func closed(since step: Int) -> (closed: Int, bornDead: Int) {
        var closed = 0, bornDead = 0
        for unit in 0..<tally.count {
            let latest = max(tally[unit].step, last[unit].step)
            if latest < step { closed += 1 }
            if latest == 0 { bornDead += 1 }
        }
        return (closed, bornDead)
    }

    /// - Parameters:
    ///   - epoch: The epoch that ends, from 1.
    ///   - order: The samples of an epoch, in order.
    func endEpoch(_ epoch: Int, samples: Int, order: (Int) -> [Int32]) -> UnitReport {
        let samples = samples * positions
        var report = UnitReport(layer: layer, samples: samples, active: [], largest: [], dead: [], closedFor2000: 0)
        let dead = self.dead
        self.dead = [:]
        for unit in 0..<tally.count {
            let seen = tally[unit]
            report.active.append(seen.active)
            report.largest.append(max(0, seen.largest))
            if seen.first == 0 || seen.first > 2000 { report.closedFor2000 += 1 }
            if seen.active > 0 {
                last[unit] = LastActive(step: seen.step, epoch: epoch, place: seen.last)
            } else {
                let (step, lastEpoch, place) = (last[unit].step, last[unit].epoch, last[unit].place)
                let known = dead[unit]
                let corpse =
                    known
                    ?? UnitReport.DeadUnit(
                        unit: unit, killedByStep: step, epoch: lastEpoch, lastSample: place > 0 ? Int(order(lastEpoch)[place - 1]) : nil)
                self.dead[unit] = corpse
                report.dead.append(corpse)
            }
        }
        let shares = report.active.map { samples == 0 ? 0 : ($0 * 1000 + samples - 1) / samples }
        timeline.add(shares, epoch: epoch, most: Self.mostColumns)
        tally.reset()
        return report
    }

    // MARK: Checkpoints

    struct State: Codable {
        var seen: [UnitTally.Seen]
        var last: [LastActive]
        var dead: [UnitReport.DeadUnit]
        var timeline: EpochSeries<[Int]>
    }

    var state: State {
        get {
            State(
                seen: (0..<tally.count).map { tally[$0] }, last: last, dead: dead.values.sorted { $0.unit < $1.unit },
                timeline: timeline)
        }
        set {
            tally.restore(newValue.seen)
            (last, timeline) = (newValue.last, newValue.timeline)
            dead = Dictionary(newValue.dead.map { ($0.unit, $0) }, uniquingKeysWith: { $1 })
        }
    }

    /// Whether a state can be of these units.
    func takes(_ state: State) -> Bool {
        let count = tally.count
        return state.seen.count == count && state.last.count == count && state.dead.allSatisfy { 0..<count ~= $0.unit }
            && state.timeline.values.allSatisfy { $0.count == count } && state.timeline.values.count == state.timeline.epochs.count
            && state.timeline.every > 0
    }
}
