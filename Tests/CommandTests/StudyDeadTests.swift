import Foundation
import TestSupport
import Testing

@testable import RectifierCommand

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("rectifier study dead")
struct StudyDeadTests {
    private let flags = ["study", "dead", "--initializations", "10", "--samples", "80", "--rates", "1,100", "--epochs", "1"]

    @Test func `Writes tables and a page that stands alone`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(flags + ["--seeds", "2", "--output", "study"], in: folder)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
        #expect(run.output.contains("2⁻ᴺ)ᴴ") && run.output.contains("Where layers can die whole: 9 hidden layers of 5 units"))
        #expect(run.outputLines.last == "tables and plots: study/dead.html")
        for line in run.outputLines { #expect(line.count <= 80, "\(line)") }

        #expect(try folder.content(of: "study") == ["born-dead.csv", "cures.csv", "dead.html", "runs.csv", "signals.csv"])
        let csv = try folder.read("study/born-dead.csv").split(separator: "\n")
        #expect(csv.count == 1 + 11 && csv[0].hasPrefix("units,hiddenLayers,networks,deadAtOneInput,share,law,standardError,"))
        #expect(try folder.read("study/signals.csv").split(separator: "\n").count == 1 + 6 * 3)
        // Two rates, four activations and two seeds; the narrow network at one rate from eight.
        #expect(try folder.read("study/runs.csv").split(separator: "\n").count == 1 + 2 * 4 * 2 + 4 * 8)

        let page = try folder.read("study/dead.html")
        let parser = XMLParser(data: Data(page.utf8))
        #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "") line \(parser.lineNumber)")
        #expect(page.components(separatedBy: "<svg").count - 1 >= 9)
        for outside in ["<script", "http", "src=", "href=", "url(", "NaN", "nan", "inf\""] {
            #expect(!page.contains(outside), "\(outside)")
        }

        // A second study replaces the first; one of another kind is left alone.
        #expect(
            try CommandRun(["study", "dead", "--initializations", "5", "--skip-training", "--output", "study", "--quiet"], in: folder).code
                == 0)
        #expect(try folder.read("study/runs.csv").split(separator: "\n").count == 1)
        let refused = try CommandRun(["study", "at-zero", "--output", "study"], in: folder)
        #expect(refused.code == 1 && refused.errorLines.count == 1 && refused.errors.contains("study"))
    }

    @Test func `JSON is one object a line, the same for any number of threads`() throws {
        let folder = try TemporaryFolder()
        let runs = try ["1", "2"].map {
            try CommandRun(flags + ["--seeds", "1", "--json", "--threads", $0, "--report", "dead.json"], in: folder)
        }
        let objects = try runs[0].objects()
        func count(_ event: String) -> Int { objects.count { $0["event"] as? String == event } }
        #expect(count("bornDead") == 11 && count("signal") == 18 && count("training") == 2 * 4 + 4 && count("cure") == 2 * 3 + 3)
        #expect(objects.count == 11 + 18 + 12 + 9 + 1 && objects.last?["event"] as? String == "finished")
        #expect(objects.last?["stopped"] as? Bool == false && objects.last?["output"] == nil)
        #expect(runs[0].outputLines.dropLast() == runs[1].outputLines.dropLast())
        #expect(try folder.content == ["dead.json"])
    }

    @Test func `Explains itself, and names what is wrong`() throws {
        let folder = try TemporaryFolder()
        let help = try CommandRun(["study", "dead", "--help"], in: folder)
        #expect(help.code == 0 && help.outputLines.allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE:") })
        for (arguments, code, says) in [
            ("--rates 1,x", Int32(64), "--rates"), ("--rates 1,1", 64, "--rates"), ("--rates 0", 64, "--rates"),
            ("--json --quiet", 64, "--json"),
            ("--skip-training --seeds 2", 64, "--seeds"), ("--samples 5 --data mnist", 64, "--samples"),
            ("--initializations 0", 1, "initializations"), ("--seeds 0", 1, "seeds"), ("--data plane", 1, "classes"),
            ("--data nowhere", 1, "nowhere"), ("--report dead.pdf", 64, "dead"),
        ] {
            let run = try CommandRun(["study", "dead"] + arguments.split(separator: " ").map(String.init), in: folder)
            #expect(run.code == code && run.errorLines.count == 1 && run.errors.contains(says), "\(arguments): \(run.code) \(run.errors)")
        }
        #expect(try folder.content.isEmpty)
    }
}
