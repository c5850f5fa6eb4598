import RectifierText

/// Why units died: the steps that killed them, computed again and looked at from inside.
///
/// A run repeats itself to the bit, so the step that killed a unit can be visited after it is known which one it was.
/// There the last sample that held the unit alive tells what closed it: its pre-activation z = b + Σ w·a changed by
/// Δb + Σ Δw·a + Σ (w + Δw)·Δa, what the bias did, what the weights did, and what the units before it did.
public struct Autopsy: Sendable, Codable, Equatable {
    /// A unit, and what killed it.
    public struct Finding: Sendable, Codable, Equatable {
        /// As in ``NetworkSummary``: `relu1`.
        public var layer: String
        /// From 0.
        public var unit: Int
        public var step: Int
        /// The share of the step's samples that were active before it.
        public var activeBefore: Double
        /// The pre-activation of the last active sample, before the step's update and behind it.
        public var before: Double
        public var after: Double
        /// What the change is made of.
        public var byBias: Double
        public var byWeights: Double
        public var byFeeders: Double
        /// The part of `byWeights` that weight decay, L1 and L2 made.
        public var byPenalties: Double
        public var cause: Cause
    }

    public enum Cause: String, Sendable, Codable, CaseIterable {
        /// One update closed a unit that many samples had open.
        case largeStep = "one large step"
        /// The bias fell, step by step.
        case biasDrift = "bias drift"
        /// The weights turned away, step by step.
        case weightDrift = "weight drift"
        /// All that the unit takes is 0 for the sample: its feeders are closed or dead.
        case feedersDead = "feeders dead"
        /// What the units before it give has changed.
        case feedersMoved = "feeders moved"
        /// Weight decay, L1 or L2 made more of the change than the loss.
        case penalty
    }

    public var findings: [Finding] = []

    /// So many samples of a batch, of all, make a unit one that many samples held open.
    static let many = 0.05

    /// Repeats a run from its beginning as far as that takes, and explains its dead units.
    ///
    /// - Parameters:
    ///   - trainer: The run.
    ///   - report: What a ``HealthProbe`` reported of it.
    ///   - steps: Steps to repeat at most. Units killed later are left out.
    public init(_ trainer: Trainer, report: HealthReport, steps: Int) throws {
        var wanted: [Int: [(layer: String, unit: UnitReport.DeadUnit)]] = [:]
        for layer in report.units {
            for unit in layer.dead where !unit.isBornDead && unit.killedByStep <= steps {
                wanted[unit.killedByStep, default: []].append((layer.layer, unit))
            }
        }
        guard let last = wanted.keys.max() else { return }
        let session = try TrainingSession(trainer.again(probes: [AutopsyProbe(wanted: wanted)]))
        do {
            while session.position.steps < last, try session.step() != nil {}
        } catch let error as RectifierError where error.kind == .divergence {}
        findings = session.measurements[AutopsyProbe.Report.self]?.findings ?? []
    }

    /// `83 by one large step, 12 by bias drift`; `nil` where there is nothing to tell.
    public var summary: String? {
        let counts = Cause.allCases.map { cause in (cause, findings.reduce(0) { $0 + ($1.cause == cause ? 1 : 0) }) }.filter { $0.1 > 0 }
        guard !counts.isEmpty else { return nil }
        return counts.sorted { $0.1 > $1.1 }.map { "\(Format.count($0.1)) by \($0.0.rawValue)" }.joined(separator: ", ")
    }
}

/// Looks at the steps that killed units.
struct AutopsyProbe: TrainingProbe {
    let wanted: [Int: [(layer: String, unit: UnitReport.DeadUnit)]]
    let name = "autopsy"
    func observer(of run: ProbedRun) throws -> any ProbeObserver { Observer(run, wanted) }

    struct Report: ProbeReport { var findings: [Autopsy.Finding] = [] }

    final class Observer: ProbeObserver {
        private let run: ProbedRun
        private let wanted: [Int: [(layer: String, unit: UnitReport.DeadUnit)]]
        private let sites: [HealthSite]
        private let beside: [Formula]
        private var findings: [Autopsy.Finding] = []
        private var before: (values: [[Double]], parameters: Parameters)?

