import Foundation
import Rectifier
import RectifierInstruments
import RectifierReports
import RectifierText

/// What a run's `report.html` and `report.json` show: losses, units, flow, findings.
struct TrainingReport {
    let plan: TrainingPlan
    var epochs: [RunHistory.Epoch] = []
    var health: HealthReport?
    var outcome: TrainingEvent.Outcome?
    /// Why the run ended, where it failed.
    var failure: String?
    var trials: [CureTrial] = []
    var autopsy: Autopsy?

    init(plan: TrainingPlan) { self.plan = plan }

    /// Takes what a run's probes reported.
    mutating func take(_ measurements: Measurements) {
        health = measurements[HealthReport.self]
        epochs = measurements[RunHistory.self]?.epochs ?? []
    }

    /// Writes both files into the run's folder.
    func write(to folder: URL) throws {
        let report = report
        try writeAtomically(Array(report.page.utf8), to: folder.appendingPathComponent("report.html"))
        try writeAtomically(Array(report.json.utf8), to: folder.appendingPathComponent("report.json"))
    }

    var report: Report {
        Report(
            title: "Training on \(URL(fileURLWithPath: plan.recipe.data.source).lastPathComponent)", summary: summary, facts: facts,
            findings: findings,
            charts: [lossChart, accuracyChart].compactMap { $0 } + healthCharts, tables: tables)
    }

    private var summary: String {
        if let failure { return "The run failed: \(failure)." }
        guard let outcome else { return "The run has not ended." }
        var text = "\(Format.count(outcome.epochs, "epoch"))"
        if let heldOut = outcome.heldOut {
            if let accuracy = heldOut.accuracy { text += ", accuracy \(Format.percent(accuracy)) on held-out data" }
            if let rmse = heldOut.rmse { text += ", RMSE \(Format.significant(rmse)) on held-out data" }
        }
        if outcome.reason == .interrupted { text += "; interrupted" }
        if outcome.reason == .earlyStopping { text += "; stopped early" }
        return text + "."
    }

    private var facts: [Report.Fact] {
        var facts = [
            Report.Fact("data", plan.recipe.data.source),
            Report.Fact("network", plan.recipe.network.title(width: 60)),
            Report.Fact("parameters", Format.count(plan.network.summary.parameterCount)),
            Report.Fact("optimizer", "\(plan.optimizer.name), learning rate \(Format.significant(plan.learningRate))"),
            Report.Fact("batch", Format.count(plan.batchSize)), Report.Fact("seed", String(plan.settings.seed)),
        ]
        if let outcome { facts.append(Report.Fact("weights", String(outcome.model.weightsSHA256.prefix(16)) + "…")) }
        return facts
    }

    private var findings: [Report.Finding] {
        guard let health else { return [] }
        if health.diagnoses.isEmpty {
            return [Report.Finding("Nothing was found to be wrong" + (health.unitSummary.map { ": \($0)." } ?? "."))]
        }
        return health.diagnoses.map { diagnosis in
            let place = diagnosis.layer.map { " in \($0)" } ?? ""
            let when =
                diagnosis.step == 0 ? "before training" : "step \(Format.count(diagnosis.step)), epoch \(Format.count(diagnosis.epoch))"
            let tried = trials.filter { diagnosis.cures.contains($0.cure) }, helpful = tried.first(where: \.helps)
            let cures =
                helpful.map { "What helped most of what was tried: \($0.sentence)" }
                ?? (tried.isEmpty ? "Untried: \(diagnosis.cures.map(\.words).joined(separator: "; "))" : "Nothing that was tried helped")
            let name = diagnosis.name.words
            return Report.Finding(
                "\(name.prefix(1).uppercased() + name.dropFirst())\(place) (\(when)): \(diagnosis.sentence). \(cures).",
                numbers: diagnosis.evidence.map { ($0.name, $0.value) })
        }
    }

    // MARK: Charts

    private typealias Chart = Report.Chart

