import Foundation
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP, which a closed terminal sends: the first asks to stop, a later Ctrl-C or SIGTERM ends
/// the process at once.
///
/// No thread waits for them, so that they work where the system gives none.
enum Interrupts {
    /// - Parameter stop: Called when the first comes, inside a signal handler: it may set a flag and no more.
    static func handle(_ stop: @escaping @Sendable () -> Void) {
        self.stop = stop
        _ = first.load(ordering: .relaxed)  // makes it, which a signal handler must not
        for number in [SIGINT, SIGTERM, SIGHUP] where number != SIGHUP || !isIgnored(SIGHUP) {
            signal(number) { Interrupts.receive($0) }
        }
    }

    /// Set before there is a handler, and then only read.
    nonisolated(unsafe) private static var stop: @Sendable () -> Void = {}
    /// When the first came, in nanoseconds of the system's clock; 0 before.
    private static let first = Atomic<Int>(0)
    /// One wish to stop may come as several signals: `timeout` sends its own twice, and a closing terminal and its
    /// shell send SIGHUP each for itself.
    private static let burst = 200_000_000

    private static func receive(_ number: Int32) {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = time.tv_sec * 1_000_000_000 + time.tv_nsec
        let (isFirst, began) = first.compareExchange(expected: 0, desired: now, ordering: .relaxed)
        if isFirst {
            stop()
        } else if number != SIGHUP, now - began > burst {
            _exit(128 + number)
        }
    }
}
