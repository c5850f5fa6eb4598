import RectifierInstruments
import RectifierReports
import RectifierText

extension Report {
    /// What a study of dead units found.
    ///
    /// - Parameter data: What the samples are called.
    public init(_ study: DeadStudyReport, data: String) {
        let stopped = study.wasStopped ? " It was stopped early: this covers what was finished." : ""
        let trained =
            study.training.isEmpty
            ? ""
            : """
             Then networks were trained by Adam at constant rates, with ReLU and with activations whose units cannot die, from the same seeds, under the \
            health probe. A ReLU unit is dead where no training sample opens it.
            """
        var facts: [Fact] = []
        if let used = study.data, let training = study.settings.training, let first = study.training.first {
            facts = [
                Fact(
                    "data",
                    "\(data): \(Format.count(used.samples, "sample")) of \(Format.shape(used.sampleShape)), \(Format.count(used.heldOutSamples)) held out"
                ),
                Fact(
                    "network",
                    "\(training.hiddenUnits.map { Format.count($0) }.joined(separator: ", ")) hidden units, batches of \(Format.count(training.batchSize)), "
                        + Format.count(training.epochs, "epoch")),
                Fact("usual rate", Format.significant(first.learningRate / first.rate)),
                Fact("always one class", Format.percent(used.trivialAccuracy, digits: 1)),
            ]
        }
        facts += [Fact("seed", "\(study.settings.seed)"), Fact("time", Format.duration(study.seconds))]
        self.init(
            title: "Dead units",
            summary: """
                Fresh networks were drawn with He's weights and biases of 0. Counted are those that are dead: all units of a layer closed, at one input or \
                at every one.\(trained)\(stopped)
                """,
            facts: facts, findings: study.findings, charts: study.charts, tables: study.tables)
    }
}

// MARK: - Tables

extension DeadStudyReport {
    fileprivate var tables: [Report.Table] { [bornDeadTable, growthTable, trainingTable, narrowTable, cureTable, runTable] }

    private var bornDeadTable: Report.Table {
        Report.Table(
            "born-dead", title: "Fresh networks of one input that are dead",
            note: "off: in standard errors. 40,000: the share that another program counted.", keyColumns: 2, rows: bornDead,
            fields: [
                .init("units", key: "units") { .count($0.units) }, .init("layers", key: "hiddenLayers") { .count($0.hiddenLayers) },
                .init("networks", key: "networks") { .count($0.networks) },
                .init(nil, key: "deadAtOneInput") { .count($0.deadAtOne) },
                .init("at one input", key: "share") { .number($0.share) }, .init("law", key: "law") { .number($0.law) },
                .init(nil, key: "standardError") { .number($0.standardError) },
                .init("off", key: "deviations") { .number($0.deviations, digits: 1) },
                .init(nil, key: "deadEverywhere") { .count($0.deadEverywhere) },
                .init("everywhere", key: "shareEverywhere") { .number($0.shareEverywhere) },
                .init("40,000", key: "referenceEverywhere") { .number($0.referenceEverywhere) },
                .init("off", key: "deviationsEverywhere") { .number($0.deviationsEverywhere, digits: 1) },
            ])
    }

    private var growthTable: Report.Table {
        Report.Table(
            "signals", title: "How signals grow: ln(|h|²/|x|²) in networks that are not dead",
            note: "off: in standard errors. Depths of one width share their networks.", keyColumns: 2, rows: growth,
            rules: { "\($0.width)" },
            fields: [
                .init("units", key: "width") { .count($0.width) }, .init("layers", key: "layers") { .count($0.layers) },
                .init(nil, key: "networks") { .count($0.networks) }, .init("networks", key: "alive") { .count($0.alive) },
                .init("mean", key: "mean") { .number($0.mean) }, .init("law", key: "lawMean") { .number($0.lawMean) },
                .init(nil, key: "meanError") { .number($0.meanError) },
                .init("off", key: "meanDeviations") { .number($0.meanDeviations, digits: 1) },
                .init("variance", key: "variance") { .number($0.variance) }, .init("law", key: "lawVariance") { .number($0.lawVariance) },
                .init(nil, key: "varianceError") { .number($0.varianceError) },
                .init("off", key: "varianceDeviations") { .number($0.varianceDeviations, digits: 1) },
            ])
    }

    /// `47.7 ± 2.5 %`
    private static func share(_ shares: [Double]) -> Report.Cell {
        guard !shares.isEmpty else { return .none }
        let mean = Format.fixed(shares.mean * 100, 1)
        return .figures(shares.standardError.map { "\(mean) ± \(Format.fixed($0 * 100, 1)) %" } ?? "\(mean) %")
    }

