import RectifierReports
import RectifierText

/// What a section of `bench` adds to the report.
struct BenchSection {
    var tables: [Report.Table]
    var findings: [Report.Finding] = []
    var charts: [Report.Chart] = []

    typealias Table = Report.Table
    typealias Chart = Report.Chart

    private static func giga(_ rate: Double) -> Report.Cell { .number(rate) { Format.fixed($0 / 1e9, 1) } }
    private static func times(_ ratio: Double) -> String { "\(Format.fixed(ratio, 2))×" }
    private static func times(_ ratio: Double?) -> Report.Cell { .number(ratio, shown: times) }
    private static func share(_ share: Double) -> String { Format.percent(share, digits: 1) }

    // MARK: Peak and memory

    static func peak(_ rows: [BenchOutput.PeakRow]) -> Self {
        Self(
            tables: [
                Table(
                    "peak", title: "peak: multiply-adds in registers", rows: rows,
                    fields: [.init("threads", key: "threads") { .count($0.threads) }, .init("GFLOP/s", key: "flops") { giga($0.flops) }])
            ], findings: rates("The peak is", rows.map { ($0.threads, $0.flops) }, "GFLOP/s", number: "flops"))
    }

    static func memory(_ rows: [BenchOutput.MemoryRow]) -> Self {
        let size = rows.first.map { " of \($0.arrayBytes >> 20) MiB" } ?? ""
        return Self(
            tables: [
                Table(
                    "memory", title: "memory: a[i] = b[i] + 3 c[i], three arrays\(size)", rows: rows,
                    fields: [
                        .init("threads", key: "threads") { .count($0.threads) },
                        .init("GB/s", key: "bytesPerSecond") { giga($0.bytesPerSecond) },
                        .init(nil, key: "arrayBytes") { .count($0.arrayBytes) },
                    ])
            ], findings: rates("Memory gives", rows.map { ($0.threads, $0.bytesPerSecond) }, "GB/s", number: "bytesPerSecond"))
    }

    /// `The peak is 60.1 GFLOP/s on 1 thread, 118.2 GFLOP/s on 2 threads.`
    private static func rates(_ begin: String, _ rows: [(threads: Int, rate: Double)], _ unit: String, number: String) -> [Report.Finding] {
        let parts = rows.map { "\(Format.fixed($0.rate / 1e9, 1)) \(unit) on \(BenchOutput.threads($0.threads))" }
        return [.init("\(begin) \(parts.joined(separator: ", ")).", numbers: rows.map { ("\(number)On\($0.threads)", $0.rate) })]
    }

    // MARK: Products

    static func products(_ rows: [BenchOutput.ProductRow]) -> Self {
        let table = Table(
            "products", title: "products: dense, by size (ᵀ: lies transposed)", keyColumns: 2, rows: rows, rules: { "\($0.threads)" },
            fields: [
                .init("product", key: "product") { .text($0.shape.description) }, .init("threads", key: "threads") { .count($0.threads) },
                .init("GFLOP/s", key: "flops") { giga($0.rate.flops) }, .init("of peak", key: "share") { .share($0.rate.share) },
                .init("over plain loops", key: "timesReference") { .number($0.timesReference) { "\(Format.significant($0, 3))×" } },
            ])
        guard let least = rows.min(by: { $0.rate.share < $1.rate.share }), let most = rows.max(by: { $0.rate.share < $1.rate.share }) else {
            return Self(tables: [table])
        }
        var shapes: [String] = []
        for row in rows where !shapes.contains(row.shape.description) { shapes.append(row.shape.description) }
        let counts = Set(rows.map(\.threads)).sorted()
        let series = counts.map { count in
            Chart.Series(
                BenchOutput.threads(count), .bars,
                rows.filter { $0.threads == count }.map { .init(Double(shapes.firstIndex(of: $0.shape.description)!), $0.rate.share) })
        }
        return Self(
            tables: [table],
            findings: [
                .init(
                    "Dense products reach \(share(least.rate.share)) (\(least.shape)) to \(share(most.rate.share)) (\(most.shape)) of the peak.",
                    numbers: [("least", least.rate.share), ("most", most.rate.share)])
            ],
            charts: [
                Chart(
                    "products", title: "Dense products by size, of the peak on as many threads", caption: "ᵀ: lies transposed.",
                    .bars(.init(categories: shapes, values: .init("of the peak", unit: .share), series: series)))
            ])
    }

    // MARK: Convolutions