    private var lossChart: Report.Chart? {
        guard epochs.count > 1 else { return nil }
        let train = epochs.map { Chart.Point(Double($0.epoch), $0.trainLoss) }
        let heldOut = epochs.compactMap { epoch in epoch.heldOutLoss.map { Chart.Point(Double(epoch.epoch), $0) } }
        let values = (train + heldOut).map(\.y).filter { $0 > 0 }
        let isWide = (values.max() ?? 1) > 30 * (values.min() ?? 1)
        return Chart(
            "loss", title: "Loss", caption: "Means: over the batches of an epoch as it went, and over held-out data behind it.",
            .plot(
                .init(
                    x: .init("epoch", unit: .whole), y: .init("loss", scale: isWide ? .logarithmic : .linear),
                    series: [
                        .init("training", .line, train), .init("held-out", .line, heldOut),
                    ].filter { !$0.points.isEmpty })))
    }

    private var accuracyChart: Report.Chart? {
        let points = epochs.compactMap { epoch in epoch.heldOutAccuracy.map { Chart.Point(Double(epoch.epoch), $0) } }
        guard points.count > 1 else { return nil }
        return Chart(
            "accuracy", title: "Accuracy on held-out data",
            .plot(
                .init(
                    x: .init("epoch", unit: .whole), y: .init("of samples", unit: .share),
                    series: [.init("held-out", .line, points)])))
    }

    private var healthCharts: [Report.Chart] {
        guard let health else { return [] }
        let charts: [Report.Chart?] = [health.gradientLadder, health.signalLadder, health.zerosChart, health.flipsChart, sharpnessChart]
        return health.unitStrips + charts.compactMap { $0 }
    }

    private var sharpnessChart: Report.Chart? {
        guard let points = outcome?.measurements[StabilityCurve.self]?.points, points.count > 1 else { return nil }
        func line(_ value: (StabilityReport) -> Double?) -> [Chart.Point] {
            points.compactMap { point in value(point.report).flatMap { $0 > 0 ? Chart.Point(Double(point.step), $0) : nil } }
        }
        return Chart(
            "sharpness", title: "Sharpness against the edge",
            caption: "The largest eigenvalue of the Hessian on a step's batch, as the optimizer scales it; above the edge steps overshoot.",
            .plot(
                .init(
                    x: .init("step", scale: .logarithmic), y: .init("sharpness", scale: .logarithmic),
                    series: [
                        .init("sharpness", .markedLine, line { $0.preconditionedSharpness ?? $0.sharpness }),
                        .init("edge", .line, line(\.edge)),
                    ].filter { !$0.points.isEmpty })))
    }

    // MARK: Tables

    private var tables: [Report.Table] {
        var tables: [Report.Table] = []
        if let health { tables += health.tables }
        if let autopsy, !autopsy.findings.isEmpty { tables += autopsy.tables }
        if !trials.isEmpty {
            tables.append(
                Report.Table(
                    "cures", title: "Cures that were tried", note: "Each on a twin: the same batches, one change.", rows: trials,
                    fields: [
                        .init("change", key: "change") { .text($0.cure.words) },
                        .init("against", key: "against") { .text($0.diagnosis.rawValue) },
                        .init("helps", key: "helps") { .text($0.helps ? "yes" : "no") },
                        .init("loss", key: "loss") { .number($0.loss) { Format.significant($0, 3) } },
                        .init("without", key: "lossWithout") { .number($0.lossWithout) { Format.significant($0, 3) } },
                        .init("steps", key: "steps") { .count($0.steps) },
                        .init("found again", key: "foundAgain") { .text($0.isFoundAgain ? "yes" : "no") },
                    ]))
        }
        tables.append(
            Report.Table(
                "epochs", title: "Epochs", rows: epochs,
                fields: [
                    .init(nil, key: "epoch") { .count($0.epoch) }, .init(nil, key: "trainLoss") { .number($0.trainLoss) },
                    .init(nil, key: "heldOutLoss") { .number($0.heldOutLoss) },
                    .init(nil, key: "heldOutAccuracy") { .number($0.heldOutAccuracy) },
                    .init(nil, key: "learningRate") { .number($0.learningRate) },
                    .init(nil, key: "dead") { .count($0.dead) },
                ]))
        return tables
    }
}

