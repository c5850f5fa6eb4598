/// Follows a training run at its kinks: counts every pre-activation that is exactly at one, gives each batch's gradient
/// a verdict, and now and then compares a step with the linear model behind it.
///
/// Counting rides on the kernels that compute the activations. Only where a kink was touched, and the verdict or the
/// report needs it, does the probe look at the batch element by element. How often follows from step numbers alone: see
/// ``KinkObserver``.
public struct KinkProbe: TrainingProbe {
    public init() {}
    public var name: String { "kinks" }
    public func observer(of run: ProbedRun) throws -> any ProbeObserver { try KinkObserver(run) }
}

extension TrainingEvent.EpochReport {
    /// What the epoch's gradients met at kinks; `nil` without a ``KinkProbe``.
    public var kinks: KinkReport? { measurements[KinkReport.self] }
}

extension TrainingEvent.Outcome {
    /// What all gradients of the run met at kinks; `nil` without a ``KinkProbe``.
    public var kinks: KinkReport? { measurements[KinkReport.self] }
}

extension KinkReport: ProbeReport {}

/// A ``KinkProbe`` at work.
///
/// Looking at a batch takes as long as some steps. So that it takes a small share of the run, a batch that touched a
/// kink is looked at while at most `n / rate` were, n being the number of the step: the first few always, later one in
/// so many.
final class KinkObserver: CountingObserver {
    private let certificate: GradientCertificate
    private let counters: KinkCounters
    private let watched: WatchedKinks
    private let losses: Formula
    private let parameters: [Formula]
    /// Frozen ones included.
    private let allParameters: [Formula]
    private let elementType: ElementType
    private let verdictUntouched: GradientVerdict
    private let emptyReport: KinkReport
    private lazy var examiner = Result { try KinkExaminer(certificate) }
    private lazy var sensitivity = Result { try Sensitivity(losses: losses, parameters) }
    /// The weights before the update of a step that is compared with its linear model.
    private var before: Parameters?
    /// Batches that touched no kink: added to the report when it is asked for, because a small step takes little longer
    /// than touching the report.
    private var untouched = 0

    private var progress: State

    struct State: Codable {
        /// In the present epoch, and in those before it.
        var epoch: KinkReport
        var earlier: KinkReport
        /// Batches looked at.
        var looks = 0
    }

    /// One look in so many steps where the verdict stands already, and where it does not; and the looks that are free.
    private static let reportRate = 512, verdictRate = 64, freeLooks = 4
    /// The first step that is compared with its linear model; then one at four times the number, and so on.
    private static let firstTrust = 1024

    init(_ run: ProbedRun) throws {
        elementType = run.plan.settings.precision
        losses = run.losses
        parameters = run.trained
        allParameters = run.network.parameters
        let sites = run.network.kinkSites(below: [losses], dependingOn: parameters)
        certificate = GradientCertificate(losses: losses, parameters: parameters, sites: sites)
        counters = KinkCounters(count: sites.count)
        watched = WatchedKinks(sites, counters)
        verdictUntouched = certificate.verdict(touched: sites.map { _ in false })!
        var report = KinkReport()
        report.kinks = sites.map { KinkReport.Kink(layer: $0.layer, name: $0.name) }
        emptyReport = report
        progress = State(epoch: report, earlier: report)
    }

    func counted(_ original: Formula, _ made: Formula) throws -> Formula { try watched.counted(original, made) }

    // MARK: Steps

    func looks(atStep step: Int) -> Bool {
        guard counters.isTouched else {
            untouched += 1
            return isTrusted(step)
        }
        return true
    }

    func looksBack(atStep step: Int) -> Bool { isTrusted(step) }

    private func isTrusted(_ step: Int) -> Bool {
        step >= Self.firstTrust && step & (step - 1) == 0 && (step / Self.firstTrust).trailingZeroBitCount % 2 == 0
    }

    func look(at step: ProbedStep) throws {
        if counters.isTouched { try lookAtKinks(step) }
        if isTrusted(step.number) { before = step.parameters }
    }

    private func lookAtKinks(_ step: ProbedStep) throws {
        let counts = (0..<counters.count).map { counters[$0] }
        counters.reset()
        for index in counts.indices { progress.epoch.kinks[index].touched += counts[index] }

        let known = certificate.verdict(touched: counts.map { $0 > 0 })
        let rate = known == nil ? Self.verdictRate : Self.reportRate
        guard progress.looks < Self.freeLooks + step.number / rate else {
            progress.epoch.add(known ?? .notGuaranteed("kinks were touched too often to examine each time"))
            return
        }
        progress.looks += 1

        let (findings, found) = try examiner.get().examine(batchSize: step.batchSize) { try step.compile($0) }
        // 16-bit types may round differently in a program that fuses differently; then the verdict is of another point.
        let isSamePoint = findings.map(\.touched) == counts
        for (index, finding) in findings.enumerated() {
            progress.epoch.kinks[index].examined += min(finding.touched, counts[index])
            progress.epoch.kinks[index].structural += min(finding.structural, counts[index])
        }
        progress.epoch.add(known ?? (isSamePoint ? found : .notGuaranteed("rounding in 16 bits hides which samples touched kinks")))

        let sensitivities = try sensitivity.get().measured(batchSize: step.batchSize) { try step.compile($0) }
        progress.epoch.sensitivity.merge(sensitivities) { max($0, $1) }
    }

    func lookBack(at step: ProbedStep) throws {
        guard let before else { return }
        self.before = nil
        // Looks are so few that their programs are not kept.
        let trust = try TrustProgram(
            losses: losses, allParameters, sites: certificate.entries.map(\.site), elementType: elementType.computing
        ) { try step.compile($0, samples: $1, parameters: $2) }
        progress.epoch.trust = try trust.trust(from: before, to: step.parameters)
    }

    // MARK: Reports

    func endEpoch() -> KinkReport {
        let report = state.epoch
        progress.earlier.add(report)
        progress.epoch = emptyReport
        return report
    }

    var report: KinkReport {
        var all = state.earlier
        all.add(state.epoch)
        return all
    }

    var state: State {
        get {
            if untouched > 0 { progress.epoch.add(verdictUntouched, count: untouched) }
            untouched = 0
            return progress
        }
        set {
            untouched = 0
            counters.reset()
            // A state of other kinks is of another network: it has nothing to say of this one's.
            guard newValue.epoch.kinks.map(\.layer) == emptyReport.kinks.map(\.layer) else { return }
            progress = newValue
        }
    }
}

extension KinkObserver.State {
    /// Throws for counts that no run can have, which could overflow.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        epoch = try container.decode(KinkReport.self, forKey: .epoch)
        earlier = try container.decode(KinkReport.self, forKey: .earlier)
        looks = try container.decode(Int.self, forKey: .looks)
        let counts = [epoch, earlier].flatMap { report in
            [report.exact, report.clarke, report.clarkeByRank, report.notGuaranteed]
                + report.kinks.flatMap { [$0.touched, $0.examined, $0.structural] }
        }
        guard (counts + [looks]).allSatisfy({ 0...1 << 53 ~= $0 }) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "a count is not possible"))
        }
    }
}

extension KinkSite {
    /// `relu`, or `clip at 6` where an operation has several.
    var name: String {
        guard let bound = kink.b.constantValue, bound != 0 || result.operation.kinks(of: result.operands).count > 1 else {
            return result.operation.name
        }
        return "\(result.operation.name) at \(KinkValue(bound))"
    }
}
