import struct Foundation.URL

/// Writes a file so that at any moment, a crash or a full disk included, its path holds either what it held before or
/// all of `contents`. Missing folders above it are made. The permissions of a file that is replaced stay.
///
/// Throws ``RectifierError/Kind/output``, with the path and the reason, and then leaves everything as it was.
package func writeAtomically(_ contents: [UInt8], to file: URL) throws { try OutputPlace(file).write(contents) }

/// Writes a folder of several files so that at any moment its path holds either all it held before or all that is given
/// here. Missing folders above it are made.
///
/// Only an empty folder or one made here, known by its `mark`, is replaced; anything else at that path is an error. Of
/// the old folder, only files named in `owned` go away. Whatever else somebody put there is carried over.
///
/// Throws ``RectifierError/Kind/output``, with the path and the reason, and then leaves everything as it was.
///
/// - Parameters:
///   - files: Names without `/`, and contents.
///   - owned: Every name that such a folder may have from us, whether or not it is in `files`.
package func writeAtomically(
    folder: URL, files: [(name: String, contents: [UInt8])], owned: Set<String>, mark: FolderMark
) throws {
    try OutputPlace(folder).write(files, owned: owned, mark: mark)
}

/// By what a folder is known as one that was made here and may be replaced.
package struct FolderMark: Sendable {
    let file: String
    /// Whether these bytes of the file are ours.
    let isOurs: @Sendable ([UInt8]) -> Bool

    package init(file: String, isOurs: @escaping @Sendable ([UInt8]) -> Bool = { _ in true }) {
        (self.file, self.isOurs) = (file, isOurs)
    }
}

