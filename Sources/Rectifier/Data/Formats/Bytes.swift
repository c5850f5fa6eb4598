import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Bytes that keep their place while this object lives: a mapped file, or memory of our own. Never changed once made,
/// so any thread may read them.
///
/// A file that another program cuts short while it is mapped ends this program (SIGBUS), as with every reader that maps
/// files.
final class Bytes: @unchecked Sendable {
    /// The file, as the user named it: what messages begin with.
    let name: String
    let start: UnsafePointer<UInt8>
    let count: Int
    private let isMapped: Bool

    var end: UnsafePointer<UInt8> { start + count }
    var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// Maps the file; reads it where it cannot be mapped (a pipe, a terminal). Other devices, which may never end, are
    /// refused.
    ///
    /// - Parameter path: `-` for standard input.
    /// - Parameter limit: The most that is read or mapped: what is longer is cut off there.
    init(contentsOf path: String, name: String, limit: Int = .max) throws {
        self.name = name
        // Without waiting: a pipe may have nobody who writes to it.
        let file = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw RectifierError(.file, "\(name): \(Bytes.reason(errno))") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw RectifierError(.file, "\(name): \(Bytes.reason(errno))") }
        let kind = status.st_mode & S_IFMT
        if kind == S_IFDIR { throw RectifierError(.file, "\(name): is a folder, not a file") }
        if kind == S_IFBLK || (kind == S_IFCHR && isatty(file) == 0) {
            throw RectifierError(.file, "\(name): is a device, not a file")
        }

        let size = min(Int(status.st_size), limit)
        if kind == S_IFREG, size > 0, let map = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), map != MAP_FAILED {
            madvise(map, size, MADV_SEQUENTIAL)
            start = UnsafePointer(map.assumingMemoryBound(to: UInt8.self))
            count = size
            isMapped = true
        } else {
            let buffer = GrowingBuffer(name: name)
            try buffer.fill { space in
                let rest = min(space.count, limit - buffer.count, 1 << 30)
                let mayBeEarly = kind == S_IFIFO && buffer.count == 0
                return rest == 0 ? 0 : try Bytes.receive(rest, from: file, into: space.baseAddress!, mayBeEarly: mayBeEarly, name: name)
            }
            (start, count) = buffer.taken()
            isMapped = false
        }
    }

    /// How long a pipe that nobody has opened to write is waited for: in `generate > pipe & rectifier … pipe` both come
    /// at about the same time.
    private static let patience: Int32 = 5000

    /// Waits for bytes and reads them; 0 at the end.
    /// - Parameter mayBeEarly: Whether it is a pipe that nothing has come out of yet.
    private static func receive(
        _ most: Int, from file: Int32, into space: UnsafeMutableRawPointer, mayBeEarly: Bool, name: String
    ) throws -> Int {
        var waited: Int32 = 0
        while true {
            let got = read(file, space, most)
            if got > 0 { return got }
            var waiting = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
            if got < 0 {
                switch errno {
                case EINTR: break
                // Somebody is going to write.
                case EAGAIN: poll(&waiting, 1, -1)
                default: throw RectifierError(.file, "\(name): \(Bytes.reason(errno))")
                }
            } else {
                // The end, or nobody has begun to write. A pipe that has had a writer is hung up.
                guard mayBeEarly, poll(&waiting, 1, 100) == 0 || waiting.revents & Int16(POLLIN) != 0 else { return 0 }
                waited += 100
                guard waited < patience else { throw RectifierError(.file, "\(name): is a pipe that nobody writes to") }
            }
        }
    }

    /// A copy.
    init(_ bytes: some Collection<UInt8>, name: String) {
        self.name = name
        let copy = UnsafeMutableBufferPointer<UInt8>(
            start: malloc(max(bytes.count, 1))!.assumingMemoryBound(to: UInt8.self), count: bytes.count)
        _ = copy.initialize(from: bytes)
        start = UnsafePointer(copy.baseAddress!)
        count = bytes.count
        isMapped = false
    }

    init(taking buffer: GrowingBuffer, name: String) {
        self.name = name
        (start, count) = buffer.taken()
        isMapped = false
    }

    deinit {
        let memory = UnsafeMutableRawPointer(mutating: start)
        if isMapped { munmap(memory, count) } else { free(memory) }
    }

    /// Says that a range will not be read again soon, so that a mapped file does not fill the memory while it is read
    /// once.
    func release(_ range: Range<Int>) {
        guard isMapped else { return }
        let page = Int(getpagesize())
        let first = (range.lowerBound + page - 1) / page * page
        let last = range.upperBound / page * page
        if first < last { madvise(UnsafeMutableRawPointer(mutating: start + first), last - first, MADV_DONTNEED) }
    }

    /// The most that unpacking may make of a file: half of this machine's memory.
    static let memoryLimit = MachineMemory.limit / 2

    static func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT: "no such file or folder"
        case EACCES, EPERM: "permission denied"
        default: String(cString: strerror(code))
        }
    }
}

/// Memory that grows as bytes arrive whose number nobody knows, up to a limit.
final class GrowingBuffer {
    private let name: String
    private let limit: Int
    private var memory: UnsafeMutableRawPointer?
    private var capacity = 0
    private(set) var count = 0

    init(name: String, limit: Int = Bytes.memoryLimit) {
        self.name = name
        self.limit = limit
    }

    deinit { free(memory) }

    /// Asks for more until there is none: `read` fills a part of the space it gets and returns how much, 0 at the end.
    func fill(_ read: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        while true {
            if count == capacity {
                let larger = min(max(2 * capacity, 1 << 16), limit)
                guard larger > count, let grown = realloc(memory, larger) else {
                    throw RectifierError(.file, "\(name): holds more than \(count >> 20) MB, too much for this machine's memory")
                }
                memory = grown
                capacity = larger
            }
            let got = try read(UnsafeMutableRawBufferPointer(start: memory! + count, count: capacity - count))
            if got == 0 { return }
            count += got
        }
    }

    /// Hands the memory over; it is freed by `free`.
    func taken() -> (UnsafePointer<UInt8>, Int) {
        let result = (UnsafePointer((memory ?? malloc(1)!).assumingMemoryBound(to: UInt8.self)), count)
        memory = nil
        capacity = 0
        count = 0
        return result
    }
}
