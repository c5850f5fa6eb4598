import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// What operations state of themselves, against numbers: for every operation in the formulas and gradients of
/// ``OperationTests/all``, at the operands it has there.
struct TraitTests {
    /// Each operation once for operands of the same shapes.
    private static let nodes = Result {
        var seen = Set<AppliedOperation.Key>()
        return try OperationTests.all.flatMap { try AppliedOperation.all(in: $0) }.filter { seen.insert($0.key).inserted }
    }

    /// Runs a check on all of them. What it says was checked must be all that `claims`, at least once for each kind of
    /// operation.
    private func check(
        claiming claims: (AppliedOperation) throws -> Bool, _ body: (AppliedOperation) throws -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var claimed = Set<String>(), checked = Set<String>()
        for node in try Self.nodes.get().filter(claims) {
            claimed.insert(node.type)
            if try body(node) { checked.insert(node.type) }
        }
        #expect(!claimed.isEmpty, sourceLocation: sourceLocation)
        #expect(claimed.subtracting(checked).sorted() == [], "not checked", sourceLocation: sourceLocation)
    }

    @Test func responses() throws {
        try check(claiming: { node in node.places.contains { node.operation.response(to: $0) != .nonlinear } }) { node in
            var isChecked = false
            for place in node.places {
                let response = node.operation.response(to: place)
                guard response != .nonlinear, let line = try node.line(moving: [place]) else { continue }
                isChecked = true
                let (low, middle, high) = line.values
                let change = zip(high, low).map { $0 - $1 }
                func expect(_ expected: Formula, _ tolerance: Double = 1e-11) throws {
                    let expected = try node.run([expected.broadcast(to: node.fixed.shape)], node.values, line.directions)[0]
                    let size = (high + middle).reduce(1) { max($0, Swift.abs($1)) }
                    for (seen, expected) in zip(change, expected.map { 2 * line.step * $0 }) {
                        #expect(Swift.abs(seen - expected) <= tolerance * size, "\(node): \(response) to operand \(place)")
                    }
                }
                let direction = line.direction(of: place)
                switch response {
                case .constant: #expect(low == middle && middle == high, "\(node): operand \(place) changes it")
                case .term(let sign): try expect(.constant(sign) * direction)
                case .multiple(let other):
                    let factor = node.leaves[other]
                    let value = try node.run([direction * factor, direction / factor], node.values, line.directions)
                    let nearer = zip(change, value[0]).allSatisfy { Swift.abs($0 - 2 * line.step * $1) < 1e-9 }
                    try expect(nearer ? direction * factor : direction / factor)
                case .affine, .product: line.expectStraight("\(node): operand \(place)")
                case .nonlinear: break
                }
            }
            return isChecked
        }
    }

    /// Operands that move together, and the tangents that follow.
    @Test func tangents() throws {
        try check(claiming: { node in node.places.contains { node.operation.isAffine(in: [$0]) } }) { node in
            let together = node.places.filter {
                switch node.operation.response(to: $0) {
                case .constant, .term, .affine: true
                default: false
                }
            }
            if let line = try node.line(moving: together) { line.expectStraight("\(node): operands \(together)") }
            var isChecked = false
            for place in node.places where node.operation.isAffine(in: [place]) {
                guard let line = try node.line(moving: [place]) else { continue }
                let leaf = node.leaves[place], direction = line.direction(of: place)
                let along = try direction.reshaped(to: [1, leaf.shape.count(batchSize: 1)])
                let tangents = try Tangents(of: [node.fixed], from: leaf, along: concatenated([along, -2 * along], axis: 0))
                let zero = try Formula.constant(0).broadcast(to: tangents.extended(node.fixed.shape))
                let seen = try node.run([tangents[node.fixed] ?? zero], node.values, line.directions)[0]
                let change = zip(line.values.high, line.values.low).map { ($0 - $1) / (2 * line.step) }
                let size = (line.values.high + change).reduce(1) { max($0, Swift.abs($1)) }
                for (seen, expected) in zip(seen, change + change.map { -2 * $0 }) {
                    #expect(Swift.abs(seen - expected) <= 1e-10 * size / line.step, "\(node): the tangent along operand \(place)")
                }
                isChecked = true
            }
            return isChecked
        }
    }

