import ArgumentParser
import Rectifier
import RectifierReports

/// `rectifier info`
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show this machine as Rectifier sees it.",
        discussion: """
            RECTIFIER_ISA=reference|baseline|avx2|avx512|avx512bf16|neon chooses an instruction set. RECTIFIER_ZEROS=multiply|skip|density
            says what products do about zeros: multiply by them, skip them, or, by default, skip them where they are many enough. No result
            changes.
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
