import RectifierInstruments
import RectifierReports
import RectifierText

// The charts of a study of the derivative at 0.
extension ZeroStudyReport {
    typealias Chart = Report.Chart

    var charts: [Chart] { Sweep.allCases.compactMap(sweepChart) + [precisionChart, tiesChart, trainingChart].compactMap { $0 } }

    private func group(_ precision: ElementType) -> Chart.Group {
        Chart.Group("\(precision.bits) bits", look: precision == .float16 ? 1 : precision == .float32 ? 0 : 2)
    }

    // MARK: Shares

    private func sweepChart(_ sweep: Sweep) -> Chart? {
        let rows = cells.filter { $0.sweep == sweep }, values = Set(rows.map(\.value)).sorted()
        guard !values.isEmpty else { return nil }
        let label =
            switch sweep {
            case .depth: "hidden layers of 256 units"
            case .width: "units in each of 3 hidden layers"
            case .batchSize: "batch size"
            }
        return shareChart(
            "share-by-\(sweep.rawValue)", title: "Networks whose gradient depends on it, by \(sweep.name)",
            sweep == .batchSize ? "3 hidden layers of 256 units." : "", .categories(label, values.map { Format.count($0) }), rows
        ) { values.firstIndex(of: $0.value)! }
    }

    private var precisionChart: Chart? {
        let usual = cells.filter { $0.hiddenLayers == 3 && $0.units == 256 && $0.batchSize == 256 }
        let precisions = Set(usual.map(\.precision)).sorted { $0.size < $1.size }
        guard precisions.count > 1 else { return nil }
        let rows = precisions.map { precision in usual.first { $0.precision == precision }! }
        return shareChart(
            "share-by-precision", title: "Networks whose gradient depends on it, by precision",
            "3 hidden layers of 256 units, batches of 256.", .categories("bits of a number", precisions.map { "\($0.bits)" }), rows
        ) { precisions.firstIndex(of: $0.precision)! }
    }

    private func shareChart(
        _ name: String, title: String, _ caption: String, _ x: Chart.Axis, _ rows: [Cell], place: (Cell) -> Int
    ) -> Chart {
        let precisions = Set(rows.map(\.precision)).sorted { $0.size < $1.size }
        let series = precisions.flatMap { precision -> [Chart.Series] in
            let rows = rows.filter { $0.precision == precision }.sorted { place($0) < place($1) }
            func one(_ name: String, _ mark: Chart.Series.Mark, _ value: (Cell) -> Double?, interval: Bool = false) -> Chart.Series {
                let points = rows.compactMap { row in
                    value(row).map { Chart.Point(Double(place(row)), $0, interval: interval ? row.interval : nil) }
                }
                return Chart.Series(name, group: group(precision), mark, points)
            }
            return [
                one("predicted", .line) { $0.predictedShare },
                one("as published, with its 99 % interval", .points, { $0.share }, interval: true),
                one("by the chain rule", .hollowPoints) { $0.chainRuleShare }, one("published for MNIST", .crosses) { $0.publishedShare },
            ].filter { !$0.points.isEmpty }
        }
        return Chart(
            name, title: title, caption: caption, .plot(.init(x: x, y: .init("of networks", unit: .share, range: 0...1), series: series)))
    }

    // MARK: Ties

    /// Ties for every thousand million pre-activations: biases as drawn, and 0.
    private var tiesChart: Chart? {
        var names: [String] = [], structural: [Chart.Point] = [], accidental: [Chart.Point] = []
        func add(_ name: String, _ structuralTies: Int, _ accidentalTies: Int, _ evaluations: Int) {
            guard evaluations > 0 else { return }
            func rate(_ ties: Int) -> Double { Double(ties) / Double(evaluations) * 1e9 }
            if structuralTies > 0 { structural.append(.init(Double(names.count), rate(structuralTies))) }
            if accidentalTies > 0 { accidental.append(.init(Double(names.count), rate(accidentalTies))) }
            names.append(name)
        }
        for row in cells where row.sweep == .width && row.precision != .float16 {
            add("\(Format.count(row.units)) units, \(row.precision.bits) bits", row.structuralTies, row.accidentalTies, row.evaluations)
        }
        for row in zeroBiases {
            add("\(row.units) units, \(row.precision.bits) bits, biases 0", row.structuralTies, row.accidentalTies, row.evaluations)
        }
        guard !structural.isEmpty || !accidental.isEmpty else { return nil }
        return Chart(
            "ties", title: "Ties: structural and by rounding",
            caption: "For 10⁹ pre-activations of networks with three hidden layers. Where there is no point, there was no tie.",
            .bars(
                .init(
                    categories: names, values: .init("ties for 10⁹ pre-activations", scale: .logarithmic),
                    series: [.init("structural", .points, structural), .init("by rounding", .points, accidental)])))
    }

    // MARK: Training

    private var trainingChart: Chart? {
        guard !training.isEmpty else { return nil }
        let runs = training.enumerated().flatMap { place, row in row.accuracies.map { Chart.Point(Double(place), $0) } }
        let means = training.enumerated().map { place, row in
            Chart.Point(Double(place), row.mean, interval: row.standardError.map { row.mean - $0...row.mean + $0 })
        }
        return Chart(
            "accuracy", title: "Accuracy after training, by derivative at 0",
            .plot(
                .init(
                    x: .categories("derivative at 0", training.map(\.name)), y: .init("held-out accuracy", unit: .share),
                    series: [.init("a run", .hollowPoints, runs), .init("mean and its standard error", .points, means)])))
    }
}
