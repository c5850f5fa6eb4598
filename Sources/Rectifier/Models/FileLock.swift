#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file that one holder at a time has. The system takes it back when the holder's process ends, however it ends.
struct FileLock {
    private let path: String
    private let file: Int32
    /// False on a file system that knows no locks, where others may have it too.
    let isExclusive: Bool

    /// What such file systems say.
    private static let cannotLock = [ENOLCK, ENOSYS, ENOTSUP, EOPNOTSUPP, EINVAL, EBADF]

    /// Takes the lock; nil where somebody else has it.
    static func take(_ path: String) throws(SystemFiles.Failure) -> FileLock? {
        while true {
            var file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
            // Another user's lock file that was left there can be read at least, which is enough on most file systems.
            if file < 0, errno == EACCES { file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
            guard file >= 0 else { throw .last }
            if flock(file, LOCK_EX | LOCK_NB) != 0 {
                if cannotLock.contains(errno) { return FileLock(path: path, file: file, isExclusive: false) }
                let failure = SystemFiles.Failure.last
                close(file)
                if failure.code == EWOULDBLOCK { return nil }
                if failure.code == EINTR { continue }
                throw failure
            }
            // Its last holder may have removed the file after it was opened here: then others lock another one.
            if SystemFiles.identity(of: file) == SystemFiles.identity(at: path) {
                return FileLock(path: path, file: file, isExclusive: true)
            }
            close(file)
        }
    }

    /// Removes the file and lets others take it.
    func release() {
        unlink(path)
        close(file)
    }
}