/// A path where a file or a folder is written, held until the value goes: nobody else, in this process or another,
/// writes there meanwhile.
///
/// What is written takes the path's place in one step. It is made under a name of its own in the same folder, and so is
/// the lock; what a killed process leaves of them goes when the place is held or read the next time.
package final class OutputPlace {
    /// How long to wait for another who writes there.
    package enum Patience: Int {
        /// A run is refused: the other may be a run of days. It waits only for those that put things right in a moment.
        case run = 500
        /// A single write waits for another one.
        case write = 30_000
    }

    private enum Problem: Error {
        case system(SystemFiles.Failure)
        case text(String)
    }

    /// As the caller named it, for messages.
    private let name: String
    private let destination: Destination
    private let lock: FileLock
    /// Folders that were missing above it.
    private let made: [String]
    /// How two names are exchanged; tests have a file system that cannot.
    private let exchange: @Sendable (String, String) throws(SystemFiles.Failure) -> Void

    /// - Throws: ``RectifierError/Kind/output`` where nothing can be written or somebody else is writing.
    package convenience init(_ url: URL, patience: Patience = .write) throws {
        try self.init(url, patience: patience, exchange: SystemFiles.exchange)
    }

    init(
        _ url: URL, patience: Patience = .write, exchange: @escaping @Sendable (String, String) throws(SystemFiles.Failure) -> Void
    ) throws {
        self.exchange = exchange
        let name = Destination.name(of: url)
        var made: [String] = []
        do {
            (destination, lock) = try Self.hold(name, patience, &made)
        } catch {
            for folder in made.reversed() { SystemFiles.remove(emptyFolder: folder) }
            throw Self.error(name, error)
        }
        (self.name, self.made) = (name, made)
    }

    deinit {
        lock.release()
        for folder in made.reversed() { SystemFiles.remove(emptyFolder: folder) }
    }

    private static func hold(
        _ name: String, _ patience: Patience, _ made: inout [String]
    ) throws(Problem) -> (Destination, FileLock) {
        let end = ContinuousClock.now + .milliseconds(patience.rawValue)
        do throws(SystemFiles.Failure) {
            try Destination.makeParents(of: name, &made)
            let destination = try Destination(name)
            repeat {
                if let lock = try FileLock.take(destination.lock) { return (destination, lock) }
                SystemFiles.pause()
            } while ContinuousClock.now < end
        } catch {
            throw .system(error)
        }
        throw .text("another run is writing there; wait until it has ended, or choose another place")
    }

    private static func error(_ name: String, _ problem: Problem) -> RectifierError {
        let reason =
            switch problem {
            case .text(let text): text
            case .system(let failure): failure.reason
            }
        return RectifierError(.output, "\(name): cannot be written: \(reason)")
    }

    // MARK: Writing

    /// Writes a file; see ``writeAtomically(_:to:)``.
    func write(_ contents: [UInt8]) throws {
        putRight(owned: [])
        try write { () throws(Problem) in
            guard let old = try existing() else { return nil }
            guard old.kind == .file else { throw .text("there is something else than a file") }
            return old
        } _: { (new, old) throws(SystemFiles.Failure) in
            try SystemFiles.create(new, contents)
            if let old { try SystemFiles.setPermissions(old.permissions, of: new) }
            try SystemFiles.move(new, to: destination.path)
        } cleanUp: {
            SystemFiles.remove(file: $0)
        }
    }

    /// Writes a folder; see ``writeAtomically(folder:files:owned:mark:)``.
    func write(_ files: [(name: String, contents: [UInt8])], owned: Set<String>, mark: FolderMark) throws {
        for (name, _) in files { precondition(!["", ".", ".."].contains(name) && !name.contains("/"), "\"\(name)\" is not a file's name") }
        let owned = owned.union(files.map(\.name))
        putRight(owned: owned)
        try write { () throws(Problem) in
            try replaceable(mark)
        } _: { (new, old) throws(SystemFiles.Failure) in
            try SystemFiles.makeFolder(new)
            for (name, contents) in files { try SystemFiles.create("\(new)/\(name)", contents) }
            if let old { try SystemFiles.setPermissions(old.permissions, of: new) }
            try SystemFiles.flush(folder: new)
            if old != nil, !SystemFiles.names(in: destination.path).isEmpty {
                try exchange(new)
            } else {
                try SystemFiles.move(new, to: destination.path)
            }
        } cleanUp: {
            destination.retire($0, owned: owned)
        }
    }

    /// Throws unless there is nothing, an empty folder, or a folder of ours that may be replaced.
    ///
    /// Puts right first what a killed process left.
    package func require(_ mark: FolderMark, owned: Set<String>) throws {
        putRight(owned: owned)
        do { _ = try replaceable(mark) } catch { throw Self.error(name, error) }
    }

    private func putRight(owned: Set<String>) {
        // Without a lock, what is there may be somebody's who is at work.
        if lock.isExclusive { destination.putRight(owned: owned) }
    }

    /// Writes under a temporary name what `check` allows, and takes the temporary name away, whatever happens.
    private func write(
        _ check: () throws(Problem) -> SystemFiles.Status?, _ body: (String, SystemFiles.Status?) throws(SystemFiles.Failure) -> Void,
        cleanUp: (String) -> Void
    ) throws {
        do throws(Problem) {
            let old = try check()
            let new = destination.temporaryPath("new")
            defer { cleanUp(new) }
            do throws(SystemFiles.Failure) {
                try body(new, old)
                try SystemFiles.flush(folder: destination.parent)
            } catch {
                throw .system(error)
            }
        } catch {
            throw Self.error(name, error)
        }
    }

    private func existing() throws(Problem) -> SystemFiles.Status? {
        do { return try SystemFiles.status(of: destination.path) } catch { throw .system(error) }
    }

    private func replaceable(_ mark: FolderMark) throws(Problem) -> SystemFiles.Status? {
        guard let old = try existing() else { return nil }
        guard old.kind == .folder else { throw .text("there is a file of that name") }
        // Replacing a folder takes no permission on the folder itself, but who took it away meant it, root included.
        guard old.permissions & 0o222 != 0, SystemFiles.isWritable(destination.path) else {
            throw .text("that folder is write-protected; give write permission, or choose another")
        }
        guard !SystemFiles.names(in: destination.path).isEmpty else { return old }
        do {
            if mark.isOurs(try SystemFiles.contents(of: "\(destination.path)/\(mark.file)")) { return old }
        } catch {
            if !error.isMissing { throw .text("its \(mark.file) cannot be read: \(error.reason)") }
        }
        throw .text("that folder holds something else; choose an empty or new one")
    }

    /// Puts the folder `new` in the destination's place, and the old folder in its place.
    private func exchange(_ new: String) throws(SystemFiles.Failure) {
        do {
            try exchange(new, destination.path)
        } catch  where SystemFiles.Failure.cannotExchange.contains(error.code) {
            // Between the two moves nothing is there. Readers wait, and after a crash the old folder is put back.
            let old = destination.temporaryPath(Destination.old)
            try SystemFiles.move(destination.path, to: old)
            do {
                try SystemFiles.move(new, to: destination.path)
            } catch {
                try SystemFiles.move(old, to: destination.path)
                throw error
            }
            try SystemFiles.move(old, to: new)
        }
    }
}
