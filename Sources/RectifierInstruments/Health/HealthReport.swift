import RectifierText

/// How healthy a run is: what its units did, how signals and gradients passed, and what is wrong.
public struct HealthReport: ProbeReport {
    /// Rectifying layers, from every pre-activation of the last epoch that ended.
    public var units: [UnitReport] = []
    /// Steps that were looked at: of the epoch, or of the run.
    public var looks: [FlowLook] = []
    /// What was found in the epoch, or in the run; the first cause first.
    public var diagnoses: [Diagnosis] = []
    /// The mean loss of the best answer that is the same for all samples: what a network must get below to have learned
    /// anything. `nil` where none can be told.
    public var trivialLoss: Double?
    /// By layer of the looks, what chance makes of a fresh network's signals; `nil` where no law is known.
    public var expectedGrowth: [Growth?] = []
    /// The share of active samples of each unit, in steps of 1/1000, for some epochs of the run. Empty in the report of
    /// an epoch.
    public var timelines: [Timeline] = []

    /// The logarithm of how much larger a layer's signal is than the first one's, by ``SignalGrowthLaw`` and the
    /// initializer.
    public struct Growth: Sendable, Codable, Equatable {
        public var mean: Double
        public var deviation: Double
    }

    public struct Timeline: Sendable, Codable, Equatable {
        /// As in ``NetworkSummary``: `relu1`.
        public var layer: String
        /// From 1.
        public var epochs: [Int]
        /// By epoch and unit, 0 to 1000; 0 only for a unit that was dead.
        public var shares: [[Int]]
    }

    /// `units: 3 of 1,024 dead, 41 % active; no finding`.
    public var summary: String {
        let found = diagnoses.map { $0.name.words + ($0.layer.map { " (\($0))" } ?? "") }.joined(separator: ", ")
        return [unitSummary, found.isEmpty ? "no finding" : found].compactMap { $0 }.joined(separator: "; ")
    }

    /// `3 of 1,024 units dead, 41 % active`; `nil` where no unit can die.
    public var unitSummary: String? {
        guard units.units > 0 else { return nil }
        let active =
            Double(units.reduce(0) { $0 + $1.active.reduce(0, +) }) / Double(max(1, units.reduce(0) { $0 + $1.units * $1.samples }))
        let all = Format.count(units.units, "unit"), dead = units.dead == 0 ? "none" : Format.count(units.dead)
        return "\(dead) of \(all) dead, \(Format.percent(active, digits: 0)) active"
    }
}

extension TrainingEvent.EpochReport {
    /// How healthy the epoch was; `nil` without a ``HealthProbe``.
    public var health: HealthReport? { measurements[HealthReport.self] }
}

extension TrainingEvent.Outcome {
    /// How healthy the run was; `nil` without a ``HealthProbe``.
    public var health: HealthReport? { measurements[HealthReport.self] }
}
