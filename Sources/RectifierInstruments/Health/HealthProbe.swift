/// Watches a training run for what goes wrong: units that die, signals and gradients that vanish or explode, rates that
/// are too high, data that cannot be learned.
///
/// What units do is tallied in the steps themselves, from every pre-activation. Signals and gradients are looked at in
/// steps 1, 2, 3, 4, 8, 16, and so on: most looks are where most is decided. Nothing of it
/// changes a bit of the weights, and a report is the same for any number of threads, interrupted and resumed or not.
///
/// What is found is told at once, as ``TrainingEvent/noticed(_:)`` with a ``Diagnosis``, and once.
public struct HealthProbe: TrainingProbe {
    public init() {}
    public var name: String { "health" }
    public func observer(of run: ProbedRun) throws -> any ProbeObserver { try HealthObserver(run) }
}

/// A ``HealthProbe`` at work.
final class HealthObserver: CountingObserver {
    private let run: ProbedRun
    private let sites: [HealthSite]
    private let meter: FlowMeter
    /// By the id of what the activation gives, which is above 0 where the pre-activation is.
    private let ledgers: [(output: Int, ledger: UnitLedger)]
    private let tallies: [Int: UnitTally]
    private let waysBack: WaysBack
    private let diagnostician: Diagnostician
    private var data: DataHealth
    /// The look at the step that is going on.
    private var units: [UnitReport] = []
    private var progress: Progress
    private var notices: [Diagnosis] = []
    /// The order of an epoch's samples, drawn where it is needed.
    private var order: (epoch: Int, samples: [Int32])?

    struct Progress: Codable {
        var epoch: Int
        /// The last step that was computed.
        var step = 0
        var looks: [FlowLook] = []
        /// Those of the present epoch begin here.
        var epochLooks = 0
        var losses: [Diagnostician.EpochLoss] = []
        var diagnoses: [Diagnosis] = []
        var epochDiagnoses = 0
        var hasBegun = false
    }

    /// More numbers of looks are not kept: of those before, every second one goes.
    private static let mostLooks = 20_000

    init(_ run: ProbedRun) throws {
        self.run = run
        let sites = run.network.healthSites
        self.sites = sites
        progress = Progress(epoch: run.firstEpoch)
        meter = try FlowMeter(sites, losses: run.losses)
        var seen = Set<Int>()
        let gates = sites.filter { $0.isGate && seen.insert($0.output.id).inserted }
        ledgers = gates.map { ($0.output.id, UnitLedger(layer: $0.layer, units: $0.units, positions: $0.positions, threads: run.threads)) }
        waysBack = WaysBack(run, gates)
        tallies = Dictionary(uniqueKeysWithValues: ledgers.map { ($0.output, $0.ledger.tally) })
        data = try DataHealth(run)
        diagnostician = Diagnostician(
            plan: run.plan, sites: sites, law: FlowLaw(sites), trivialLoss: data.trivialLoss, samples: run.samples,
            heldOutSamples: (run.data.validation ?? run.data.heldOut)?.count ?? 0)
    }

    func counted(_ original: Formula, _ made: Formula) throws -> Formula {
        try tallies[original.id].map { try made.tallied($0) } ?? made
    }

    // MARK: Steps

    /// Powers of two, and 3.
    func looks(atStep step: Int) -> Bool {
        progress.step = step
        return step & (step - 1) == 0 || step == 3
    }
    func looksBack(atStep step: Int) -> Bool { looks(atStep: step) }

    func look(at step: ProbedStep) throws {
        if !progress.hasBegun {
            progress.hasBegun = true
            tell(data.findings)
        }
        // The last batch of an epoch is smaller, and its numbers are not those of the others.
        guard step.batchSize == run.plan.batchSize || step.number == 1 else { return }
        try meter.begin(step)
    }

    func lookBack(at step: ProbedStep) throws {
        if let look = try meter.end(step) {
            progress.looks.append(look)
            tell(diagnostician.flow(progress.looks))
        }
        tellUnits(step: step.number, epoch: step.epoch)
    }

