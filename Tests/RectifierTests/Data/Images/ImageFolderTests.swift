import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore

@Suite struct ImageFolderTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let grey = PNGWriter(kind: 0)

    @Test func subfoldersAreClasses() throws {
        let images = ["cat/2.png": 2, "cat/10.png": 10, "dog/1.png": 1, "ant/7.png": 7].mapValues { number in
            PNGWriter(pixel: { UInt8(100 * $0 + 10 * $1 + $2 + number) })
        }
        try folder.write(images: Dictionary(uniqueKeysWithValues: images.map { ("pets/" + $0, $1) }))
        try folder.write("", to: "pets/.hidden")
        let data = try folder.load("pets") { $0.validation = .share(0) }
        #expect(data.preparation.classNames == ["ant", "cat", "dog"])
        #expect(data.training.sampleShape == [2, 3, 3] && data.training.labels == [0, 1, 1, 2])
        let expected = ["ant/7.png", "cat/10.png", "cat/2.png", "dog/1.png"].flatMap { images[$0]!.pixels }
        #expect(data.training.bytes == expected)
    }

    @Test(arguments: ["test", "val", "Testing"]) func trainingAndTest(_ test: String) throws {
        for part in ["train", test] {
            for name in ["a", "b"] {
                for i in 0..<3 {
                    try folder.write(images: ["set/\(part)/\(name)/\(i).png": PNGWriter(kind: 0, pixel: { y, _, _ in UInt8(y + i) })])
                }
            }
        }
        let data = try folder.load("set")
        #expect(data.training.count == 6 && data.heldOut?.count == 6)
        #expect(data.training.sampleShape == [2, 3], "grey images have no channels")
        #expect(data.heldOut!.labels == [0, 0, 0, 1, 1, 1])
    }

    /// Grey becomes colour among colours, opaque among transparent ones, and whatever a model takes.
    @Test func channels() throws {
        let veiled = PNGWriter(kind: 4, pixel: { _, _, channel in channel == 1 ? 9 : 70 })
        try folder.write(images: ["s/a/1.png": PNGWriter(), "s/b/1.png": Self.grey, "t/a/1.png": veiled, "t/b/1.png": PNGWriter()])
        let colours = try folder.load("s") { $0.validation = .share(0) }
        #expect(colours.training.sampleShape == [2, 3, 3])
        #expect(Array(colours.training.bytes.suffix(18)) == Self.grey.pixels.flatMap { [$0, $0, $0] })
        let all = try folder.load("t") { $0.validation = .share(0) }
        #expect(all.training.sampleShape == [2, 3, 4] && all.training.bytes.prefix(4) == [70, 70, 70, 9])

        let (one, _) = try colours.preparation.dataset(reading: "s/b/1.png", needsTargets: false, relativeTo: folder.url)
        #expect(one.count == 1 && one.bytes == Array(colours.training.bytes.suffix(18)))
        let (folderOfOne, _) = try colours.preparation.dataset(reading: "s/b", needsTargets: false, relativeTo: folder.url)
        #expect(folderOfOne.bytes == one.bytes, "images without classes can be predicted for")
        try folder.write(images: ["g/a/1.png": Self.grey, "g/b/1.png": Self.grey])
        let greys = try folder.load("g") { $0.validation = .share(0) }
        #expect(
            errorText { _ = try greys.preparation.dataset(reading: "s/a/1.png", needsTargets: false, relativeTo: folder.url) }
                == "s/a/1.png: its samples have the shape 2 × 3 × 3, the model takes 2 × 3")
    }

    @Test func aGreyTestPartOfColours() throws {
        try folder.write(images: ["s/train/a/1.png": PNGWriter(), "s/train/b/1.png": Self.grey, "s/test/b/1.png": Self.grey])
        try folder.write(images: ["s/test/a/1.png": Self.grey])
        #expect(try folder.load("s").heldOut?.sampleShape == [2, 3, 3])
    }

    @Test func formatsByContent() throws {
        let jpeg = ImageVector.named("jpeg 4:4:4 8x8 quality 97")
        try folder.write(images: ["s/a/1.png": PNGWriter(height: 8, width: 8)])
        try folder.makeFolder("s/b")
        try folder.write([UInt8](jpeg.file), to: "s/b/1.png")
        let data = try folder.load("s") { $0.validation = .share(0) }
        #expect(try Array(data.training.bytes.suffix(192)) == DecodedImage(jpeg.bytes).pixels)
    }

    @Test func messages() throws {
        try folder.write(images: ["s/a/1.png": PNGWriter(), "s/b/2.png": PNGWriter(height: 4)])
        #expect(
            errorText { _ = try folder.load("s") }
                == "s/b/2.png is 4 × 3, s/a/1.png is 2 × 3: the images of a folder need one size; scale them first")
        try folder.write(images: ["s/b/2.png": PNGWriter()])
        try folder.write(Array(PNGWriter().file.dropLast(20)), to: "s/b/3.png")
        #expect(errorText { _ = try folder.load("s") }.hasPrefix("s/b/3.png: "))
        #expect(errorText { _ = try folder.load("s") }.hasSuffix("; the PNG file is damaged"))
        try folder.write("notes", to: "s/b/3.png")
        #expect(errorText { _ = try folder.load("s") } == "s/b/3.png: is no PNG or JPEG file; convert it, or take it away")
        try FileManager.default.removeItem(at: folder.url("s/b/3.png"))
        #expect(
            errorText { _ = try folder.load("s/a") } == "s/a: its images are in no sub-folders; each class needs one, of the class's name")
        #expect(errorText { _ = try folder.load("s/a/1.png") }.contains("is a single image"))
        try folder.makeFolder("s/b/more")
        #expect(errorText { _ = try folder.load("s") }.hasPrefix("s/b/more: is a folder in the folder of a class"))
        try FileManager.default.removeItem(at: folder.url("s/b"))
        try folder.write(images: ["s/a/2.png": PNGWriter()])
        #expect(errorText { _ = try folder.load("s") } == "s: holds one class, \"a\"; classification needs at least two classes")
        try folder.makeFolder("s/b")
        #expect(errorText { _ = try folder.load("s") } == "s/b: the folder of a class holds no images")
        try folder.makeFolder("none")
        #expect(errorText { _ = try folder.load("none") }.contains("or a sub-folder of images for each class"))
    }

    @Test func arrays() throws {
        let images = (0..<48).map { UInt8($0) }
        let zip = Zip(members: [("x.npy", npy("|u1", "(4, 2, 2, 3)", images)), ("y.npy", npy("|u1", "(4,)", [0, 1, 0, 1]))])
        try folder.write(zip.file, to: "a.npz")
        let data = try folder.load("a.npz") { $0.validation = .share(0) }
        #expect(data.training.sampleShape == [2, 2, 3] && data.training.bytes == images)
        try folder.write(npy("|u1", "(1, 2, 2, 3)", Array(images.prefix(12))), to: "one.npy")
        let (one, _) = try data.preparation.dataset(reading: "one.npy", needsTargets: false, relativeTo: folder.url)
        #expect(one.bytes == Array(images.prefix(12)))
        // Channels first are not guessed.
        try folder.write(npy("|u1", "(1, 3, 2, 2)", Array(images.prefix(12))), to: "first.npy")
        let message = errorText { _ = try data.preparation.dataset(reading: "first.npy", needsTargets: false, relativeTo: folder.url) }
        #expect(message == "first.npy: its samples have the shape 3 × 2 × 2, the model takes 2 × 2 × 3")
    }

    // MARK: Normalized channels

    @Test func channelsAreNormalized() throws {
        let images = (0..<30).map { i in PNGWriter(height: 4, width: 5, pixel: { UInt8(($0 * 31 + $1 * 17 + i * 40) * ($2 + 1) % 200) }) }
        for (i, image) in images.enumerated() { try folder.write(images: ["s/\(i % 2)/\(i).png": image]) }
        let plain = try folder.load("s") { $0.validation = .share(0.3) }
        let data = try folder.load("s") {
            ($0.validation, $0.normalize) = (.share(0.3), true)
        }
        guard case .channels(let shape, let scales) = data.preparation.input else { throw RectifierError(.data, "no scales") }
        #expect(shape == [4, 5, 3])
        for channel in 0..<3 {
            func numbers(_ set: Dataset) -> [Double] { stride(from: channel, to: set.features.count, by: 3).map { set.features[$0] } }
            let values = numbers(data.training), mean = values.reduce(0, +) / Double(values.count)
            let squares = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
            #expect(abs(mean) < 1e-6 && abs(squares - 1) < 1e-5, "of the training split")
            let raw = numbers(plain.heldOut!).map { $0 * 255 }, held = numbers(data.heldOut!)
            let isScaled = zip(raw, held).allSatisfy { abs(($0 - scales.means[channel]) / scales.deviations[channel] - $1) < 1e-4 }
            #expect(isScaled, "what is held out is scaled by what was learned")
        }
        // The model file keeps it, and applies it to pixels.
        let again = try JSONDecoder().decode(Preparation.self, from: JSONEncoder().encode(data.preparation))
        #expect(again == data.preparation && !again.takesPixels)
        let (one, _) = try again.dataset(reading: "s/0/0.png", needsTargets: false, relativeTo: folder.url)
        #expect(try again.features(of: images[0].pixels.map(Double.init)) == one.floats)
        let exact = try folder.load("s") { $0.normalize = true }
        guard case .floats = exact.training.features else { throw RectifierError(.data, "not floats") }
    }

    @Test func aConstantChannelIsZero() throws {
        for i in 0..<4 { try folder.write(images: ["s/\(i % 2)/\(i).png": PNGWriter(pixel: { $2 == 1 ? 90 : UInt8($0 + $1 + i) })]) }
        let data = try folder.load("s") { ($0.validation, $0.normalize) = (.share(0), true) }
        let isZero = stride(from: 1, to: data.training.features.count, by: 3).allSatisfy { data.training.features[$0] == 0 }
        #expect(isZero)
    }

    @Test func normalizeIsForImages() throws {
        try folder.write("x,y\n1,a\n2,b\n3,a\n4,b\n", to: "t.csv")
        for source in ["t.csv", "spiral"] {
            #expect(errorText { _ = try folder.load(source) { $0.normalize = true } }.contains("normalize is for files of images"))
        }
    }

    @Test func scalesThatCannotBeAreRefused() throws {
        func flaw(_ shape: [Int], _ means: [Double], _ deviations: [Double]) -> String {
            errorText {
                _ = try Preparation(
                    input: .channels(shape: shape, scales: .init(means: means, deviations: deviations)),
                    target: .classes(names: ["a", "b"]))
            }
        }
        #expect(flaw([2, 2, 1], [3], [1]) == "no error" && flaw([2, 2], [3], [1]) == "no error")
        for (shape, means, deviations) in [
            ([2, 2, 3], [1.0, 2.0], [1.0, 1.0]), ([2, 2, 1], [1], [0]), ([2, 2, 1], [.nan], [1]), ([4], [1], [1]),
        ] { #expect(flaw(shape, means, deviations) != "no error") }
    }
}
