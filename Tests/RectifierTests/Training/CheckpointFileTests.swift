import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore

/// What a checkpoint knows of its data, and of itself.
struct CheckpointFileTests {
    private func data(
        pixel: UInt8 = 7, label: Int32 = 1, heldOut: UInt8 = 9, validation: UInt8? = nil
    ) throws -> LoadedData {
        func set(_ pixel: UInt8, _ label: Int32 = 1) throws -> Dataset {
            try Dataset(
                count: 3, sampleShape: [2], features: .bytes([0, 1, 2, 3, 4, pixel]), targets: .classes([0, 1, label], names: ["a", "b"]))
        }
        return try LoadedData(training: set(pixel, label), heldOut: set(heldOut), validation: validation.map { try set($0) })
    }

    private func checkpoint(of data: LoadedData, stopping: Bool) throws -> Checkpoint {
        let settings = TrainerTests.settings { if stopping { $0.earlyStopping = EarlyStopping() } }
        let session = try TrainingSession(Trainer(Network(input: [2]) { Dense(2) }, data: data, settings: settings))
        try session.step()
        return try session.snapshot()
    }

    private func goOn(_ checkpoint: Checkpoint, _ data: LoadedData) -> String {
        errorText { _ = try TrainingSession(Trainer(resuming: checkpoint, data: data)) }
    }

    @Test(arguments: [false, true]) func aRunGoesOnWithItsOwnData(_ stopping: Bool) throws {
        let folder = try TemporaryFolder()
        try checkpoint(of: data(), stopping: stopping).write(to: folder.url("model"))
        let checkpoint = try Checkpoint(contentsOf: folder.url("model"))
        #expect(goOn(checkpoint, try data()) == "no error")
        #expect(goOn(checkpoint, try data(pixel: 8)).contains("the training data is not what it was"))
        #expect(goOn(checkpoint, try data(label: 0)).contains("the training data is not what it was"))
        // What is only reported on may be other data, and early stopping looks at what is held out beside it.
        for other in [try data(heldOut: 8), try data(validation: 8)] {
            let message = goOn(checkpoint, other)
            #expect(stopping ? message.contains("the held-out data is not what it was") : message == "no error", "\(message)")
        }
    }

    /// What all pixels of MNIST take, against seconds of training.
    @Test func hashingImagesIsCheap() throws {
        let count = 60_000, images = [UInt8](repeating: 1, count: count * 784)
        let set = try Dataset(
            count: count, sampleShape: [28, 28], features: .bytes(images),
            targets: .classes([Int32](repeating: 0, count: count), names: ["a"]))
        let time = ContinuousClock().measure { #expect(set.digest.count == 64) }
        print("a digest of \(images.count >> 20) MB takes \(time)")
        #expect(time < .seconds(2))
    }

    @Test func damageIsFound() throws {
        let folder = try TemporaryFolder(), model = folder.url("model"), file = "model/checkpoint.json"
        try checkpoint(of: data(), stopping: false).write(to: model)
        let before = try folder.read(file)
        func message(_ change: (inout String) -> Void) throws -> String {
            var text = before
            change(&text)
            #expect(text != before)
            try folder.write(text, to: file)
            return errorText { _ = try Checkpoint(contentsOf: model) }
        }
        let step = #""steps" : 1"#
        #expect(before.contains(step))
        #expect(try message { $0.replace(step, with: #""steps" : 2"#) }.contains("its checksum is not that of what it says"))
        // Spaces say nothing.
        #expect(try message { $0.replace("\n", with: " ") } == "no error")
        // A checkpoint of before has none; what it says must be possible.
        let sum = /"checksum" : "[0-9a-f]*",/
        #expect(try message { $0.replace(sum, with: "") } == "no error")
        for count in ["0", "-1", "9223372036854775807"] {
            let text = try message {
                $0.replace(sum, with: "")
                $0.replace(step, with: "\"steps\" : \(count)")
            }
            #expect(text.contains("the position is not possible"), "\(count): \(text)")
        }
    }
}
