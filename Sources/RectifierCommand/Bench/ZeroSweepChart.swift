import Foundation

/// Rates over zeros as a picture that stands alone: a chart for each product, with the peak as a line.
struct ZeroSweepChart {
    private let sweeps: [ZeroSweep]
    private let title: String

    init(_ sweeps: [ZeroSweep], title: String) { (self.sweeps, self.title) = (sweeps, title) }

    var svg: String { SVGChart.page(charts, columns: 3, key: Self.key.enumerated().map { ($1, Self.colors[$0]) }) }

    private static let key = ["dense", "skipping", "by density", "peak"]
    private static let colors = [1, 0, 2, 3]

    var charts: [SVGChart] {
        let shares = sweeps.flatMap(\.rows).flatMap { [$0.dense.share, $0.skipping.share, $0.byDensity.share] }
        let highest = max(1, shares.max() ?? 1), step = [0.25, 0.5, 1, 2].first { highest / $0 <= 8 } ?? 4
        let most = (highest / step).rounded(.up) * step
        return sweeps.map { sweep in
            func series(_ number: Int, _ mark: SVGChart.Mark, _ value: (ZeroSweep.Row) -> Double) -> SVGChart.Series {
                SVGChart.Series(
                    name: Self.key[number], mark: mark, color: Self.colors[number], points: sweep.rows.map { SVGChart.Point(value($0)) })
            }
            return SVGChart(
                title: "\(sweep.subject.product.rawValue) \(sweep.subject.shape), \(title)",
                xLabel: "zeros in \(sweep.subject.leftOperand)",
                yLabel: "dense-equivalent rate, of peak", categories: sweep.rows.map { BenchOutput.percent($0.zeros) }, range: 0...most,
                ticks: stride(from: 0, through: most, by: step).map { ($0, BenchOutput.percent($0)) },
                series: [
                    series(0, .line) { $0.dense.share }, series(1, .line) { $0.skipping.share }, series(2, .dot) { $0.byDensity.share },
                    series(3, .line) { _ in 1 },
                ])
        }
    }
}
