import CRectifierKernels
import Rectifier

/// Threads that run kernels of one element type, and the peak that these threads reach at the same time.
final class BenchThreads {
    let type: ElementType
    let isa: rk_isa
    let count: Int
    let kernels: rk_kernels
    private let pool: OpaquePointer?

    init(_ count: Int, type: ElementType, isa: rk_isa) throws {
        guard let table = rk_table_for(type.kernelType, isa) else {
            throw RectifierError(.setting, "this machine lacks the instruction set \(String(cString: rk_isa_name(isa)))")
        }
        kernels = table.pointee
        (self.type, self.isa, self.count) = (type, isa, count)
        pool = count > 1 ? rk_pool_create(Int32(count)) : nil
        guard count == 1 || pool != nil else { throw RectifierError(.setting, "the system does not give \(count) threads; ask for fewer") }
    }

    deinit { if let pool { rk_pool_destroy(pool) } }

    /// Runs calls on all threads; seconds from the first to the end of the last.
    func time(_ calls: [rk_call]) -> Double {
        let clock = ContinuousClock(), start = clock.now
        rk_run(pool, calls, Int64(calls.count))
        return (clock.now - start) / .seconds(1)
    }

    /// Multiplications and additions a second in registers, of all threads at once, measured for about so many seconds.
    func peak(seconds: Double) -> Double {
        let rates = UnsafeMutablePointer<Double>.allocate(capacity: count)
        defer { rates.deallocate() }
        rates.initialize(repeating: 0, count: count)
        return withUnsafePointer(to: PeakBurst(type: type.kernelType, isa: isa, seconds: seconds)) { burst in
            // A kernel like any other, so that the threads are those that the measured ones run on.
            var call = rk_call()
            call.kernel = { call, part, _ in
                let rows = call!.pointee.rows, burst = rows.in.assumingMemoryBound(to: PeakBurst.self).pointee
                rows.out.assumingMemoryBound(to: Double.self)[Int(part)] = rk_peak_flops(burst.type, burst.isa, burst.seconds)
            }
            call.rows = rk_rows(in: burst, target: nil, labels: nil, out: rates, rows: 0, columns: 0)
            rk_run(pool, &call, 1)
            return (0..<count).reduce(0) { $0 + rates[$1] }
        }
    }

    /// What runs of calls reach, each of so many operations: in turns and with a burst at the peak right beside them,
    /// so that a machine that changes its speed or is shared with others changes all.
    func rates(_ runs: [[rk_call]], flops work: Double, _ budget: BenchBudget) -> [BenchRate] {
        for run in runs { _ = time(run) }
        var flops = runs.map { _ in 0.0 }, first = 0
        return budget.medianRates {
            let peak = peak(seconds: 0.0003)
            // Each round begins with another: schedulers have a beat, and would take the core away at the same place
            // again and again.
            first += 1
            for run in runs.indices.map({ ($0 + first) % runs.count }) { flops[run] = work / time(runs[run]) }
            return flops.map { BenchRate(flops: $0, share: $0 / peak, ratio: $0 / flops[0]) }
        }
    }

    /// Small numbers, none of them subnormal, of which a share are 0, each for itself.
    func fill(_ memory: UnsafeMutableRawPointer, _ count: Int, zeros: Double = 0) {
        let values = [Double](unsafeUninitializedCapacity: count) { values, filled in
            for i in 0..<count {
                values[i] = Double(rk_draw(1, UInt64(i)) >> 11) * 0x1p-53 < zeros ? 0 : Double(i % 13 + 1) / 16
            }
            filled = count
        }
        kernels.from_double(memory, values, Int64(count))
    }

    /// Memory for so many elements that kernels may read, as programs have it.
    func allocate(_ elements: Int) throws -> UnsafeMutableRawPointer {
        try MachineMemory.block(elements * type.size, for: "a measurement", advice: "leave this section out")
    }
}

private struct PeakBurst {
    var type: rk_type
    var isa: rk_isa
    var seconds: Double
}