    private var trainingTable: Report.Table {
        Report.Table(
            "rates", title: "Units that no training sample opens, by activation and learning rate",
            note:
                "Means and their standard errors. found: runs in which the probe told of dead units, and by which step. Only ReLU's units can die.",
            keyColumns: 2, rows: training, rules: { $0.activation },
            fields: [
                .init("activation") { .text($0.activation) }, .init("rate") { .figures(Self.times($0.rate)) },
                .init("never open") { Self.share($0.neverOpen) }, .init("accuracy") { Self.share($0.accuracies) },
                .init("diverged") { .count($0.diverged) }, .init("found") { .figures("\($0.foundDead.count) of \($0.runs.count)") },
                .init("by step") { .count($0.foundDead.map(\.step).max()) },
            ])
    }

    private var narrowTable: Report.Table {
        Report.Table(
            "narrow",
            title: narrow.first.map { "Where layers can die whole: \(Self.words(of: $0.hiddenUnits)), at \(Self.times($0.rate))" } ?? "",
            note: "closed: runs with a layer that no training sample opens, before training and after it.", rows: narrow,
            fields: [
                .init("activation") { .text($0.activation) },
                .init("closed before") { row in .figures("\(row.runs.count(where: \.hadClosedLayer)) of \(row.runs.count)") },
                .init("after") { row in .figures("\(row.runs.count(where: \.hasClosedLayer)) of \(row.runs.count)") },
                .init("never open") { Self.share($0.neverOpen) }, .init("accuracy") { Self.share($0.accuracies) },
            ])
    }

    private var cureTable: Report.Table {
        Report.Table(
            "cures", title: "Against ReLU from the same seeds",
            note: "more: points of accuracy over ReLU's, and the 95 % interval of their mean.",
            keyColumns: 3, rows: cures + narrowCures, rules: { "\($0.hiddenUnits) \($0.rate)" },
            fields: [
                .init("network", key: "hiddenUnits") {
                    .text($0.hiddenUnits.map(String.init).joined(separator: " "), shown: Self.name(of: $0.hiddenUnits))
                },
                .init("rate") { .figures(Self.times($0.rate)) }, .init(nil, key: "rate") { .number($0.rate) },
                .init(nil, key: "learningRate") { .number($0.learningRate) },
                .init("in place of relu", key: "activation") { .text($0.activation) },
                .init(nil, key: "deadShare") { .number($0.deadShare) }, .init(nil, key: "neverOpen") { .number($0.neverOpen) },
                .init("relu", key: "accuracyOfReLU") { .share($0.accuracyOfReLU) },
                .init("accuracy", key: "accuracy") { .share($0.accuracy) },
                .init("more", key: "difference") { .number($0.difference, shown: Self.points) },
                .init("95 % interval") {
                    $0.interval.map { .figures("\(Self.points($0.lowerBound)) to \(Self.points($0.upperBound))") } ?? .none
                },
                .init(nil, key: "low95") { .number($0.interval?.lowerBound) },
                .init(nil, key: "high95") { .number($0.interval?.upperBound) },
                .init(nil, key: "seeds") { .count($0.differences.count) },
            ])
    }

    /// A line for each run, for programs.
    private var runTable: Report.Table {
        typealias Row = (row: TrainingRow, run: Run, number: Int)
        return Report.Table(
            "runs", title: "Trainings", rows: (training + narrow).flatMap { row in row.runs.enumerated().map { (row, $1, $0) } },
            fields: [
                Report.Table.Field<Row>(nil, key: "hiddenUnits") { .text($0.row.hiddenUnits.map(String.init).joined(separator: " ")) },
                .init(nil, key: "activation") { .text($0.row.activation) },
                .init(nil, key: "rate") { .number($0.row.rate) }, .init(nil, key: "learningRate") { .number($0.row.learningRate) },
                .init(nil, key: "run") { .count($0.number + 1) }, .init(nil, key: "neverOpenAtStart") { .number($0.run.neverOpenAtStart) },
                .init(nil, key: "neverOpen") { .number($0.run.neverOpen) }, .init(nil, key: "accuracy") { .number($0.run.accuracy) },
                .init(nil, key: "diverged") { .count($0.run.accuracy == nil ? 1 : 0) },
                .init(nil, key: "closedLayerAtStart") { .count($0.run.hadClosedLayer ? 1 : 0) },
                .init(nil, key: "closedLayer") { .count($0.run.hasClosedLayer ? 1 : 0) },
                .init(nil, key: "foundDeadByStep") { .count($0.run.foundDead?.step) },
                .init(nil, key: "diagnoses") {
                    .text($0.run.diagnoses.map { "\($0.name.rawValue) by step \($0.step)" }.joined(separator: "; "))
                },
            ])
    }
}