// MARK: - Health

extension Autopsy {
    /// The first deaths for people, all of them for programs.
    fileprivate var tables: [Report.Table] {
        let shown = 15
        return [
            Report.Table(
                "first-deaths",
                title: findings.count > shown
                    ? "What killed the first \(shown) of \(Format.count(findings.count)) units" : "What killed units",
                note: "z: the pre-activation of the last active sample, before the step and behind it, and what changed it.", keyColumns: 2,
                rows: Array(findings.prefix(shown)),
                fields: [
                    .init("layer") { .text($0.layer) }, .init("unit") { .count($0.unit) }, .init("step") { .count($0.step) },
                    .init("active") { .share($0.activeBefore) }, .init("z") { .number($0.before) { Format.significant($0, 3) } },
                    .init("then") { .number($0.after) { Format.significant($0, 3) } },
                    .init("bias") { .number($0.byBias) { Format.significant($0, 2) } },
                    .init("weights") { .number($0.byWeights) { Format.significant($0, 2) } },
                    .init("feeders") { .number($0.byFeeders) { Format.significant($0, 2) } }, .init("cause") { .text($0.cause.rawValue) },
                ]),
            Report.Table(
                "deaths", title: "Deaths", rows: findings,
                fields: [
                    .init(nil, key: "layer") { .text($0.layer) }, .init(nil, key: "unit") { .count($0.unit) },
                    .init(nil, key: "step") { .count($0.step) }, .init(nil, key: "activeBefore") { .number($0.activeBefore) },
                    .init(nil, key: "before") { .number($0.before) }, .init(nil, key: "after") { .number($0.after) },
                    .init(nil, key: "byBias") { .number($0.byBias) }, .init(nil, key: "byWeights") { .number($0.byWeights) },
                    .init(nil, key: "byFeeders") { .number($0.byFeeders) }, .init(nil, key: "byPenalties") { .number($0.byPenalties) },
                    .init(nil, key: "cause") { .text($0.cause.rawValue) },
                ]),
        ]
    }
}

extension HealthReport {
    private typealias Chart = Report.Chart

    /// Of each layer with a dead unit, its units over the epochs; of others the first.
    var unitStrips: [Report.Chart] {
        let most = 6, mostUnits = 48
        let shown = timelines.filter { $0.epochs.count > 0 && !($0.shares.first?.isEmpty ?? true) }
        let dead = Dictionary(units.map { ($0.layer, $0.dead.count) }, uniquingKeysWith: { $1 })
        let worst = shown.sorted { dead[$0.layer] ?? 0 > dead[$1.layer] ?? 0 }.prefix(most).map(\.layer)
        return shown.filter { worst.contains($0.layer) }.map { timeline in
            let units = timeline.shares[0].count, count = dead[timeline.layer] ?? 0
            // Those that did least at the end come first.
            let order = (0..<units).sorted { (timeline.shares.last![$0], $0) < (timeline.shares.last![$1], $1) }.prefix(mostUnits)
            let chosen =
                units > mostUnits
                ? "The \(mostUnits) units that did least in the end, of \(Format.count(units))" : "All \(Format.count(units)) units"
            return Chart(
                "units-\(timeline.layer)", title: "Units of \(timeline.layer)",
                caption: "\(chosen), a row each. A shade is the share of an epoch's samples that opened the unit; "
                    + "\(count == 0 ? "no unit is" : count == 1 ? "1 is" : "\(Format.count(count)) are") dead at the end.",
                .strips(
                    .init(
                        rows: order.map { String($0) }, x: .categories("epoch", timeline.epochs.map { Format.count($0) }),
                        shades: .init("of samples active", unit: .share, range: 0...1), zero: "dead",
                        values: order.map { unit in timeline.shares.map { Double($0[unit]) / 1000 } })))
        }
    }

