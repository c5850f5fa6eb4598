import Foundation
import TestSupport
import Testing

/// What the library says of settings, with the flags that spell them, and what happens where memory ends.
@Suite struct LimitTests {
    @Test func `An error of the library says which flag to change`() throws {
        let folder = try TemporaryFolder()
        let table = "printf 'x,y\\n1,2\\n,4\\n5,6\\n' > gaps.csv; printf 'x,y\\n1,2\\n,4\\n' > one.csv; "
        let missing = try CommandRun(shell: table + "\"$RECTIFIER\" train --data gaps.csv --missing error", in: folder)
        #expect(
            missing.code == 1 && missing.errors.hasSuffix("; correct it, or leave the setting out and they are filled in (--missing)\n"),
            "\(missing.errors)")
        let single = try CommandRun(shell: "\"$RECTIFIER\" train --data one.csv --missing drop --validation 0.2", in: folder)
        #expect(single.errors.hasSuffix("hold nothing out: set validation to 0 (--validation)\n"), "\(single.errors)")
    }

    #if os(Linux)
    /// The system may give less than the machine has: that ends a run with a line, not a trace.
    @Test(arguments: [
        ("--data circle --layers 4000,4000", "fewer weights"), ("--data digits --samples 600000 --layers 8", "take fewer samples"),
        // Fits for a step, and not for a checkpoint beside it.
        ("--data circle --layers 2000,2000", "fewer weights"),
        ("--data circle --batch-size full --samples 40000 --layers 900", "smaller batch size"),
    ])
    func `Memory that the system does not give is an error`(flags: String, advice: String) throws {
        let run = try CommandRun(shell: "ulimit -v 300000; \"$RECTIFIER\" train \(flags) --epochs 1 --threads 1", in: try TemporaryFolder())
        #expect(run.code == 1 && run.errorLines.count == 1, "\(run.errors)")
        #expect(run.errors.contains(" of memory, ") && run.errors.contains(advice), "\(run.errors)")
    }

    /// Dispatch waited for threads whose stacks did not fit.
    @Test func `A run needs no thread beside its own`() throws {
        let line = "ulimit -v 140000; ulimit -s 100000; \"$RECTIFIER\" train --data circle --samples 200 --layers 8 --epochs 1 --threads"
        let alone = try CommandRun(shell: line + " 1", in: try TemporaryFolder())
        #expect(alone.code == 0, "\(alone.errors)")
        let two = try CommandRun(shell: line + " 2", in: try TemporaryFolder())
        #expect(two.code == 1 && two.errors.hasSuffix("does not give 2 threads; ask for fewer\n"), "\(two.errors)")
    }

    @Test func `A limit on files is a write error and leaves nothing`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(
            shell: "ulimit -f 1; \"$RECTIFIER\" train --data circle --samples 200 --layers 64 --epochs 1 --output model --quiet", in: folder
        )
        #expect(run.code == 1 && run.errorLines.count == 1 && run.errors.contains("File too large"), "\(run.code): \(run.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == [".stderr", ".stdout"])
    }
    #endif
}
