import Foundation
import TestSupport
import Testing

@Suite("Reports of resumed runs")
struct ResumedReportTests {
    private let digits = [
        "train", "--data", "digits", "--samples", "1000", "--layers", "48,48", "--learning-rate", "0.03", "--batch-size", "32", "--seed",
        "3", "--sharpness", "--json",
    ]

    /// Killed behind a checkpoint, in the middle of whatever it does: what is known of epochs before comes from there.
    @Test func `A run that is killed and resumed has the report of one that is not`() throws {
        let folder = try TemporaryFolder()
        let recipe = digits + ["--epochs", "120"]
        #expect(try CommandRun(recipe + ["--output", "whole"], in: folder).code == 0)
        let checkpoint = folder.url("killed/checkpoint.json")
        let killed = try CommandRun(recipe + ["--output", "killed"], in: folder) { process in
            // The first checkpoint is written before the first step.
            while process.isRunning, (try? epochsDone(checkpoint)) ?? 0 == 0 { usleep(20_000) }
            kill(process.processIdentifier, SIGKILL)
        }
        #expect(killed.code == 128 + SIGKILL)
        #expect(try (1..<120).contains(epochsDone(checkpoint)))
        #expect(!FileManager.default.fileExists(atPath: folder.path("killed/report.json")))
        let resumed = try CommandRun(["train", "--resume", "killed", "--sharpness", "--json"], in: folder)
        #expect(resumed.code == 0, "\(resumed.errors)")
        for file in ["report.json", "report.html"] {
            let isSame = try folder.read("killed/\(file)") == folder.read("whole/\(file)")
            #expect(isSame, "\(file) differs")
        }
    }

    private func epochsDone(_ checkpoint: URL) throws -> Int {
        let fields = try JSONSerialization.jsonObject(with: Data(contentsOf: checkpoint)) as? [String: Any]
        let position = fields?["position"] as? [String: Any] ?? fields
        return position?["epochsDone"] as? Int ?? 0
    }
}