    private func ladder(
        _ name: String, title: String, caption: String, label: String, expected: [(mean: Double, deviation: Double)?],
        base: Int, _ value: (FlowLook.Layer) -> Double
    ) -> Report.Chart? {
        guard let first = looks.first, let last = looks.last, first.layers.count > 1 else { return nil }
        func points(_ look: FlowLook) -> [Chart.Point] {
            look.layers.enumerated().compactMap { value($1) > 0 ? Chart.Point(Double($0 + 1), value($1)) : nil }
        }
        var series = [Chart.Series("step \(Format.count(first.step))", .markedLine, points(first))]
        if last.step > first.step {
            series.append(Chart.Series("step \(Format.count(last.step))", .markedLine, points(last)))
        }
        let start = value(first.layers[base])
        if start > 0, !expected.contains(where: { $0 == nil }) {
            let band = expected.enumerated().map { place, growth -> Chart.Point in
                let growth = growth!
                func at(_ logarithm: Double) -> Double { min(max(start * exp(logarithm), 1e-300), 1e300) }
                return Chart.Point(
                    Double(place + 1), at(growth.mean),
                    interval: at(growth.mean - 2 * growth.deviation)...at(growth.mean + 2 * growth.deviation))
            }
            series.append(Chart.Series("predicted for step \(Format.count(first.step)), with its 95 % band", .line, band))
        }
        // What is 0 has no place on a scale of powers.
        let zeros = last.layers.count { !(value($0) > 0) }
        let place = zeros == last.layers.count ? "all layers" : Format.count(zeros, "layer")
        let missing = zeros == 0 ? "" : " In step \(Format.count(last.step)) it is 0 in \(place)."
        return Chart(
            name, title: title, caption: caption + missing,
            .plot(
                .init(
                    x: .init("activation, from the input", unit: .whole), y: .init(label, scale: .logarithmic),
                    series: series.filter { !$0.points.isEmpty })))
    }

    var gradientLadder: Report.Chart? {
        let end = expectedGrowth.last ?? nil
        return ladder(
            "gradient", title: "Gradient by depth",
            caption: "Root mean square of the derivative of a sample's loss by pre-activations. The prediction starts at the last layer.",
            label: "gradient",
            expected: expectedGrowth.map { own in
                own.flatMap { own in
                    end.map { ($0.mean - own.mean, max(0, $0.deviation * $0.deviation - own.deviation * own.deviation).squareRoot()) }
                }
            }, base: max(0, (looks.first?.layers.count ?? 1) - 1)
        ) { $0.gradient }
    }

    var signalLadder: Report.Chart? {
        ladder(
            "signal", title: "Signal by depth",
            caption: "Root mean square of what activations give. The prediction starts at the first layer.",
            label: "signal", expected: expectedGrowth.map { $0.map { ($0.mean, $0.deviation) } }, base: 0
        ) { $0.signal }
    }

    var zerosChart: Report.Chart? {
        guard !units.isEmpty else { return nil }
        func points(_ value: (UnitReport) -> Double) -> [Chart.Point] { units.enumerated().map { Chart.Point(Double($0), value($1)) } }
        return Chart(
            "zeros", title: "Zeros of rectifiers",
            caption: "Of all outputs in the last epoch: of dead units, and of closed gates of living ones.",
            .bars(
                .init(
                    categories: units.map(\.layer), values: .init("of outputs", unit: .share, range: 0...1),
                    series: [
                        .init("dead units", .bars, points(\.zerosOfDead)),
                        .init("closed gates of living units", .bars, points(\.zerosOfLiving)),
                    ])))
    }

