import RectifierInstruments
import RectifierReports
import RectifierText

// The charts of a study of dead units.
extension DeadStudyReport {
    private typealias Chart = Report.Chart

    var charts: [Report.Chart] {
        [bornDeadChart(everywhere: false), bornDeadChart(everywhere: true), growthChart(isMean: true), growthChart(isMean: false)]
            .compactMap { $0 }
            + [neverOpenChart, accuracyChart, cureChart, harmChart, narrowChart].compactMap { $0 }
    }

    // MARK: Fresh networks

    private func bornDeadChart(everywhere: Bool) -> Chart? {
        let units = Set(bornDead.map(\.units)).sorted(), depths = Set(bornDead.map(\.hiddenLayers)).sorted()
        guard !units.isEmpty else { return nil }
        let series = depths.enumerated().flatMap { look, depth -> [Chart.Series] in
            let rows = bornDead.filter { $0.hiddenLayers == depth }.sorted { $0.units < $1.units }
            let group = Chart.Group(Format.count(depth, "layer"), look: look)
            func points(_ value: (BornDeadRow) -> Double?, error: ((BornDeadRow) -> Double)? = nil) -> [Chart.Point] {
                rows.compactMap { row in
                    value(row).map { y in
                        let interval = error.map { max(0, y - 3 * $0(row))...min(1, y + 3 * $0(row)) }
                        return Chart.Point(Double(units.firstIndex(of: row.units)!), y, interval: interval)
                    }
                }
            }
            let all: [Chart.Series] =
                everywhere
                ? [
                    .init("counted", group: group, .markedLine, points(\.shareEverywhere)),
                    .init("another program's 40,000", group: group, .hollowPoints, points(\.referenceEverywhere)),
                ]
                : [
                    .init("law", group: group, .line, points(\.law)),
                    .init("counted, ± 3 standard errors", group: group, .points, points(\.share, error: \.standardError)),
                ]
            return all.filter { !$0.points.isEmpty }
        }
        return Chart(
            everywhere ? "born-dead-everywhere" : "born-dead",
            title: everywhere ? "Fresh networks that are dead at every input" : "Fresh networks that are dead at an input",
            caption: everywhere ? "No law is known; a point in its ring agrees with another program." : "The law is 1 - (1 - 2⁻ᴺ)ᴴ.",
            .plot(
                .init(
                    x: .categories("units of each hidden layer", units.map { "\($0)" }),
                    y: .init("of networks", unit: .share, range: 0...1),
                    series: series)))
    }

    private func growthChart(isMean: Bool) -> Chart? {
        let widths = Set(growth.map(\.width)).sorted(), depths = Set(growth.map(\.layers)).sorted()
        guard !widths.isEmpty else { return nil }
        let series = depths.enumerated().flatMap { look, depth -> [Chart.Series] in
            let rows = growth.filter { $0.layers == depth }, group = Chart.Group(Format.count(depth, "layer"), look: look)
            func place(_ row: GrowthRow) -> Double { Double(widths.firstIndex(of: row.width)!) }
            let counted = rows.map { row in
                let (value, error) = isMean ? (row.mean, row.meanError) : (row.variance, row.varianceError)
                // A logarithmic scale has no place below 0.
                let low = isMean ? value - 3 * error : max(value - 3 * error, value / 10)
                return Chart.Point(place(row), value, interval: low...value + 3 * error)
            }
            return [
                .init("law", group: group, .line, rows.map { .init(place($0), isMean ? $0.lawMean : $0.lawVariance) }),
                .init("counted, ± 3 standard errors", group: group, .points, counted),
            ]
        }
        return Chart(
            isMean ? "signal-mean" : "signal-variance",
            title: isMean ? "How a typical signal fades in a fresh network" : "How much the growth of signals varies between networks",
            caption: isMean ? "Mean of ln(|h|²/|x|²); at 0 the signal keeps its size." : "Variance of ln(|h|²/|x|²).",
            .plot(
                .init(
                    x: .categories("units of a layer", widths.map { "\($0)" }),
                    y: isMean ? .init("mean logarithm") : .init("variance", scale: .logarithmic), series: series)))
    }

    // MARK: Training

    private var rates: [Double] { training.reduce(into: []) { if !$0.contains($1.rate) { $0.append($1.rate) } } }
    private var activations: [String] { training.reduce(into: []) { if !$0.contains($1.activation) { $0.append($1.activation) } } }
    private var rateAxis: Chart.Axis { .categories("learning rate, times the usual one", rates.map(Self.times)) }

