/// Follows a training run at its kinks: counts every pre-activation that is exactly at one, and gives each minibatch's gradient a verdict.
///
/// Counting rides on the kernels that compute the activations. Only where a kink was touched, and the verdict or the report needs it, is the minibatch
/// looked at element by element, within a share of the run's time.
final class KinkWatch {
    /// The losses to train on: the same, counted.
    let losses: Formula

    /// A report of nothing yet.
    let emptyReport: KinkReport

    private let certificate: GradientCertificate
    private let counters: KinkCounters
    private let original: Formula
    private let parameters: [Formula]
    private let elementType: ElementType
    private let verdictUntouched: GradientVerdict
    private var examiners: [Int: KinkExaminer] = [:]
    private var sensitivities: [Int: SensitivityProgram] = [:]
    private var trusts: [Int: TrustProgram] = [:]

    private let began = ContinuousClock.now
    private var spent = Duration.zero
    /// Shares of the run's time that may go into looking at steps, at kinks where the verdict stands already, and where it does not.
    private static let shareForTrust = 0.003, shareForReport = 0.01, shareForVerdict = 0.1

    /// - Parameter losses: One for each sample, of a network built for training.
    init(_ network: Network.Built, losses: Formula, elementType: ElementType) throws {
        self.elementType = elementType
        let sites = network.kinkSites(below: [losses], dependingOn: network.parameters)
        certificate = GradientCertificate(losses: losses, parameters: network.parameters, sites: sites)
        counters = KinkCounters(count: sites.count)
        original = losses
        parameters = network.parameters
        self.losses = try watched([losses], sites, counters)[0]
        var report = KinkReport()
        report.kinks = sites.map { KinkReport.Kink(layer: $0.layer, name: $0.name) }
        emptyReport = report
        verdictUntouched = certificate.verdict(touched: sites.map { _ in false })!
    }

    /// Whether the minibatch whose gradient was computed last touched a kink.
    var isTouched: Bool { counters.isTouched }

    /// Adds minibatches that touched none to a report.
    func add(untouched count: Int, to report: inout KinkReport) { if count > 0 { report.add(verdictUntouched, count: count) } }

    /// After the gradient of a minibatch that touched a kink was computed, and before the weights change: adds it to a report.
    ///
    /// - Parameter compile: Makes a program over the same minibatch and weights.
    func look(batchSize: Int, into report: inout KinkReport, compile: (Int, [Formula]) throws -> Program) throws {
        let counts = (0..<counters.count).map { counters[$0] }
        counters.reset()
        for index in counts.indices { report.kinks[index].touched += counts[index] }

        let known = certificate.verdict(touched: counts.map { $0 > 0 })
        let share = known == nil ? KinkWatch.shareForVerdict : KinkWatch.shareForReport
        let clock = ContinuousClock()
        let now = clock.now
        guard spent <= (now - began) * share else {
            report.add(known ?? .notGuaranteed("kinks were touched too often to examine each time"))
            return
        }
        defer { spent += clock.now - now }

        let examiner = try examiners[batchSize] ?? KinkExaminer(certificate) { try compile(batchSize, $0) }
        examiners[batchSize] = examiner
        let (findings, found) = examiner.examine()
        // 16-bit types may round differently in a program that fuses differently; then the verdict is of another point.
        let isSamePoint = findings.map(\.touched) == counts
        for (index, finding) in findings.enumerated() {
            report.kinks[index].examined += min(finding.touched, counts[index])
            report.kinks[index].structural += min(finding.structural, counts[index])
        }
        report.add(known ?? (isSamePoint ? found : .notGuaranteed("rounding in 16 bits hides which samples touched kinks")))

        let sensitivity = try sensitivities[batchSize] ?? SensitivityProgram(losses: original, parameters) { try compile(batchSize, $0) }
        sensitivities[batchSize] = sensitivity
        report.sensitivity.merge(sensitivity.run()) { max($0, $1) }
    }
}

extension KinkWatch {
    /// Whether there is time to compare a step with its linear model.
    var hasTimeForTrust: Bool {
        let elapsed = ContinuousClock.now - began
        return elapsed > .milliseconds(200) && spent <= elapsed * KinkWatch.shareForTrust
    }

    /// Compares a step on the present minibatch with its linear model.
    func trust(
        from before: Parameters, to after: Parameters, batchSize: Int, compile: ([Formula], ParameterMemory) throws -> Program
    ) throws -> LinearTrust {
        let clock = ContinuousClock(), now = clock.now
        defer { spent += clock.now - now }
        let program =
            try trusts[batchSize]
            ?? TrustProgram(
                losses: original, parameters, sites: certificate.entries.map(\.site), elementType: elementType.computing, compile: compile)
        trusts[batchSize] = program
        return program.trust(from: before, to: after)
    }
}

extension KinkSite {
    /// `relu`, or `clip at 6` where an operation has several.
    var name: String {
        guard let bound = kink.b.constantValue, bound != 0 || result.operation is Clip else { return result.operation.name }
        return "\(result.operation.name) at \(KinkValue(bound))"
    }
}