        init(_ run: ProbedRun, _ wanted: [Int: [(layer: String, unit: UnitReport.DeadUnit)]]) {
            (self.run, self.wanted) = (run, wanted)
            // What is normalized does not follow from the unit's weights and its sample alone.
            sites = run.network.healthSites.filter { $0.isGate && $0.dense?.isNormalized == false }
            beside = sites.flatMap { [$0.input, $0.dense!.input] }
        }

        func looks(atStep step: Int) -> Bool { wanted[step] != nil }
        func looksBack(atStep step: Int) -> Bool { wanted[step] != nil }
        func look(at step: ProbedStep) throws { before = (try step.compute(beside), step.parameters) }

        func lookBack(at step: ProbedStep) throws {
            guard let before else { return }
            self.before = nil
            let after = try step.compute(beside), parameters = step.parameters
            let order = run.order(ofEpoch: step.epoch)
            for (layer, dead) in wanted[step.number] ?? [] {
                guard let place = sites.firstIndex(where: { $0.layer == layer }), let sample = dead.lastSample else { continue }
                let site = sites[place], dense = site.dense!
                let row = (0..<step.batchSize).last { Int(order[step.position + $0]) == sample }
                guard let row else { continue }
                func input(_ values: [[Double]]) -> [Double] {
                    Array(values[2 * place + 1][row * dense.inputs..<(row + 1) * dense.inputs])
                }
                func column(_ parameters: Parameters) -> [Double] {
                    let weights = parameters[dense.name + ".weights"]?.doubles ?? []
                    return stride(from: dead.unit, to: weights.count, by: dense.units).map { weights[$0] }
                }
                let (old, new) = (column(before.parameters), column(parameters)), (a, b) = (input(before.values), input(after))
                let bias = dense.name + ".bias"
                var finding = Autopsy.Finding(
                    layer: layer, unit: dead.unit, step: step.number, activeBefore: 0,
                    before: before.values[2 * place][row * site.units + dead.unit],
                    after: after[2 * place][row * site.units + dead.unit],
                    byBias: (parameters[bias]?.doubles[dead.unit] ?? 0) - (before.parameters[bias]?.doubles[dead.unit] ?? 0), byWeights: 0,
                    byFeeders: 0, byPenalties: 0, cause: .weightDrift)
                let active = (0..<step.batchSize).reduce(0) { $0 + (before.values[2 * place][$1 * site.units + dead.unit] > 0 ? 1 : 0) }
                finding.activeBefore = Double(active) / Double(step.batchSize)
                let penalties = run.plan.penalties, rate = step.learningRate
                for k in 0..<min(old.count, a.count) {
                    finding.byWeights += (new[k] - old[k]) * a[k]
                    finding.byFeeders += new[k] * (b[k] - a[k])
                    let sign = old[k] > 0 ? 1.0 : old[k] < 0 ? -1 : 0
                    finding.byPenalties -= rate * (penalties.weightDecay * old[k] + penalties.l2 * old[k] + penalties.l1 * sign) * a[k]
                }
                finding.cause = finding.found(takesNothing: b.allSatisfy { $0 == 0 })
                findings.append(finding)
            }
        }

        func endEpoch() -> Report { Report() }
        var report: Report { Report(findings: findings) }
        var state: Report {
            get { report }
            set { findings = newValue.findings }
        }
    }
}

extension Autopsy.Finding {
    /// - Parameter takesNothing: Whether all that goes into the unit is 0 for the sample.
    fileprivate func found(takesNothing: Bool) -> Autopsy.Cause {
        if takesNothing { return .feedersDead }
        if activeBefore >= Autopsy.many && after <= 0 { return byFeeders < min(byBias, byWeights) ? .feedersMoved : .largeStep }
        if byPenalties < 0, byPenalties < 0.5 * byWeights, byWeights < byBias, byWeights < byFeeders { return .penalty }
        if byFeeders <= min(byBias, byWeights) { return .feedersMoved }
        return byBias <= byWeights ? .biasDrift : .weightDrift
    }
}
