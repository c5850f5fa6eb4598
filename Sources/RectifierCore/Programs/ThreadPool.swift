import CRectifierKernels

/// Threads that run a program's calls side by side. Used by one program at a time.
package final class ThreadPool {
    let handle: OpaquePointer?
    package let threads: Int

    /// - Parameter threads: `nil` for one on each physical core.
    package init(threads: Int? = nil) throws {
        self.threads = try checkedThreadCount(threads)
        handle = self.threads > 1 ? rk_pool_create(Int32(self.threads)) : nil
        if self.threads > 1, handle == nil {
            throw RectifierError(.setting, "the system does not give \(self.threads) threads; ask for fewer")
        }
    }

    deinit { if let handle { rk_pool_destroy(handle) } }
}

/// How many threads are meant: `nil` is one on each physical core. Throws where nobody can mean so many.
package func checkedThreadCount(_ threads: Int?) throws(RectifierError) -> Int {
    let threads = threads ?? Int(rk_physical_cores())
    guard 1...1024 ~= threads else { throw RectifierError(.setting, "threads must be from 1 to 1024, not \(threads)") }
    return threads
}
