import Foundation
import TestSupport
import Testing

/// Images on the command line: what is trained, what is said of bad ones.
@Suite struct ImageCommandTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let train = ["train", "--layers", "4", "--epochs", "2", "--threads", "1", "--output", "model", "--quiet", "--data"]

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(at: folder.url(name), withIntermediateDirectories: true)
    }

    /// Two classes of the images of 6 × 6 pixels that the decoders are tested with.
    private func writeImages() throws {
        for (i, name) in ["a", "b", "a", "b"].enumerated() {
            try makeFolder("pictures/\(name)")
            try folder.write([UInt8](ImageVector.named("png filter \(i)").file), to: "pictures/\(name)/\(i).png")
        }
    }

    private func batch(_ labels: [UInt8]) -> [UInt8] {
        labels.flatMap { label in [label] + (0..<3072).map { UInt8(truncatingIfNeeded: $0 / 12 * Int(label + 1)) } }
    }

    private func error(_ arguments: [String]) throws -> String {
        let run = try CommandRun(arguments, in: folder)
        #expect(run.code == 1 && run.errorLines.count == 1, "\(run.errors)")
        return run.errors
    }

    @Test func `A folder of images is learned, and a single image told`() throws {
        try writeImages()
        let run = try CommandRun(Self.train + ["pictures", "--validation", "0", "--normalize", "--flip", "--shift", "2"], in: folder)
        #expect(run.code == 0, "\(run.errors)")
        let recipe = try folder.read("model/recipe.json")
        #expect(recipe.contains("\"normalize\" : true") && recipe.contains("\"flip\" : true") && recipe.contains("\"shift\" : 2"))
        let inspected = try CommandRun(["inspect", "model"], in: folder).output
        #expect(inspected.contains("input: bytes 6×6×3, less "))
        let predicted = try CommandRun(["predict", "model", "--data", "pictures/b/1.png", "--probabilities"], in: folder)
        #expect(predicted.outputLines.first == "prediction,a,b" && predicted.outputLines.count == 2, "\(predicted.errors)")
        // The same as among others.
        let all = try CommandRun(["predict", "model", "--data", "pictures", "--probabilities"], in: folder)
        #expect(all.outputLines.count == 5 && all.outputLines[3] == predicted.outputLines[1])
        try folder.write([UInt8](ImageVector.named("jpeg 4:4:4 8x8 quality 97").file), to: "x.jpg")
        let message = try error(["predict", "model", "--data", "x.jpg"])
        #expect(message.contains("x.jpg: its samples have the shape 8 × 8 × 3, the model takes 6 × 6 × 3"))
        let resumed = try CommandRun(["train", "--resume", "model", "--epochs", "3", "--quiet"], in: folder)
        #expect(resumed.code == 0, "\(resumed.errors)")
    }

    @Test func `CIFAR is learned by a dense network`() throws {
        try makeFolder("cifar")
        try folder.write(batch((0..<40).map { $0 % 10 }), to: "cifar/data_batch_1.bin")
        try folder.write(batch((0..<10).map { $0 }), to: "cifar/test_batch.bin")
        let run = try CommandRun(
            ["train", "--data", "cifar", "--network", "dense 8, relu, dense 10", "--epochs", "1", "--output", "model", "--shift", "3"],
            in: folder)
        #expect(run.code == 0 && run.output.contains("40 samples, 10 held out"), "\(run.errors)")
        #expect(run.output.contains(", shift 3, 1 epoch"))
        #expect(try CommandRun(["evaluate", "model", "--data", "cifar/test_batch.bin"], in: folder).code == 0)
    }

    /// Each is one line that names the file and what is wrong with it.
    @Test func `Bad images end in a line`() throws {
        try writeImages()
        try makeFolder("cifar")
        try folder.write(Array(batch([1, 2]).dropLast(5)), to: "cifar/data_batch_1.bin")
        #expect(try error(Self.train + ["cifar"]).contains("cifar/data_batch_1.bin: record 1 has 3068 of its 3073 bytes"))
        try folder.write(batch([1, 11]), to: "cifar/data_batch_1.bin")
        #expect(try error(Self.train + ["cifar"]).contains("data_batch_1.bin: the label 11 of record 1 is out of range"))

        let png = [UInt8](ImageVector.named("png filter 2").file), jpeg = [UInt8](ImageVector.named("jpeg 4:4:4 8x8 quality 97").file)
        try folder.write(Array(png.dropLast(30)), to: "pictures/b/3.png")
        #expect(try error(Self.train + ["pictures"]).contains("pictures/b/3.png: chunk \"IDAT\" is cut short; the PNG file is damaged"))
        try folder.write(Array(jpeg.dropLast(30)), to: "pictures/b/3.png")
        #expect(try error(Self.train + ["pictures"]).contains("the JPEG file is damaged"))
        try folder.write(jpeg, to: "pictures/b/3.png")
        #expect(try error(Self.train + ["pictures"]).contains("pictures/b/3.png is 8 × 8, pictures/a/0.png is 6 × 6"))
        try folder.write(png, to: "pictures/b/3.png")
        #expect(try error(Self.train + ["pictures", "--shift", "6"]).contains("a shift by 6 pixels leaves nothing of images of 6 × 6"))
        #expect(try error(Self.train + ["spiral", "--flip"]).contains("flip and shift are for images"))
    }
}
