import RectifierInstruments
import Synchronization

/// Runs `body` on some threads, each of which takes numbers from 0 to `count` - 1 until there are no more. Throws the
/// first error.
func inParallel(_ count: Int, threads: Int?, _ body: @Sendable (_ next: () -> Int?) throws -> Void) throws {
    let threads = try checkedThreadCount(threads)
    let taken = Atomic<Int>(0)
    let failure = Mutex<(any Error)?>(nil)
    sideBySide(min(threads, count), threads: threads) { _ in
        do {
            try body {
                let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
                return index < count ? index : nil
            }
        } catch {
            // The others find nothing more to do.
            taken.store(count, ordering: .relaxed)
            failure.withLock { $0 = $0 ?? error }
        }
    }
    if let error = failure.withLock({ $0 }) { throw error }
}