    private func look(_ activation: String) -> Int { activations.firstIndex(of: activation)! }

    /// A line for each activation, with every run beside it.
    private func rateChart(_ name: String, title: String, caption: String, _ y: Chart.Axis, _ values: (TrainingRow) -> [Double]) -> Chart? {
        guard !training.isEmpty else { return nil }
        let series = activations.flatMap { activation -> [Chart.Series] in
            let rows = training.filter { $0.activation == activation && !values($0).isEmpty }
            let group = Chart.Group(activation, look: look(activation))
            func place(_ row: TrainingRow) -> Double { Double(rates.firstIndex(of: row.rate)!) }
            return [
                .init("mean", group: group, .markedLine, rows.map { .init(place($0), values($0).mean) }),
                .init("a run", group: group, .crosses, rows.flatMap { row in values(row).map { .init(place(row), $0) } }),
            ].filter { !$0.points.isEmpty }
        }
        return Chart(name, title: title, caption: caption, .plot(.init(x: rateAxis, y: y, series: series)))
    }

    private var neverOpenChart: Chart? {
        rateChart(
            "never-open", title: "Units that no training sample opens, by learning rate",
            caption: "ReLU's are dead: they learn nothing more. Those of the others still pass a gradient.",
            .init("of units", unit: .share, range: 0...1), \.neverOpen)
    }

    private var accuracyChart: Chart? {
        rateChart(
            "accuracy", title: "Accuracy by learning rate", caption: "On held-out samples, after training.",
            .init("held-out accuracy", unit: .share), \.accuracies)
    }

    private var cureChart: Chart? {
        let cures = cures
        guard !cures.isEmpty else { return nil }
        let series = activations.dropFirst().compactMap { activation -> Chart.Series? in
            let own = cures.filter { $0.activation == activation }
            guard !own.isEmpty else { return nil }
            return .init(
                "difference", group: .init(activation, look: look(activation)), .points,
                own.map { .init(Double(rates.firstIndex(of: $0.rate)!), $0.difference, interval: $0.interval) })
        }
        return Chart(
            "cure", title: "What each activation wins over ReLU from the same seeds",
            caption: "With 95 % intervals. Where one reaches across 0, these seeds tell no difference.",
            .plot(.init(x: rateAxis, y: .init("accuracy more than ReLU's", unit: .share), series: series)))
    }

    private var harmChart: Chart? {
        let series = rates.enumerated().compactMap { look, rate -> Chart.Series? in
            let runs = training.filter { $0.isRectifier && $0.rate == rate }.flatMap(\.runs).filter { $0.accuracy != nil }
            return runs.isEmpty
                ? nil
                : .init("a ReLU run", group: .init(Self.times(rate), look: look), .points, runs.map { .init($0.neverOpen!, $0.accuracy!) })
        }
        guard !series.isEmpty else { return nil }
        return Chart(
            "harm", title: "Do dead units hurt? Accuracy by the share of dead units", caption: "ReLU alone.",
            .plot(
                .init(
                    x: .init("dead units", unit: .share), y: .init("held-out accuracy", unit: .share),
                    series: series)))
    }

    private var narrowChart: Chart? {
        guard let first = narrow.first else { return nil }
        func points(_ isChosen: (Run) -> Bool) -> [Chart.Point] {
            narrow.enumerated().flatMap { place, row in
                row.runs.filter(isChosen).compactMap { $0.accuracy.map { .init(Double(place), $0) } }
            }
        }
        let means = narrow.enumerated().filter { !$1.accuracies.isEmpty }.map { place, row in
            Chart.Point(Double(place), row.accuracies.mean, interval: row.accuracies.interval95)
        }
        return Chart(
            "narrow", title: "Where layers can die whole: accuracy in \(Self.words(of: first.hiddenUnits))",
            caption: "At \(Self.times(first.rate)), from the same seeds. Bars: the 95 % interval of the mean.",
            .plot(
                .init(
                    x: .categories("activation", narrow.map(\.activation)), y: .init("held-out accuracy", unit: .share, range: 0...1),
                    series: [
                        .init("a run", .hollowPoints, points { !$0.hasClosedLayer }),
                        .init("a run with a layer that no sample opens", .crosses, points(\.hasClosedLayer)), .init("mean", .points, means),
                    ].filter { !$0.points.isEmpty })))
    }
}
