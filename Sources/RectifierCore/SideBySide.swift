import CRectifierKernels

import class Foundation.ProcessInfo

/// Calls `body` with each number below `count`, on as many threads as there are processors, or as the system gives: on
/// this one alone where it gives no other. Dispatch would wait there for ever.
package func sideBySide(
    _ count: Int, threads: Int = ProcessInfo.processInfo.activeProcessorCount, _ body: @Sendable (Int) -> Void
) {
    withoutActuallyEscaping(body) { body in
        withUnsafePointer(to: Work(body: body)) { work in
            rk_side_by_side(
                Int32(clamping: threads), Int64(count),
                { work, index in work!.assumingMemoryBound(to: Work.self).pointee.body(Int(index)) },
                UnsafeMutableRawPointer(mutating: work))
        }
    }
}

private struct Work {
    let body: @Sendable (Int) -> Void
}

/// Runs `body` on a thread of its own. False where the system gives none.
package func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    let retained = Unmanaged.passRetained(Body(body))
    let isStarted = rk_start_thread(
        { body in
            Unmanaged<Body>.fromOpaque(body!).takeRetainedValue().run()
            return nil
        }, retained.toOpaque())
    if !isStarted { retained.release() }
    return isStarted
}

private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Does two things at once. If both fail, the first one's error is thrown, as if they had been done in turn.
package func sideBySide<First, Second>(
    _ first: @Sendable () throws -> First, _ second: @Sendable () throws -> Second
) throws -> (First, Second) {
    let firsts = Slots<Result<First, any Error>>(1), seconds = Slots<Result<Second, any Error>>(1)
    sideBySide(2) { i in
        if i == 0 { firsts[0] = Result { try first() } } else { seconds[0] = Result { try second() } }
    }
    return (try firsts[0]!.get(), try seconds[0]!.get())
}

/// Numbers that are functions of their place, many of them at once.
package func sideBySide(count: Int, _ number: @Sendable (Int) -> Double) -> [Double] {
    let share = 1 << 14
    return [Double](unsafeUninitializedCapacity: count) { buffer, filled in
        nonisolated(unsafe) let numbers = buffer  // each place is written once
        let pieces = (count + share - 1) / share
        // To ask for the processors takes longer than a small piece.
        sideBySide(pieces, threads: pieces > 1 ? ProcessInfo.processInfo.activeProcessorCount : 1) { i in
            for place in i * share..<min((i + 1) * share, count) { numbers.initializeElement(at: place, to: number(place)) }
        }
        filled = count
    }
}

/// A place for the result of each of several pieces of work that run side by side. Each place is used by one thread at
/// a time.
package final class Slots<Value>: @unchecked Sendable {
    private let places: UnsafeMutableBufferPointer<Value?>

    package var count: Int { places.count }

    package init(_ count: Int) {
        places = .allocate(capacity: count)
        places.initialize(repeating: nil)
    }

    deinit {
        places.deinitialize()
        places.deallocate()
    }

    package subscript(index: Int) -> Value? {
        get { places[index] }
        set { places[index] = newValue }
    }
}
