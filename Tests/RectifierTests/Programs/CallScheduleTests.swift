import CRectifierKernels
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct CallScheduleTests {
    /// Calls over few buffers, so that they get in each other's way; some can be cut by rows, of which there are two
    /// kinds, some not.
    private static func randomSteps(_ random: inout Numbers, buffers: Int) -> [PlannedCall] {
        (0..<Int.random(in: 1...30, using: &random)).map { _ in
            func pick(_ most: Int) -> [Rectifier.Buffer] {
                (0..<Int.random(in: 0...most, using: &random)).map { _ in Buffer(index: Int.random(in: 0..<buffers, using: &random)) }
            }
            var call = PlannedCall(name: "", reads: pick(3), writes: pick(2), work: Int.random(in: 1_000...2_000_000, using: &random)) {
                _ in
                rk_call()
            }
            if Bool.random(using: &random) {
                let touched = (call.reads + call.writes).filter { _ in Int.random(in: 0..<4, using: &random) > 0 }
                call.rows = SharedRows(count: [8, 256, 300].randomElement(using: &random)!, buffers: touched)
            }
            return call
        }
    }

    /// Whatever the calls: each runs once; what meets another at a buffer stays in order; and within a phase only those
    /// meet that share the buffer by the same rows.
    @Test func noThreadNeedsWhatAnotherHasNotDone() {
        var random = Numbers(seed: 7), cut = 0, moved = 0
        for _ in 0..<2_000 {
            let calls = Self.randomSteps(&random, buffers: 12), firstUpdate = Int.random(in: 0...calls.count, using: &random)
            let schedule = CallSchedule(calls, firstUpdate: firstUpdate, counts: Array(repeating: 1_000, count: 12), atMost: 3)
            let entries = schedule.entries
            #expect(entries.map(\.call).sorted() == Array(calls.indices))
            #expect(entries.prefix(firstUpdate).allSatisfy { $0.call < firstUpdate })
            moved += entries.map(\.call) == Array(calls.indices) ? 0 : 1
            for (place, entry) in entries.enumerated() {
                if place > 0, schedule.threads > 1 {
                    #expect(entry.phase == entries[place - 1].phase + (entries[place - 1].barrierAfter ? 1 : 0))
                }
                cut += entry.sharedRows > 0 ? 1 : 0
                for earlier in entries[..<place] {
                    let a = calls[earlier.call], b = calls[entry.call]
                    let common = Set(a.writes).intersection(b.reads + b.writes).union(Set(a.reads).intersection(b.writes))
                    if !common.isEmpty { #expect(earlier.call < entry.call) }
                    guard earlier.phase == entry.phase, schedule.threads > 1 else { continue }
                    for buffer in common {
                        #expect(entry.sharedRows > 0 && earlier.sharedRows == entry.sharedRows)
                        #expect(a.rows!.buffers.contains(buffer) && b.rows!.buffers.contains(buffer))
                    }
                }
            }
        }
        #expect(cut > 1_000 && moved > 100)
    }

    /// A batch passes forward and back through a network without a barrier; the gradients of weights, which need all
    /// rows, follow in one phase.
    @Test func aNetworkTakesTwoPhases() throws {
        let network = try Network(input: [64]) {
            Dense(256); ReLU(); Dropout(0.2); Dense(256); Tanh(); Dense(10)
        }
        let built = try network.built(isTraining: true)
        let target = Formula.input("target", shape: [Shape.batch, 10])
        let loss = try (logSoftmax(built.output) * target).sum(over: [1]).mean()
        let outputs = [loss] + (try gradients(of: loss, withRespectTo: built.parameters))
        let memory = try ParameterMemory(parameters: built.parameters, elementType: .float32)
        let program = try Program(outputs, batchSize: 64, parameters: memory, pool: ThreadPool(threads: 2))
        #expect(program.listing.count { $0.hasSuffix("|") } == 2, "\(program.listing)")
    }

    /// A large matrix is not read in whole by every thread: these meet instead, before and after the product with it.
    @Test func productsWithLargeMatricesAreNotCutByRows() throws {
        func phases(_ width: Int) throws -> Int {
            let h = try relu(matmul(Formula.input("x", shape: [256, width]), Formula.input("a", shape: [width, width])))
            let y = try relu(matmul(h, Formula.input("b", shape: [width, 64])))
            let memory = try ParameterMemory(parameters: [], elementType: .float32)
            let program = try Program([y], batchSize: 1, parameters: memory, pool: ThreadPool(threads: 2))
            return program.listing.count { $0.hasSuffix("|") }
        }
        #expect(try phases(512) == 1)
        #expect(try phases(1024) == 2)
    }

    /// What a call reads by rows and in whole as well has to be complete before it.
    @Test func rowsReadInWholeTooAreWaitedFor() throws {
        let x = try relu(matmul(Formula.input("a", shape: [256, 128]), Formula.input("b", shape: [128, 128])))
        let neighbours = Formula.input("neighbours", shape: [256, 256])
        let program = try Program(
            [matmul(neighbours, x) + x], batchSize: 1, parameters: ParameterMemory(parameters: [], elementType: .float32),
            pool: ThreadPool(threads: 2))
        #expect(program.listing.count == 2)
        #expect(program.listing[0].hasSuffix("|"), "\(program.listing)")
    }
}
