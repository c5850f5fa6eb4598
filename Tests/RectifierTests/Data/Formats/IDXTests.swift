import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct IDXTests {
    func array(_ content: [UInt8]) throws -> NumericArray { try IDX.array(bytes(content, name: "a")) }

    @Test func readsBytes() throws {
        let array = try array(idx([2, 2, 3], Array(0..<12)))
        #expect(array.shape == [2, 2, 3])
        #expect(array.isBytes)
        #expect(array.all == (0..<12).map(Double.init))
        #expect(try self.array(deflated(idx([2, 2, 3], Array(0..<12)))).all == array.all)
    }

    @Test func readsEveryElementType() throws {
        #expect(try array(idx([2], [0xff, 2], type: 9)).all == [-1, 2])
        #expect(try array(idx([2], bigEndian(Int16(-300)) + bigEndian(Int16(7)), type: 0x0b)).all == [-300, 7])
        #expect(try array(idx([1], bigEndian(Int32(-70000)), type: 0x0c)).all == [-70000])
        #expect(try array(idx([1], bigEndian(Float(1.5).bitPattern), type: 0x0d)).all == [1.5])
        #expect(try array(idx([1], bigEndian(Double(-0.1).bitPattern), type: 0x0e)).all == [-0.1])
    }

    @Test func refusesWhatIsNotIDX() {
        #expect(errorText { _ = try array([1, 0, 8, 1, 0, 0, 0, 1, 5]) }.hasPrefix("a: is not an IDX file; it begins with 01 00 08 01"))
        #expect(errorText { _ = try array(idx([1], [5], type: 7)) }.hasPrefix("a: unknown IDX element type 07"))
        #expect(errorText { _ = try array([0, 0, 8]) }.contains("ends after"))
        #expect(errorText { _ = try array([0, 0, 8, 0]) }.contains("rank of 0"))
    }

    @Test func comparesCountsWithTheFileBeforeMemoryIsTaken() {
        #expect(
            errorText { _ = try array(idx([3, 2], Array(0..<5))) }
                == "a: its header promises 6 bytes of data, but 5 follow; the file is damaged or cut short")
        #expect(errorText { _ = try array(idx([3], Array(0..<5))) }.contains("promises 3 bytes of data, but 5 follow"))
        #expect(errorText { _ = try array(deflated(idx([3, 2], Array(0..<5)))) }.contains("cut short"))
        #expect(errorText { _ = try array(deflated(idx([3], Array(0..<5)))) }.contains("more data follows"))
        let most = 0xffff_ffff
        #expect(errorText { _ = try array(idx([most, most, most], [1])) }.contains("impossible extents"))
        #expect(errorText { _ = try array(idx([most, 4], [1])) }.contains("but 1 follow"))
        #expect(errorText { _ = try array(deflated(idx([most, 4], [1]))) }.contains("zip bomb"))
    }

    /// Six training and three test images of 2 × 2, three classes.
    func folder(_ names: [String], packed: Bool = false) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let contents = [
            idx([6, 2, 2], (0..<24).map { $0 }), idx([6], [0, 1, 2, 0, 1, 2]), idx([3, 2, 2], (0..<12).map { 100 + $0 }),
            idx([3], [2, 1, 0]),
        ]
        for (name, content) in zip(names, contents) { try folder.write(packed ? deflated(content) : content, to: name) }
        return folder
    }

    static let mnist = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]

    @Test(arguments: [
        mnist, mnist.map { $0 + ".gz" }, mnist.map { $0.replacing("-idx", with: ".idx") },
        mnist.map { $0.replacing("t10k", with: "test") + ".gz" },
        mnist.map { "emnist-" + $0 },
    ]) func readsAFolder(_ names: [String]) throws {
        let folder = try folder(names, packed: names[0].hasSuffix("gz"))
        let data = try folder.load(".")
        #expect(data.training.count == 6)
        #expect(data.training.sampleShape == [2, 2])
        #expect(data.training.floats == (0..<24).map(Float.init))
        #expect(data.training.labels == [0, 1, 2, 0, 1, 2])
        #expect(data.heldOut?.labels == [2, 1, 0])
        #expect(data.heldOut?.floats.first == 100)
        #expect(data.validation == nil)
        #expect(data.preparation.classNames == ["0", "1", "2"])
        #expect(data.preparation.input == .bytes(shape: [2, 2]))

        let held = try folder.load(".") { $0.validation = .share(1.0 / 3) }
        #expect(held.training.count == 4)
        #expect(held.validation?.count == 2)
        #expect(held.heldOut?.count == 3)
    }

    @Test func findsTheLabelsOfAFileOfImages() throws {
        let folder = try folder(IDXTests.mnist)
        let data = try folder.load("train-images-idx3-ubyte") { $0.validation = .share(0) }
        #expect(data.training.labels == [0, 1, 2, 0, 1, 2])
        #expect(data.heldOut == nil)

        let alone = try self.folder(["images.idx3-ubyte"])
        #expect(errorText { _ = try alone.load("images.idx3-ubyte") }.contains("images.idx3-ubyte: no file of labels"))
        let features = try data.preparation.dataset(reading: "images.idx3-ubyte", needsTargets: false, relativeTo: alone.url).dataset
        #expect(features.count == 6)
        if case .none = features.targets {} else { Issue.record("there are no targets to read") }
    }

    @Test func refusesLabelsThatDoNotFit() throws {
        let folder = try folder(IDXTests.mnist)
        try folder.write(idx([5], [0, 1, 2, 0, 1]), to: "train-labels-idx1-ubyte")
        #expect(
            errorText { _ = try folder.load(".") } == "./train-labels-idx1-ubyte: 5 labels for the 6 images of ./train-images-idx3-ubyte")
        try folder.write(idx([6], [0, 1, 1, 0, 1, 1]), to: "train-labels-idx1-ubyte")
        #expect(errorText { _ = try folder.load(".") }.contains(#"./t10k-labels-idx1-ubyte sample 0: the class "2" is out of range"#))
        try folder.write(idx([6], [4, 4, 4, 4, 4, 4]), to: "train-labels-idx1-ubyte")
        #expect(errorText { _ = try folder.load(".") }.contains(#"every row has the class "4""#))
        try folder.write([9, 9, 9, 9, 9], to: "train-labels-idx1-ubyte")
        #expect(errorText { _ = try folder.load(".") }.contains("./train-labels-idx1-ubyte: is not an IDX file"))
    }

    @Test func namesBothShapes() throws {
        let folder = try folder(IDXTests.mnist)
        let preparation = try folder.load(".").preparation
        try folder.write(idx([2, 1, 4], Array(0..<8)), to: "small-images-idx3-ubyte")
        let text = errorText {
            _ = try preparation.dataset(reading: "small-images-idx3-ubyte", needsTargets: false, relativeTo: folder.url)
        }
        #expect(text == "small-images-idx3-ubyte: its samples have the shape 1 × 4, the model takes 2 × 2")
    }

    @Test func refusesEmptyAndForeignFolders() throws {
        let empty = try TemporaryFolder()
        #expect(errorText { _ = try empty.load(".") }.contains("no data is in this folder"))
        #expect(errorText { _ = try empty.load("nowhere") }.hasPrefix("nowhere: no such file or folder"))
        let folder = try folder(IDXTests.mnist)
        try folder.write(idx([0, 2, 2], []), to: "train-images-idx3-ubyte")
        try folder.write(idx([0], []), to: "train-labels-idx1-ubyte")
        #expect(errorText { _ = try folder.load(".") }.contains("is empty"))
    }
}
