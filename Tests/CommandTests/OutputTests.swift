import Foundation
import TestSupport
import Testing

/// What stands at `--output` before a run, and what of it stays.
@Suite("The output of train")
struct OutputTests {
    private let folder: TemporaryFolder
    private let train = ["train", "--data", "circle", "--samples", "60", "--layers", "4", "--output", "model", "--json"]

    init() throws { folder = try TemporaryFolder() }

    private func sum(_ run: CommandRun) throws -> String? { try run.objects().last?["weightsSHA256"] as? String }
    private func savedSum() throws -> String? { try sum(CommandRun(["inspect", "model", "--json"], in: folder)) }

    @Test func `Another recipe's model is replaced only with --overwrite`() throws {
        let first = try sum(CommandRun(train + ["--epochs", "2"], in: folder))
        #expect(try CommandRun(train + ["--epochs", "2", "--threads", "1"], in: folder).code == 0, "the same recipe may")
        let refused = try CommandRun(train + ["--epochs", "3"], in: folder)
        #expect(refused.code == 1 && refused.output.isEmpty)
        #expect(refused.errorLines.count == 1)
        #expect(refused.errors.contains("model: holds the model of another recipe; choose another output, or overwrite it (--overwrite)"))
        #expect(try savedSum() == first)
        let run = try CommandRun(train + ["--epochs", "3", "--overwrite"], in: folder)
        #expect(run.code == 0)
        #expect(try savedSum() == sum(run))
        #expect(try CommandRun(["train", "--resume", "model", "--overwrite"], in: folder).code == 64)
    }

    @Test func `A run that diverges leaves the old model, and on a new output one that says what it is`() throws {
        let old = try sum(CommandRun(train + ["--epochs", "2"], in: folder))
        let diverging = ["--epochs", "2", "--optimizer", "sgd", "--learning-rate", "1e30"]
        #expect(try CommandRun(train + diverging + ["--overwrite"], in: folder).code == 1)
        #expect(try savedSum() == old)
        #expect(try CommandRun(["evaluate", "model"], in: folder).errors.isEmpty)

        try FileManager.default.removeItem(at: folder.url("model"))
        #expect(try CommandRun(train + diverging, in: folder).code == 1)
        let run = try CommandRun(["inspect", "model"], in: folder)
        #expect(run.code == 0)
        #expect(run.errors == "rectifier: note: model: the model's run has not finished an epoch\n")
        // Its last finite weights may be too large for anything else, which is an error and no crash.
        for arguments in [["evaluate", "model"], ["predict", "model", "--data", "circle"]] {
            #expect([0, 1].contains(try CommandRun(arguments, in: folder).code))
        }
        #expect(try CommandRun(["train", "--resume", "model"], in: folder).output.contains("the run diverged"))
        // Nothing is lost with it, so the next attempt needs no flag.
        #expect(try CommandRun(train + ["--epochs", "2"], in: folder).code == 0)
        #expect(try folder.content == ["model"])
    }

    @Test func `A second run on the same output is refused, and readers beside the first are not`() throws {
        let endless = train.dropLast() + ["--epochs", "1000000"]
        let run = try CommandRun(Array(endless), in: folder) { process in
            let limit = Date(timeIntervalSinceNow: 60)
            while try !folder.read(".stdout").contains("epoch "), process.isRunning, Date() < limit { usleep(20_000) }
            let other = try TemporaryFolder()
            let second = try CommandRun(
                train.map { $0 == "model" ? folder.path("model") : $0 } + ["--overwrite"], in: other)
            #expect(second.code == 1 && second.output.isEmpty)
            #expect(second.errorLines.count == 1 && second.errors.contains("another run is writing there"))
            #expect(try CommandRun(["inspect", folder.path("model")], in: other).code == 0)
            kill(process.processIdentifier, SIGINT)
        }
        #expect(run.code == 130)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == [".stderr", ".stdout", "model"])
    }

    @Test func `A run stopped in its first epoch says that the old model is still there`() throws {
        let old = try sum(CommandRun(train + ["--epochs", "1"], in: folder))
        let long = ["train", "--data", "digits", "--samples", "60000", "--layers", "512,512", "--output", "model", "--overwrite"]
        let run = try CommandRun(long, in: folder) { process in
            let limit = Date(timeIntervalSinceNow: 60)
            while try !folder.read(".stdout").contains("machine"), process.isRunning, Date() < limit { usleep(20_000) }
            kill(process.processIdentifier, SIGINT)
        }
        #expect(run.code == 130)
        #expect(run.output.contains("not saved") && run.output.contains("model still holds the model that was there"))
        #expect(!run.output.contains("resume with"))
        #expect(try savedSum() == old)
    }
}
