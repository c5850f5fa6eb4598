import Foundation
import TestSupport
import Testing

/// A run that takes a moment: a small generated set and a small network.
private let quick = ["train", "--data", "circle", "--samples", "200", "--layers", "8", "--batch-size", "20", "--epochs", "2"]

@Suite("The train command")
struct TrainTests {
    @Test func `JSON lines have their keys in order and nothing else is printed`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(quick + ["--json", "--output", "model"], in: folder)
        #expect(run.code == 0)
        #expect(run.errors.isEmpty)
        let objects = try run.objects()
        #expect(objects.count == 3)
        for line in run.outputLines.dropLast() {
            #expect(
                keys(line) == [
                    "event", "epoch", "trainLoss", "testLoss", "testAccuracy", "seconds", "samplesPerSecond", "gradients", "health",
                ])
        }
        let last = try #require(run.outputLines.last)
        #expect(
            keys(last) == [
                "event", "epochs", "testLoss", "testAccuracy", "trainSeconds", "model", "weightsSHA256", "gradients", "health", "diagnoses",
            ])
        #expect(objects.map { $0["event"] as? String } == ["epoch", "epoch", "finished"])
        #expect(objects.dropLast().map { $0["epoch"] as? Int } == [1, 2])
        #expect((objects[2]["weightsSHA256"] as? String)?.count == 64)
        #expect(objects[2]["model"] as? String == "model")
        #expect(try folder.content == ["model"])
    }

    @Test func `Without held-out data no test keys appear`() throws {
        let folder = try TemporaryFolder()
        try folder.write("x,y\n" + (0..<40).map { "\($0),\($0 * 2 % 7)" }.joined(separator: "\n") + "\n", to: "table.csv")
        let table = ["train", "--data", "table.csv", "--task", "regression", "--epochs", "2", "--json"]
        let held = try #require(try CommandRun(table, in: folder).outputLines.last)
        #expect(
            keys(held) == [
                "event", "epochs", "testLoss", "testRMSE", "testR2", "trainSeconds", "model", "weightsSHA256", "gradients", "health",
                "diagnoses",
            ])
        let run = try CommandRun(table + ["--validation", "0", "--overwrite"], in: folder)
        let last = try #require(run.outputLines.last)
        #expect(keys(last) == ["event", "epochs", "trainSeconds", "model", "weightsSHA256", "gradients", "health", "diagnoses"])
    }

    @Test func `Quiet is silent`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(quick + ["--quiet"], in: folder)
        #expect(run.code == 0)
        #expect(run.output.isEmpty && run.errors.isEmpty)
        #expect(try folder.content == ["circle.rectifier"])
    }

    @Test func `In a pipe there are plain lines, one for each epoch, and commands to paste`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(quick, in: folder, environment: ["TERM": "xterm"])
        #expect(!run.output.contains("\u{1B}") && !run.output.contains("\r"))
        #expect(run.outputLines.filter { $0.hasPrefix("epoch ") }.count == 2)
        let commands = run.output.replacing(" \\\n", with: "").split(separator: "\n").suffix(4)
        #expect(commands.allSatisfy { $0.hasPrefix("  ") })
        for command in commands {
            let next = try CommandRun(shell: String(command), in: folder)
            #expect(next.code == 0 && !next.output.isEmpty, "\(command): \(next.errors)")
        }
    }

    @Test func `The recipe a run wrote gives the same weights, and flags override it`() throws {
        let folder = try TemporaryFolder()
        func weights(_ arguments: [String]) throws -> String {
            try #require(try CommandRun(arguments + ["--json"], in: folder).objects().last?["weightsSHA256"] as? String)
        }
        let first = try weights(quick + ["--optimizer", "sgd", "--momentum", "0.9", "--seed", "7", "--output", "a"])
        #expect(try weights(["train", "--recipe", "a/recipe.json", "--output", "b"]) == first)
        #expect(try weights(["train", "--recipe", "a", "--output", "c"]) == first)
        #expect(try weights(["train", "--recipe", "a", "--seed", "8", "--output", "d"]) != first)
        #expect(try folder.read("a/recipe.json") == folder.read("b/recipe.json"))
    }

    @Test func `An output that cannot be is refused before training`() throws {
        let folder = try TemporaryFolder()
        try folder.write("mine", to: "file")
        try FileManager.default.createDirectory(atPath: folder.path("folder"), withIntermediateDirectories: true)
        try folder.write("mine", to: "folder/letter.txt")
        for output in ["file", "file/model", "folder"] {
            let run = try CommandRun(quick + ["--output", output], in: folder)
            #expect(run.code == 1)
            #expect(run.output.isEmpty)
            #expect(run.errorLines.count == 1 && run.errors.contains(output))
        }
        #expect(try folder.content == ["file", "folder"])
        #expect(try folder.read("folder/letter.txt") == "mine")
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `A signal stops the run, which is saved and can be resumed`(signal: Int32) throws {
        let folder = try TemporaryFolder()
        let endless = ["train", "--data", "circle", "--samples", "200", "--layers", "8", "--epochs", "100000", "--output", "it's a model"]
        let run = try CommandRun(endless, in: folder) { process in
            let limit = Date(timeIntervalSinceNow: 60)
            while try !folder.read(".stdout").contains("epoch "), process.isRunning, Date() < limit { usleep(20_000) }
            kill(process.processIdentifier, signal)
        }
        #expect(run.code == 130)
        let place = try #require(run.output.range(of: "resume with:\n")).upperBound
        let command = run.output[place...].replacing(" \\\n", with: "").trimmingCharacters(in: .newlines)
        let done = try #require(run.output.firstMatch(of: /interrupted after ([\d,]+) of/)).1.filter { $0 != "," }
        let epochs = try #require(Int(done)) + 2
        let resumed = try CommandRun(shell: "\(command) --epochs \(epochs) --json", in: folder)
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try resumed.objects().last?["epochs"] as? Int == epochs)
    }

    @Test func `Resuming refuses to change what was learned`() throws {
        let folder = try TemporaryFolder()
        _ = try CommandRun(quick + ["--output", "model"], in: folder)
        let run = try CommandRun(["train", "--resume", "model", "--learning-rate", "1"], in: folder)
        #expect(run.code == 64)
        #expect(run.errors.contains("--resume"))
    }

    @Test func `A reader that goes away stops the run quietly`() throws {
        let folder = try TemporaryFolder()
        let line =
            "{ \"$RECTIFIER\" train --data circle --samples 200 --layers 8 --epochs 100000 --output model; echo $? > code; } | head -n 1"
        let run = try CommandRun(shell: line, in: folder)
        #expect(run.errors.isEmpty)
        #expect(try folder.read("code") == "141\n")
        #expect(try folder.content.contains("model"))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func `A full disk behind standard output is an error`() throws {
        let run = try CommandRun(shell: "\"$RECTIFIER\" datasets > /dev/full", in: TemporaryFolder())
        #expect(run.code == 1)
        #expect(run.errorLines.count == 1 && run.errors.contains("No space left"))
    }

    @Test func `Gradients get a verdict, unless there is no census`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(quick + ["--activation", "relu", "--output", "a"], in: folder)
        let line = try #require(run.outputLines.first { $0.hasPrefix("gradients: ") })
        #expect(line.contains(/^gradients: (all [0-9,]+ exact: no step met a kink|[0-9,]+ exact; [0-9,]+ on a kink)/), "\(line)")
        let without = try CommandRun(quick + ["--activation", "relu", "--no-census", "--json", "--output", "b"], in: folder)
        let last = try #require(try without.objects().last),
            counted = try CommandRun(quick + ["--activation", "relu", "--json"], in: folder)
        #expect(last["gradients"] == nil)
        let gradients = try #require(try counted.objects().last?["gradients"] as? [String: Any])
        #expect((gradients["exact"] as? Int ?? 0) + (gradients["clarke"] as? Int ?? 0) > 0)
        #expect(last["weightsSHA256"] as? String == (try counted.objects().last?["weightsSHA256"] as? String))
    }

    /// A shell's count of bytes read holds those of the commands that it waited for.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/io")))
    func `Resuming reads each file once`() throws {
        let folder = try TemporaryFolder()
        let flags = ["--data", "circle", "--samples", "200", "--layers", "500,500", "--epochs", "1", "--quiet", "--output", "model"]
        #expect(try CommandRun(["train"] + flags, in: folder).code == 0)
        let bytes = try ["weights.safetensors", "state.safetensors", "checkpoint.json", "model.json"].reduce(0) {
            $0 + (try Data(contentsOf: folder.url("model/\($1)")).count)
        }
        let run = try CommandRun(shell: "\"$RECTIFIER\" train --resume model --epochs 2 --quiet; cat /proc/$$/io", in: folder)
        let read = try #require(run.output.firstMatch(of: /rchar: ([0-9]+)/).flatMap { Int($0.1) })
        #expect(bytes...bytes + 500_000 ~= read, "read \(read) bytes of \(bytes)")
    }

    /// The keys of a JSON object, in their order, without those of objects in it.
    private func keys(_ line: String) -> [String] {
        var flat = line.dropFirst().description
        while let inner = flat.firstMatch(of: /\{[^{}]*\}/) { flat.replaceSubrange(inner.range, with: "0") }
        return flat.matches(of: /"([A-Za-z0-9]+)":/).map { String($0.1) }
    }
}
