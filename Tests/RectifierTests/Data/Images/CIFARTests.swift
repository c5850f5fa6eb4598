import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore

@Suite struct CIFARTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    static let names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

    /// Batches are read by their numbers, colours of a pixel come side by side, and classes have their names.
    @Test func batches() throws {
        for batch in [2, 1, 10] {
            let records = (0..<6).flatMap { i in
                record([UInt8((batch + i) % 10)]) { pixel, colour in UInt8((pixel + colour * 100 + batch) % 256) }
            }
            try folder.write(records, to: "data_batch_\(batch).bin")
        }
        try folder.write((0..<10).flatMap { record([$0]) }, to: "test_batch.bin")
        try folder.write(Self.names.joined(separator: "\n") + "\n\n", to: "batches.meta.txt")
        let data = try folder.load(".")
        #expect(data.training.count == 18 && data.heldOut?.count == 10)
        #expect(data.training.sampleShape == [32, 32, 3])
        #expect(data.preparation.input == .bytes(shape: [32, 32, 3]) && data.preparation.classNames == Self.names)
        #expect(data.training.labels.map(Int.init) == [1, 2, 10].flatMap { batch in (0..<6).map { (batch + $0) % 10 } })
        #expect(data.heldOut!.labels == Array(0..<10))
        let bytes = data.training.bytes
        for (place, batch) in [(0, 1), (6, 2), (12, 10)] {
            for (pixel, colour) in [(0, 0), (0, 2), (1, 0), (33, 1), (1023, 2)] {
                #expect(bytes[place * 3072 + 3 * pixel + colour] == UInt8((pixel + colour * 100 + batch) % 256))
            }
        }
        #expect(data.training.features[3 * 33 + 1] == Double((33 + 100 + 1) % 256) * Dataset.byteScale)
        // One of its batches alone.
        let (single, _) = try data.preparation.dataset(reading: "test_batch.bin", needsTargets: true, relativeTo: folder.url)
        #expect(single.labels == data.heldOut!.labels && single.bytes == data.heldOut!.bytes)
    }

    @Test func withoutNames() throws {
        try folder.write((0..<20).flatMap { record([$0 % 10]) }, to: "data_batch_1.bin")
        #expect(try folder.load(".").preparation.classNames == (0..<10).map(String.init))
    }

    @Test func fineAndCoarse() throws {
        let records = (0..<200).flatMap { record([UInt8($0 % 100 / 5), UInt8($0 % 100)]) }
        try folder.write(records, to: "train.bin")
        try folder.write(records, to: "test.bin")
        let fine = (100..<200).map { "fine \($0)" }, coarse = (10..<30).map { "coarse \($0)" }
        try folder.write(fine.joined(separator: "\n"), to: "fine_label_names.txt")
        try folder.write(coarse.joined(separator: "\n"), to: "coarse_label_names.txt")
        let data = try folder.load(".")
        #expect(data.preparation.classNames == fine && data.training.labels.prefix(7) == [0, 1, 2, 3, 4, 5, 6])
        let few = try folder.load(".") { $0.target = "coarse" }
        #expect(few.preparation.classNames == coarse && few.training.labels.prefix(7) == [0, 0, 0, 0, 0, 1, 1])
        // A model of coarse labels is evaluated on these.
        #expect(try few.preparation.dataset(reading: "test.bin", needsTargets: true, relativeTo: folder.url).dataset.labels.last == 19)
        #expect(errorText { _ = try folder.load(".") { $0.target = "both" } }.contains("fine and coarse"))
    }

    @Test func damage() throws {
        func message(_ file: String, _ content: [UInt8], _ source: String = ".") throws -> String {
            try folder.write(content, to: file)
            defer { try? FileManager.default.removeItem(at: folder.url(file)) }
            return errorText { _ = try folder.load(source) }
        }
        let whole = (0..<4).flatMap { record([$0]) }
        #expect(
            try message("data_batch_1.bin", whole.dropLast())
                == "./data_batch_1.bin: record 3 has 3072 of its 3073 bytes (CIFAR-10); the file is cut short or damaged")
        #expect(try message("test_batch.bin", [], "test_batch.bin") == "test_batch.bin: is empty")
        #expect(
            try message("data_batch_7.bin", whole + record([10]))
                == "./data_batch_7.bin: the label 10 of record 4 is out of range; CIFAR-10 has 10 classes, from 0")
        #expect(try message("train.bin", record([0, 99]) + record([19, 100])).contains("the label 100 of record 1 is out of range"))
        try folder.write("one\ntwo\n", to: "batches.meta.txt")
        #expect(try message("data_batch_1.bin", whole).contains("batches.meta.txt: lists 2 classes"))
    }
}
