import CRectifierKernels

/// The operand, with what each of its columns shows tallied while the program runs: how often it was above 0, and when.
struct Tally: Operation {
    var units: UnitTally

    func shape(of operands: [Shape]) throws -> Shape { operands[0] }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] { [g] }
    func response(to operand: Int) -> Response { .term(sign: 1) }
    func tangent(of y: Formula, in tangents: Tangents) -> Formula? { tangents[y.operands[0]] }
    func keepsSamples(of y: Formula) -> Bool { y.operands[0].shape.extents.first == Shape.batch }
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? { try zeros(y.operands[0]) }
    func rounding(of y: Formula, batchSize: Int) -> Rounding? { nil }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        let operand = result.operands[0], source = lowering.buffer(of: operand)
        lowering.alias(result, to: operand)
        let extents = lowering.extents(of: operand), samples = extents[0]
        let height = extents.dropFirst().reduce(1, *) / units.count, rows = samples * height
        let kernel = lowering.kernels.tally!, cursor = lowering.cursor
        lowering.add(
            PlannedCall(
                name: "tally \(rows)×\(units.count)", reads: [source], writes: [], work: rows * units.count,
                rows: SharedRows(count: samples, buffers: [source])
            ) { [units] memory in
                var call = rk_call()
                call.kernel = kernel
                call.tally = rk_tally(
                    in: memory[source], rows: Int64(rows), columns: Int64(units.count), height: Int64(height), position: cursor.position,
                    step: cursor.step,
                    units: units.address)
                return call
            })
    }
}

extension Formula {
    /// The same, `[batch, …, units]`, with each unit tallied: over samples, and over positions in them.
    package func tallied(_ units: UnitTally) throws -> Formula { try Formula(Tally(units: units), self) }
}

/// What was seen of each unit of a layer since the last reset. Running programs add to it.
package final class UnitTally: @unchecked Sendable, Hashable {
    /// Units.
    package let count: Int
    /// Each thread has records of its own.
    private let threads: Int
    fileprivate let address: UnsafeMutablePointer<rk_unit>

    package init(count: Int, threads: Int) {
        (self.count, self.threads) = (count, threads)
        address = .allocate(capacity: max(1, count * threads))
        reset()
    }

    deinit { address.deallocate() }

    package func reset() {
        address.initialize(repeating: rk_unit(active: 0, first: 0, last: 0, step: 0, largest: -.infinity), count: count * threads)
    }

    /// What was seen of one unit.
    package struct Seen: Sendable, Codable, Equatable {
        /// Samples, or positions in them, whose pre-activation was above 0.
        package var active: Int
        /// The places in the epoch, from 1, of the first and the last of them; 0 where there is none.
        package var first: Int
        package var last: Int
        /// The step that the last one was in.
        package var step: Int
        /// As JSON can hold it: the largest finite numbers stand for infinite ones, and for none.
        package var largest: Double
    }

    package subscript(unit: Int) -> Seen {
        var seen = Seen(active: 0, first: 0, last: 0, step: 0, largest: -.infinity)
        for thread in 0..<threads {
            let own = address[thread * count + unit]
            seen.active += Int(own.active)
            if own.first > 0 { seen.first = seen.first == 0 ? Int(own.first) : min(seen.first, Int(own.first)) }
            seen.last = max(seen.last, Int(own.last))
            seen.step = max(seen.step, Int(own.step))
            seen.largest = max(seen.largest, own.largest)
        }
        seen.largest = min(max(seen.largest, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
        return seen
    }

    /// Goes on from what was seen before.
    package func restore(_ seen: [Seen]) {
        reset()
        for (unit, seen) in seen.enumerated() {
            address[unit] = rk_unit(
                active: Double(seen.active), first: Double(seen.first), last: Double(seen.last), step: Double(seen.step),
                largest: seen.largest)
        }
    }

    package static func == (a: UnitTally, b: UnitTally) -> Bool { a === b }
    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