    static func convolutions(_ rows: [BenchOutput.ConvolutionRow]) -> Self {
        let batch = rows.first?.subject.batch ?? 0
        let table = Table(
            "convolutions", title: "convolutions: dense, the layers of vgg6 in batches of \(batch)", keyColumns: 3, rows: rows,
            rules: { "\($0.threads)" },
            fields: [
                .init("layer", key: "layer") { .text($0.subject.description) },
                .init("pass", key: "pass") { .text($0.subject.pass.rawValue) },
                .init("threads", key: "threads") { .count($0.threads) }, .init(nil, key: "batchSize") { .count($0.subject.batch) },
                .init("GFLOP/s", key: "flops") { giga($0.rate.flops) }, .init("of peak", key: "share") { .share($0.rate.share) },
            ])
        guard let least = rows.min(by: { $0.rate.share < $1.rate.share }), let most = rows.max(by: { $0.rate.share < $1.rate.share }) else {
            return Self(tables: [table])
        }
        return Self(
            tables: [table],
            findings: [
                .init(
                    "Dense convolutions reach \(share(least.rate.share)) (\(least.subject), \(least.subject.pass.rawValue)) to "
                        + "\(share(most.rate.share)) (\(most.subject), \(most.subject.pass.rawValue)) of the peak.",
                    numbers: [("least", least.rate.share), ("most", most.rate.share)])
            ])
    }

    // MARK: Zeros

    static func zeros(_ sweeps: [ZeroSweep]) -> Self {
        typealias Row = (subject: ZeroSweep.Subject, row: ZeroSweep.Row)
        // People read a table for each product, programs one for all.
        let all = Table(
            "zeros", title: "Products by zeros", rows: sweeps.flatMap { sweep in sweep.rows.map { (sweep.subject, $0) } },
            fields: [
                Table.Field<Row>(nil, key: "product") { .text($0.subject.product.rawValue) },
                .init(nil, key: "shape") { .text($0.subject.shape.description) }, .init(nil, key: "zeros") { .number($0.row.zeros) },
                .init(nil, key: "dense") { .number($0.row.dense.flops) }, .init(nil, key: "denseShare") { .number($0.row.dense.share) },
                .init(nil, key: "skipping") { .number($0.row.skipping.flops) },
                .init(nil, key: "skippingShare") { .number($0.row.skipping.share) },
                .init(nil, key: "byDensity") { .number($0.row.byDensity.flops) },
                .init(nil, key: "byDensityShare") { .number($0.row.byDensity.share) },
                .init(nil, key: "byDensityOverDense") { .number($0.row.byDensity.ratio) },
            ])
        let tables = sweeps.map { sweep in
            Table(
                "zeros-\(sweep.name)",
                title:
                    "zeros: \(sweep.subject.product.rawValue) \(sweep.subject.shape), zeros in \(sweep.subject.leftOperand); GFLOP/s, of peak",
                rows: sweep.rows,
                fields: [
                    .init("zeros") { .figures(BenchOutput.percent($0.zeros)) }, .init("dense") { giga($0.dense.flops) },
                    .init("of peak") { .share($0.dense.share) }, .init("skipping") { giga($0.skipping.flops) },
                    .init("of peak") { .share($0.skipping.share) }, .init("by density") { giga($0.byDensity.flops) },
                    .init("of peak") { .share($0.byDensity.share) }, .init("over dense") { times($0.byDensity.ratio) },
                ])
        }
        let shares = sweeps.flatMap(\.rows).flatMap { [$0.dense.share, $0.skipping.share, $0.byDensity.share] }
        let most = max(1, shares.max() ?? 1)
        return Self(tables: [all] + tables, findings: sweeps.map(finding), charts: sweeps.map { chart($0, upTo: most) })
    }

    private static func finding(_ sweep: ZeroSweep) -> Report.Finding {
        let even = sweep.breakEven.map { $0 == 0 ? "skipping is never slower than dense" : "skipping pays from \(share($0)) zeros" }
        let peak = sweep.abovePeakFrom.map { "above the peak from \(share($0))" }
        let ratio = sweep.rows[0].byDensity.ratio
        return .init(
            "\(sweep.title): "
                + [
                    even ?? "skipping does not pay", peak ?? "never above the peak",
                    ratio < 1
                        ? "by density loses \(share(1 - ratio)) where there are none" : "by density loses nothing where there are none",
                ].joined(separator: "; ") + ".",
            numbers: [("breakEven", sweep.breakEven), ("abovePeakFrom", sweep.abovePeakFrom), ("byDensityOverDenseAtNoZeros", ratio)]
                .compactMap { name, value in value.map { (name, $0) } })
    }

