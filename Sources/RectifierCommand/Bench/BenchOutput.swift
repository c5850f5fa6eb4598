import CRectifierKernels
import Rectifier

/// What `bench` prints: JSON lines as results come, or a table after each section and a progress line on a terminal before it.
struct BenchOutput {
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

    struct StepRow {
        var workload: StepWorkload
        var threads: Int
        var result: StepBenchmark
    }

    var json: Bool
    var terminal: Terminal

    // MARK: Words

    func threads(_ count: Int) -> String { count == 1 ? "1 thread" : "\(count) threads" }
    static func percent(_ share: Double) -> String { "\(Format.fixed(share * 100, share * 100 == (share * 100).rounded() ? 0 : 1)) %" }
    private func share(_ share: Double) -> String { "\(Format.fixed(share * 100, 1)) %" }
    private func giga(_ rate: Double) -> String { Format.fixed(rate / 1e9, 1) }
    private func times(_ ratio: Double) -> String { "\(Format.fixed(ratio, 2))×" }

    // MARK: Lines

    func progress(_ text: String) throws {
        guard !json, terminal.isInteractive else { return }
        try StandardOutput.write(Terminal.clearLine + terminal.styled(String("measuring \(text)".prefix(terminal.width - 1)), .dim))
    }

    func note(_ text: String) throws { if !json { try StandardOutput.writeLine(text) } }

    private func write(_ line: JSONLine) throws { if json { try StandardOutput.writeLine(line.description) } }

    private func write(_ heading: String, _ table: TextTable, _ notes: [String] = []) throws {
        guard !json else { return }
        if terminal.isInteractive { try StandardOutput.write(Terminal.clearLine) }
        for line in ["", terminal.styled(heading, .bold)] + table.lines + notes { try StandardOutput.writeLine(line) }
    }

    // MARK: Machine

    func begin(_ machine: Machine, precision: ElementType, threads: Int) throws {
        try write([
            "section": "machine", "version": rectifierVersion, "processor": machine.processor, "cores": machine.cores,
            "instructionSet": machine.selectedName, "lastCacheBytes": machine.lastCacheBytes, "type": precision.rawValue,
            "threads": threads,
        ])
        try note("\(machine.processor), \(machine.selectedName), \(precision.rawValue), \(self.threads(threads))")
    }

    // MARK: Peak

    func add(_ row: PeakRow) throws { try write(["section": "peak", "threads": row.threads, "flops": row.flops]) }

    func end(_ rows: [PeakRow]) throws {
        var table = TextTable(["threads", "GFLOP/s"], alignments: [.right, .right])
        for row in rows { table.addRow([String(row.threads), giga(row.flops)]) }
        try write("peak: multiply-adds in registers", table)
    }

    // MARK: Memory

    func add(_ row: MemoryRow) throws {
        try write(["section": "memory", "threads": row.threads, "bytesPerSecond": row.bytesPerSecond, "arrayBytes": row.arrayBytes])
    }

    func end(_ rows: [MemoryRow]) throws {
        var table = TextTable(["threads", "GB/s"], alignments: [.right, .right])
        for row in rows { table.addRow([String(row.threads), giga(row.bytesPerSecond)]) }
        let size = rows.first.map { " of \($0.arrayBytes >> 20) MiB" } ?? ""
        try write("memory: a[i] = b[i] + 3 c[i], three arrays\(size)", table)
    }

    // MARK: Products

    func add(_ row: ProductRow) throws {
        try write([
            "section": "products", "product": row.shape.description, "threads": row.threads, "flops": row.rate.flops,
            "share": row.rate.share,
            "timesReference": row.timesReference,
        ])
    }

