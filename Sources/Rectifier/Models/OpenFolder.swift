import struct Foundation.URL

/// The files of a model folder as they are at one moment, however often a run replaces the folder meanwhile.
///
/// A folder is replaced by another one and never changed. So files that are opened while its path still names it belong
/// together, and once they are open they can be read, removed or not.
final class OpenFolder {
    let url: URL
    private let files: [String: Result<Int32, SystemFiles.Failure>]

    /// - Throws: ``RectifierError/Kind/file`` where there is no folder.
    init(_ url: URL) throws {
        self.url = url
        Destination.recover(url, owned: ModelFile.all)
        let path = Destination.name(of: url), name = url.relativePath
        for _ in 0..<Self.mostAttempts {
            do throws(SystemFiles.Failure) {
                if let files = try Self.openFiles(in: path) {
                    self.files = files
                    return
                }
            } catch {
                if error.isNoFolder { throw RectifierError(.file, "\(name): is not a model folder: it has no \(ModelFile.model)") }
                guard error.isMissing else { throw RectifierError(.file, "\(name): cannot be read: \(error.reason)") }
                guard Destination.isBeingReplaced(url) else { throw RectifierError(.file, "\(name): there is no such model") }
            }
            SystemFiles.pause()
        }
        throw RectifierError(.file, "\(name): is replaced faster than it can be read; try again later")
    }

    /// Each takes some microseconds and a pause, and each that fails is one save of somebody else's.
    private static let mostAttempts = 1000

    deinit {
        for case .success(let file) in files.values { SystemFiles.closeFile(file) }
    }

    /// nil where the folder was replaced meanwhile: some of its files may be gone already.
    private static func openFiles(in path: String) throws(SystemFiles.Failure) -> [String: Result<Int32, SystemFiles.Failure>]? {
        let folder = try SystemFiles.openFolder(path)
        defer { SystemFiles.closeFile(folder) }
        var files: [String: Result<Int32, SystemFiles.Failure>] = [:]
        for name in ModelFile.all {
            do throws(SystemFiles.Failure) {
                files[name] = .success(try SystemFiles.openFile(name, in: folder))
            } catch {
                files[name] = .failure(error)
            }
        }
        if SystemFiles.identity(of: folder) == SystemFiles.identity(at: path) { return files }
        for case .success(let file) in files.values { SystemFiles.closeFile(file) }
        return nil
    }

    /// Whether it has a file of this name, readable or not.
    func contains(_ name: String) -> Bool {
        if case .failure(let failure) = files[name]! { !failure.isMissing } else { true }
    }

    /// The path of a file, for messages.
    func path(_ name: String) -> String { url.appendingPathComponent(name).relativePath }

    /// - Throws: ``RectifierError/Kind/file`` where the file is missing or cannot be read.
    func bytes(of name: String) throws -> [UInt8] {
        do throws(SystemFiles.Failure) {
            return try SystemFiles.contents(of: files[name]!.get())
        } catch {
            throw RectifierError(.file, "\(path(name)): \(error.isMissing ? "is missing" : "cannot be read: \(error.reason)")")
        }
    }
}
