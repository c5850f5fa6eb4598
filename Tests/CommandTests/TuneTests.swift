import Foundation
import TestSupport
import Testing

@Suite("rectifier tune")
struct TuneTests {
    private let folder: TemporaryFolder
    private let flags = ["tune", "--data", "rows.csv", "--folds", "2", "--epochs", "9", "--trials", "10"]

    init() throws {
        folder = try TemporaryFolder()
        let rows = (0..<60).map { "\($0 % 7),\($0 * 5 % 11),\(($0 % 7) * 2 - $0 * 5 % 11)" }
        try folder.write((["a,b,y"] + rows).joined(separator: "\n"), to: "rows.csv")
    }

    @Test func `Same trials, same bits, for any number of threads`() throws {
        for threads in ["1", "2"] {
            let run = try CommandRun(flags + ["--threads", threads, "--output", "by\(threads)"], in: folder)
            #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
            for line in run.outputLines { #expect(line.count <= 80, "\(line)") }
        }
        #expect(try folder.content(of: "by1") == ["recipe.json", "trials.csv", "tune.html", "tune.json"])
        let trials = try folder.read("by1/trials.csv")
        #expect(try trials == folder.read("by2/trials.csv"))
        // Ten trials, one of which is the recipe as it is.
        #expect(trials.split(separator: "\n").count == 1 + 10)
    }

    @Test func `A search that was killed goes on to the same result`() throws {
        #expect(try CommandRun(flags + ["--output", "whole", "--quiet"], in: folder).code == 0)
        let state = folder.url("killed/tune.json")
        let killed = try CommandRun(flags + ["--output", "killed", "--quiet"], in: folder) { process in
            while process.isRunning, !FileManager.default.fileExists(atPath: state.path) { usleep(500) }
            kill(process.processIdentifier, SIGKILL)
        }
        #expect(killed.code == 128 + SIGKILL, "it ended before it was killed")
        #expect(try CommandRun(flags + ["--output", "killed", "--quiet"], in: folder).code == 0)
        for file in ["recipe.json", "trials.csv"] { #expect(try folder.read("whole/\(file)") == folder.read("killed/\(file)")) }

        let other = try CommandRun(flags + ["--seed", "1", "--output", "whole"], in: folder)
        #expect(other.code == 1 && other.errors.contains("whole: holds a search of another recipe"), "\(other.errors)")
    }

    @Test func `The recipe that it writes is trained by train`() throws {
        let ranges = #"{"network": {"layers": [4]}, "tune": {"training.learningRate": {"from": 0.01, "to": 0.1, "scale": "log"}}}"#
        try folder.write(ranges, to: "ranges.json")
        let run = try CommandRun(flags + ["--recipe", "ranges.json", "--output", "found", "--json"], in: folder)
        let events = try run.objects(), trials = events.filter { $0["event"] as? String == "trial" }
        #expect(run.code == 0 && events.last?["best"] is Int, "\(run.errors)")
        for trial in trials where trial["trial"] as? Int != 0 {
            #expect((trial["settings"] as? [String: String])?.keys.sorted() == ["training.learningRate"])
        }
        let recipe = try folder.read("found/recipe.json")
        #expect(!recipe.contains("tune"))
        let training = try CommandRun(["train", "--recipe", "found/recipe.json", "--output", "model", "--quiet"], in: folder)
        #expect(training.code == 0, "\(training.errors)")
    }

    @Test(arguments: [
        (
            #""training.learningRat": [0.1]"#,
            "tune.training.learningRat of 0.1: training.learningRat: no such key; did you mean 'learningRate'?"
        ),
        (#""training.seed": [1]"#, "tune.training.seed: is not searched"),
        (#""data.source": ["x"]"#, "tune.data.source: is not searched"),
        (#""network.dropout": []"#, "tune.network.dropout: the list is empty"),
        (#""network.dropout": [0, 2]"#, "tune.network.dropout of 2: dropout must be at least 0 and below 1"),
        (#""training.learningRate": {"from": 1, "to": 0.1}"#, "\"from\" must be below \"to\""),
        (#""training.learningRate": {"from": 0, "to": 0.1, "scale": "log"}"#, "\"from\" must be above 0"),
        (#""training.learningRate": {"from": 0.1}"#, "\"from\" and \"to\" are needed"),
        (#""training.batchSize": {"from": 1, "to": 9}"#, "tune.training.batchSize of 3.96"),
        (#""training.learningRate": 3"#, "a list of values, or"),
    ])
    func `A wrong range is an error of one line`(range: String, message: String) throws {
        try folder.write("{\"tune\": {\(range)}}", to: "ranges.json")
        let run = try CommandRun(flags + ["--recipe", "ranges.json"], in: folder)
        #expect(run.code == 1 && run.errorLines.count == 1 && run.errors.contains(message), "\(run.errors)")
    }

    @Test func `Flags that say nothing sensible`() throws {
        for (flag, value, message) in [("--budget", "soon", "expected a time"), ("--budget", "0s", "expected a time")] {
            let run = try CommandRun(["tune", "--data", "rows.csv", flag, value], in: folder)
            #expect(run.code == 64 && run.errors.contains(message), "\(run.errors)")
        }
        let none = try CommandRun(["tune", "--data", "rows.csv", "--validation", "0"], in: folder)
        #expect(none.code == 1 && none.errors.contains("give a share above 0"), "\(none.errors)")
    }
}