    private static func chart(_ sweep: ZeroSweep, upTo most: Double) -> Chart {
        func series(_ name: String, _ mark: Chart.Series.Mark, _ value: (ZeroSweep.Row) -> Double) -> Chart.Series {
            .init(name, mark, sweep.rows.map { .init($0.zeros, value($0)) })
        }
        return Chart(
            "zeros-\(sweep.name)", title: sweep.title,
            caption: "By density is what programs do: they multiply or skip as the zeros they find promise to be faster.",
            .plot(
                .init(
                    x: .init("zeros in \(sweep.subject.leftOperand)", unit: .share, range: 0...1),
                    y: .init("dense-equivalent rate, of the peak", unit: .share, range: 0...most),
                    series: [
                        series("dense", .line) { $0.dense.share }, series("skipping", .line) { $0.skipping.share },
                        series("by density", .points) { $0.byDensity.share }, series("peak", .line) { _ in 1 },
                    ])))
    }

    // MARK: Steps

    static func steps(_ rows: [BenchOutput.StepRow]) -> Self {
        let table = Table(
            "steps", title: "steps: training, dense-equivalent (zeros: of inputs, of hidden layers)", keyColumns: 3, rows: rows,
            fields: [
                .init("network", key: "network") { .text($0.workload.network) },
                .init("activation", key: "activation") { .text($0.workload.activationName) },
                .init("batch", key: "batchSize") { .count($0.workload.batchSize) },
                .init("optimizer", key: "optimizer") { .text($0.workload.optimizerName) },
                .init(nil, key: "inputZeros") { .number($0.workload.inputZeros) },
                .init(nil, key: "hiddenZeros") { .number($0.result.hiddenZeros) },
                .init("zeros") { row in
                    .figures(
                        row.result.hiddenZeros.map { "\(BenchOutput.percent(row.workload.inputZeros)), \(Format.percent($0, digits: 0))" }
                            ?? "-")
                },
                .init("µs/step", key: "microseconds") { .number($0.microseconds) { Format.significant($0) } },
                .init("GFLOP/s", key: "flops") { giga($0.result.rate.flops) },
                .init("of peak", key: "share") { .share($0.result.rate.share) },
                .init("over dense", key: "overDense") { times($0.result.rate.ratio) },
                .init("over 1 thread", key: "overOneThread") { times($0.result.overOneThread) },
            ])
        guard let most = rows.max(by: { $0.result.rate.share < $1.result.rate.share }),
            let gain = rows.max(by: { $0.result.rate.ratio < $1.result.rate.ratio })
        else { return Self(tables: [table]) }
        let points = rows.enumerated().map { (place: Double($0), result: $1.result) }
        return Self(
            tables: [table],
            findings: [
                .init(
                    "Training steps reach up to \(share(most.result.rate.share)) of the peak (\(most.name)); skipping zeros makes them up to "
                        + "\(times(gain.result.rate.ratio)) as fast (\(gain.name)).",
                    numbers: [("most", most.result.rate.share), ("overDense", gain.result.rate.ratio)])
            ],
            charts: [
                Chart(
                    "steps", title: "Training steps, of the peak", caption: "Dense: with all zeros multiplied, the same bits.",
                    .bars(
                        .init(
                            categories: rows.map(\.name), values: .init("dense-equivalent rate, of the peak", unit: .share),
                            series: [
                                .init("as trained", .bars, points.map { .init($0.place, $0.result.rate.share) }),
                                .init("dense", .bars, points.map { .init($0.place, $0.result.dense.share) }),
                            ])))
            ])
    }
}

extension ZeroSweep {
    /// `weight-gradient-784`
    fileprivate var name: String { "\(subject.product.rawValue.split(separator: " ").joined(separator: "-"))-\(subject.inputs)" }

    /// `Weight gradient 784×128ᵀ · 128×512`
    fileprivate var title: String {
        let product = subject.product.rawValue
        return "\(product.prefix(1).uppercased())\(product.dropFirst()) \(subject.shape)"
    }
}

extension BenchOutput.StepRow {
    var microseconds: Double { workload.flops / result.rate.flops * 1e6 }

    fileprivate var name: String { "\(workload.network) \(workload.activationName), batches of \(workload.batchSize)" }
}
