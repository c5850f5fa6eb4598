import struct Foundation.URL

/// Writes a file so that at any moment, a crash or a full disk included, its path holds either what it held before or
/// all of `contents`. Missing folders above it are made. The permissions of a file that is replaced stay.
///
/// Throws ``RectifierError/Kind/output``, with the path and the reason, and then leaves everything as it was.
package func writeAtomically(_ contents: [UInt8], to file: URL) throws {
    try AtomicWrite.perform(at: file) { write throws(AtomicWrite.Problem) in
        write.removeLeftovers(owned: [])
        if let old = write.existing, old.kind != .file { throw .text("there is something else than a file") }
        try write.system { new throws(SystemFiles.Failure) in
            try SystemFiles.create(new, contents)
            if let old = write.existing { try SystemFiles.setPermissions(old.permissions, of: new) }
            try SystemFiles.move(new, to: write.path)
            try SystemFiles.flush(folder: write.parent)
        }
    }
}

/// Writes a folder of several files so that at any moment its path holds either all it held before or all that is given
/// here. Missing folders above it are made.
///
/// Only an empty folder or one made here, known by its file `marker`, is replaced; anything else at that path is an
/// error. Of the old folder, only files named in `owned` go away. Whatever else somebody put there is carried over.
///
/// Throws ``RectifierError/Kind/output``, with the path and the reason, and then leaves everything as it was.
///
/// - Parameters:
///   - files: Names without `/`, and contents.
///   - owned: Every name that such a folder may have from us, whether or not it is in `files`.
///   - marker: The file by which a folder is known to be ours.
package func writeAtomically(
    folder: URL, files: [(name: String, contents: [UInt8])], owned: Set<String>, marker: String = "model.json"
) throws {
    try writeAtomically(folder: folder, files: files, owned: owned, marker: marker, exchange: SystemFiles.exchange)
}

/// The same with the system call given, so that tests can have one that fails.
func writeAtomically(
    folder: URL, files: [(name: String, contents: [UInt8])], owned: Set<String>, marker: String,
    exchange: (String, String) throws(SystemFiles.Failure) -> Void
) throws {
    for (name, _) in files { precondition(!["", ".", ".."].contains(name) && !name.contains("/"), "\"\(name)\" is not a file's name") }
    let owned = owned.union(files.map(\.name))
    try AtomicWrite.perform(at: folder) { write throws(AtomicWrite.Problem) in
        write.removeLeftovers(owned: owned)
        var isReplacement = false
        if let old = write.existing {
            guard old.kind == .folder else { throw .text("there is a file of that name") }
            let names = SystemFiles.names(in: write.path)
            isReplacement = !names.isEmpty
            if isReplacement, !names.contains(marker) { throw .text("that folder holds something else; choose an empty or new one") }
        }
        try write.system { new throws(SystemFiles.Failure) in
            try SystemFiles.makeFolder(new)
            for (name, contents) in files { try SystemFiles.create("\(new)/\(name)", contents) }
            if let old = write.existing { try SystemFiles.setPermissions(old.permissions, of: new) }
            try SystemFiles.flush(folder: new)
            if isReplacement {
                try write.exchange(new, using: exchange)
            } else {
                try SystemFiles.move(new, to: write.path)
            }
            try SystemFiles.flush(folder: write.parent)
        } cleanUp: { new in
            write.retire(new, owned: owned)
        }
    }
}

/// Puts back a folder whose replacement a crash interrupted, on a file system that cannot exchange two names at once.
/// To be called where a folder is missing that should be there. Does nothing otherwise.
package func recoverInterruptedWrite(of folder: URL) {
    try? AtomicWrite.perform(at: folder, makingParents: false) { $0.restore() }
}

/// One write in progress. It happens under a name like `.rectifier-6e340b9cffb3-4711-8c2f19a0-51d0e3b7.new` in the same
/// folder: a hash of the destination's name, the process, a number of that process's own (process numbers return), and
/// a random number.
private struct AtomicWrite {
    enum Problem: Error {
        case system(SystemFiles.Failure)
        case text(String)
    }

    /// The destination without links.
    let path: String
    let parent: String
    let existing: (kind: SystemFiles.Kind, permissions: SystemFiles.Permissions)?
    /// What all temporary names of this destination begin with.
    private let prefix: String

    private static let processToken = String(UInt32.random(in: 0...UInt32.max), radix: 16)

