import TestSupport
import Testing

@Suite("Pages in a browser", .enabled(if: Browser.installed != nil, "there is no Chromium"))
struct PageTests {
    @Test func `Reports of runs and studies ask nobody for anything and fit a telephone`() throws {
        let folder = try TemporaryFolder()
        let sick = [
            "train", "--data", "circle", "--layers", "8,8,8,8,8,8", "--optimizer", "sgd", "--learning-rate", "1", "--batch-size", "10",
            "--epochs", "20", "--schedule", "constant", "--try-cures", "--cure-steps", "20", "--sharpness", "--output", "sick", "--quiet",
        ]
        let well = ["train", "--data", "digits", "--samples", "300", "--layers", "16", "--epochs", "4", "--output", "well", "--quiet"]
        let dead = [
            "study", "dead", "--initializations", "20", "--samples", "80", "--epochs", "1", "--seeds", "1", "--rates", "1,100", "--quiet",
        ]
        let zero = ["study", "at-zero", "--data", "data", "--networks", "2", "--skip-training", "--quiet"]
        try folder.makeImages()
        for flags in [sick, well, dead, zero] {
            let run = try CommandRun(flags, in: folder)
            #expect(run.code == 0, "\(run.errors)")
        }
        let pages = try ["sick/report.html", "well/report.html", "dead/dead.html", "at-zero/at-zero.html"].map(folder.read)
        #expect(pages[0].contains("Dead units in relu"))
        #expect(try #require(Browser.installed).problems(of: pages, labels: 20) == [])
    }
}
