import Foundation
import TestSupport
import Testing

@testable import RectifierCommand

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("rectifier study at-zero")
struct StudyTests {
    private let flags = [
        "study", "at-zero", "--data", "data", "--networks", "2", "--depths", "1,2", "--widths", "4,256", "--batch-sizes", "16", "--epochs",
        "1",
        "--seeds", "2",
    ]

    @Test func `Writes tables and a page that stands alone`() throws {
        let folder = try TemporaryFolder()
        try folder.makeImages()
        let run = try CommandRun(flags + ["--output", "study"], in: folder)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
        #expect(run.output.contains("bit-identical in all 2"))
        #expect(run.outputLines.last == "tables and plots: study/at-zero.html")
        #expect(run.outputLines.allSatisfy { $0.count <= 80 })

        let csv = try folder.read("study/networks.csv").split(separator: "\n")
        // Two depths, two widths, a batch size; three precisions.
        #expect(csv.count == 1 + 5 * 3)
        #expect(csv[0].hasPrefix("sweep,value,bits,hiddenLayers,units,batchSize,samples,networks,chainRuleFirstLayer,"))
        #expect(csv.allSatisfy { $0.filter { $0 == "," }.count == 21 })
        #expect(try folder.read("study/zero-biases.csv").split(separator: "\n").count == 1 + 2)
        let training = try folder.read("study/training.csv").split(separator: "\n")
        #expect(training.count == 1 + 5 * 2 && training[0] == "derivative,mode,run,accuracy,weightsSHA256")
        #expect(try folder.content(of: "study") == ["at-zero.html", "networks.csv", "training.csv", "zero-biases.csv"])

        let page = try folder.read("study/at-zero.html")
        let parser = XMLParser(data: Data(page.utf8))
        #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "") line \(parser.lineNumber)")
        #expect(page.components(separatedBy: "<svg").count - 1 >= 5)
        for outside in ["<script", "http", "src=", "href=", "url(", "NaN", "nan", "inf\""] {
            #expect(!page.contains(outside), "\(outside)")
        }
        #expect(page.contains("prefers-color-scheme: dark"))

        // A second study replaces the first; another folder is left alone.
        #expect(try CommandRun(Array(flags.dropLast(4)) + ["--output", "study", "--skip-training", "--quiet"], in: folder).code == 0)
        #expect(try folder.read("study/training.csv").split(separator: "\n").count == 1)
        let refused = try CommandRun(flags + ["--output", "data"], in: folder)
        #expect(refused.code == 1 && refused.errors.contains("data"))
    }

    @Test func `JSON is one object a line`() throws {
        let folder = try TemporaryFolder()
        try folder.makeImages()
        let objects = try CommandRun(flags + ["--json"], in: folder).objects()
        #expect(objects.filter { $0["event"] as? String == "networks" }.count == 15)
        #expect(objects.filter { $0["event"] as? String == "training" }.count == 5)
        #expect(objects.last?["event"] as? String == "finished")
        #expect(objects.last?["output"] as? String == "at-zero")
    }

    @Test func `A report is written where it is asked for, and nothing else is`() throws {
        let folder = try TemporaryFolder()
        try folder.makeImages()
        let flags = Array(flags.dropLast(4)) + ["--skip-training"]
        #expect(try CommandRun(flags + ["--report", "study.json"], in: folder).outputLines.last == "tables and plots: study.json")
        let object = try JSONSerialization.jsonObject(with: Data(folder.read("study.json").utf8)) as? [String: Any]
        let tables = try #require(object?["tables"] as? [[String: Any]])
        #expect((tables.first?["rows"] as? [Any])?.count == 5 * 3)
        let csv = try CommandRun(flags + ["--report", "study.csv"], in: folder)
        #expect(csv.output.contains("study-networks.csv"))
        #expect(try folder.content == ["data", "study-networks.csv", "study-training.csv", "study-zero-biases.csv", "study.json"])
        for (file, code) in [("study.pdf", Int32(64)), ("nowhere/study.html", 1)] {
            let refused = try CommandRun(flags + ["--report", file], in: folder)
            #expect(refused.code == code && refused.errorLines.count == 1 && refused.errors.contains("study"), "\(refused.errors)")
        }
    }

    @Test func `Explains itself, and names what is wrong`() throws {
        let folder = try TemporaryFolder()
        let help = try CommandRun(["study", "at-zero", "--help"], in: folder)
        #expect(help.code == 0 && help.outputLines.allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE:") })
        for (arguments, code, says) in [
            ("--precisions 8", Int32(64), "--precisions"), ("--depths 1,x", 64, "--depths"), ("--json --quiet", 64, "--json"),
            ("--skip-training --seeds 2", 64, "--seeds"),
            ("--networks 0", 1, "networks"), ("--data circle", 1, "byte images"), ("--data nowhere", 1, "nowhere"),
        ] {
            let run = try CommandRun(["study", "at-zero"] + arguments.split(separator: " ").map(String.init), in: folder)
            #expect(run.code == code && run.errorLines.count == 1 && run.errors.contains(says), "\(arguments): \(run.errors)")
        }
        #expect(try folder.content.isEmpty)
    }
}

extension TemporaryFolder {
    /// The folder `data` with 120 images of 6×6.
    func makeImages() throws {
        func header(_ numbers: [UInt32]) -> Data {
            Data(numbers.flatMap { n in (0..<4).map { UInt8(truncatingIfNeeded: n >> (24 - 8 * $0)) } })
        }
        try FileManager.default.createDirectory(at: url("data"), withIntermediateDirectories: true)
        let pixels = (0..<120 * 36).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        try (header([0x803, 120, 6, 6]) + Data(pixels)).write(to: url("data/train-images-idx3-ubyte"))
        try (header([0x801, 120]) + Data((0..<120).map { UInt8($0 % 3) })).write(
            to: url("data/train-labels-idx1-ubyte"))
    }
}
