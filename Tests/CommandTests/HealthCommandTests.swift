import Foundation
import TestSupport
import Testing

/// A run whose units die in a moment, and one that is well.
private let sick = [
    "train", "--data", "circle", "--layers", "8,8,8,8", "--optimizer", "sgd", "--learning-rate", "1", "--batch-size", "10", "--epochs",
    "20",
    "--schedule", "constant",
]
private let well = ["train", "--data", "circle", "--layers", "16", "--epochs", "20"]

@Suite("Health on the command line")
struct HealthCommandTests {
    @Test func `Findings are events, and listed at the end`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(sick + ["--json", "--output", "a"], in: folder)
        #expect(run.code == 0)
        let objects = try run.objects()
        let found = try #require(objects.first { $0["event"] as? String == "diagnosis" })
        #expect(found["name"] as? String == "dead-units" && (found["layer"] as? String)?.hasPrefix("relu") == true)
        #expect((found["step"] as? Int ?? 0) > 0 && found["epoch"] as? Int != nil && (found["cures"] as? [String])?.isEmpty == false)
        let last = try #require(objects.last)
        #expect(last["event"] as? String == "finished")
        let listed = try #require(last["diagnoses"] as? [[String: Any]])
        #expect(listed.first?["name"] as? String == "dead-units")
        #expect(objects.contains { $0["event"] as? String == "death" && $0["cause"] as? String != nil })
        // What a page shows is beside the model; a model that is read again does not mind.
        for file in ["report.html", "report.json"] { #expect(FileManager.default.fileExists(atPath: folder.url("a/\(file)").path)) }
        #expect(try CommandRun(["inspect", "a"], in: folder).code == 0)
    }

    @Test func `--fail-on ends with code 3 and says why, with the model saved`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(sick + ["--quiet", "--fail-on", "vanishing,dead>20%", "--output", "a"], in: folder)
        #expect(run.code == 3)
        #expect(run.errorLines.count == 1 && run.errors.contains("dead>20%: "))
        #expect(try CommandRun(["inspect", "a", "--data", "circle"], in: folder).output.contains("dead"))
        #expect(try CommandRun(well + ["--quiet", "--fail-on", "any,dead>20%"], in: folder).code == 0)
        let diverged = sick + ["--learning-rate", "1000", "--quiet", "--fail-on", "diverged", "--output", "b"]
        #expect(try CommandRun(diverged, in: folder).code == 3)
        for wrong in ["dead>", "dead>200%", "nonsense", ""] {
            let run = try CommandRun(well + ["--fail-on", wrong], in: folder)
            #expect(run.code == 64 && run.errorLines.count == 1, "\(wrong)")
        }
        let blind = try CommandRun(well + ["--no-health", "--fail-on", "any"], in: folder)
        #expect(blind.code == 64 && blind.errorLines.count == 1)
    }

    @Test func `Cures are tried, and the best one is in the recipe`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(sick + ["--json", "--cure", "--cure-steps", "100", "--output", "a"], in: folder)
        #expect(run.code == 0, "\(run.errors)")
        let objects = try run.objects()
        #expect(objects.contains { $0["event"] as? String == "cure-tried" && $0["helps"] as? Bool == true })
        let cured = try #require(objects.first { $0["event"] as? String == "cured" }?["cure"] as? String)
        let recipe = try String(contentsOf: folder.url("a/recipe.json"), encoding: .utf8)
        #expect(!recipe.contains("\"learningRate\" : 1,") || recipe.contains("clipNorm") || recipe.contains("leaky"), "\(cured): \(recipe)")
        // Running the recipe again gives the cured run's weights.
        let again = try CommandRun(["train", "--recipe", "a/recipe.json", "--json", "--output", "b"], in: folder)
        let weights = try again.objects().last?["weightsSHA256"] as? String
        #expect(weights == objects.last?["weightsSHA256"] as? String)
        let text = try CommandRun(sick + ["--try-cures", "--cure-steps", "50", "--output", "c"], in: folder)
        #expect(text.output.contains("helps: ") && text.outputLines.allSatisfy { $0.count <= 80 })
    }

    @Test func `A run that diverges leaves its last finite weights and a report`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(sick + ["--learning-rate", "1000", "--json", "--output", "a"], in: folder)
        #expect(run.code == 1 && run.errorLines.count == 1)
        let step = try #require(run.errors.firstMatch(of: /a holds the last finite weights, of step ([0-9]+)/).flatMap { Int($0.1) })
        let found = try #require(run.objects().first { $0["name"] as? String == "diverged" })
        #expect(found["step"] as? Int == step + 1)
        #expect(try CommandRun(["evaluate", "a"], in: folder).code == 0)
        #expect(FileManager.default.fileExists(atPath: folder.url("a/report.html").path))
    }

    @Test func `Columns are called by their names, and dead units are told apart by whether they may reopen`() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<60).map { "\($0 % 7),5,\($0 % 2 == 0 ? "red" : "blue"),\($0 % 3 == 0 ? "yes" : "no")" }
        try folder.write((["age,same,colour,answer"] + rows).joined(separator: "\n"), to: "data.csv")
        // A constant column is an input only where it is asked for.
        let run = try CommandRun(
            ["train", "--data", "data.csv", "--features", "age,same,colour", "--epochs", "2", "--json", "--output", "a"], in: folder)
        let found = try #require(run.objects().first { $0["name"] as? String == "constant-inputs" }, "\(run.errors)")
        #expect(found["sentence"] as? String == "column \"same\" is the same for all samples")

        let last = try #require(try CommandRun(sick + ["--json", "--weight-decay", "0"], in: folder).objects().last)
        let units = try #require((last["health"] as? [String: Any])?["units"] as? [[String: Any]])
        let dead = units.map { $0["dead"] as? Int ?? 0 }, mayReopen = units.map { $0["mayReopen"] as? Int ?? -1 }
        #expect(dead.reduce(0, +) > 0 && mayReopen[0] == 0 && zip(mayReopen, dead).allSatisfy { 0...$1 ~= $0 })
    }

    @Test func `Who does not look finds nothing`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(sick + ["--json", "--no-health", "--output", "a"], in: folder)
        let last = try #require(try run.objects().last)
        #expect(last["diagnoses"] == nil && last["health"] == nil)
        let looked = try CommandRun(sick + ["--json", "--output", "b"], in: folder)
        #expect(try looked.objects().last?["weightsSHA256"] as? String == last["weightsSHA256"] as? String)
    }
}