    /// Row by row, a product's second factor is a matrix that rows of the first are multiplied by.
    @Test func productsByRows() throws {
        func rows(_ node: AppliedOperation) -> Int? {
            for place in node.places { if case .product(let rows, byRows: true) = node.operation.response(to: place) { return rows } }
            return nil
        }
        try check(claiming: { rows($0) != nil }) { node in
            let place = rows(node)!, count = node.fixed.shape[0]
            try #require(node.leaves[place].shape[0] == count, "\(node)")
            let before = try node.run([node.fixed], node.values)[0]
            let width = node.values[place].count / count, resultWidth = before.count / count
            for row in 0..<count {
                var values = node.values
                for index in row * width..<(row + 1) * width { values[place][index] *= 2 }
                var expected = before
                for index in row * resultWidth..<(row + 1) * resultWidth { expected[index] *= 2 }
                let seen = try node.run([node.fixed], values)[0]
                #expect(seen == expected, "\(node)")
            }
            return true
        }
    }

    /// Another sample j leaves row i as it is, bit for bit.
    @Test func samplesThatAreKeptApart() throws {
        func isClaimed(_ node: AppliedOperation) -> Bool {
            let shape = node.result.shape
            return node.places.contains { node.batchedShapes[$0].hasBatch }
                && shape.extents.first == Shape.batch && !shape.extents.dropFirst().contains(Shape.batch)
                && node.operation.keepsSamples(of: node.result)
        }
        try check(claiming: isClaimed) { node in
            let samples = OperationCase.batch
            let before = try node.run([node.fixed], node.values)[0].map(\.bitPattern), width = before.count / samples
            for other in 0..<samples {
                var values = node.values
                for place in node.places where node.batchedShapes[place].hasBatch {
                    #expect(node.batchedShapes[place].extents.first == Shape.batch, "\(node)")
                    let count = values[place].count / samples
                    for index in 0..<count {
                        values[place][other * count + index] = node.values[place][(other + 1) % samples * count + index] * 1.25
                    }
                }
                let after = try node.run([node.fixed], values)[0].map(\.bitPattern)
                for row in 0..<samples where row != other {
                    let range = row * width..<(row + 1) * width
                    #expect(before[range] == after[range], "\(node): sample \(other) changes row \(row)")
                }
            }
            return true
        }
    }

    /// Wherever operands lie between their bounds, the result lies between its own, in every precision.
    @Test(arguments: ElementType.allCases) func bounds(_ type: ElementType) throws {
        let roundoff = Roundoff(type)
        /// Around the operands' values, so wide; some numbers are fixed. Those that go in are rounded, which the bounds
        /// of leaves must hold.
        func box(_ node: AppliedOperation, _ width: Double) -> [[Interval]] {
            node.values.map { values in
                values.enumerated().map { place, value in
                    place % 5 == 4 ? Interval(value) : Interval(value - width, value + 2 * width)
                }
            }
        }
        func bounds(_ node: AppliedOperation, _ box: [[Interval]]) throws -> [Interval] {
            try Bounds.bounds(of: [node.fixed], in: type) { leaf in
                node.leaves.firstIndex(of: leaf).map { Bounds(box[$0].map(roundoff.rounded)) }
            }[0].elements
        }
        try check(claiming: { node in try bounds(node, box(node, 0)).contains(where: \.isBounded) }) { node in
            var numbers = Numbers(seed: 17), isChecked = false
            for width in [0, 1e-3, 0.25, 2] {
                let box = box(node, width), found = try bounds(node, box)
                guard found.contains(where: \.isBounded) else { continue }
                isChecked = true
                for trial in 0..<12 {
                    let values = box.map { operand in
                        operand.map {
                            numbers.chance(trial < 4 ? 1 : 0.2) ? numbers.pick([$0.low, $0.high]) : numbers.uniform(in: $0.low...$0.high)
                        }
                    }
                    let seen = try node.run([node.fixed], values, type: type)[0]
                    for (value, bounds) in zip(seen, found) where bounds.isBounded {
                        #expect(bounds.contains(value), "\(node): \(value) is not in \(bounds.low)...\(bounds.high)")
                    }
                }
            }
            return isChecked
        }
    }

