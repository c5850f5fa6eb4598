import ArgumentParser
import CRectifierKernels
import Foundation
import Rectifier

/// `rectifier info`
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show this machine as Rectifier sees it.",
        discussion: """
            With --measure, the multiply-add peak and what share of it dense products reach, on one thread and on all.
            RECTIFIER_ISA=reference|baseline|avx2|avx512|neon chooses an instruction set.
            """
    )

    @Flag(help: "Measure peak and products; takes some seconds.")
    var measure = false

    @Flag(help: "Print JSON: one object, then one for each product with --measure.")
    var json = false

    func run() throws {
        let sets = allInstructionSets.filter { rk_isa_available($0) }.map { String(cString: rk_isa_name($0)) }
        let selected = rk_isa_selected()
        guard selected != RK_ISA_COUNT else {
            let wanted = ProcessInfo.processInfo.environment["RECTIFIER_ISA"] ?? ""
            throw RectifierError(
                .setting, "RECTIFIER_ISA: this machine has no instruction set '\(wanted)'; it has \(sets.joined(separator: ", "))")
        }
        let selectedName = String(cString: rk_isa_name(selected))
        let cores = Int(rk_physical_cores())
        if json {
            var line = JSONLine()
            line.add("version", rectifierVersion)
            line.add("processor", processorName)
            line.add("cores", cores)
            line.add("instructionSets", sets)
            line.add("selected", selectedName)
            try StandardOutput.writeLine(line.description)
        } else {
            var table = TextTable([], alignments: [.left, .left])
            table.addRow(["version", rectifierVersion])
            table.addRow(["processor", processorName])
            table.addRow(["cores", "\(cores), one thread each by default"])
            table.addRow(["instruction sets", sets.joined(separator: ", ")])
            table.addRow(["selected", selectedName])
            for line in table.lines { try StandardOutput.writeLine(line) }
        }
        if measure { try printMeasurements(isa: selected, cores: cores) }
    }

    private func printMeasurements(isa: rk_isa, cores: Int) throws {
        for type in [ElementType.float32, .float64] {
            guard let benchmark = ProductBenchmark(type: type, isa: isa) else { continue }
            var table = TextTable(
                ["product", "threads", "GFLOP/s", "of peak"], alignments: [.left, .right, .right, .right])
            for threads in cores > 1 ? [1, cores] : [1] {
                for shape in ProductBenchmark.shapes {
                    let result = try benchmark.measure(shape, threads: threads)
                    if json {
                        var line = JSONLine()
                        line.add("type", type.rawValue)
                        line.add("product", shape.description)
                        line.add("threads", threads)
                        line.add("flops", result.flops)
                        line.add("peak", benchmark.peak * Double(threads))
                        line.add("share", result.share)
                        try StandardOutput.writeLine(line.description)
                    } else {
                        table.addRow([
                            shape.description, String(threads), Format.fixed(result.flops / 1e9, 1), Format.percent(result.share),
                        ])
                    }
                }
            }
            guard !json else { continue }
            try StandardOutput.writeLine("\n\(type.rawValue): peak of one thread \(Format.fixed(benchmark.peak / 1e9, 1)) GFLOP/s")
            for line in table.lines { try StandardOutput.writeLine(line) }
        }
    }
}

private let allInstructionSets = [RK_REFERENCE, RK_BASELINE, RK_AVX2, RK_AVX512, RK_NEON]

/// The processor's name as the system has it.
private var processorName: String {
    #if canImport(Darwin)
    var name = [CChar](repeating: 0, count: 256)
    var size = name.count
    guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    #else
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    #endif
}
