import Foundation
import TestSupport
import Testing

@Suite("rectifier check")
struct CheckCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(withModelOf: 100, layers: "6", epochs: 2) }

    @Test func `A model and its recipe pass, as text and as JSON`() throws {
        for path in ["model", "model/recipe.json"] {
            let text = try CommandRun(["check", path], in: folder)
            #expect(text.code == 0 && text.errors.isEmpty)
            #expect(text.output.hasPrefix("\(path): 8 samples of circle, float64\n"))
            #expect(text.outputLines.contains { $0.hasPrefix("dense2  weights, bias  loss ") && $0.hasSuffix(" ok") })
            #expect(text.outputLines.last?.hasPrefix("the gradient is right: ") == true)
            let object = try #require(
                try CommandRun(["check", path, "--json", "--samples", "3", "--seed", "5"], in: folder).objects().first)
            #expect(object["passes"] as? Bool == true && object["samples"] as? Int == 3)
            let rows = try #require(object["derivatives"] as? [[String: Any]])
            #expect(rows.count > 10)
            for row in rows {
                let (difference, bound) = (try #require(row["difference"] as? Double), try #require(row["bound"] as? Double))
                #expect(difference <= bound)
            }
        }
    }

    @Test func `Another seed takes another direction, the same one the same`() throws {
        func output(_ seed: String) throws -> String { try CommandRun(["check", "model", "--seed", seed], in: folder).output }
        let first = try output("1")
        #expect(try output("1") == first)
        #expect(try output("2") != first)
    }

    /// Where the data are gone, numbers are drawn, and that is said.
    @Test func `A model whose data are gone is checked at random numbers`() throws {
        let table = "a,b,y\n" + (0..<40).map { "\($0 % 7),\($0 * $0 % 11),\($0 % 5).5\n" }.joined()
        try folder.write(table, to: "table.csv")
        let run = try CommandRun(["train", "--data", "table.csv", "--epochs", "1", "--output", "other", "--quiet"], in: folder)
        #expect(run.code == 0)
        try FileManager.default.removeItem(atPath: folder.path("table.csv"))
        let check = try CommandRun(["check", "other"], in: folder)
        #expect(check.code == 0 && check.output.contains("random numbers"))
        let recipe = try CommandRun(["check", "other/recipe.json"], in: folder)
        #expect(recipe.code == 1 && recipe.errors.contains("table.csv"))
    }

    @Test func `Mistakes are one line`() throws {
        for (arguments, code) in [(["check", "nothing"], Int32(1)), (["check"], 64), (["check", "model", "--samples", "0"], 64)] {
            let run = try CommandRun(arguments, in: folder)
            #expect(run.code == code && run.output.isEmpty && run.errorLines.count == 1)
        }
        let help = try CommandRun(["check", "--help"], in: folder)
        #expect(help.code == 0 && help.outputLines.allSatisfy { $0.count <= 80 })
    }
}
