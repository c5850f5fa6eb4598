import CRectifierKernels
import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore

@Suite struct AugmentationTests {
    /// Two classes of images: bright on top, bright below.
    static func images(_ count: Int = 60, shape: [Int] = [6, 5, 3], seed: Int = 1) throws -> Dataset {
        var numbers = Numbers(seed: seed)
        let width = shape.reduce(1, *)
        let pixels = (0..<count * width).map { place in
            UInt8(numbers.integer(below: 120) + ((place % width < width / 2) == (place / width % 2 == 0) ? 120 : 0))
        }
        return try Dataset(
            count: count, sampleShape: shape, features: .bytes(pixels),
            targets: .classes((0..<Int32(count)).map { $0 % 2 }, names: ["a", "b"]))
    }

    @Test func drawsAreFair() {
        let augmentation = Augmentation(flip: true, shift: 2), stream = RandomStream(seed: 3, purpose: RandomPurpose.augmentation, epoch: 4)
        let changes = (0..<10_000).map { augmentation.change(of: $0, stream) }
        #expect(abs(changes.count { $0.isFlipped } - 5000) < 200)
        for move in -2...2 {
            #expect(abs(changes.count { $0.down == move } - 2000) < 170)
            #expect(abs(changes.count { $0.right == move } - 2000) < 170)
        }
        // One does not tell of the others.
        #expect(abs(changes.count { $0.isFlipped && $0.down == 1 && $0.right == -2 } - 200) < 60)
        let still = Augmentation().change(of: 7, stream)
        #expect(still == .init(isFlipped: false, down: 0, right: 0))
    }

    /// Against the definition, pixel by pixel, of each kind of number.
    @Test(
        arguments: [[6, 5, 3], [4, 7], [5, 5, 1]], [RK_SOURCE_UINT8.rawValue, RK_SOURCE_FLOAT32.rawValue, RK_SOURCE_FLOAT64.rawValue])
    func batches(_ shape: [Int], _ type: UInt32) throws {
        let set = try Self.images(shape: shape)
        let source: Dataset.Features =
            switch rk_source_type(type) {
            case RK_SOURCE_UINT8: set.features
            case RK_SOURCE_FLOAT32: .floats(set.bytes.map { Float($0) + 0.5 })
            default: .doubles(set.bytes.map { Double($0) - 0.25 })
            }
        let data = try Dataset(count: set.count, sampleShape: shape, features: source, targets: set.targets)
        let augmentation = Augmentation(flip: true, shift: 3), epoch = 2
        let batch = AugmentedBatch(augmentation, seed: 9, shape: shape, limit: set.count)
        let samples: [Int32] = [5, 59, 0, 17, 5]
        let stream = RandomStream(seed: 9, purpose: RandomPurpose.augmentation, epoch: UInt64(epoch))
        let height = shape[0], width = shape[1], channels = shape.count == 3 ? shape[2] : 1
        try data.withFeeds { feeds in
            #expect(try batch.makeRoom(for: samples.count, of: feeds))
            #expect(try !batch.makeRoom(for: samples.count - 1, of: feeds))
            batch.fill(from: feeds, samples, count: samples.count, epoch: epoch)
            guard case .rows(let start, let kind, _, _) = batch.feeds[Network.inputName],
                case .labels(let labels, _) = batch.feeds[Network.targetName]
            else { throw RectifierError(.data, "no rows") }
            for (place, sample) in samples.enumerated() {
                #expect(labels[place] == sample % 2)
                let change = augmentation.change(of: Int(sample), stream)
                for y in 0..<height {
                    for x in 0..<width {
                        // The image, padded; a part of it, mirrored beforehand.
                        let (down, right) = (y + change.down, x + change.right)
                        let isInside = 0..<height ~= down && 0..<width ~= right
                        let column = change.isFlipped ? width - 1 - right : right
                        for channel in 0..<channels {
                            let expected =
                                isInside ? source[((Int(sample) * height + down) * width + column) * channels + channel] : 0
                            let index = ((place * height + y) * width + x) * channels + channel
                            let found =
                                switch kind {
                                case RK_SOURCE_UINT8: start.load(fromByteOffset: index, as: UInt8.self).asFed
                                case RK_SOURCE_FLOAT32: Double(start.load(fromByteOffset: 4 * index, as: Float.self))
                                default: start.load(fromByteOffset: 8 * index, as: Double.self)
                                }
                            #expect(found == expected, "sample \(sample), \(y), \(x), \(channel)")
                        }
                    }
                }
            }
        }
    }

    private func weights(_ change: (inout TrainingSettings) -> Void) throws -> Parameters {
        let settings = TrainerTests.settings {
            ($0.batchSize, $0.epochs, $0.augmentation) = (.samples(16), 2, Augmentation(flip: true, shift: 2))
            change(&$0)
        }
        return try Trainer(
            Network(input: [6, 5, 3]) {
                Flatten(); Dense(8); ReLU(); Dense(2)
            }, data: Self.images(), settings: settings
        ).run().model.parameters
    }