    private init(_ path: String) throws(SystemFiles.Failure) {
        // What a link points to is replaced, not the link.
        let status = try SystemFiles.status(of: path)
        if status != nil {
            self.path = try SystemFiles.resolved(path)
        } else {
            let (parent, name) = Self.split(path)
            let folder = try SystemFiles.resolved(parent)
            self.path = folder == "/" ? "/" + name : "\(folder)/\(name)"
        }
        existing = status
        let (parent, name) = Self.split(self.path)
        self.parent = parent
        prefix = ".rectifier-\(SHA256.hex(of: Array(name.utf8)).prefix(12))-"
    }

    /// The folder and the name in it.
    private static func split(_ path: String) -> (parent: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let parent = String(path[..<slash])
        return (parent.isEmpty ? "/" : parent, String(path[path.index(after: slash)...]))
    }

    /// Runs `body`, turns what it throws into one line, and takes back the folders it made when it fails.
    static func perform(at url: URL, makingParents: Bool = true, _ body: (AtomicWrite) throws(Problem) -> Void) throws {
        var path = url.path(percentEncoded: false)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        var made: [String] = []
        do {
            do {
                if makingParents { try makeParents(of: path, &made) }
                try body(AtomicWrite(path))
            } catch let failure as SystemFiles.Failure {
                throw Problem.system(failure)
            }
        } catch {
            for folder in made.reversed() { SystemFiles.remove(emptyFolder: folder) }
            switch error as? Problem {
            case .text(let text): throw RectifierError(.output, "\(path): cannot be written: \(text)")
            case .system(let failure): throw RectifierError(.output, "\(path): cannot be written: \(failure.reason)")
            case nil: throw error
            }
        }
    }

    private static func makeParents(of path: String, _ made: inout [String]) throws(SystemFiles.Failure) {
        var missing: [String] = []
        var folder = split(path).parent
        while try SystemFiles.status(of: folder) == nil {
            missing.append(folder)
            folder = split(folder).parent
        }
        for folder in missing.reversed() {
            try SystemFiles.makeFolder(folder)
            made.append(folder)
        }
    }

    /// Runs `body` with a new temporary path, and `cleanUp` with the same afterwards, whatever happens.
    func system(_ body: (String) throws(SystemFiles.Failure) -> Void, cleanUp: (String) -> Void = SystemFiles.remove(file:)) throws(Problem)
    {
        let new = temporaryPath("new")
        defer { cleanUp(new) }
        do { try body(new) } catch { throw .system(error) }
    }

    private func temporaryPath(_ kind: String) -> String {
        let draw = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        return "\(parent)/\(prefix)\(SystemFiles.processNumber)-\(Self.processToken)-\(draw).\(kind)"
    }

    /// Puts the folder `new` in the destination's place, and the old folder in its place.
    func exchange(
        _ new: String, using exchange: (String, String) throws(SystemFiles.Failure) -> Void
    ) throws(SystemFiles.Failure) {
        do {
            try exchange(new, path)
        } catch  where SystemFiles.Failure.cannotExchange.contains(error.code) {
            // Between the two moves nothing is there; after a crash just then, `restore` puts the old folder back.
            let old = temporaryPath("old")
            try SystemFiles.move(path, to: old)
            do {
                try SystemFiles.move(new, to: path)
            } catch {
                try SystemFiles.move(old, to: path)
                throw error
            }
            try SystemFiles.move(old, to: new)
        }
    }

    /// Removes our files from a folder that has served, moves all others to the destination, and removes the folder.
    func retire(_ folder: String, owned: Set<String>) {
        for name in SystemFiles.names(in: folder) {
            let source = "\(folder)/\(name)"
            let destination = "\(path)/\(name)"
            if owned.contains(name) {
                SystemFiles.remove(file: source)
            } else if SystemFiles.isFree(destination) {
                try? SystemFiles.move(source, to: destination)
            }
        }
        SystemFiles.remove(emptyFolder: folder)
    }

    /// Where the destination is missing, puts back the old folder that a dead process had moved away.
    func restore() {
        guard existing == nil, let old = leftovers.first(where: { $0.hasSuffix(".old") }) else { return }
        try? SystemFiles.move(old, to: path)
    }

    /// Removes what processes that no longer run left behind when they wrote to the same destination.
    func removeLeftovers(owned: Set<String>) {
        restore()
        for leftover in leftovers {
            SystemFiles.remove(file: leftover)
            retire(leftover, owned: owned)
        }
    }

    private var leftovers: [String] {
        SystemFiles.names(in: parent).filter { name in
            guard name.hasPrefix(prefix), name.hasSuffix(".new") || name.hasSuffix(".old") else { return false }
            let parts = name.dropFirst(prefix.count).split(separator: "-")
            guard parts.count == 3, let process = Int32(parts[0]) else { return false }
            return process == SystemFiles.processNumber ? parts[1] != Self.processToken : !SystemFiles.isRunning(process)
        }.map { "\(parent)/\($0)" }
    }
}
