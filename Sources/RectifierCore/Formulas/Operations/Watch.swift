import CRectifierKernels

// How often an operation meets its kink, counted in the map that computes it: by ReLU itself, and by identities before
// the others.

/// The operand, counted where it equals a number.
struct Watch: Elementwise {
    var value: Double
    var counter: KinkCounter
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_WATCH, value, counter: counter.address) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g.summed(to: x[0].shape)] }
    func response(to operand: Int) -> Response { .term(sign: 1) }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { x[0] }
}

/// The first operand, counted where it equals the second.
struct WatchTie: Elementwise {
    var counter: KinkCounter
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_WATCH_TIE, counter: counter.address) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g.summed(to: x[0].shape), nil]
    }
    func response(to operand: Int) -> Response { operand == 0 ? .term(sign: 1) : .constant }
    func interval(of x: [Interval], _ roundoff: Roundoff) -> Interval { x[0] }
}

extension Formula {
    var isWatch: Bool { operation is Watch || operation is WatchTie }

    /// The same, counted where it equals a number.
    package func watched(at value: Double, _ counter: KinkCounter) -> Formula { Formula(Watch(value: value, counter: counter), of: self) }
    /// The same, counted where it equals another value.
    package func watched(meeting other: Formula, _ counter: KinkCounter) throws -> Formula {
        try Formula(WatchTie(counter: counter), self, other)
    }
}

/// A number for each kink of a network, that running programs add to.
package final class KinkCounters: @unchecked Sendable, Hashable {
    package let count: Int
    private let counters: UnsafeMutablePointer<Int64>

    package init(count: Int) {
        self.count = count
        counters = .allocate(capacity: max(count, 1))
        counters.initialize(repeating: 0, count: max(count, 1))
    }

    deinit { counters.deallocate() }

    fileprivate func address(_ index: Int) -> UnsafeMutablePointer<Int64> { counters + index }
    package subscript(index: Int) -> Int { Int(counters[index]) }

    /// Whether any is not 0.
    package var isTouched: Bool {
        for index in 0..<count where counters[index] != 0 { return true }
        return false
    }

    package func reset() { counters.update(repeating: 0, count: count) }

    package static func == (a: KinkCounters, b: KinkCounters) -> Bool { a === b }
    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// One of them.
package struct KinkCounter: Hashable {
    var counters: KinkCounters
    var index: Int

    package init(_ index: Int, of counters: KinkCounters) { (self.index, self.counters) = (index, counters) }

    var address: UnsafeMutablePointer<Int64> { counters.address(index) }
}
