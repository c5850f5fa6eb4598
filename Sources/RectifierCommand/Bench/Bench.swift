import ArgumentParser
import CRectifierKernels
import Foundation
import Rectifier
import RectifierReports

/// `rectifier bench`
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure what this machine can do, and what share of it training gets.",
        usage: "rectifier bench [<section> ...] [<options>]",
        discussion: """
            Sections, all of them by default:
              peak      multiply-adds in registers, on one thread and on all
              memory    a[i] = b[i] + 3 c[i] over arrays larger than the last cache
              products  matrix products by size; against plain loops
              convolutions
                        the layers of vgg6, forward and both gradients, dense
              zeros     a layer's three products by zeros in the left operand:
                        dense, skipping them, and as programs choose
              steps     training steps of networks from very small to wide

            Rates are dense-equivalent: the operations of a product that skips no
            zero, over the time. Each is compared with a burst at the peak on the same
            threads right beside it; what is shown are medians of such pairs, without
            those in which the system gave the cores to others.

            Timed are, for products and convolutions, the kernel alone, its operands as they lie. For
            steps, epochs of the trainer: gathering and scaling the batch, forward,
            loss, backward, update, and the census of kinks. Not timed: drawing data
            and weights, compiling, the order of an epoch, evaluation. Data are random
            numbers in memory, and no file is written but chart and report.

            Examples:
              rectifier bench --quick
              rectifier bench zeros --threads 1 --svg zeros.svg
              rectifier bench steps --precision float64 --json
              rectifier bench products steps --report bench.html
            """
    )

    @Argument(help: ArgumentHelp("What to measure: \(Section.allValueStrings.joined(separator: ", ")).", valueName: "section"))
    var sections: [Section] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Threads (default: one for each physical core; peak, memory, products and convolutions on one as well).", valueName: "n"),
        transform: threadCount)
    var threads: Int?

    @Option(help: "What numbers are stored as.")
    var precision = ElementType.float32

    @Flag(help: "Take a few seconds: fewer rounds, and no large network.")
    var quick = false

    @Option(help: ArgumentHelp("Draw the rates by zeros; the section zeros.", valueName: "file"))
    var svg: String?

    @Option(help: ReportFile.help)
    var report: ReportFile?

    @Flag(help: "Print one JSON object a line, and nothing else.")
    var json = false

    enum Section: String, CaseIterable, ExpressibleByArgument {
        case peak, memory, products, convolutions, zeros, steps
    }

    func validate() throws {
        if svg != nil, !sections.isEmpty, !sections.contains(.zeros) { throw ValidationError("--svg draws the section zeros; add it") }
    }

    func run() throws {
        let machine = try Machine()
        if let svg { try checkOutputFile(svg) }
        try report?.check()
        let all = try BenchThreads(threads ?? machine.cores, type: precision, isa: machine.selected)
        let both = threads == nil && machine.cores > 1 ? [try BenchThreads(1, type: precision, isa: machine.selected), all] : [all]
        let output = BenchOutput(json: json, terminal: .standardOutput())
        try output.begin(machine, precision: precision, threads: all.count)
        for section in Section.allCases where sections.isEmpty || sections.contains(section) {
            switch section {
            case .peak: try measurePeak(on: both, output)
            case .memory: try measureMemory(on: both, machine, output)
            case .products: try measureProducts(on: both, output)
            case .convolutions: try measureConvolutions(on: both, output)
            case .zeros: try measureZeros(on: all, output)
            case .steps: try measureSteps(on: all, output)
            }
        }
        if let report { try output.note("the report is in \(report.write(output.report))") }
    }

    private func budget(rounds: Int, seconds: Double) -> BenchBudget {
        BenchBudget(rounds: 9...rounds, seconds: quick ? seconds / 6 : seconds)
    }

    private func measurePeak(on all: [BenchThreads], _ output: BenchOutput) throws {
        var rows: [BenchOutput.PeakRow] = []
        for threads in all {
            try output.progress("peak, \(BenchOutput.threads(threads.count))")
            let row = BenchOutput.PeakRow(threads: threads.count, flops: threads.peak(seconds: quick ? 0.1 : 1))
            try output.add(row)
            rows.append(row)
        }
        try output.end(.peak(rows))
    }

    private func measureMemory(on all: [BenchThreads], _ machine: Machine, _ output: BenchOutput) throws {
        var rows: [BenchOutput.MemoryRow] = []
        for threads in all {
            try output.progress("memory, \(BenchOutput.threads(threads.count))")
            let benchmark = try MemoryBenchmark(on: threads, cacheBytes: machine.lastCacheBytes)
            let rate = benchmark.bytesPerSecond(budget(rounds: 100, seconds: 1))
            let row = BenchOutput.MemoryRow(threads: threads.count, bytesPerSecond: rate, arrayBytes: benchmark.bytes)
            try output.add(row)
            rows.append(row)
        }
        try output.end(.memory(rows))
    }

    private func measureProducts(on all: [BenchThreads], _ output: BenchOutput) throws {
        // The largest have matrices that take longer to fill than to multiply.
        let shapes = ProductBenchmark.shapes.filter { !quick || $0.flops < 2e8 }
        var rows: [BenchOutput.ProductRow] = []
        for threads in all {
            for shape in shapes {
                try output.progress("products, \(BenchOutput.threads(threads.count)): \(shape)")
                let benchmark = try ProductBenchmark(shape, on: threads)
                let rate = benchmark.measure([RK_ZEROS_MULTIPLIED], budget(rounds: 101, seconds: 0.5))[0]
                let row = BenchOutput.ProductRow(
                    shape: shape, threads: threads.count, rate: rate,
                    timesReference: benchmark.timesReference(budget(rounds: 9, seconds: 0.2)))
                try output.add(row)
                rows.append(row)
            }
        }
        try output.end(.products(rows))
    }

    private func measureConvolutions(on all: [BenchThreads], _ output: BenchOutput) throws {
        var rows: [BenchOutput.ConvolutionRow] = []
        for threads in all {
            for subject in ConvolutionBenchmark.subjects(isQuick: quick) {
                try output.progress("convolutions, \(BenchOutput.threads(threads.count)): \(subject), \(subject.pass.rawValue)")
                let rate = try ConvolutionBenchmark(subject, on: threads).measure(budget(rounds: 101, seconds: 0.5))
                let row = BenchOutput.ConvolutionRow(subject: subject, threads: threads.count, rate: rate)
                try output.add(row)
                rows.append(row)
            }
        }
        try output.end(.convolutions(rows))
    }

    private func measureZeros(on threads: BenchThreads, _ output: BenchOutput) throws {
        var sweeps: [ZeroSweep] = []
        for subject in ZeroSweep.subjects(isQuick: quick) {
            let sweep = try ZeroSweep(subject, on: threads, budget(rounds: 101, seconds: 0.4)) {
                try output.progress("zeros, \(subject.product.rawValue) \(subject.shape): \(BenchOutput.percent($0))")
            }
            try output.add(sweep, threads: threads.count)
            sweeps.append(sweep)
        }
        let section = BenchSection.zeros(sweeps)
        try output.end(section)
        if let svg {
            try writeAtomically(Array(Report.picture(of: section.charts).utf8), to: URL(fileURLWithPath: svg))
            try output.note("the chart is in \(svg)")
        }
    }

    private func measureSteps(on threads: BenchThreads, _ output: BenchOutput) throws {
        var rows: [BenchOutput.StepRow] = []
        for workload in StepWorkload.all where !quick || !workload.isLarge {
            try output.progress("steps: \(workload.network) \(workload.activationName)")
            let result = try StepBenchmark(workload, on: threads, budget(rounds: 201, seconds: 3))
            let row = BenchOutput.StepRow(workload: workload, threads: threads.count, result: result)
            try output.add(row)
            rows.append(row)
        }
        try output.end(.steps(rows))
    }
}
