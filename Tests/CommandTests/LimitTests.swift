import TestSupport
import Testing

/// What the library says of settings, with the flags that spell them, and what happens where memory ends.
@Suite struct LimitTests {
    @Test func `An error of the library says which flag to change`() throws {
        let folder = try TemporaryFolder()
        let table = "printf 'x,y\\n1,2\\n,4\\n5,6\\n' > gaps.csv; printf 'x,y\\n1,2\\n' > one.csv; "
        let missing = try CommandRun(shell: table + "\"$RECTIFIER\" train --data gaps.csv", in: folder)
        #expect(missing.code == 1 && missing.errors.hasSuffix("; set missing to mean or drop (--missing)\n"), "\(missing.errors)")
        let single = try CommandRun(shell: "\"$RECTIFIER\" train --data one.csv", in: folder)
        #expect(single.errors.hasSuffix("hold nothing out: set validation to 0 (--validation)\n"), "\(single.errors)")
    }

    #if os(Linux)
    /// The system may give less than the machine has: that ends a run with a line, not a trace.
    @Test(arguments: [
        ("--data circle --layers 4000,4000", "fewer weights"), ("--data digits --samples 600000 --layers 8", "take fewer samples"),
    ])
    func `Memory that the system does not give is an error`(flags: String, advice: String) throws {
        let run = try CommandRun(shell: "ulimit -v 400000; \"$RECTIFIER\" train \(flags) --epochs 1 --threads 1", in: try TemporaryFolder())
        #expect(run.code == 1 && run.errorLines.count == 1, "\(run.errors)")
        #expect(run.errors.contains("of memory, which the system does not give; ") && run.errors.contains(advice), "\(run.errors)")
    }
    #endif
}
