import Foundation
import TestSupport
import Testing

@testable import RectifierCommand

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("rectifier study at-zero")
struct StudyTests {
    /// A folder with 120 images of 6×6.
    private func makeImages(in folder: TemporaryFolder) throws {
        func header(_ numbers: [UInt32]) -> Data {
            Data(numbers.flatMap { n in (0..<4).map { UInt8(truncatingIfNeeded: n >> (24 - 8 * $0)) } })
        }
        try FileManager.default.createDirectory(at: folder.url("data"), withIntermediateDirectories: true)
        let pixels = (0..<120 * 36).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        try (header([0x803, 120, 6, 6]) + Data(pixels)).write(to: folder.url("data/train-images-idx3-ubyte"))
        try (header([0x801, 120]) + Data((0..<120).map { UInt8($0 % 3) })).write(
            to: folder.url("data/train-labels-idx1-ubyte"))
    }

    private let flags = [
        "study", "at-zero", "--data", "data", "--networks", "2", "--depths", "1,2", "--widths", "4,256", "--batch-sizes", "16", "--epochs",
        "1",
        "--seeds", "2",
    ]

    @Test func `Writes tables and a page that stands alone`() throws {
        let folder = try TemporaryFolder()
        try makeImages(in: folder)
        let run = try CommandRun(flags + ["--output", "study"], in: folder)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
        #expect(run.output.contains("bit-identical in all 2"))
        #expect(run.outputLines.last == "tables and plots: study/at-zero.html")

        let csv = try folder.read("study/networks.csv").split(separator: "\n")
        // Two depths, two widths, a batch size; three precisions.
        #expect(csv.count == 1 + 5 * 3)
        #expect(try folder.read("study/training.csv").split(separator: "\n").count == 1 + 5 * 2)

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
        try makeImages(in: folder)
        let objects = try CommandRun(flags + ["--json"], in: folder).objects()
        #expect(objects.filter { $0["event"] as? String == "networks" }.count == 15)
        #expect(objects.filter { $0["event"] as? String == "training" }.count == 5)
        #expect(objects.last?["event"] as? String == "finished")
        #expect(objects.last?["output"] as? String == "at-zero")
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

    @Test func `A chart draws what it is given, inside its frame`() throws {
        var chart = SVGChart(
            title: "a < b & c", xLabel: "x", yLabel: "y", categories: ["one", "two"], range: 0...1, ticks: [(0, "0"), (1, "1")],
            series: [
                .init(name: "dots", mark: .dot, color: 0, points: [.init(0.5, 0.25...0.75), nil]),
                .init(name: "line", mark: .line, color: 1, points: [.init(0), .init(7)]),
            ])
        #expect(XMLParser(data: Data(chart.svg.utf8)).parse())
        #expect(chart.svg.contains("a &lt; b &amp; c"))
        #expect(chart.svg.components(separatedBy: "<circle").count == 2)
        // 7 is drawn at the top of the range.
        let line = try #require(chart.svg.firstMatch(of: /polyline class="mark open faint" points="[\d.]+,([\d.]+) [\d.]+,([\d.]+)"/))
        #expect(line.2 == "34.0")
        chart.scale = .logarithmic
        chart.range = 0.1...10
        chart.series = [.init(name: "bars", mark: .bar, color: 0, points: [.init(1), .init(0)])]
        // Halfway up, and at the bottom.
        let heights = chart.svg.matches(of: /height="([\d.]+)"\/>/).map { String($0.1) }
        #expect(heights == ["120.0", "0.0"])
    }
}