    func end(_ rows: [ProductRow]) throws {
        var table = TextTable(
            ["product", "threads", "GFLOP/s", "of peak", "over plain loops"], alignments: [.left, .right, .right, .right, .right])
        for row in rows {
            table.addRow([
                row.shape.description, String(row.threads), giga(row.rate.flops), share(row.rate.share),
                "\(Format.significant(row.timesReference, 3))×",
            ])
        }
        try write("products: dense, by size (ᵀ: lies transposed)", table)
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

    func end(_ sweeps: [ZeroSweep]) throws {
        let barWidth = 30
        let most = max(1, sweeps.flatMap(\.rows).map(\.byDensity.share).max() ?? 1)
        for sweep in sweeps {
            var table = TextTable(
                ["zeros", "dense", "", "skipping", "", "by density", "", "over dense"] + (terminal.isInteractive ? [""] : []),
                alignments: Array(repeating: .right, count: 8) + (terminal.isInteractive ? [.left] : []))
            for row in sweep.rows {
                let rates = [row.dense, row.skipping, row.byDensity].flatMap { [giga($0.flops), share($0.share)] }
                let bar = terminal.isInteractive ? [bar(row.byDensity.share / most, mark: 1 / most, width: barWidth)] : []
                table.addRow([Self.percent(row.zeros)] + rates + [times(row.byDensity.ratio)] + bar)
            }
            let subject = sweep.subject
            try write(
                "zeros: \(subject.product.rawValue) \(subject.shape), zeros in \(subject.leftOperand); GFLOP/s, of peak", table,
                [summary(sweep)])
        }
    }

    private func summary(_ sweep: ZeroSweep) -> String {
        let even = sweep.breakEven.map { $0 == 0 ? "skipping is never slower than dense" : "skipping pays from \(share($0)) zeros" }
        let peak = sweep.abovePeakFrom.map { "above the peak from \(share($0))" }
        let loss = 1 - sweep.rows[0].byDensity.ratio
        return [
            even ?? "skipping does not pay", peak ?? "never above the peak",
            loss > 0 ? "by density loses \(share(loss)) where there are none" : "by density loses nothing where there are none",
        ].joined(separator: "; ")
    }

    /// A bar of eighths of a column, with a line at the place of the mark.
    private func bar(_ share: Double, mark: Double, width: Int) -> String {
        let eighths = Int((min(1, max(0, share)) * Double(width * 8)).rounded())
        var cells = (0..<width + 1).map { column -> Character in
            let filled = min(8, max(0, eighths - column * 8))
            return [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"][filled]
        }
        let place = min(width, Int(mark * Double(width)))
        if cells[place] == " " { cells[place] = "│" } else if cells[place] == "█" { cells[place] = "▒" }
        return String(cells)
    }

    // MARK: Steps

    func add(_ row: StepRow) throws {
        let workload = row.workload, result = row.result
        try write([
            "section": "steps", "network": workload.network, "activation": workload.activationName, "batchSize": workload.batchSize,
            "optimizer": workload.optimizerName, "threads": row.threads, "inputZeros": workload.inputZeros,
            "hiddenZeros": result.hiddenZeros,
            "microseconds": workload.flops / result.rate.flops * 1e6, "flops": result.rate.flops, "share": result.rate.share,
            "denseMicroseconds": workload.flops / result.dense.flops * 1e6, "overDense": result.rate.ratio,
            "overOneThread": result.overOneThread,
        ])
    }

    func end(_ rows: [StepRow]) throws {
        var table = TextTable(
            ["network", "activation", "batch", "optimiser", "zeros", "µs/step", "GFLOP/s", "of peak", "over dense", "over 1 thread"],
            alignments: [.left, .left, .right, .left, .right, .right, .right, .right, .right, .right])
        for row in rows {
            let zeros = row.result.hiddenZeros.map { "\(Self.percent(row.workload.inputZeros)), \(Format.fixed($0 * 100, 0)) %" }
            table.addRow([
                row.workload.network, row.workload.activationName, String(row.workload.batchSize), row.workload.optimizerName, zeros ?? "-",
                Format.significant(row.workload.flops / row.result.rate.flops * 1e6), giga(row.result.rate.flops),
                share(row.result.rate.share),
                times(row.result.rate.ratio), row.result.overOneThread.map(times) ?? "-",
            ])
        }
        try write("steps: training, dense-equivalent (zeros: of inputs, of hidden layers)", table)
    }
}
