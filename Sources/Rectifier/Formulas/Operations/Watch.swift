import CRectifierKernels

// Identities that count, on the way, how often an operation meets its kink. They ride on the map that computes the operation.

/// The operand, counted where it equals a number.
struct Watch: Elementwise {
    var value: Double
    var counters: KinkCounters
    var index: Int
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_WATCH, value, counter: counters[address: index]) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g.summed(to: x[0].shape)] }
}

/// The first operand, counted where it equals the second.
struct WatchTie: Elementwise {
    var counters: KinkCounters
    var index: Int
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_WATCH_TIE, counter: counters[address: index]) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try g.summed(to: x[0].shape), nil]
    }
}

extension Formula {
    var isWatch: Bool { operation is Watch || operation is WatchTie }
}

/// A number for each kink of a network, that running programs add to.
final class KinkCounters: @unchecked Sendable, Hashable {
    let count: Int
    private let counters: UnsafeMutablePointer<Int64>

    init(count: Int) {
        self.count = count
        counters = .allocate(capacity: max(count, 1))
        counters.initialize(repeating: 0, count: max(count, 1))
    }

    deinit { counters.deallocate() }

    subscript(address index: Int) -> UnsafeMutablePointer<Int64> { counters + index }
    subscript(index: Int) -> Int { Int(counters[index]) }

    /// Whether any is not 0.
    var isTouched: Bool {
        for index in 0..<count where counters[index] != 0 { return true }
        return false
    }

    func reset() { counters.update(repeating: 0, count: count) }

    static func == (a: KinkCounters, b: KinkCounters) -> Bool { a === b }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// The outputs with a watch on each of some kinks, which counts into the counter of the kink's number.
func watched(_ outputs: [Formula], _ sites: [KinkSite], _ counters: KinkCounters) throws -> [Formula] {
    let numbered = Dictionary(grouping: sites.enumerated(), by: { $0.element.result.id })
    return try rebuilt(outputs) { original, operands in
        guard let kinks = numbered[original.id] else { return nil }
        var operands = operands
        for (index, site) in kinks {
            guard let place = original.operands.firstIndex(of: site.kink.a) else { continue }
            if let value = site.kink.b.constantValue {
                operands[place] = Formula(Watch(value: value, counters: counters, index: index), of: operands[place])
            } else if let other = original.operands.firstIndex(of: site.kink.b) {
                operands[place] = try Formula(WatchTie(counters: counters, index: index), operands[place], operands[other])
            }
        }
        return try Formula(original.operation, operands)
    }
}
