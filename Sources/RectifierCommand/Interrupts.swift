import Foundation

/// Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once.
final class Interrupts {
    private let sources: [any DispatchSourceSignal]

    /// Calls `stop` once, from a thread of its own, when the first signal comes.
    init(stop: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "rectifier.interrupts")
        let counter = Counter()
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)  // the dispatch source sees it all the same
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                counter.value += 1
                if counter.value > 1 { _exit(128 + number) }
                stop()
            }
            source.resume()
            return source
        }
    }

    /// Read and written on the queue only.
    private final class Counter: @unchecked Sendable {
        var value = 0
    }
}
