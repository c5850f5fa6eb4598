import Foundation

/// A file or folder with data, recognized by its content and opened as far as that takes.
struct DataSource {
    enum Part {
        case table(CSVFile)
        case arrays(ArraySource)

        /// Whether it is read as rows of columns.
        var holdsTable: Bool {
            switch self {
            case .table: true
            case .arrays(let arrays): arrays.isTable
            }
        }
    }

    /// What a single file holds, or the training part.
    var main: Part?
    /// The test part, where the source has one.
    var test: Part?

    /// Finds out what stands at a path and opens it.
    ///
    /// - Parameters:
    ///   - name: the source as the user gave it; relative paths are taken from `base`.
    ///   - needsTargets: whether the targets of binary files are read, and insisted on.
    ///   - target: the array to predict of an `.npz` file, the labels of CIFAR-100.
    ///   - shape: the samples that a model takes, which images are made to fit where that loses nothing.
    ///   - classes: those of the model.
    init(
        _ name: String, relativeTo base: URL?, needsTargets: Bool, target: String? = nil, fitting shape: [Int]? = nil,
        classes: [String]? = nil, header: Bool? = nil, separator: String? = nil
    ) throws {
        if name == DataSource.standardInput {
            let bytes = try Bytes(contentsOf: name, name: "standard input")
            guard bytes.count > 0 else { throw RectifierError(.file, "standard input: is empty") }
            switch try DataSource.form(of: bytes) {
            case .npy: main = .arrays(ArraySource(features: try NPY.array(ByteReader(bytes)), targets: nil))
            case .text: main = .table(try CSVFile(bytes, separator: separator, header: header))
            default: throw RectifierError(.file, "standard input: a CSV table or an .npy array is expected; name other files")
            }
            return
        }
        let url = DataSource.url(name, base)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw RectifierError(
                .file, "\(name): no such file or folder, and no generated set (\(GeneratedData.names.joined(separator: ", ")))")
        }
        if isFolder.boolValue {
            // Foundation lists no folder behind a link.
            let url = url.resolvingSymlinksInPath()
            let shown = { @Sendable (file: URL) in
                name.hasSuffix("/") ? name + file.lastPathComponent : "\(name)/\(file.lastPathComponent)"
            }
            let files = (try? FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil)) ?? []
            if let batches = try CIFAR(files: files, in: url, name: name, target: target) {
                let parts = try batches.read(name: shown, needsLabels: needsTargets, classes: classes)
                (main, test) = (parts.training.map(Part.arrays), parts.test.map(Part.arrays))
            } else if !IDX.isIn(files), let parts = try ImageFolder.parts(of: url, name: name) {
                let training = try parts.training?.read(fitting: shape, needsLabels: needsTargets)
                // As many channels as the training part has.
                let fitted = shape ?? training?.features.sampleShape
                main = training.map(Part.arrays)
                test = try parts.test.map { .arrays(try $0.read(fitting: fitted, needsLabels: needsTargets)) }
            } else {
                let pairs = try IDX.pairs(in: url, name: name)
                (main, test) = try sideBySide(
                    { try pairs.training.map { .arrays(try $0.read(name: shown, needsLabels: needsTargets)) } },
                    { try pairs.test.map { .arrays(try $0.read(name: shown, needsLabels: needsTargets)) } })
            }
            return
        }

        let bytes = try Bytes(contentsOf: url.path, name: name)
        guard bytes.count > 0 else { throw RectifierError(.file, "\(name): is empty") }
        let shown = { @Sendable (file: URL) in
            file.lastPathComponent == url.lastPathComponent ? name : DataSource.sibling(of: name, file.lastPathComponent)
        }
        switch try DataSource.form(of: bytes) {
        case .image:
            let image = try DecodedImage(bytes)
            guard !needsTargets else {
                throw RectifierError(.file, "\(name): is a single image; give a folder with a sub-folder of images for each class")
            }
            main = .arrays(ArraySource(images: try NumericArray(image, fitting: shape), labels: nil, classNames: []))
        case .cifar:
            let batch = try CIFAR(file: url, length: bytes.count, name: name, target: target)
            main = try batch.read(name: shown, needsLabels: needsTargets, classes: classes).training.map(Part.arrays)
        case .idx:
            main = .arrays(try IDX.pair(of: url).read(name: shown, needsLabels: needsTargets))
        case .npy: main = .arrays(ArraySource(features: try NPY.array(ByteReader(bytes)), targets: nil))
        case .npz:
            let sources = try NPZ(bytes.unpacked()).sources(target: target, needsTargets: needsTargets)
            main = sources.training.map(Part.arrays)
            test = sources.test.map(Part.arrays)
        case .text: main = .table(try CSVFile(bytes, separator: separator, header: header))
        }
    }

    /// The name of what comes through a pipe.
    private static let standardInput = "-"

    private static func url(_ name: String, _ base: URL?) -> URL {
        guard let base, !name.hasPrefix("/") else { return URL(fileURLWithPath: name) }
        return base.appendingPathComponent(name)
    }

    private static func sibling(of name: String, _ file: String) -> String {
        guard let slash = name.lastIndex(of: "/") else { return file }
        return name[...slash] + file
    }

    private enum Form { case image, cifar, idx, npy, npz, text }

    /// By the first bytes, unpacked; where they say nothing, by the name, so that a damaged file is called what it
    /// should have been.
    private static func form(of bytes: Bytes) throws -> Form {
        var start = [UInt8](bytes.raw.prefix(8))
        if Inflater.isGzip(bytes.raw) {
            let inflater = try Inflater(bytes.raw, form: .gzip, name: bytes.name)
            start = [UInt8](repeating: 0, count: 8)
            let count = try start.withUnsafeMutableBytes { try inflater.read(into: $0) }
            start.removeLast(8 - count)
        }
        if let foreign = try ForeignFormat(of: bytes, start: start) { throw foreign.error(bytes.name) }
        if DecodedImage.isImage(start) { return .image }
        if start.starts(with: NPY.magic) { return .npy }
        if ZipArchive.isZip(start) { return .npz }
        // CIFAR's batches have no form of their own: a label and dark pixels may look like IDX.
        if bytes.name.lowercased().hasSuffix(".bin"), CIFAR.isWhole(bytes.count) || !IDX.isIDX(start) { return .cifar }
        if IDX.isIDX(start) { return .idx }
        var name = bytes.name.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        if [".png", ".jpg", ".jpeg"].contains(where: name.hasSuffix) { return .image }
        if name.hasSuffix(".npy") { return .npy }
        if name.hasSuffix(".npz") { return .npz }
        if name.hasSuffix("ubyte") || name.hasSuffix(".idx") || name.contains("-idx") || name.contains(".idx") { return .idx }
        return .text
    }
}
