import Foundation
import TestSupport
import Testing

@testable import RectifierCommand

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("rectifier study relu-vs-tanh")
struct StudyReLUTanhTests {
    private let flags = [
        "study", "relu-vs-tanh", "--data", "images", "--images", "50", "--channels", "2,2,2", "--batch-size", "10", "--rates", "0.01,0.02",
        "--error", "0.6", "--epochs", "12",
    ]

    @Test func `Writes tables and a page that stands alone`() throws {
        let folder = try TemporaryFolder()
        try folder.makeColourImages(100)
        let run = try CommandRun(flags + ["--seeds", "2", "--output", "study"], in: folder)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
        #expect(run.output.contains("60 % training error") && run.output.contains("The paper says six times"))
        #expect(
            run.output.contains("50 of 100 images of 32×32×3") && run.output.contains("relu at 0.0") && run.output.contains("tanh at 0.0"))
        #expect(run.outputLines.last == "tables and plots: study/relu-vs-tanh.html")
        for line in run.outputLines { #expect(line.count <= 80, "\(line)") }

        #expect(try folder.content(of: "study") == ["epochs.csv", "rates.csv", "relu-vs-tanh.html", "seeds.csv"])
        let seeds = try folder.read("study/seeds.csv").split(separator: "\n")
        #expect(seeds.count == 1 + 2 && seeds[0] == "seed,reluEpochs,tanhEpochs,reluSeconds,tanhSeconds")
        #expect(try folder.read("study/rates.csv").split(separator: "\n").count == 1 + 2 * 2)
        #expect(try folder.read("study/epochs.csv").hasPrefix("activation,rate,seed,epoch,error,seconds\nrelu,0.01,1,0,"))

        let page = try folder.read("study/relu-vs-tanh.html")
        let parser = XMLParser(data: Data(page.utf8))
        #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "") line \(parser.lineNumber)")
        #expect(page.components(separatedBy: "<svg").count - 1 == 3)
        for outside in ["<script", "http", "src=", "href=", "url(", "NaN", "nan", "inf\""] {
            #expect(!page.contains(outside), "\(outside)")
        }
    }

    @Test func `JSON is one object a line, the same but for seconds with any number of threads`() throws {
        let folder = try TemporaryFolder()
        try folder.makeColourImages(100)
        let runs = try ["1", "2"].map { threads in
            try CommandRun(flags + ["--seeds", "2", "--json", "--threads", threads, "--report", "speed.json"], in: folder).objects()
        }
        func count(_ event: String) -> Int { runs[0].count { $0["event"] as? String == event } }
        #expect(count("run") == 2 * 3 && count("seed") == 2 && runs[0].count == 9)
        #expect(runs[0].last?["event"] as? String == "finished" && runs[0].last?["stopped"] as? Bool == false)
        #expect((runs[0].last?["epochsRatio"] as? [String: Double])?["is"] ?? 0 > 0)
        for (one, other) in zip(runs[0], runs[1]) {
            for key in ["activation", "rate", "seed", "end", "epochs", "errors", "epochsRatio"] {
                #expect("\(one[key] ?? "")" == "\(other[key] ?? "")", "\(key)")
            }
        }
        #expect(try folder.content == ["images", "speed.json"])
    }

    @Test func `Images with classes of any kind, in colour and grey`() throws {
        let folder = try TemporaryFolder()
        try folder.makeColourImages(60)
        let run = try CommandRun(
            [
                "study", "relu-vs-tanh", "--data", "images", "--channels", "2,2,2", "--rates", "0.02", "--epochs", "1", "--seeds", "1",
                "--report", "cifar.html",
            ], in: folder)
        #expect(run.code == 0 && run.output.contains("60 images of 32×32×3, 10 classes"), "\(run.errors)\(run.output)")
        #expect(run.output.contains("not in 1"))
        for line in run.outputLines { #expect(line.count <= 80, "\(line)") }
        // Of a generated set as many are made as are trained on.
        let digits = try CommandRun(
            "study relu-vs-tanh --data digits --images 20 --epochs 1 --seeds 1 --rates 0.01 --report digits.csv".split(separator: " ").map(
                String.init), in: folder)
        #expect(digits.code == 0 && digits.output.contains("20 images of 28×28, 10 classes"), "\(digits.errors)\(digits.output)")
    }

    @Test func `Explains itself, and names what is wrong`() throws {
        let folder = try TemporaryFolder()
        try folder.makeColourImages(10)
        let help = try CommandRun(["study", "relu-vs-tanh", "--help"], in: folder)
        #expect(help.code == 0 && help.outputLines.allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE:") })
        for (arguments, code, says) in [
            ("--rates 1,x", Int32(64), "--rates"), ("--rates 1,1", 64, "--rates"), ("--channels 1,2", 64, "--channels"),
            ("--json --quiet", 64, "--json"), ("--report speed.pdf", 64, "speed"),
            ("--seeds 0", 1, "seeds"), ("--epochs 0", 1, "epochs"), ("--error 0.9", 1, "0.9"), ("--error 0", 1, "error"),
            ("--images 0", 1, "images"), ("--batch-size 0", 1, "batch"),
            ("--data circle", 1, "images"), ("--data nowhere", 1, "nowhere"),
        ] {
            let source = arguments.hasPrefix("--data") ? [] : ["--data", "images"]
            let run = try CommandRun(["study", "relu-vs-tanh"] + source + arguments.split(separator: " ").map(String.init), in: folder)
            #expect(run.code == code && run.errorLines.count == 1 && run.errors.contains(says), "\(arguments): \(run.code) \(run.errors)")
        }
        let nothing = try CommandRun(["study", "relu-vs-tanh"], in: folder)
        #expect(nothing.code == 64 && nothing.errors.contains("--data"))
        #expect(try folder.content == ["images"])
    }
}

extension TemporaryFolder {
    /// Writes some images of ten classes in the form of CIFAR-10: a label and 3 × 1024 bytes, a class a pattern of its
    /// own with noise on it.
    func makeColourImages(_ count: Int) throws {
        var bytes: [UInt8] = []
        for image in 0..<count {
            let label = image % 10
            bytes.append(UInt8(label))
            bytes += (0..<3072).map { UInt8(truncatingIfNeeded: ($0 * (label + 1)) % 200 + ($0 &* (image + 7) &* 2_654_435_761 >> 9) % 50) }
        }
        try FileManager.default.createDirectory(at: url("images"), withIntermediateDirectories: true)
        try Data(bytes).write(to: url("images/data_batch_1.bin"))
    }
}
