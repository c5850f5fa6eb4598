import CRectifierKernels

// How often an operation meets its kink, counted in the map that computes it: by ReLU itself, and by identities before the others.

/// The operand, counted where it equals a number.
struct Watch: Elementwise {
    var value: Double
    var counter: KinkCounter
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_WATCH, value, counter: counter.address) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [try g.summed(to: x[0].shape)] }
}

/// The first operand, counted where it equals the second.
struct WatchTie: Elementwise {
    var counter: KinkCounter
    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_WATCH_TIE, counter: counter.address) }
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

    fileprivate func address(_ index: Int) -> UnsafeMutablePointer<Int64> { counters + index }
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

/// One of them.
struct KinkCounter: Hashable {
    var counters: KinkCounters
    var index: Int
    var address: UnsafeMutablePointer<Int64> { counters.address(index) }
}

/// The outputs with each of some kinks counted, into the counter of the kink's number.
func watched(_ outputs: [Formula], _ sites: [KinkSite], _ counters: KinkCounters) throws -> [Formula] {
    let numbered = Dictionary(grouping: sites.enumerated(), by: { $0.element.result.id })
    return try rebuilt(outputs) { original, operands in
        guard let kinks = numbered[original.id] else { return nil }
        var operands = operands
        for (index, site) in kinks {
            let counter = KinkCounter(counters: counters, index: index)
            if var relu = original.operation as? ReLUOperation {
                relu.zeros = counter
                return try Formula(relu, operands)
            }
            guard let place = original.operands.firstIndex(of: site.kink.a) else { continue }
            if let value = site.kink.b.constantValue {
                operands[place] = Formula(Watch(value: value, counter: counter), of: operands[place])
            } else if let other = original.operands.firstIndex(of: site.kink.b) {
                operands[place] = try Formula(WatchTie(counter: counter), operands[place], operands[other])
            }
        }
        return try Formula(original.operation, operands)
    }
}
