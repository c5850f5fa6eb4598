import Foundation
import Rectifier

/// The files of a study of the derivative at 0: three tables and a page with plots.
struct StudyAtZeroFiles {
    static let page = "at-zero.html"

    private let contents: [(name: String, text: String)]

    init(_ report: ZeroStudyReport, data: String) {
        contents = [
            (Self.page, StudyAtZeroPage(report: report, data: data).html), ("networks.csv", report.cellsCSV),
            ("zero-biases.csv", report.zeroBiasesCSV), ("training.csv", report.trainingCSV),
        ]
    }

    /// All of them or none.
    func write(to folder: URL) throws {
        try writeAtomically(folder: folder, files: contents.map { ($0.name, Array($0.text.utf8)) }, owned: [], marker: Self.page)
    }
}

/// The page: what was found, plots and tables. It refers to nothing outside itself and runs no script.
struct StudyAtZeroPage {
    var report: ZeroStudyReport
    var data: String

    var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>ReLU'(0) on \(escapedForHTML(data))</title>
        <style>
        :root { color-scheme: light dark; --paper: #fff; --ink: #1c1917; --rule: #d6d3d1; }
        @media (prefers-color-scheme: dark) { :root { --paper: #171717; --ink: #e7e5e4; --rule: #44403c; } }
        body { margin: 2rem auto; max-width: 78rem; padding: 0 1.2rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        p { max-width: 46rem; }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.5rem; }
        pre { overflow-x: auto; font-size: 13px; line-height: 1.35; border-top: 1px solid var(--rule); padding-top: 1rem; }
        .key span { margin-right: 1.1rem; white-space: nowrap; }
        \(SVGChart.style)
        </style>
        </head>
        <body>
        <h1>The derivative of ReLU at 0</h1>
        <p>\(escapedForHTML(report.conclusion))</p>
        <p class="key"><span class="s0">■ 16 bits</span> <span class="s1">■ 32 bits</span> <span class="s2">■ 64 bits</span>
        <span>● as published, with 99 % interval</span> <span>○ chain rule</span> <span>─ predicted</span> <span>◇ published for MNIST</span></p>
        <div class="plots">
        \(charts.map { "<figure>\n\($0.svg)\n</figure>" }.joined(separator: "\n"))
        </div>
        <pre>\(StudyAtZeroTable.lines(report, data: data).map(escapedForHTML).joined(separator: "\n"))</pre>
        </body>
        </html>

        """
    }

    var charts: [SVGChart] {
        ZeroStudyReport.Sweep.allCases.compactMap(sweepChart) + [precisionChart, tiesChart, trainingChart].compactMap { $0 }
    }

    private static let shareTicks = [0, 0.25, 0.5, 0.75, 1].map { (value: $0, label: "\(Int($0 * 100)) %") }

    private func color(_ precision: ElementType) -> Int { precision == .float16 ? 0 : precision == .float32 ? 1 : 2 }

    // MARK: Shares

    private func sweepChart(_ sweep: ZeroStudyReport.Sweep) -> SVGChart? {
        let rows = report.cells.filter { $0.sweep == sweep }
        let values = Set(rows.map(\.value)).sorted(), precisions = Set(rows.map(\.precision)).sorted { $0.size < $1.size }
        guard !values.isEmpty else { return nil }
        let label =
            switch sweep {
            case .depth: "hidden layers of 256 units"
            case .width: "units in each of 3 hidden layers"
            case .batchSize: "batch size, 3 hidden layers of 256 units"
            }
        let series = precisions.flatMap { precision in
            shareSeries(
                values.map { value in rows.first { $0.value == value && $0.precision == precision } }, "\(precision.size * 8) bits",
                color(precision))
        }
        return SVGChart(
            title: "Networks whose gradient depends on it, by \(StudyAtZeroTable.name(sweep))", xLabel: label, yLabel: "share of networks",
            categories: values.map { Format.count($0) }, range: 0...1, ticks: Self.shareTicks, series: series)
    }

    private var precisionChart: SVGChart? {
        var rows: [ZeroStudyReport.Cell] = []
        for row in report.cells
        where row.hiddenLayers == 3 && row.units == 256 && row.batchSize == 256 && !rows.contains(where: { $0.precision == row.precision })
        {
            rows.append(row)
        }
        guard rows.count > 1 else { return nil }
        rows.sort { $0.precision.size < $1.precision.size }
        return SVGChart(
            title: "By precision", xLabel: "bits, 3 hidden layers of 256 units, batches of 256", yLabel: "share of networks",
            categories: rows.map { "\($0.precision.size * 8)" }, range: 0...1, ticks: Self.shareTicks, series: shareSeries(rows, "", 3))
    }

    private func shareSeries(_ rows: [ZeroStudyReport.Cell?], _ name: String, _ color: Int) -> [SVGChart.Series] {
        func one(_ what: String, _ mark: SVGChart.Mark, _ point: (ZeroStudyReport.Cell) -> SVGChart.Point?) -> SVGChart.Series {
            SVGChart.Series(
                name: name.isEmpty ? what : "\(name), \(what)", mark: mark, color: color, points: rows.map { $0.flatMap(point) })
        }
        return [
            one("predicted", .line) { SVGChart.Point($0.predictedShare) },
            one("as published, 99 % interval", .dot) { SVGChart.Point($0.share, $0.interval) },
            one("chain rule", .ring) { SVGChart.Point($0.chainRuleShare) },
            one("published for MNIST", .diamond) { $0.publishedShare.map { SVGChart.Point($0) } },
        ]
    }

    // MARK: Ties

    /// Ties for every thousand million pre-activations: biases as drawn, and 0.
    private var tiesChart: SVGChart? {
        var names: [String] = [], structural: [SVGChart.Point?] = [], accidental: [SVGChart.Point?] = []
        func add(_ name: String, _ structuralTies: Int, _ accidentalTies: Int, _ evaluations: Int) {
            guard evaluations > 0 else { return }
            func rate(_ ties: Int) -> SVGChart.Point? { ties == 0 ? nil : SVGChart.Point(Double(ties) / Double(evaluations) * 1e9) }
            names.append(name)
            structural.append(rate(structuralTies))
            accidental.append(rate(accidentalTies))
        }
        for row in report.cells where row.sweep == .width && row.precision != .float16 {
            add("\(row.units), \(row.precision.size * 8) bits", row.structuralTies, row.accidentalTies, row.evaluations)
        }
        for row in report.zeroBiases {
            add("\(row.units), \(row.precision.size * 8) bits, 0", row.structuralTies, row.accidentalTies, row.evaluations)
        }
        let values = (structural + accidental).compactMap { $0?.value }
        guard let most = values.max(), let least = values.min() else { return nil }
        let low = Int(log10(least).rounded(.down)), high = max(low + 1, Int(log10(most).rounded(.up)))
        return SVGChart(
            title: "Ties: structural and by rounding", xLabel: "units a layer, bits; 0: biases of 0", yLabel: "for 10⁹ pre-activations",
            categories: names, range: pow(10, Double(low))...pow(10, Double(high)), scale: .logarithmic,
            ticks: (low...high).map { (pow(10, Double($0)), $0 < 0 ? "\(pow(10, Double($0)))" : Format.count(Int(pow(10, Double($0))))) },
            series: [
                SVGChart.Series(name: "structural", mark: .bar, color: 3, points: structural),
                SVGChart.Series(name: "by rounding", mark: .bar, color: 1, points: accidental),
            ])
    }

    // MARK: Training

    private var trainingChart: SVGChart? {
        let rows = report.training, all = rows.flatMap(\.accuracies)
        guard let low = all.min(), let high = all.max() else { return nil }
        // Whole steps around what there is.
        let step = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25].first { (high - low) / $0 <= 5 } ?? 0.25
        let first = (low / step).rounded(.down) - 1, last = (high / step).rounded(.up) + 1
        let means = rows.map { row in
            SVGChart.Point(row.mean, row.standardError.map { (row.mean - $0)...(row.mean + $0) })
        }
        let runs = rows[0].accuracies.indices.map { run in
            SVGChart.Series(name: "run \(run + 1)", mark: .ring, color: 2, points: rows.map { SVGChart.Point($0.accuracies[run]) })
        }
        return SVGChart(
            title: "Accuracy after training, by derivative at 0", xLabel: "rings: runs; dot: mean and standard error", yLabel: "accuracy",
            categories: rows.map(StudyAtZeroTable.name), range: first * step...last * step,
            ticks: stride(from: first, through: last, by: 1).map { ($0 * step, Format.fixed($0 * step * 100, step < 0.01 ? 2 : 0) + " %") },
            series: runs + [SVGChart.Series(name: "mean, standard error", mark: .dot, color: 3, points: means)])
    }
}
