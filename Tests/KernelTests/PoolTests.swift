import CRectifierKernels
import Foundation
import Testing

@Suite(.serialized) struct PoolTests {
    @Test func sizes() {
        #expect(rk_pool_create(0) == nil)
        #expect(rk_pool_threads(nil) == 1)
        #expect(rk_physical_cores() >= 1)
        let pool = rk_pool_create(3)
        #expect(rk_pool_threads(pool) == 3)
        rk_pool_destroy(pool)
        rk_pool_destroy(nil)
    }

    /// Each index once, on however many threads.
    @Test(arguments: [(1, 5), (2, 1), (3, 0), (4, 100), (64, 3)] as [(Int32, Int64)])
    func workSideBySide(threads: Int32, count: Int64) {
        var done = [Int32](repeating: 0, count: Int(count))
        done.withUnsafeMutableBufferPointer { done in
            rk_side_by_side(
                threads, count,
                { context, index in
                    let done = context?.assumingMemoryBound(to: Int32.self)
                    done?[Int(index)] += 1
                }, done.baseAddress)
        }
        #expect(done.allSatisfy { $0 == 1 })
    }

    /// A chain of calls, each of which reads what other threads wrote in the call before: a sum of columns, a
    /// transpose, a solo call, a product. Without its barriers it would give other bits now and then.
    @Test(arguments: [1, 2, 3, 9])
    func stepsSeeWhatOthersWrote(_ threads: Int32) throws {
        let side = 48, kernels = RK_FLOAT32.kernels(rk_isa_selected() == RK_ISA_COUNT ? RK_REFERENCE : rk_isa_selected()).pointee
        let t = Trial(RK_FLOAT32, seed: 3)
        let x = t.input(side * side), y = t.input(side * side), z = t.input(side * side), sums = t.input(side)
        let scratch = Buffer(
            RK_FLOAT64, count: Int(kernels.product_scratch(Int64(side), Int64(side), Int64(side), threads)) * Int(threads) / 8)
        let n = Int64(side)
        var calls = [rk_call](repeating: rk_call(), count: 4)
        // z = x y; y = z transposed; sums = columns of y, alone; x = x / 2 + sums.
        calls[0].kernel = kernels.product
        calls[0].product = rk_product(
            a: x.base, b: y.base, c: z.base, a_row: n, a_column: 1, b_row: n, b_column: 1, c_row: n, m: n, n: n, k: n, zeros: 0, bias: nil,
            epilogue: nil,
            scratch: scratch.base, scratch_stride: kernels.product_scratch(Int64(side), Int64(side), Int64(side), threads))
        calls[1].kernel = kernels.copy
        calls[1].copy.in = UnsafeRawPointer(z.base)
        calls[1].copy.out = y.base
        calls[1].copy.rank = 2
        calls[1].copy.extent = (n, n, 0, 0, 0, 0)
        calls[1].copy.in_stride = (1, n, 0, 0, 0, 0)
        calls[1].copy.out_stride = (n, 1, 0, 0, 0, 0)
        calls[2].kernel = kernels.reduce
        calls[2].solo = true
        calls[2].reduce = rk_reduce(in: y.base, out: sums.base, outer: 1, count: n, inner: n, reduction: RK_SUM, scale: 0.01)
        var halve = rk_instruction(), add = rk_instruction()
        (halve.opcode, halve.d, halve.a, halve.x) = (UInt16(RK_OP_LEAKY.rawValue), UInt16(RK_MAP_OPERANDS), 0, 0.5)
        (add.opcode, add.d, add.a, add.b) = (UInt16(RK_OP_ADD.rawValue), 0, UInt16(RK_MAP_OPERANDS), 1)
        let operands = t.pointer(to: [
            rk_operand(base: x.base, row_stride: n, column_stride: 1, labels: nil),
            rk_operand(base: sums.base, row_stride: 0, column_stride: 1, labels: nil),
        ])
        calls[3].kernel = kernels.map
        calls[3].map = rk_map(
            rows: n, columns: n, operand_count: 2, instruction_count: 2, operands: operands, instructions: t.pointer(to: [halve, add]))
        for i in calls.indices { calls[i].barrier = true }

        func results(_ pool: OpaquePointer?) -> [[UInt8]] {
            for buffer in [x, y, z, sums] { buffer.reset() }
            for _ in 0..<20 { rk_run(pool, calls, Int64(calls.count)) }
            return [x, y, z, sums].map(\.contents)
        }
        let expected = results(nil)
        let pool = try #require(rk_pool_create(threads))
        defer { rk_pool_destroy(pool) }
        for _ in 0..<20 { #expect(results(pool) == expected) }
    }

    /// Runs far apart find their workers asleep; runs close together find them spinning; an empty list is fine.
    @Test func workersWakeUp() throws {
        let pool = try #require(rk_pool_create(2))
        defer { rk_pool_destroy(pool) }
        var counts = [Int64](repeating: 0, count: 2 * 16)
        counts.withUnsafeMutableBufferPointer { counts in
            var call = rk_call()
            // Any kernel may be run; this one counts, on a cache line for each part.
            call.kernel = { call, part, _ in call!.pointee.copy.out.assumingMemoryBound(to: Int64.self)[Int(part) * 16] += 1 }
            call.copy.out = UnsafeMutableRawPointer(counts.baseAddress!)
            for run in 0..<2000 {
                rk_run(pool, &call, 1)
                if run % 400 == 0 {
                    rk_run(pool, &call, 0)
                    var wait = timespec(tv_sec: 0, tv_nsec: 2_000_000)
                    nanosleep(&wait, nil)
                }
            }
        }
        #expect(counts[0] == 2000 && counts[16] == 2000)
    }
}