    var flipsChart: Report.Chart? {
        let places =
            looks.first.map { look in look.layers.indices.filter { place in looks.contains { $0.layers[place].flipped > 0 } } } ?? []
        guard looks.count > 1, !places.isEmpty else { return nil }
        return Chart(
            "flips", title: "Gates that a step switches",
            caption: "The share of a layer's gates that one update opens or closes, on the step's own samples.",
            .plot(
                .init(
                    x: .init("step", scale: .logarithmic), y: .init("of gates", scale: .logarithmic, unit: .share),
                    series: places.prefix(5).map { place in
                        .init(
                            looks[0].layers[place].layer, .line,
                            looks.filter { $0.layers[place].flipped > 0 }.map { Chart.Point(Double($0.step), $0.layers[place].flipped) })
                    })))
    }

    /// Units and flow, layer by layer.
    var tables: [Report.Table] {
        var tables: [Report.Table] = []
        if !units.isEmpty {
            tables.append(
                Report.Table(
                    "units", title: "Units of rectifiers, over the last epoch",
                    note: "Dead: closed for every sample of the epoch. May reopen: those that something besides their own gradient moves.",
                    rows: units,
                    fields: [
                        .init("layer", key: "layer") { .text($0.layer) }, .init("units", key: "units") { .count($0.units) },
                        .init("active", key: "active") { .share($0.activeShare) }, .init("dead", key: "dead") { .count($0.dead.count) },
                        .init("born so", key: "bornDead") { .count($0.dead.count(where: \.isBornDead)) },
                        .init("may reopen", key: "mayReopen") { .count($0.dead.count(where: \.mayReopen)) },
                        .init("closed for 2,000", key: "closedFor2000") { .count($0.closedFor2000) },
                    ]))
            let dead = units.flatMap { layer in layer.dead.map { (layer: layer.layer, unit: $0) } }
            tables.append(
                Report.Table(
                    "dead-units", title: "Dead units", rows: dead,
                    fields: [
                        .init(nil, key: "layer") { .text($0.layer) }, .init(nil, key: "unit") { .count($0.unit.unit) },
                        .init(nil, key: "killedByStep") { .count($0.unit.killedByStep) },
                        .init(nil, key: "epoch") { .count($0.unit.epoch) },
                        .init(nil, key: "lastSample") { .count($0.unit.lastSample) },
                        .init(nil, key: "waysBack") { .text($0.unit.waysBack.map(\.rawValue).joined(separator: " ")) },
                    ]))
        }
        if let look = looks.last, !look.layers.isEmpty {
            tables.append(
                Report.Table(
                    "flow", title: "Signals and gradients in step \(Format.count(look.step))",
                    note: "Root mean squares. Passed: of the gradient, by the activation. Varied: of the mean square, between samples.",
                    rows: look.layers,
                    fields: [
                        .init("layer", key: "layer") { .text($0.layer) },
                        .init("signal", key: "signal") { .number($0.signal) { Format.significant($0, 3) } },
                        .init("gradient", key: "gradient") { .number($0.gradient) { Format.significant($0, 3) } },
                        .init("passed", key: "passed") { .share($0.passed) }, .init("saturated", key: "saturated") { .share($0.saturated) },
                        .init("zeros", key: "zeros") { .share($0.zeros) }, .init("varied", key: "variation") { .share($0.variation) },
                        .init("rank", key: "rank") { .number($0.rank, digits: 1) },
                        .init("dormant", key: "dormant") { .count($0.dormant) },
                    ]))
            tables.append(
                Report.Table(
                    "parameters", title: "Parameters in step \(Format.count(look.step))",
                    note: "Root mean squares; the update's length over the weights'.", rows: look.parameters,
                    fields: [
                        .init("parameter", key: "parameter") { .text($0.name) },
                        .init("weight", key: "weight") { .number($0.weight) { Format.significant($0, 3) } },
                        .init("gradient", key: "gradient") { .number($0.gradient) { Format.significant($0, 3) } },
                        .init("update", key: "update") { .number($0.update) { Format.significant($0, 3) } },
                        .init("zeros", key: "zeros") { .share($0.zeros) },
                    ]))
        }
        return tables
    }
}