    func lookAtDivergence(_ step: ProbedStep) throws {
        tell([try Divergence(step, sites, run).diagnosis(plan: run.plan, sample: { self.order(ofEpoch: step.epoch)[step.position + $0] })])
    }

    /// Units that die in a network through which nothing passes are a symptom of that.
    private func tellUnits(step: Int, epoch: Int) {
        guard !progress.diagnoses.contains(where: { [.vanishing, .exploding, .rankCollapse].contains($0.name) }) else { return }
        tell(diagnostician.units(ledgers.map(\.ledger), step: step, epoch: epoch, first: progress.looks.first))
    }

    private func tell(_ found: [Diagnosis]) {
        for diagnosis in found where !progress.diagnoses.contains(where: { $0.key == diagnosis.key }) {
            progress.diagnoses.append(diagnosis)
            notices.append(diagnosis)
        }
    }

    func takeNotices() -> [any ProbeReport] {
        defer { notices = [] }
        return notices
    }

    // MARK: Epochs

    func evaluated(trainLoss: Double, heldOut: Evaluation?, validation: Evaluation?) {
        progress.losses.append(Diagnostician.EpochLoss(train: finite(trainLoss), heldOut: (validation ?? heldOut).map { finite($0.loss) }))
    }

    func endEpoch() -> HealthReport {
        tellUnits(step: progress.step, epoch: progress.epoch)
        units = ledgers.map { $0.ledger.endEpoch(progress.epoch, samples: run.samples, order: order(ofEpoch:)) }
        waysBack.note(in: &units, step: progress.step)
        let explained: Set<Diagnosis.Name> = [
            .diverged, .bornDead, .deadUnits, .exploding, .vanishing, .saturated, .unstableRate, .rankCollapse,
        ]
        tell(
            diagnostician.epochs(
                progress.losses, looks: progress.looks, step: progress.step,
                isExplained: progress.diagnoses.contains { explained.contains($0.name) }, data: &data)
        )
        let report = HealthReport(
            units: units, looks: Array(progress.looks[progress.epochLooks...]),
            diagnoses: progress.diagnoses[progress.epochDiagnoses...].sorted(), trivialLoss: data.trivialLoss)
        thin()
        progress.epoch += 1
        (progress.epochLooks, progress.epochDiagnoses) = (progress.looks.count, progress.diagnoses.count)
        return report
    }

    /// Drops every second look but the first ones where they have become many.
    private func thin() {
        while progress.looks.count > 8, progress.looks.count * max(1, sites.count) > Self.mostLooks {
            progress.looks = progress.looks.enumerated().filter { $0.offset < 2 || ($0.offset - progress.looks.count) % 2 != 0 }.map(
                \.element)
        }
    }

    private func order(ofEpoch epoch: Int) -> [Int32] {
        if let order, order.epoch == epoch { return order.samples }
        let samples = run.order(ofEpoch: epoch)
        order = (epoch, samples)
        return samples
    }

    var report: HealthReport {
        HealthReport(
            units: units, looks: progress.looks, diagnoses: progress.diagnoses.sorted(), trivialLoss: data.trivialLoss,
            expectedGrowth: diagnostician.law.path.map { $0.map { HealthReport.Growth(mean: $0.mean, deviation: $0.deviation) } },
            timelines: ledgers.map {
                HealthReport.Timeline(layer: $0.ledger.layer, epochs: $0.ledger.timeline.epochs, shares: $0.ledger.timeline.values)
            })
    }

    // MARK: Checkpoints

    struct State: Codable {
        var progress: Progress
        var ledgers: [UnitLedger.State]
        var units: [UnitReport]
    }

    var state: State {
        get { State(progress: progress, ledgers: ledgers.map(\.ledger.state), units: units) }
        set {
            // A state of other units is of another network: it has nothing to say of this one's.
            guard newValue.ledgers.count == ledgers.count, zip(ledgers, newValue.ledgers).allSatisfy({ $0.ledger.takes($1) }) else {
                return
            }
            for (own, state) in zip(ledgers, newValue.ledgers) { own.ledger.state = state }
            (progress, units) = (newValue.progress, newValue.units)
        }
    }
}
