import RectifierReports
import RectifierText

// The charts of a study of speed.
extension ReLUTanhStudyReport {
    private typealias Chart = Report.Chart

    var charts: [Report.Chart] { [errorChart(bySeconds: false), errorChart(bySeconds: true), rateChart].compactMap { $0 } }

    /// The paper's figure: a line for each run with the best rate.
    private func errorChart(bySeconds: Bool) -> Chart? {
        let runs = grids.flatMap(\.runs).filter { $0.epochs > 0 }
        guard !runs.isEmpty else { return nil }
        let series = runs.map { run in
            Chart.Series(
                "a seed", group: .init(run.activation.name, look: run.activation.look), .line,
                run.errors.indices.map { .init(bySeconds ? run.seconds[$0] : Double($0), run.errors[$0]) })
        }
        let last = runs.map { bySeconds ? $0.seconds.last! : Double($0.epochs) }.max()!
        let target = Chart.Series(
            "\(Self.percent(settings.targetError)) wrong", .line, [.init(0, settings.targetError), .init(last, settings.targetError)])
        return Chart(
            bySeconds ? "error-by-seconds" : "error", title: "Training error by \(bySeconds ? "seconds" : "epoch")",
            caption: "Each activation with its best rate, from each seed.",
            .plot(
                .init(
                    x: bySeconds ? .init("seconds of training") : .init("epochs", unit: .whole),
                    y: .init("of the training images wrong", unit: .share), series: series + [target])))
    }

    private var rateChart: Chart? {
        let tried = grids.flatMap(\.tried).filter(\.wasReached)
        guard !tried.isEmpty else { return nil }
        let series = Activation.allCases.compactMap { activation -> Chart.Series? in
            let own = tried.filter { $0.activation == activation }
            return own.isEmpty
                ? nil
                : .init(
                    "first seed", group: .init(activation.name, look: activation.look), .markedLine,
                    own.map { .init($0.rate, $0.epochsToTarget!) })
        }
        return Chart(
            "rates", title: "Epochs to \(Self.percent(settings.targetError)) training error by learning rate",
            caption: "A rate that did not get there, or was given up because another was faster, has no point.",
            .plot(.init(x: .init("learning rate", scale: .logarithmic), y: .init("epochs"), series: series)))
    }
}