    @Test func theSameBitsForAnyNumberOfThreads() throws {
        let one = try weights { $0.threads = 1 }
        #expect(try weights { $0.threads = 3 } == one)
        #expect(try weights { $0.augmentation = nil } != one)
        #expect(try weights { $0.seed = 1 } != one)
        // What does nothing changes no bit.
        #expect(try weights { $0.augmentation = Augmentation() } == weights { $0.augmentation = nil })
    }

    /// Interrupted in the middle of an epoch, and with batches that become larger.
    @Test func theSameBitsResumed() throws {
        var changes = TrainingChange(afterStep: 3)
        changes.batchSize = .samples(25)
        let settings = TrainerTests.settings {
            ($0.batchSize, $0.epochs, $0.augmentation) = (.samples(16), 3, Augmentation(flip: true, shift: 2))
            $0.changes = [changes]
        }
        let
            network = try Network(input: [6, 5, 3]) {
                Flatten(); Dense(8); ReLU(); Dense(2)
            }, data = try LoadedData(training: Self.images())
        let whole = try TrainingSession(Trainer(network, data: data, settings: settings))
        while try whole.epoch() != nil {}
        let first = try TrainingSession(Trainer(network, data: data, settings: settings))
        for _ in 0..<5 { try first.step() }
        let second = try TrainingSession(Trainer(resuming: first.snapshot(), data: data))
        while try second.step() != nil {}
        #expect(try second.model().parameters == whole.model().parameters)
    }

    /// A step is fed what an epoch makes of its samples: the same as those samples without augmentation.
    @Test func stepsAreFedTheSamplesOfTheirEpoch() throws {
        let augmentation = Augmentation(flip: true, shift: 2), data = try Self.images(), width = data.width
        var pixels = [UInt8](repeating: 0, count: data.count * width)
        try data.withFeeds { feeds in
            let batch = AugmentedBatch(augmentation, seed: 5, shape: data.sampleShape, limit: data.count)
            _ = try batch.makeRoom(for: data.count, of: feeds)
            batch.fill(from: feeds, (0..<Int32(data.count)).map { $0 }, count: data.count, epoch: 0)
            guard case .rows(let start, _, _, _) = batch.feeds[Network.inputName] else { throw RectifierError(.data, "no rows") }
            pixels.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(start: start, count: $0.count)) }
        }
        #expect(pixels != data.bytes)
        let changed = try Dataset(count: data.count, sampleShape: data.sampleShape, features: .bytes(pixels), targets: data.targets)
        func weights(_ data: Dataset, _ augmentation: Augmentation?) throws -> Parameters {
            let settings = TrainerTests.settings {
                ($0.batchSize, $0.epochs, $0.augmentation, $0.seed) = (.samples(16), 1, augmentation, 5)
            }
            let network = try Network(input: [6, 5, 3]) {
                Flatten(); Dense(8); ReLU(); Dense(2)
            }
            return try Trainer(network, data: data, settings: settings).run().model.parameters
        }
        #expect(try weights(data, augmentation) == weights(changed, nil))
    }

    /// What is held out is judged as it is.
    @Test func heldOutDataStayAsTheyAre() throws {
        let settings = TrainerTests.settings { ($0.epochs, $0.augmentation) = (1, Augmentation(flip: true, shift: 2)) }
        let held = try Self.images(40, seed: 2)
        let network = try Network(input: [6, 5, 3]) {
            Flatten(); Dense(8); ReLU(); Dense(2)
        }
        let outcome = try Trainer(network, data: Self.images(), heldOut: held, settings: settings).run()
        #expect(try outcome.heldOut?.loss == outcome.model.evaluate(on: held, threads: 1).loss)
    }

    @Test func whatCannotBeIsRefused() throws {
        let settings = TrainerTests.settings { $0.augmentation = Augmentation(shift: 1) }
        #expect(
            errorText { _ = try Trainer(TrainerTests.network(), data: TrainerTests.blobs(), settings: settings) }.contains("are for images")
        )
        #expect(
            errorText { try Augmentation(shift: 5).check([6, 5, 3]) } == "a shift by 5 pixels leaves nothing of images of 6 × 5; take less")
        #expect(errorText { try Augmentation(shift: 4).check([6, 5, 3]) } == "no error")
        #expect(
            errorText { try TrainerTests.settings { $0.augmentation = Augmentation(shift: -1) }.validate() }.contains("at least 0 pixels"))
    }

    @Test func recipesHoldIt() throws {
        let recipe = try Recipe(json: Data("{training: {augmentation: {flip: true, shift: 4}}, data: {normalize: true}}".utf8))
        #expect(recipe.training.augmentation == Augmentation(flip: true, shift: 4) && recipe.data.normalize == true)
        #expect(try Recipe(json: recipe.json) == recipe)
        #expect(try !String(decoding: Recipe().json, as: UTF8.self).contains("augmentation"))
        #expect(
            errorText { _ = try Recipe(json: Data("{training: {augmentation: {flop: true}}}".utf8)) }.contains("training.augmentation.flop")
        )
    }
}
