import RectifierInstruments
import RectifierReports
import RectifierText

extension Report {
    /// What a study of the derivative at 0 found.
    ///
    /// - Parameter data: What the images are called.
    public init(_ study: ZeroStudyReport, data: String) {
        let stopped = study.wasStopped ? " It was stopped early: this covers what was finished." : ""
        self.init(
            title: "The derivative of ReLU at 0",
            summary: """
                Networks were drawn as PyTorch draws them, and all images went through each. Counted are those whose first gradient differs between the \
                derivatives 0 and 1 at 0, on one batch at least: by the chain rule, and as the code published with Bertoin et al. (NeurIPS 2021) \
                computes it.\(stopped)
                """,
            facts: [
                Fact("data", "\(data): \(Format.count(study.samples)) images of \(Format.shape(study.imageShape))"),
                Fact("pixels", "mean square \(Format.fixed(study.meanSquare, 4)); \(Format.count(study.blankImages)) images blank"),
                Fact("usual network", "3 hidden layers of 256 units, batches of 256"),
                Fact("seed", "\(study.settings.seed)"), Fact("time", Format.duration(study.seconds)),
            ],
            findings: study.findings, charts: study.charts, tables: study.tables)
    }
}

extension ZeroStudyReport.Sweep {
    var name: String { self == .batchSize ? "batch size" : rawValue }
}

extension ZeroStudyReport.TrainingRow {
    /// `1/2`, `0 again`, `1 injected`
    var name: String {
        (derivative == 0.5 ? "1/2" : KinkValue(derivative).description) + (isControl ? " again" : "") + (isInjected ? " injected" : "")
    }
    var mode: String { isInjected ? "injected" : isControl ? "control" : "chain rule" }
}

extension ElementType {
    var bits: Int { size * 8 }
}

// MARK: - Tables

extension ZeroStudyReport {
    fileprivate var tables: [Report.Table] { [networksTable, zeroBiasTable, accuracyTable, trainingTable] }

    private var networksTable: Report.Table {
        typealias Field = Report.Table.Field<Cell>
        // Names and order of what programs read are kept stable.
        let kind: [Field] = [
            Field("varied", key: "sweep") { .text($0.sweep.rawValue, shown: $0.sweep.name) },
            Field("to", key: "value") { .count($0.value) }, Field("bits", key: "bits") { .count($0.precision.bits) },
            Field(nil, key: "hiddenLayers") { .count($0.hiddenLayers) }, Field(nil, key: "units") { .count($0.units) },
            Field(nil, key: "batchSize") { .count($0.batchSize) }, Field("images", key: "samples") { .count($0.samples) },
            Field("networks", key: "networks") { .count($0.networks) },
        ]
        let counts: [Field] = [
            Field(nil, key: "chainRuleFirstLayer") { .count($0.chainRule.firstLayer) },
            Field(nil, key: "chainRuleAnyLayer") { .count($0.chainRule.anyLayer) },
            Field(nil, key: "publishedFirstLayer") { .count($0.asPublished.firstLayer) },
            Field(nil, key: "publishedAnyLayer") { .count($0.asPublished.anyLayer) },
            Field("chain rule") { .figures("\($0.chainRule.firstLayer) (\($0.chainRule.anyLayer))") },
            Field("as published") { .figures("\($0.asPublished.firstLayer) (\($0.asPublished.anyLayer))") },
        ]
        let shares: [Field] = [
            Field("share", key: "share") { .number($0.share, digits: 3) },
            Field("99 % interval") {
                .figures("\(Format.fixed($0.interval.lowerBound, 3))–\(Format.fixed($0.interval.upperBound, 3))")
            },
            Field(nil, key: "low99") { .number($0.interval.lowerBound) }, Field(nil, key: "high99") { .number($0.interval.upperBound) },
            // `0.363`, or `8e-10` where that would be 0.
            Field("predicted", key: "predictedShare") {
                .number($0.predictedShare) { $0 >= 0.0005 ? Format.fixed($0, 3) : Format.significant($0, 1) }
            },
            Field("MNIST", key: "shareForMNIST") { .number($0.publishedShare, digits: 3) },
        ]
        let ties: [Field] = [
            Field("ties") { .count($0.accidentalTies + $0.structuralTies) },
            Field("structural", key: "structuralTies") { .count($0.structuralTies) },
            Field(nil, key: "accidentalTies") { .count($0.accidentalTies) }, Field(nil, key: "evaluations") { .count($0.evaluations) },
            Field(nil, key: "tiesPerNetwork") { .number($0.tiesPerNetwork) },
            Field(nil, key: "predictedTiesPerNetwork") { .number($0.prediction) },
        ]
        return Report.Table(
            "networks", title: "Networks whose first gradient differs between the derivatives 0 and 1",
            note: """
                In brackets: any layer's gradient. MNIST: the share published for it. Ties: pre-activations that are exactly 0, up to where each network was \
                decided; structural ones because all inputs are 0. Each network is drawn anew; those of one width share their layers between depths and \
                batch sizes.
                """,
            keyColumns: 3, rows: cells, rules: { $0.sweep.rawValue }, fields: kind + counts + shares + ties)
    }

    private var zeroBiasTable: Report.Table {
        Report.Table(
            "zero-biases", title: "Ties of networks whose biases are 0", note: "Three hidden layers; all ties over all images.",
            keyColumns: 2,
            rows: zeroBiases,
            fields: [
                .init("bits", key: "bits") { .count($0.precision.bits) }, .init(nil, key: "hiddenLayers") { .count($0.hiddenLayers) },
                .init("units", key: "units") { .count($0.units) }, .init("images", key: "samples") { .count($0.samples) },
                .init("networks", key: "networks") { .count($0.networks) },
                .init("structural", key: "structuralTies") { .count($0.structuralTies) },
                .init("by rounding", key: "accidentalTies") { .count($0.accidentalTies) },
                .init("pre-activations", key: "evaluations") { .count($0.evaluations) },
                .init("in networks", key: "networksWithStructuralTies") { .count($0.networksWithStructuralTies) },
                .init("same places", key: "networksWithEqualStructure") { .count($0.networksWithEqualStructure) },
            ])
    }

    private var accuracyTable: Report.Table {
        Report.Table(
            "accuracies", title: "Accuracy on held-out images after training, by derivative at 0",
            note: "Same weights: runs that end with the very weights of the derivative 0, which the control, 0 again, must.",
            rows: training,
            fields: [
                .init("at 0") { .text($0.name) }, .init("runs") { .count($0.accuracies.count) },
                .init("mean") { .share($0.mean, digits: 2) },
                .init("standard error") { .share($0.standardError, digits: 3) },
                .init("same weights") { .figures("\($0.identicalToZero) of \($0.accuracies.count)") },
            ])
    }

    /// A line for each run, for programs.
    private var trainingTable: Report.Table {
        typealias Run = (row: TrainingRow, number: Int)
        return Report.Table(
            "training", title: "Trainings", rows: training.flatMap { row in row.accuracies.indices.map { (row, $0) } },
            fields: [
                Report.Table.Field<Run>(nil, key: "derivative") { .text(KinkValue($0.row.derivative).description) },
                .init(nil, key: "mode") { .text($0.row.mode) }, .init(nil, key: "run") { .count($0.number + 1) },
                .init(nil, key: "accuracy") { .number($0.row.accuracies[$0.number]) },
                .init(nil, key: "weightsSHA256") { .text($0.row.weightsSHA256[$0.number]) },
            ])
    }
}
