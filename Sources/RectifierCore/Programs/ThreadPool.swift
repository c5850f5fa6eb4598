import CRectifierKernels

/// Threads that run a program's calls side by side. Used by one program at a time.
package final class ThreadPool {
    let handle: OpaquePointer?
    package let threads: Int

    /// - Parameter threads: `nil` for one on each physical core, or as many as the system gives.
    package init(threads: Int? = nil) throws {
        var count = try checkedThreadCount(threads), pool: OpaquePointer?
        while count > 1 {
            pool = rk_pool_create(Int32(count))
            if pool != nil { break }
            // Where nobody asked for so many, fewer do: the results are the same bits.
            guard threads == nil else {
                throw RectifierError(.setting, "the system does not give \(count) threads; ask for fewer")
            }
            count /= 2
        }
        (handle, self.threads) = (pool, count)
    }

    deinit { if let handle { rk_pool_destroy(handle) } }
}

/// How many threads are meant: `nil` is one on each physical core. Throws where nobody can mean so many.
package func checkedThreadCount(_ threads: Int?) throws(RectifierError) -> Int {
    let threads = threads ?? Int(rk_physical_cores())
    guard 1...1024 ~= threads else { throw RectifierError(.setting, "threads must be from 1 to 1024, not \(threads)") }
    return threads
}
