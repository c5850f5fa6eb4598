import struct Foundation.URL

/// The path of something that is written, and the temporary names beside it.
///
/// These are like `.rectifier-6e340b9cffb3-8c2f19a051d0e3b7.new`: a hash of the destination's name and a random number.
/// Only who holds the lock makes or removes them, so for that one all that are there are leftovers of the dead.
struct Destination {
    /// Ends the name of an old folder that was moved away and has no successor yet.
    static let old = "old"

    /// Without links: what a link points to is replaced, not the link.
    let path: String
    let parent: String
    private let prefix: String

    init(_ name: String) throws(SystemFiles.Failure) {
        if try SystemFiles.status(of: name) != nil {
            path = try SystemFiles.resolved(name)
        } else {
            let (parent, last) = Self.split(name)
            let folder = try SystemFiles.resolved(parent)
            path = folder == "/" ? "/" + last : "\(folder)/\(last)"
        }
        let (parent, last) = Self.split(path)
        self.parent = parent
        prefix = ".rectifier-\(SHA256.hex(of: Array(last.utf8)).prefix(12))"
    }

    static func name(of url: URL) -> String {
        var path = url.path(percentEncoded: false)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// The folder and the name in it.
    private static func split(_ path: String) -> (parent: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let parent = String(path[..<slash])
        return (parent.isEmpty ? "/" : parent, String(path[path.index(after: slash)...]))
    }

    static func makeParents(of path: String, _ made: inout [String]) throws(SystemFiles.Failure) {
        var missing: [String] = []
        var folder = split(path).parent
        while try SystemFiles.status(of: folder) == nil {
            missing.append(folder)
            folder = split(folder).parent
        }
        for folder in missing.reversed() {
            if try SystemFiles.makeFolder(folder, isNew: false) { made.append(folder) }
        }
    }

    // MARK: Temporary names

    var lock: String { "\(parent)/\(prefix).lock" }

    func temporaryPath(_ kind: String) -> String {
        "\(parent)/\(prefix)-\(String(UInt64.random(in: 0...UInt64.max), radix: 16)).\(kind)"
    }

    private var leftovers: [String] {
        SystemFiles.names(in: parent).filter { $0.hasPrefix(prefix + "-") && ($0.hasSuffix(".new") || $0.hasSuffix(".\(Self.old)")) }
            .map { "\(parent)/\($0)" }
    }

    // MARK: Putting right

    /// Puts right what a killed process left of writing `url`, for one who reads there. Does nothing while somebody
    /// writes.
    static func recover(_ url: URL, owned: Set<String>) {
        guard let destination = try? Destination(name(of: url)),
            !SystemFiles.isFree(destination.lock) || !destination.leftovers.isEmpty,
            let lock = try? FileLock.take(destination.lock)
        else { return }
        defer { lock.release() }
        if lock.isExclusive { destination.putRight(owned: owned) }
    }

    /// Whether somebody has moved the folder away just now, to put another in its place.
    static func isBeingReplaced(_ url: URL) -> Bool {
        (try? Destination(name(of: url)))?.leftovers.contains { $0.hasSuffix(".\(old)") } ?? false
    }

    /// Removes what the dead left; where nothing is at the path, the old folder goes back there first.
    func putRight(owned: Set<String>) {
        if SystemFiles.isFree(path), let old = leftovers.first(where: { $0.hasSuffix(".\(Self.old)") }) {
            try? SystemFiles.move(old, to: path)
        }
        for leftover in leftovers {
            SystemFiles.remove(file: leftover)
            retire(leftover, owned: owned)
        }
    }

    /// Removes our files from a folder that has served, moves all others to the path, and removes the folder.
    func retire(_ folder: String, owned: Set<String>) {
        // It may have the permissions of a folder that was protected.
        try? SystemFiles.setPermissions(0o700, of: folder)
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
}
