import Foundation
import TestSupport
import Testing

@Suite("Scores that commands print")
struct MetricCommandTests {
    /// A table whose feature says nothing, with one `yes` in `every` rows.
    private static func rareTable(rows: Int, every: Int) -> String {
        "x,answer\n" + (0..<rows).map { "\($0 * 7919 % 101),\($0 % every == 0 ? "yes" : "no")\n" }.joined()
    }

    private func run(_ line: String, in folder: TemporaryFolder) throws -> CommandRun {
        let run = try CommandRun(line.split(separator: " ").map(String.init), in: folder)
        #expect(run.code == 0, "\(line): \(run.errors)")
        return run
    }

    @Test func `A share of right answers that means nothing is said to mean nothing`() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.rareTable(rows: 400, every: 40), to: "rare.csv")
        let training = try run("train --data rare.csv --validation 0.2 --epochs 2 --output model", in: folder).output
        let evaluation = try run("evaluate model", in: folder).output
        for output in [training, evaluation] {
            #expect(output.contains("accuracy 97.50 % means nothing here: always saying `no` scores 97.50 %."), "\(output)")
        }
        #expect(training.contains("on held-out data: accuracy 97.50 % (trivial 97.50 %), log-loss"))
        #expect(evaluation.contains("Fewer than 30 rows, so figures are rough: `yes` (2)."))
    }

    @Test func `Numbers no better than their mean are said to be`() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<60).map { "\($0 % 2),\(Double($0 * 7919 % 101) + 0.5)\n" }
        try folder.write("x,price\n" + rows.joined(), to: "prices.csv")
        let training = try run(
            "train --data prices.csv --validation 0.2 --epochs 200 --learning-rate 0.5 --layers 64,64 --output model", in: folder
        ).output
        #expect(training.contains("means nothing here: always saying the training mean scores"), "\(training)")
    }

    @Test func `JSON has all scores by their names, with intervals and the trivial model's`() throws {
        let folder = try TemporaryFolder(withModelOf: 200, layers: "8", epochs: 3)
        let first = try run("evaluate model --json", in: folder)
        let object = try #require(try first.objects().first)
        let intervals = try #require(object["intervals"] as? [String: [Double]]),
            trivial = try #require(object["trivial"] as? [String: Double])
        let names = [
            "accuracy", "balanced_accuracy", "log_loss", "brier_score_loss", "expected_calibration_error", "f1_macro", "roc_auc",
            "average_precision",
        ]
        for name in names {
            #expect(object[name] is Double, "\(name)")
            let interval = try #require(intervals[name])
            #expect(interval.count == 2 && interval[0] < interval[1] && trivial[name] != nil, "\(name)")
        }
        let classes = try #require(object["perClass"] as? [[String: Any]])
        #expect(classes.count == 2 && classes.allSatisfy { $0["recall"] is Double && $0["samples"] is Int })
        #expect(try run("evaluate model --json --threads 1", in: folder).output == first.output)
    }
}
