import Foundation
import TestSupport
import Testing

/// Standard streams as service managers, full disks and readers that leave them.
@Suite struct StreamTests {
    /// Each ended in a trap.
    @Test(arguments: ["2>/dev/full", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>&1 | true"])
    func `Nobody needs to read what is said on standard error`(streams: String) throws {
        guard !streams.contains("/dev/full") || FileManager.default.fileExists(atPath: "/dev/full") else { return }
        let folder = try TemporaryFolder()
        for (command, code) in [("inspect nothere", 1), ("train --no-such-flag", 64), ("train --data circle --resume nothere", 1)] {
            let run = try CommandRun(shell: "{ \"$RECTIFIER\" \(command); echo $? > code; } \(streams)", in: folder)
            #expect(try folder.read("code") == "\(code)\n", "\(command) \(streams): \(run.errors)")
        }
    }

    @Test func `A note that nobody can read stops no run`() throws {
        let folder = try TemporaryFolder()
        try folder.write("name,x,y\n" + (0..<40).map { "n\($0),\($0),\($0 * 2 % 7)" }.joined(separator: "\n") + "\n", to: "t.csv")
        let run = try CommandRun(
            shell: "\"$RECTIFIER\" train --data t.csv --task regression --epochs 1 --json 2>&-", in: folder)
        #expect(run.code == 0 && run.outputLines.count == 2, "\(run.code)")
    }

    @Test func `Closed standard output is an error before anything is done`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(shell: "\"$RECTIFIER\" train --data circle --samples 200 --epochs 1 --output model >&-", in: folder)
        #expect(run.code == 1 && run.errors == "rectifier: error: standard output is closed; send it to a file or to /dev/null\n")
        #expect(try folder.content.isEmpty)
        let quiet = try CommandRun(
            shell: "\"$RECTIFIER\" train --data circle --samples 200 --epochs 1 --output model --quiet <&- >&- 2>&-", in: folder)
        #expect(quiet.code == 0)
        #expect(try folder.content == ["model"])
    }

    /// The number of a stream that was closed went to the first file that was opened.
    @Test func `A closed stream does not become a file that is opened`() throws {
        let folder = try TemporaryFolder()
        let table = "x,y\n" + (0..<40).map { "\($0),\($0 * 2 % 7)" }.joined(separator: "\n") + "\n"
        try folder.write(table, to: "t.csv")
        let train = "\"$RECTIFIER\" train --data t.csv --task regression --epochs 1 --quiet --output"
        let open = try CommandRun(shell: "\(train) a", in: folder), closed = try CommandRun(shell: "\(train) b <&- >&- 2>&-", in: folder)
        #expect(open.code == 0 && closed.code == 0)
        #expect(try folder.read("t.csv") == table)
        #expect(try Data(contentsOf: folder.url("a/weights.safetensors")) == Data(contentsOf: folder.url("b/weights.safetensors")))
    }
}