    /// Zeros that are stated are zeros, whatever the parameters; frozen ones stay when parameters change a little.
    @Test(arguments: ZeroKind.allCases) func zeros(_ kind: ZeroKind) throws {
        func mask(_ node: AppliedOperation) throws -> Formula? {
            var masks = ZeroMasks(kind)
            return try masks.mask(of: node.fixed)
        }
        try check(claiming: { try mask($0) != nil }) { node in
            var numbers = Numbers(seed: 7)
            var hits = 0
            for trial in 0..<8 {
                // In every other trial one operand in turn is a parameter.
                let parameter = trial % 2 > 0 && !node.places.isEmpty ? node.places[trial / 2 % node.places.count] : nil
                let variant = try node.with(parameter: parameter)
                guard let mask = try mask(variant) else { continue }
                let values = node.values.map { values in
                    let share = numbers.integer(below: 3)
                    return values.map { share == 2 || numbers.integer(below: 2) < share ? 0 : $0 }
                }
                let seen = try variant.run([variant.fixed, mask.broadcast(to: variant.fixed.shape)], values)
                hits += seen[1].count { $0 == 1 }
                #expect(zip(seen[0], seen[1]).allSatisfy { $1 == 0 || ($1 == 1 && $0 == 0) }, "\(node)")
                guard kind == .frozen, let parameter else { continue }
                var moved = values
                for index in moved[parameter].indices { moved[parameter][index] += 1e-3 * numbers.uniform() }
                let after = try variant.run([variant.fixed], moved)[0]
                #expect(zip(after, seen[1]).allSatisfy { $1 == 0 || $0 == 0 }, "\(node): not frozen when operand \(parameter) moves")
            }
            return hits > 0
        }
    }

    /// Single precision against double precision, at operands that both hold.
    @Test func rounding() throws {
        try check(claiming: { _ in true }) { node in
            let values = node.values.map { $0.map { Double(Float($0)) } }
            let single = try node.run([node.fixed], values, type: .float32)[0], double = try node.run([node.fixed], values)[0]
            guard let rounding = try node.operation.rounding(of: node.fixed, batchSize: 1) else {
                #expect(single == double.map { Double(Float($0)) }, "\(node) moves elements only")
                return true
            }
            let sizes = try node.run([rounding.size.broadcast(to: node.fixed.shape)], values)[0]
            for (index, size) in sizes.enumerated() where double[index].isFinite {
                // The factor is a standard deviation where many errors add up.
                let bound = 4 * rounding.factor * size * 0x1p-24 + Double(Float.leastNormalMagnitude)
                #expect(Swift.abs(single[index] - double[index]) <= bound, "\(node): \(single[index]) for \(double[index])")
            }
            return true
        }
    }

    @Test func positivity() throws {
        let points = [-.infinity, -2, -1e-300, -0.0, 0, 1e-300, 0.5, .infinity]
        func values(_ node: AppliedOperation, of x: Formula) throws -> [Double] {
            try node.run([Formula(node.operation, [x])], [points])[0]
        }
        let x = Formula.input("x0", shape: [8])
        try check(claiming: { $0.operation.keepsPositivity }) { node in
            let result = try values(node, of: x)
            #expect(zip(points, result).allSatisfy { $0 > 0 ? $1 > 0 : $1 == 0 }, "\(node)")
            return true
        }
        try check(claiming: { $0.operation.readsPositivity }) { node in
            let all = try values(node, of: x), rectified = try values(node, of: relu(x))
            #expect(all == rectified, "\(node)")
            return true
        }
    }

    /// What an operation holds of a shape has the batch filled in as well.
    @Test func resolvedShapes() throws {
        try check(claiming: { _ in true }) { node in
            #expect(node.fixed.shape == node.result.shape.filled(batchSize: OperationCase.batch), "\(node)")
            return true
        }
    }
}
