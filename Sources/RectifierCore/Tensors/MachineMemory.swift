import CRectifierKernels

import class Foundation.ProcessInfo

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The memory that this process may use. Swift ends the program where it gets none for an array, so what has the size
/// of data or of a network is asked for here first.
package enum MachineMemory {
    /// Bytes that this process may use: all that the machine has, or less where a limit is set.
    package static var limit: Int { bound.bytes }

    private static let bound = MemoryBound.ofThisProcess

    /// Gives large blocks back to the system as soon as they are freed. For a process that is ours from its start:
    /// copies of weights come and go, and what the allocator kept of them would add to a run's peak.
    package static func returnLargeBlocks() { rk_return_large_blocks() }

    /// Throws where some bytes are more than this process may use beside what it has, or more than the system gives
    /// now.
    ///
    /// - Parameters:
    ///   - bytes: `nil` for more than can be counted.
    ///   - purpose: What needs them, for the message: `the data set`.
    ///   - advice: What to do: `take fewer samples`.
    package static func require(
        _ bytes: Int?, kind: RectifierError.Kind, for purpose: @autoclosure () -> String, advice: @autoclosure () -> String
    ) throws(RectifierError) {
        func failure(_ reason: String) -> RectifierError {
            RectifierError(kind, "\(purpose()) needs \(bytes.map(text) ?? "more than any") of memory, \(reason); \(advice())")
        }
        guard let bytes, bytes <= limit else { throw failure("\(bound.holder) \(text(limit))") }
        // What is small is not worth a call of the system.
        guard bytes >= 1 << 20 else { return }
        let used = inUse
        guard bytes <= limit - used else { throw failure("\(bound.holder) \(text(limit)), of which \(text(used)) are in use") }
        // Asked of the system itself: a compiler may leave out `malloc` with the `free` that follows it.
        let (probed, _) = bytes.addingReportingOverflow(reserve)
        let probe = mmap(nil, probed, PROT_READ | PROT_WRITE, MAP_PRIVATE | anonymous, -1, 0)
        guard probe != MAP_FAILED else { throw failure("which the system does not give") }
        munmap(probe, probed)
    }

    /// Memory that is 0 everywhere, to be freed by `rk_free`. Kernels may read `RK_PADDING` bytes behind it.
    package static func block(
        _ bytes: Int, for purpose: @autoclosure () -> String, advice: @autoclosure () -> String
    ) throws(RectifierError) -> UnsafeMutableRawPointer {
        let (padded, overflow) = bytes.addingReportingOverflow(Int(RK_PADDING))
        try require(overflow ? nil : padded, kind: .setting, for: purpose(), advice: advice())
        guard let memory = rk_allocate(Int64(padded)) else {
            throw RectifierError(.setting, "\(purpose()) needs \(text(bytes)) of memory, which the system does not give; \(advice())")
        }
        return memory
    }

    /// Left for all that is too small to be asked for: a thread's stack, a batch's names.
    private static let reserve = 48 << 20

    /// Bytes that this process has written to and holds; 0 where the system does not say.
    private static var inUse: Int {
        #if os(Linux)
        // Pages: in all, in memory, and of these those that are a file's.
        let pages = MemoryBound.text(of: "/proc/self/statm").split(separator: " ").compactMap { Int($0) }
        return pages.count > 2 ? max(0, pages[1] - pages[2]) * Int(getpagesize()) : 0
        #else
        return 0
        #endif
    }

    /// `640 MB`, `40 GB`
    private static func text(_ bytes: Int) -> String { bytes < 10 << 30 ? "\((bytes >> 20) + 1) MB" : "\(bytes >> 30) GB" }

    #if canImport(Darwin)
    private static let anonymous = MAP_ANON
    #else
    private static let anonymous = MAP_ANONYMOUS
    #endif
}

/// What bounds the memory of a process, and who says so.
package struct MemoryBound: Equatable {
    package var bytes: Int
    /// With a verb, for a message that goes on with the bytes.
    package var holder: String

    package init(bytes: Int, holder: String) {
        (self.bytes, self.holder) = (bytes, holder)
    }

    /// The tightest of the machine, the process's own limits and those of its container.
    static var ofThisProcess: MemoryBound {
        var bounds = [MemoryBound(bytes: Int(clamping: ProcessInfo.processInfo.physicalMemory), holder: "this machine has")]
        bounds.append(MemoryBound(bytes: Int(rk_address_space_limit()), holder: "ulimit -v allows"))
        #if os(Linux)
        bounds += controlGroup(membership: text(of: "/proc/self/cgroup"), mount: "/sys/fs/cgroup").map { [$0] } ?? []
        #endif
        return bounds.min { $0.bytes < $1.bytes }!
    }

    /// The tightest limit of a process's control group and of those around it, in either version of the interface.
    ///
    /// - Parameters:
    ///   - membership: What `/proc/self/cgroup` says: lines of `number:controllers:path`.
    ///   - mount: Where the groups are shown. Inside a container that may be its own group, although `membership` names
    ///     the path outside; so the mount itself is asked in any case.
    package static func controlGroup(membership: String, mount: String) -> MemoryBound? {
        var limits: [Int] = []
        for line in membership.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isUnified = fields[1].isEmpty
            guard isUnified || fields[1].split(separator: ",").contains("memory") else { continue }
            let (root, file) = isUnified ? (mount, "memory.max") : (mount + "/memory", "memory.limit_in_bytes")
            var path = fields[2].split(separator: "/")
            while true {
                let limit = text(of: ([root[...]] + path + [file[...]]).joined(separator: "/"))
                // `max` is no number, and means none.
                if let bytes = Int(limit.split(separator: "\n").first ?? "") { limits.append(bytes) }
                if path.popLast() == nil { break }
            }
        }
        return limits.min().map { MemoryBound(bytes: $0, holder: "its container may use") }
    }

    /// The beginning of a small file of the system; empty where it cannot be read.
    fileprivate static func text(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        return String(unsafeUninitializedCapacity: 4096) { max(0, read(file, $0.baseAddress!, $0.count)) }
    }
}
