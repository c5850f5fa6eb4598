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
        let maps = [
            "train", "--data", "images", "--network", "conv 20 3x3, relu, maxpool 4, conv 4 3x3, tanh, dense 10", "--epochs", "1",
            "--output",
            "maps", "--quiet",
        ]
        let speed = [
            "study", "relu-vs-tanh", "--data", "images", "--channels", "2,2,2", "--rates", "0.01,0.02", "--epochs", "4", "--seeds", "2",
            "--error", "0.8", "--quiet",
        ]
        try folder.makeImages()
        try folder.makeColourImages(60)
        let inspected = ["inspect", "maps", "--data", "images", "--report", "maps.html"]
        for flags in [sick, well, dead, zero, speed, maps, inspected] {
            let run = try CommandRun(flags, in: folder)
            #expect(run.code == 0, "\(run.errors)")
        }
        let pages = try [
            "sick/report.html", "well/report.html", "dead/dead.html", "at-zero/at-zero.html", "relu-vs-tanh/relu-vs-tanh.html", "maps.html",
        ].map(folder.read)
        #expect(pages[0].contains("Dead units in relu"))
        #expect(try #require(Browser.installed).problems(of: pages, labels: 20) == [])
    }
}
