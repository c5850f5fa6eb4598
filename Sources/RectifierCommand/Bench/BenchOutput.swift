import CRectifierKernels
import Rectifier
import RectifierReports
import RectifierText

/// What `bench` prints: JSON lines as results come, or tables and findings after each section and a progress line on a
/// terminal before it. It gathers the report on the way.
final class BenchOutput {
    struct PeakRow {
        var threads: Int
        var flops: Double
    }

    struct MemoryRow {
        var threads: Int
        var bytesPerSecond: Double
        var arrayBytes: Int
    }

    struct ProductRow {
        var shape: ProductBenchmark.Shape
        var threads: Int
        var rate: BenchRate
        var timesReference: Double
    }

    struct ConvolutionRow {
        var subject: ConvolutionBenchmark.Subject
        var threads: Int
        var rate: BenchRate
    }

    struct StepRow {
        var workload: StepWorkload
        var threads: Int
        var result: StepBenchmark
    }

    private let json: Bool
    private let terminal: Terminal
    private(set) var report = Report(
        title: "What this machine reaches",
        summary: """
            Rates are dense-equivalent: the operations of a product that skips no zero, over the time. Each is compared with a burst at the peak on the same \
            threads right beside it; what is shown are medians of such pairs.
            """)

    init(json: Bool, terminal: Terminal) { (self.json, self.terminal) = (json, terminal) }

    static func threads(_ count: Int) -> String { count == 1 ? "1 thread" : "\(count) threads" }
    static func percent(_ share: Double) -> String { Format.percent(share, digits: share * 100 == (share * 100).rounded() ? 0 : 1) }

    // MARK: Lines

    func progress(_ text: String) throws {
        guard !json, terminal.isInteractive else { return }
        try StandardOutput.write(Terminal.clearLine + terminal.styled(String("measuring \(text)".prefix(terminal.width - 1)), .dim))
    }

    func note(_ text: String) throws { if !json { try StandardOutput.writeLine(text) } }

    private func write(_ line: JSONLine) throws { if json { try StandardOutput.writeLine(line.description) } }

    /// Adds a section to the report, and prints its tables and findings.
    func end(_ section: BenchSection) throws {
        report.tables += section.tables
        report.findings += section.findings
        report.charts += section.charts
        guard !json else { return }
        if terminal.isInteractive { try StandardOutput.write(Terminal.clearLine) }
        let width = terminal.width
        for table in section.tables where table.isForPeople {
            let title = wrapped(table.title, width: width).map { terminal.styled($0, .bold) }
            for line in [""] + title + table.body(width: width) { try StandardOutput.writeLine(line) }
        }
        // Sketches are for eyes; what reads a pipe has the tables.
        let sketches = terminal.isInteractive ? section.charts.flatMap { [""] + $0.lines(width: width) } + [""] : []
        for line in sketches { try StandardOutput.writeLine(line) }
        for line in section.findings.flatMap({ $0.lines(width: width) }) { try StandardOutput.writeLine(line) }
    }

    // MARK: Machine

    func begin(_ machine: Machine, precision: ElementType, threads: Int) throws {
        try write([
            "section": "machine", "version": rectifierVersion, "processor": machine.processor, "cores": machine.cores,
            "instructionSet": machine.selectedName, "lastCacheBytes": machine.lastCacheBytes, "type": precision.rawValue,
            "threads": threads,
        ])
        try note("\(machine.processor), \(machine.selectedName), \(precision.rawValue), \(Self.threads(threads))")
        report.facts = [
            .init("processor", machine.processor), .init("cores", "\(machine.cores)"), .init("instruction set", machine.selectedName),
            .init("numbers", precision.rawValue), .init("threads", "\(threads)"), .init("version", rectifierVersion),
        ]
    }

    // MARK: Peak

    func add(_ row: PeakRow) throws { try write(["section": "peak", "threads": row.threads, "flops": row.flops]) }

    // MARK: Memory

    func add(_ row: MemoryRow) throws {
        try write(["section": "memory", "threads": row.threads, "bytesPerSecond": row.bytesPerSecond, "arrayBytes": row.arrayBytes])
    }

    // MARK: Products

    func add(_ row: ProductRow) throws {
        try write([
            "section": "products", "product": row.shape.description, "threads": row.threads, "flops": row.rate.flops,
            "share": row.rate.share,
            "timesReference": row.timesReference,
        ])
    }

    // MARK: Convolutions

    func add(_ row: ConvolutionRow) throws {
        try write([
            "section": "convolutions", "layer": row.subject.description, "pass": row.subject.pass.rawValue, "batchSize": row.subject.batch,
            "threads": row.threads, "flops": row.rate.flops, "share": row.rate.share,
        ])
    }

    // MARK: Zeros

    func add(_ sweep: ZeroSweep, threads: Int) throws {
        let subject = sweep.subject
        for row in sweep.rows {
            try write([
                "section": "zeros", "product": subject.product.rawValue, "shape": subject.shape.description, "threads": threads,
                "zeros": row.zeros, "dense": row.dense.flops, "denseShare": row.dense.share, "skipping": row.skipping.flops,
                "skippingShare": row.skipping.share, "skippingOverDense": row.skipping.ratio, "byDensity": row.byDensity.flops,
                "byDensityShare": row.byDensity.share, "byDensityOverDense": row.byDensity.ratio,
            ])
        }
        try write([
            "section": "breakEven", "product": subject.product.rawValue, "shape": subject.shape.description, "threads": threads,
            "breakEven": sweep.breakEven, "abovePeakFrom": sweep.abovePeakFrom,
            "byDensityOverDenseAtNoZeros": sweep.rows[0].byDensity.ratio,
        ])
    }

    // MARK: Steps

    func add(_ row: StepRow) throws {
        let workload = row.workload, result = row.result
        try write([
            "section": "steps", "network": workload.network, "activation": workload.activationName, "batchSize": workload.batchSize,
            "optimizer": workload.optimizerName, "threads": row.threads, "inputZeros": workload.inputZeros,
            "hiddenZeros": result.hiddenZeros,
            "microseconds": row.microseconds, "flops": result.rate.flops, "share": result.rate.share,
            "denseMicroseconds": workload.flops / result.dense.flops * 1e6, "overDense": result.rate.ratio,
            "overOneThread": result.overOneThread,
        ])
    }
}
