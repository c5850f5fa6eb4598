import Foundation

/// A folder with a sub-folder of PNG and JPEG files for each class, whose name it is. All images have one size. Where
/// some are in colour, grey ones become so; where some are transparent, the others are opaque.
struct ImageFolder {
    /// An image, its class and what messages call it.
    private struct File {
        var url: URL
        var name: String
        var label: Int
    }

    private let name: String
    private var files: [File] = []
    private var classNames: [String] = []
    private var isSorted = true

    /// The training and the test part: of `train` and `test`, or `val`, where there are such sub-folders; else all in
    /// one. Nil where there are no images.
    static func parts(of folder: URL, name: String) throws -> (training: ImageFolder?, test: ImageFolder?)? {
        let folders = try contents(of: folder, name).folders
        func part(_ names: [String]) throws -> ImageFolder? {
            guard let found = names.lazy.compactMap({ name in folders.first { $0.lastPathComponent.lowercased() == name } }).first else {
                return nil
            }
            return try ImageFolder(found, name: path(name, found))
        }
        if let training = try part(["train", "training"]) {
            return (training, try part(["test", "testing", "val", "valid", "validation"]))
        }
        return try ImageFolder(folder, name: name).map { ($0, nil) }
    }

    /// Nil where there are no images.
    private init?(_ folder: URL, name: String) throws {
        self.name = name
        let contents = try ImageFolder.contents(of: folder, name)
        let classes = try contents.folders.map { ($0, try ImageFolder.contents(of: $0, ImageFolder.path(name, $0))) }
        guard
            classes.contains(where: { $1.files.contains(where: ImageFolder.isImage) })
                || contents.files.contains(where: ImageFolder.isImage)
        else { return nil }
        for (label, (folder, inside)) in classes.enumerated() {
            let shown = ImageFolder.path(name, folder)
            if let nested = inside.folders.first {
                throw RectifierError(
                    .file, "\(ImageFolder.path(shown, nested)): is a folder in the folder of a class, which holds its images and no more")
            }
            guard !inside.files.isEmpty else { throw RectifierError(.file, "\(shown): the folder of a class holds no images") }
            classNames.append(folder.lastPathComponent)
            files += inside.files.map { File(url: $0, name: ImageFolder.path(shown, $0), label: label) }
        }
        if contents.folders.isEmpty {
            isSorted = false
            files = contents.files.filter(ImageFolder.isImage).map { File(url: $0, name: ImageFolder.path(name, $0), label: 0) }
        }
    }

    /// The sub-folders and files whose names begin with no dot, by name.
    private static func contents(of folder: URL, _ name: String) throws -> (folders: [URL], files: [URL]) {
        let all: [URL]
        do {
            all = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        } catch {
            throw RectifierError(.file, "\(name): the folder cannot be read")
        }
        let shown = all.filter { !$0.lastPathComponent.hasPrefix(".") }.sorted { $0.lastPathComponent < $1.lastPathComponent }
        func isFolder(_ url: URL) -> Bool {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
        }
        return (shown.filter(isFolder), shown.filter { !isFolder($0) })
    }

    private static func path(_ folder: String, _ file: URL) -> String {
        folder.hasSuffix("/") ? folder + file.lastPathComponent : "\(folder)/\(file.lastPathComponent)"
    }

    private static func isImage(_ file: URL) -> Bool {
        guard let start = try? Bytes(contentsOf: file.path, name: "", limit: 8) else { return false }
        return DecodedImage.isImage(start.raw)
    }

    // MARK: Reading

    /// Decodes all images, side by side.
    ///
    /// - Parameter shape: The samples that a model takes, which grey or opaque images are made to fit; nil: as the
    ///   images are.
    func read(fitting shape: [Int]?, needsLabels: Bool) throws -> ArraySource {
        guard isSorted || !needsLabels else {
            throw RectifierError(.file, "\(name): its images are in no sub-folders; each class needs one, of the class's name")
        }
        let images = try decoded()
        let widest = DecodedImage.channels(
            colour: files.indices.contains { images[$0]!.hasColour }, opacity: files.indices.contains { images[$0]!.hasOpacity })
        let array = try NumericArray(images, name: name, channels: DecodedImage.channels(fitting: shape, of: widest))
        return ArraySource(images: array, labels: needsLabels ? files.map(\.label) : nil, classNames: classNames)
    }

    private func decoded() throws -> Slots<DecodedImage> {
        let first = try DecodedImage(bytes(of: files[0]))
        try requireDataMemory([files.count, 2 * first.pixels.count])
        let images = Slots<DecodedImage>(files.count), errors = Slots<RectifierError>(files.count)
        images[0] = first
        // A stretch at a time, so that the first flaw is told soon.
        let stretch = 256
        for start in stride(from: 1, to: files.count, by: stretch) {
            let count = min(stretch, files.count - start)
            sideBySide(count) { i in
                do {
                    let image = try DecodedImage(bytes(of: files[start + i]))
                    guard (image.height, image.width) == (first.height, first.width) else {
                        throw RectifierError(
                            .data,
                            "\(image.name) is \(image.height) × \(image.width), \(first.name) is \(first.height) × \(first.width): "
                                + "the images of a folder need one size; scale them first")
                    }
                    images[start + i] = image
                } catch {
                    errors[start + i] = error as? RectifierError ?? RectifierError(.file, "\(files[start + i].name): cannot be read")
                }
            }
            for i in start..<start + count { if let error = errors[i] { throw error } }
        }
        return images
    }

    private func bytes(of file: File) throws -> Bytes { try Bytes(contentsOf: file.url.path, name: file.name) }
}

extension DecodedImage {
    /// The channels to give to images that have so many at most, for a model that takes samples of a shape: the
    /// shape's, where that loses nothing.
    static func channels(fitting shape: [Int]?, of widest: Int) -> Int {
        guard let shape, 2...3 ~= shape.count, let wanted = shape.count == 2 ? 1 : shape.last, 1...4 ~= wanted else { return widest }
        let isEnough = (wanted > 2 || widest <= 2) && (wanted % 2 == 0 || widest % 2 == 1)
        return isEnough ? wanted : widest
    }
}

extension NumericArray {
    /// Images of one size as samples: height × width × channels, height × width where they are grey.
    ///
    /// - Parameter channels: As many as each image has, or more.
    init(_ images: Slots<DecodedImage>, name: String, channels: Int) throws {
        let first = images[0]!, width = first.height * first.width * channels
        try requireDataMemory([images.count, width])
        let pixels = [UInt8](unsafeUninitializedCapacity: images.count * width) { space, filled in
            for i in 0..<images.count {
                let image = images[i]!.widened(to: channels)
                images[i] = nil
                _ = UnsafeMutableBufferPointer(rebasing: space[filled..<filled + width]).initialize(from: image.pixels)
                filled += width
            }
        }
        self.init(
            name: name, shape: [images.count, first.height, first.width] + (channels == 1 ? [] : [channels]), elements: .bytes(pixels))
    }

    /// A single image as an array of one sample.
    init(_ image: DecodedImage, fitting shape: [Int]?) throws {
        let images = Slots<DecodedImage>(1)
        images[0] = image
        try self.init(images, name: image.name, channels: DecodedImage.channels(fitting: shape, of: image.channels))
    }
}
