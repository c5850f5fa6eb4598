import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("The page of inspect")
struct InspectPageTests {
    private func run(_ arguments: String, in folder: TemporaryFolder) throws -> CommandRun {
        try CommandRun(arguments.split(separator: " ").map(String.init), in: folder)
    }

    @Test func `Shows filters, a sample and what layers make of it`() throws {
        let folder = try TemporaryFolder()
        try folder.makeColourImages(40)
        let train = ["train", "--data", "images", "--network", "conv 20 3x3, relu, maxpool 4, dense 10", "--epochs", "1", "--output", "m"]
        #expect(try CommandRun(train + ["--quiet"], in: folder).code == 0)
        let found = try run("inspect m --data images --report page.html --sample 7", in: folder)
        #expect(found.code == 0 && found.outputLines.last == "report: page.html", "\(found.errors)")
        let page = try folder.read("page.html")
        let parser = XMLParser(data: Data(page.utf8))
        #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "") line \(parser.lineNumber)")
        for says in [
            "Filters of conv1", "Sample 7", "What relu1 gives", "What maxpool1 gives", "closed: 0", "The first 16 of 20 are drawn.",
            "Units on the data", "conv1.weights",
        ] { #expect(page.contains(says), "\(says)") }
        // 20 filters, a sample, 16 channels of three layers; a scale for each of the five, and the colour of 0 for two.
        #expect(page.components(separatedBy: "data:image/png;base64,").count - 1 == 20 + 1 + 3 * 16 + 5 + 2)
        let asked = page.replacing(/href="data:image\/png;base64,[A-Za-z0-9+\/=]+"/, with: "")
        for outside in ["<script", "http", "src=", "href=", "url(", "NaN"] { #expect(!asked.contains(outside), "\(outside)") }

        // Without data the filters alone; without images neither.
        #expect(try run("inspect m --report filters.html --json", in: folder).objects().count == 1)
        let filters = try folder.read("filters.html")
        #expect(filters.contains("Filters of conv1") && !filters.contains("What relu1 gives"))
        #expect(try run("train --data circle --samples 50 --layers 4 --epochs 1 --output flat --quiet", in: folder).code == 0)
        #expect(try run("inspect flat --data circle --report flat.html", in: folder).code == 0)
        let flat = try folder.read("flat.html")
        #expect(flat.contains("dense1.weights") && !flat.contains("data:image"))
    }

    @Test func `Names what is wrong`() throws {
        let folder = try TemporaryFolder()
        try folder.makeColourImages(20)
        let train = ["train", "--data", "images", "--network", "conv 2 3x3, relu, maxpool 8, dense 10", "--epochs", "1", "--output", "m"]
        #expect(try CommandRun(train + ["--quiet"], in: folder).code == 0)
        for (arguments, code, says) in [
            ("m --data images --sample 1", Int32(64), "--report"), ("m --report a.html --sample 1", 64, "--data"),
            ("m --data images --report a.html --sample 20", 1, "sample 20"),
            ("m --data images --report a.html --sample -1", 1, "sample -1"),
            ("m --report a.pdf", 64, "a.pdf"), ("m --report nowhere/a.html", 1, "nowhere"),
            ("m/recipe.json --report a.html", 64, "--report"),
        ] {
            let run = try run("inspect \(arguments)", in: folder)
            #expect(run.code == code && run.errorLines.count == 1 && run.errors.contains(says), "\(arguments): \(run.code) \(run.errors)")
        }
        #expect(try folder.content == ["images", "m"])
    }
}
