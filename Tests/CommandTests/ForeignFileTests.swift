import Foundation
import TestSupport
import Testing

/// Files that are no files, data that changed, and names from files on a terminal.
@Suite struct ForeignFileTests {
    private static let table = (0..<20).map { "\($0 % 5),\($0 % 2)\n" }.joined()
    private static let train = "\"$RECTIFIER\" train --epochs 1 --threads 1 --layers 2 --quiet --output model --data"

    #if os(Linux)
    /// Each within seconds, in one line.
    @Test(arguments: [
        ("mkfifo pipe; \(train) pipe", "pipe: is a pipe that nobody writes to"),
        ("\(train) /dev/zero", "/dev/zero: is a device, not a file"),
        ("\(train) /dev/null", "/dev/null: is a device, not a file"),
        ("\"$RECTIFIER\" train --recipe /dev/zero", "/dev/zero: is a device, not a file"),
        ("mkfifo pipe; \"$RECTIFIER\" inspect pipe", "pipe: is a pipe that nobody writes to"),
        ("yes | \"$RECTIFIER\" train --recipe /dev/stdin", "more than 1048576 bytes are too many for a recipe"),
        (": | \(train) /dev/stdin", "/dev/stdin: is empty"),
    ]) func `What is no file ends in a line`(line: String, says: String) throws {
        let start = ContinuousClock.now
        let run = try CommandRun(shell: line, in: TemporaryFolder())
        #expect(run.code == 1 && run.errorLines.count == 1 && run.errors.contains(says), "\(run.errors)")
        #expect(ContinuousClock.now - start < .seconds(20))
    }
    #endif

    /// What comes late comes all the same.
    @Test(arguments: [
        "cat table.csv | \(train) /dev/stdin", "\(train) /dev/stdin < table.csv", "(sleep 0.3; cat table.csv) | \(train) /dev/stdin",
        "mkfifo pipe; (sleep 0.3; cat table.csv > pipe) & \(train) pipe",
    ]) func `Pipes are read`(line: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.table, to: "table.csv")
        let run = try CommandRun(shell: line, in: folder)
        #expect(run.code == 0, "\(run.errors)")
    }

    /// Twelve images of 2 × 2 and their labels, in MNIST's form.
    private func writeImages(_ pixel: (Int) -> UInt8, label: (Int) -> UInt8 = { UInt8($0 % 2) }, in folder: TemporaryFolder) throws {
        try folder.write([0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0, 2] + (0..<48).map(pixel), to: "images-idx3-ubyte")
        try folder.write([0, 0, 8, 1, 0, 0, 0, 12] + (0..<12).map(label), to: "labels-idx1-ubyte")
    }

    @Test func `A run goes on with its own data only`() throws {
        let folder = try TemporaryFolder()
        try writeImages({ UInt8($0) }, in: folder)
        let begun = try CommandRun(shell: Self.train + " images-idx3-ubyte --validation 0", in: folder)
        #expect(begun.code == 0, "\(begun.errors)")
        let resume = "\"$RECTIFIER\" train --resume model --quiet --epochs "
        #expect(try CommandRun(shell: resume + "2", in: folder).code == 0)

        for change in 0..<2 {
            if change == 0 {
                try writeImages({ 255 - UInt8($0) }, in: folder)
            } else {
                try writeImages({ UInt8($0) }, label: { UInt8(($0 + 1) % 2) }, in: folder)
            }
            let run = try CommandRun(shell: resume + "3", in: folder)
            #expect(run.code == 1 && run.errorLines.count == 1, "\(run.errors)")
            #expect(run.errors.contains("images-idx3-ubyte: the training data is not what it was"), "\(run.errors)")
        }
        // As it was before data had digests.
        var checkpoint = try folder.read("model/checkpoint.json")
        checkpoint.replace(/"checksum" : "[0-9a-f]*",/, with: "")
        checkpoint.replace(/"data" : {[^}]*},/, with: "")
        try folder.write(checkpoint, to: "model/checkpoint.json")
        #expect(try CommandRun(shell: resume + "3", in: folder).code == 0)
    }

    @Test func `Names from a file move no cursor`() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<20).map { "\($0),\($0 % 3 == 0 ? "x\u{1b}" : "y"),\($0 % 2)\n" }
        try folder.write("\"a\u{1b}[31m\",b\u{7},c\n" + rows.joined(), to: "t.csv")
        for command in ["\(Self.train) t.csv", "\"$RECTIFIER\" inspect model", "\"$RECTIFIER\" evaluate model --data t.csv"] {
            let run = try CommandRun(shell: command, in: folder)
            #expect(run.code == 0 && !(run.output + run.errors).contains { $0 == "\u{1b}" || $0 == "\u{7}" }, "\(run.output)\(run.errors)")
        }
    }

    @Test func `What cannot be traced is refused`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(["train", "--data", "circle"], in: folder, environment: ["RECTIFIER_TRACE": "rutes"])
        #expect(run.code == 1 && run.errors.hasSuffix("RECTIFIER_TRACE can only be routes\n"), "\(run.errors)")
    }
}
