import RectifierReports
import RectifierText

extension Report {
    /// What a study of the speed of ReLU and tanh found.
    ///
    /// - Parameter data: What the images are called.
    public init(_ study: ReLUTanhStudyReport, data: String) {
        let stopped = study.wasStopped ? " It was stopped early: this covers what was finished." : ""
        let settings = study.settings
        let some = study.imagesGiven > study.images ? " of \(Format.count(study.imagesGiven))" : ""
        self.init(
            title: "ReLU against tanh",
            summary: """
                A convolutional network of four layers was trained to \(ReLUTanhStudyReport.percent(settings.targetError)) training error with ReLU and \
                with tanh, each with the fastest rate of a grid, without regularization: figure 1 of Krizhevsky, Sutskever and Hinton (2012). The error \
                was measured on all training images after each epoch; between two epochs it is taken to fall evenly. One run went on at a time. Seconds \
                are those of training, without the measuring.\(stopped)
                """,
            facts: [
                Fact(
                    "data",
                    "\(data): \(Format.count(study.images))\(some) images of \(Format.shape(study.imageShape)), \(Format.count(study.classes, "class", plural: "classes"))"
                ),
                Fact("network", "\(study.network); with ReLU or tanh; \(Format.count(study.parameters, "parameter"))"),
                Fact(
                    "training",
                    "batches of \(Format.count(settings.batchSize)), momentum \(Format.significant(settings.momentum)), constant rate, at most "
                        + Format.count(settings.epochs, "epoch")),
                Fact("weights", "He's for ReLU, Glorot's for tanh and the output; biases 0"),
                Fact("seed", "\(settings.seed)"), Fact("time", Format.duration(study.seconds)),
            ],
            findings: study.findings, charts: study.charts, tables: study.tables)
    }
}

// MARK: - Tables

extension ReLUTanhStudyReport {
    fileprivate var tables: [Report.Table] { [pairTable, rateTable, curveTable] }

    /// `8.13`, `not in 60`, `diverged in epoch 2`
    private func outcome(_ run: Run) -> String {
        if let epochs = run.epochsToTarget { return Format.fixed(epochs, 2) }
        switch run.end {
        case .diverged: return "diverged in \(run.epochs + 1)"
        case .beaten: return "slower: not in \(run.epochs)"
        default: return "not in \(run.epochs)"
        }
    }

    private func seconds(_ run: Run) -> String { run.secondsToTarget.map { Format.fixed($0, 1) } ?? "-" }

    private var pairTable: Report.Table {
        Report.Table(
            "seeds", title: "Epochs and seconds to \(Self.percent(settings.targetError)) training error",
            note: "tanh / ReLU: how many times as much tanh takes.", rows: pairs,
            fields: [
                .init("seed", key: "seed") { .count($0.seed + 1) },
                .init("ReLU epochs") { .figures(self.outcome($0.relu)) }, .init(nil, key: "reluEpochs") { .number($0.relu.epochsToTarget) },
                .init("tanh epochs") { .figures(self.outcome($0.tanh)) }, .init(nil, key: "tanhEpochs") { .number($0.tanh.epochsToTarget) },
                .init("tanh / ReLU") { .figures(Self.words($0.epochs)) },
                .init("ReLU s") { .figures(self.seconds($0.relu)) }, .init(nil, key: "reluSeconds") { .number($0.relu.secondsToTarget) },
                .init("tanh s") { .figures(self.seconds($0.tanh)) }, .init(nil, key: "tanhSeconds") { .number($0.tanh.secondsToTarget) },
                .init("tanh / ReLU") { .figures(Self.words($0.seconds)) },
            ])
    }

    private var rateTable: Report.Table {
        Report.Table(
            "rates", title: "Epochs by learning rate, from the first seed",
            note:
                "error: of the training images, at the end of the run. slower: given up where another rate was there already. *: the fastest.",
            keyColumns: 2, rows: grids.flatMap { grid in grid.tried.map { (run: $0, isBest: $0 == grid.best) } },
            rules: { $0.run.activation.rawValue },
            fields: [
                .init("activation", key: "activation") { .text($0.run.activation.rawValue, shown: $0.run.activation.name) },
                .init("rate") { .figures(Run.words(ofRate: $0.run.rate) + ($0.isBest ? " *" : "")) },
                .init(nil, key: "rate") { .number($0.run.rate) }, .init("epochs") { .figures(self.outcome($0.run)) },
                .init(nil, key: "epochs") { .number($0.run.epochsToTarget) }, .init(nil, key: "end") { .text($0.run.end.rawValue) },
                .init("error", key: "error") { .share($0.run.errors.last) },
                .init("s / epoch", key: "secondsPerEpoch") {
                    .number($0.run.epochs > 0 ? $0.run.seconds.last! / Double($0.run.epochs) : nil, digits: 2)
                },
            ])
    }

    /// A line for each epoch of each run, for programs.
    private var curveTable: Report.Table {
        typealias Row = (run: Run, epoch: Int)
        let runs = grids.flatMap { $0.tried + $0.repeats }
        return Report.Table(
            "epochs", title: "Epochs", rows: runs.flatMap { run in run.errors.indices.map { (run, $0) } },
            fields: [
                Report.Table.Field<Row>(nil, key: "activation") { .text($0.run.activation.rawValue) },
                .init(nil, key: "rate") { .number($0.run.rate) }, .init(nil, key: "seed") { .count($0.run.seed + 1) },
                .init(nil, key: "epoch") { .count($0.epoch) }, .init(nil, key: "error") { .number($0.run.errors[$0.epoch]) },
                .init(nil, key: "seconds") { .number($0.run.seconds[$0.epoch]) },
            ])
    }
}
