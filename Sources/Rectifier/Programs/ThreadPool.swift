import CRectifierKernels

/// Threads that run a program's steps side by side. Used by one program at a time.
final class ThreadPool {
    let handle: OpaquePointer?
    let threads: Int

    /// - Parameter threads: `nil` for one on each physical core.
    init(threads: Int? = nil) throws {
        self.threads = try ThreadPool.count(threads)
        handle = self.threads > 1 ? rk_pool_create(Int32(self.threads)) : nil
        if self.threads > 1, handle == nil {
            throw RectifierError(.setting, "the system does not give \(self.threads) threads; ask for fewer")
        }
    }

    /// How many threads are meant. Throws where nobody can mean so many.
    static func count(_ threads: Int?) throws -> Int {
        let threads = threads ?? Int(rk_physical_cores())
        guard 1...1024 ~= threads else { throw RectifierError(.setting, "threads must be from 1 to 1024, not \(threads)") }
        return threads
    }

    deinit { if let handle { rk_pool_destroy(handle) } }
}

/// The kernels that programs of an element type use.
func selectedKernels(_ type: ElementType) throws -> rk_kernels {
    guard let table = rk_table(type.kernelType) else {
        let names = (0..<RK_ISA_COUNT.rawValue).map { rk_isa($0) }.filter { rk_isa_available($0) }.map { String(cString: rk_isa_name($0)) }
        throw RectifierError(.setting, "RECTIFIER_ISA names no instruction set of this machine; it has \(names.joined(separator: ", "))")
    }
    guard rk_zeros_selected() != RK_ZEROS_COUNT else {
        throw RectifierError(.setting, "RECTIFIER_ZEROS is none of density, multiply, skip")
    }
    return table.pointee
}
