import Rectifier
import Testing

@testable import RectifierStudies

@Suite("The best of many trials")
struct TuningReportTests {
    /// A search in which trial 1 is better by 2 standard errors, part by part, and the others are much worse.
    private static func report(trials: Int) -> TuningReport {
        var results = (0..<trials).map { TuningReport.Result(trial: $0, rung: 2, changes: [:], epochsInAll: 9) }
        for trial in results.indices { results[trial].costs = [5, 5, 5] }
        results[0].costs = [1, 1, 1]
        // Gains of 0.1, 0.2 and 0.3 have the mean 0.2 and the standard error 0.1 / √3; shifted to a mean of 2 errors.
        let shift = 2 * 0.1 / 3.0.squareRoot() - 0.2
        results[1].costs = [0.1, 0.2, 0.3].map { 1 - $0 - shift }
        return TuningReport(
            recipe: Recipe(), results: results, folds: 3, rows: 9, limit: .trials(trials), seconds: 1, wasStopped: false)
    }

    @Test func `A gain that convinces of one trial does not of the best of many`() {
        #expect(Self.report(trials: 2).margin == 1)
        #expect(Self.report(trials: 2).best?.trial == 1)
        #expect(abs(Self.report(trials: 28).margin - (2 * 3.295836866004329).squareRoot()) < 1e-12)
        #expect(Self.report(trials: 28).best?.trial == 0)
    }
}
