import Foundation

/// A file or folder with data, recognized by its content and opened as far as that takes.
struct DataSource {
    enum Part {
        case table(CSVFile)
        case arrays(ArraySource)
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
    ///   - target: the array to predict of an `.npz` file.
    init(
        _ name: String, relativeTo base: URL?, needsTargets: Bool, target: String? = nil, header: Bool? = nil, separator: String? = nil
    ) throws {
        let url = DataSource.url(name, base)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw RectifierError(
                .file, "\(name): no such file or folder, and no generated set (\(GeneratedData.names.joined(separator: ", ")))")
        }
        if isFolder.boolValue {
            let pairs = try IDX.pairs(in: url, name: name)
            let shown = { @Sendable (file: URL) in
                name.hasSuffix("/") ? name + file.lastPathComponent : "\(name)/\(file.lastPathComponent)"
            }
            (main, test) = try sideBySide(
                { try pairs.training.map { .arrays(try $0.read(name: shown, needsLabels: needsTargets)) } },
                { try pairs.test.map { .arrays(try $0.read(name: shown, needsLabels: needsTargets)) } })
            return
        }

        let bytes = try Bytes(contentsOf: url.path, name: name)
        guard bytes.count > 0 else { throw RectifierError(.file, "\(name): is empty") }
        switch try DataSource.form(of: bytes) {
        case .idx:
            let shown = { (file: URL) in
                file.lastPathComponent == url.lastPathComponent ? name : DataSource.sibling(of: name, file.lastPathComponent)
            }
            main = .arrays(try IDX.pair(of: url).read(name: shown, needsLabels: needsTargets))
        case .npy: main = .arrays(ArraySource(features: try NPY.array(ByteReader(bytes)), targets: nil))
        case .npz:
            let sources = try NPZ(bytes.unpacked()).sources(target: target, needsTargets: needsTargets)
            main = sources.training.map(Part.arrays)
            test = sources.test.map(Part.arrays)
        case .text: main = .table(try CSVFile(bytes, separator: separator, header: header))
        }
    }

    private static func url(_ name: String, _ base: URL?) -> URL {
        guard let base, !name.hasPrefix("/") else { return URL(fileURLWithPath: name) }
        return base.appendingPathComponent(name)
    }

    private static func sibling(of name: String, _ file: String) -> String {
        guard let slash = name.lastIndex(of: "/") else { return file }
        return name[...slash] + file
    }

    private enum Form { case idx, npy, npz, text }

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
        if start.starts(with: NPY.magic) { return .npy }
        if ZipArchive.isZip(start) { return .npz }
        if IDX.isIDX(start) { return .idx }
        var name = bytes.name.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        if name.hasSuffix(".npy") { return .npy }
        if name.hasSuffix(".npz") { return .npz }
        if name.hasSuffix("ubyte") || name.hasSuffix(".idx") || name.contains("-idx") || name.contains(".idx") { return .idx }
        return .text
    }
}
