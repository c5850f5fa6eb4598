import CRectifierKernels

import class Foundation.ProcessInfo

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What this machine's memory holds. Swift ends the program where it gives no memory for an array, so what has the size
/// of data or of a network is asked for here first.
package enum MachineMemory {
    /// Bytes of this machine's memory.
    package static let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)

    /// Throws where some bytes are more than this machine's memory, or more than the system gives now (`ulimit -v`).
    ///
    /// - Parameters:
    ///   - bytes: `nil` for more than can be counted.
    ///   - purpose: What needs them, for the message: `the data set`.
    ///   - advice: What to do: `take fewer samples`.
    package static func require(
        _ bytes: Int?, kind: RectifierError.Kind, for purpose: @autoclosure () -> String, advice: @autoclosure () -> String
    ) throws(RectifierError) {
        guard let bytes, bytes <= physical else {
            let needed = bytes.map { text($0) } ?? "more than any"
            throw RectifierError(kind, "\(purpose()) needs \(needed) of memory, this machine has \(text(physical)); \(advice())")
        }
        // What is small is not worth a call of the system.
        guard bytes >= 1 << 20 else { return }
        // Asked of the system itself: a compiler may leave out `malloc` with the `free` that follows it.
        let probe = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | anonymous, -1, 0)
        guard probe != MAP_FAILED else {
            throw RectifierError(kind, "\(purpose()) needs \(text(bytes)) of memory, which the system does not give; \(advice())")
        }
        munmap(probe, bytes)
    }

    /// Memory that is 0 everywhere, to be freed by `rk_free`. Kernels may read `RK_PADDING` bytes behind it.
    static func block(
        _ bytes: Int, for purpose: @autoclosure () -> String, advice: @autoclosure () -> String
    ) throws(RectifierError) -> UnsafeMutableRawPointer {
        let (padded, overflow) = bytes.addingReportingOverflow(Int(RK_PADDING))
        try require(overflow ? nil : padded, kind: .setting, for: purpose(), advice: advice())
        guard let memory = rk_allocate(Int64(padded)) else {
            throw RectifierError(.setting, "\(purpose()) needs \(text(bytes)) of memory, which the system does not give; \(advice())")
        }
        return memory
    }

    /// `640 MB`, `40 GB`
    private static func text(_ bytes: Int) -> String { bytes < 10 << 30 ? "\((bytes >> 20) + 1) MB" : "\(bytes >> 30) GB" }

    #if canImport(Darwin)
    private static let anonymous = MAP_ANON
    #else
    private static let anonymous = MAP_ANONYMOUS
    #endif
}
