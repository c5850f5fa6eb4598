import ArgumentParser
import Rectifier
import RectifierReports
import RectifierText

/// `rectifier info`
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show this machine as Rectifier sees it.",
        discussion: """
            Two variables of the environment choose what is computed with:
              RECTIFIER_ISA    the instruction set, one of those that this command
                               lists: reference and baseline; on x86-64 also avx2,
                               avx512 and avx512bf16, on arm64 neon, where the
                               processor has them (default: the last one listed)
              RECTIFIER_ZEROS  multiply by zeros, skip them, or density: skip them where
                               that saves time (default). The results are the same.

            `rectifier bench` measures what the machine can do.
            """
    )

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let machine = try Machine()
        if json {
            let line: JSONLine = [
                "version": rectifierVersion, "processor": machine.processor, "cores": machine.cores,
                "instructionSets": machine.instructionSets, "selected": machine.selectedName,
            ]
            try StandardOutput.writeLine(line.description)
        } else {
            var table = TextTable([], alignments: [.left, .left])
            table.addRow(["version", rectifierVersion])
            table.addRow(["processor", machine.processor])
            table.addRow(["cores", "\(machine.cores), one thread each by default"])
            table.addRow(["instruction sets", machine.instructionSets.joined(separator: ", ")])
            table.addRow(["selected", machine.selectedName])
            for line in table.lines { try StandardOutput.writeLine(line) }
        }
    }
}
