#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The system calls that files need, with their errors as values.
enum SystemFiles {
    /// An `errno`.
    struct Failure: Error, Equatable {
        var code: Int32

        /// The error of the call just made.
        static var last: Failure { Failure(code: errno) }

        /// What file systems say that cannot exchange two names.
        static let cannotExchange = [EINVAL, ENOSYS, ENOTSUP, EOPNOTSUPP]

        var isMissing: Bool { code == ENOENT }
        /// Whether a folder was asked for and there is something else.
        var isNoFolder: Bool { code == ENOTDIR }

        /// What went wrong and, where it helps, what to do.
        var reason: String {
            switch code {
            case ENOSPC, EDQUOT: "the disk is full; free some space or choose another place"
            case EACCES, EPERM: "permission denied"
            case EROFS: "the file system is read-only; choose another place"
            case ENOENT: "no such file or folder"
            case ENOTDIR: "a part of this path is a file, not a folder"
            case EISDIR: "it is a folder"
            case ENAMETOOLONG: "the name is too long"
            case ENOMEM: "it is too large for this machine's memory"
            default: String(cString: strerror(code))
            }
        }
    }

    typealias Permissions = mode_t

    enum Kind { case file, folder, link, other }

    typealias Status = (kind: Kind, permissions: Permissions)

    /// What is at a path, and its permissions; nil where nothing is.
    static func status(of path: String, followingLinks: Bool = true) throws(Failure) -> Status? {
        var status = stat()
        guard (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else {
            if errno == ENOENT { return nil }
            throw .last
        }
        let kind: Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .other
            }
        return (kind, status.st_mode & 0o7777)
    }

    /// What tells a file or folder from all others, whatever its name.
    struct Identity: Equatable {
        private let device: UInt64, number: UInt64

        fileprivate init(_ status: stat) {
            (device, number) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino))
        }
    }

    /// nil where nothing is.
    static func identity(at path: String) -> Identity? {
        var status = stat()
        return stat(path, &status) == 0 ? Identity(status) : nil
    }

    static func identity(of descriptor: Int32) -> Identity? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Identity(status) : nil
    }

    /// A descriptor of a folder, to be closed.
    static func openFolder(_ path: String) throws(Failure) -> Int32 {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .last }
        return folder
    }

    /// A descriptor of a file in an open folder, to be read and closed. Does not wait for the other end of a pipe.
    static func openFile(_ name: String, in folder: Int32) throws(Failure) -> Int32 {
        let file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .last }
        return file
    }

    /// The bytes of a regular file. A folder, a pipe or a device is refused: reading it could block or never end.
    static func contents(of path: String) throws(Failure) -> [UInt8] {
        let file = try openFile(path, in: AT_FDCWD)
        defer { close(file) }
        return try contents(of: file)
    }

    /// The bytes of an open regular file, from its beginning however often it is read.
    static func contents(of file: Int32) throws(Failure) -> [UInt8] {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .last }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL) }

        var failure: Failure?
        let size = Int(status.st_size)
        do {
            try MachineMemory.require(size, kind: .file, for: "it", advice: "")
        } catch {
            throw Failure(code: ENOMEM)
        }
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = pread(file, buffer.baseAddress! + count, min(size - count, 1 << 30), off_t(count))
                if got > 0 {
                    count += got
                } else if got == 0 {
                    break
                } else if errno != EINTR {
                    failure = .last
                    break
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Makes a new file, writes it and waits until the disk has it.
    static func create(_ path: String, _ contents: [UInt8]) throws(Failure) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw .last }
        var failure: Failure?
        contents.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = write(file, bytes.baseAddress! + written, min(bytes.count - written, 1 << 30))
                if count >= 0 {
                    written += count
                } else if errno != EINTR {
                    failure = .last
                    return
                }
            }
        }
        if failure == nil, fsync(file) != 0 { failure = .last }
        // Some file systems tell only now that the disk is full.
        if close(file) != 0, failure == nil, errno != EINTR { failure = .last }
        if let failure { throw failure }
    }

    /// Waits until the disk has the names in a folder. File systems that cannot do that are left alone.
    static func flush(folder path: String) throws(Failure) {
        let folder = try openFolder(path)
        defer { close(folder) }
        if fsync(folder) != 0, ![EINVAL, ENOTSUP, EOPNOTSUPP].contains(errno) { throw .last }
    }

    /// - Parameter isNew: Whether a folder that is there already is an error.
    /// - Returns: Whether the folder is new.
    @discardableResult
    static func makeFolder(_ path: String, isNew: Bool = true) throws(Failure) -> Bool {
        if mkdir(path, 0o777) == 0 { return true }
        if isNew || errno != EEXIST { throw .last }
        return false
    }

    static func setPermissions(_ permissions: Permissions, of path: String) throws(Failure) {
        if chmod(path, permissions) != 0 { throw .last }
    }

    /// Gives a file or folder a new name, in place of a file (or an empty folder) that has it already.
    static func move(_ path: String, to new: String) throws(Failure) {
        if rename(path, new) != 0 { throw .last }
    }

    /// Exchanges two names at once. Not every file system can.
    static func exchange(_ path: String, _ other: String) throws(Failure) {
        #if canImport(Darwin)
        let result = renamex_np(path, other, UInt32(RENAME_SWAP))
        #else
        // glibc declares it only for those who define _GNU_SOURCE, which Swift does not.
        typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = dlsym(nil, "renameat2") else { throw Failure(code: ENOSYS) }
        let exchangeFlag: UInt32 = 2  // RENAME_EXCHANGE
        let result = unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, path, AT_FDCWD, other, exchangeFlag)
        #endif
        if result != 0 { throw .last }
    }

    /// The path without links, `.` and `..`.
    static func resolved(_ path: String) throws(Failure) -> String {
        guard let resolved = realpath(path, nil) else { throw .last }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The names in a folder; none where it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Whether nothing has this name, not even a link to nowhere.
    static func isFree(_ path: String) -> Bool {
        do { return try status(of: path, followingLinks: false) == nil } catch { return false }
    }

    static func remove(file path: String) { unlink(path) }
    static func remove(emptyFolder path: String) { rmdir(path) }

    /// Whether this user may make files in the folder.
    static func isWritable(_ folder: String) -> Bool { access(folder, W_OK) == 0 }

    static func closeFile(_ descriptor: Int32) { close(descriptor) }

    /// Waits a moment, for somebody else to get on.
    static func pause() { usleep(1000) }
}
