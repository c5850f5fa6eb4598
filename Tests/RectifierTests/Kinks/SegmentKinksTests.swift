import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

struct SegmentKinksTests {
    /// Every change of a gate between a million samples on a segment holds exactly one predicted kink, and there are no
    /// others.
    @Test func matchesDenseSampling() throws {
        let (network, parameters, _) = try trained("spiral", samples: 300, epochs: 40, layers: [64, 64])
        let start = [-5.0, -2.3], end = [4.1, 5.2]
        let pieces = try LinearPieces(of: network, parameters)
        let kinks = try pieces.kinks(from: start, to: end)
        try #require(kinks.crossings.count > 40)

        // From the middle of each piece to that of the next, the unit between them changes and no other.
        let ends = [0] + kinks.crossings.map(\.position) + [1]
        let patterns = try zip(ends, ends.dropFirst()).map { low, high in
            try pieces.piece(at: zip(start, end).map { $0 + (low + high) / 2 * ($1 - $0) }).pattern.isActive
        }
        for (index, crossing) in kinks.crossings.enumerated() {
            let changed = (0..<128).filter { patterns[index][$0] != patterns[index + 1][$0] }
            #expect(changed.map(pieces.unit) == [crossing.unit])
        }

        // The gates at a chunk of positions, and where they change from one to the next.
        let samples = 1_000_000, chunk = 4000
        let position = Formula.input("position", shape: [chunk + 1, 1])
        let points = try Formula.input("start", shape: [1, 2]) + position * Formula.input("direction", shape: [1, 2])
        let sums = try preActivations(points, parameters)
        let gates = try concatenated([sums[0], sums[1]], axis: 1) > 0
        let changes = try 1 - equal(gates.sliced(axis: 0, 0..<chunk), gates.sliced(axis: 0, 1..<chunk + 1))
        let program = try Program([changes, changes.sum(over: [1])], batchSize: 1, parameters: parameters, elementType: .float64)
        try program.setInput("start", to: start)
        try program.setInput("direction", to: zip(start, end).map { $1 - $0 })

        struct Change: Hashable { var interval: Int, unit: KinkUnit }
        var sampled: [Change] = []
        for first in stride(from: 0, to: samples, by: chunk) {
            try program.setInput("position", to: (first...first + chunk).map { Double($0) / Double(samples) })
            program.run()
            let counts = program.values(ofOutput: 1)
            guard counts.contains(where: { $0 > 0 }) else { continue }
            let matrix = program.values(ofOutput: 0)
            for row in counts.indices where counts[row] > 0 {
                for unit in 0..<128 where matrix[row * 128 + unit] > 0 {
                    sampled.append(Change(interval: first + row, unit: KinkUnit(layer: unit < 64 ? "relu1" : "relu2", index: unit % 64)))
                }
            }
        }
        let predicted = kinks.crossings.map { Change(interval: Int($0.position * Double(samples)), unit: $0.unit) }
        #expect(predicted.count == sampled.count)
        #expect(Set(predicted) == Set(sampled) && Set(predicted).count == predicted.count)
        #expect(kinks.pieceCount == kinks.crossings.count + 1)
    }

    /// Between neighbouring kinks the network is affine, and is what runs straight between its values there: no kink
    /// was missed.
    @Test(arguments: 0..<10 as Range<UInt64>) func networkIsStraightBetweenKinks(_ seed: UInt64) throws {
        let network = try variousLayers()
        let parameters = try randomParameters(network, seed: seed)
        let built = try network.built(isTraining: false)
        let program = try Program([built.output], batchSize: 1, parameters: parameters, elementType: .float64)
        var numbers = Numbers(seed: seed)
        let start = (0..<6).map { _ in numbers.uniform(in: -3...3) }, end = (0..<6).map { _ in numbers.uniform(in: -3...3) }
        func output(_ t: Double) throws -> [Double] {
            try program.setInput(Network.inputName, to: zip(start, end).map { $0 + t * ($1 - $0) })
            program.run()
            return program.values(ofOutput: 0)
        }
        let kinks = try LinearPieces(of: network, parameters).kinks(from: start, to: end)
        #expect(kinks.crossings.count > 2)
        let positions = [0] + kinks.crossings.map(\.position) + [1]
        #expect(positions == positions.sorted())
        for (a, b) in zip(positions, positions.dropFirst()) where b > a {
            let (low, high) = (try output(a), try output(b))
            for share in [0.25, 0.5, 0.9] {
                for (row, value) in try output(a + share * (b - a)).enumerated() {
                    #expect(Swift.abs(value - (low[row] + share * (high[row] - low[row]))) < 1e-11)
                }
            }
        }
    }

    /// Crossed where the sign changes; a margin that touches 0 and turns back is no kink, and one that stays 0 for a
    /// while is one.
    @Test func touchesAreNoKinks() throws {
        func positions(_ layers: [any Layer], from: Double = -1, to: Double = 3) throws -> [String] {
            let network = try Network(input: [1], layers: layers)
            let kinks = try LinearPieces(of: network, Parameters()).kinks(from: [from], to: [to])
            return kinks.crossings.map { "\($0.position) \($0.unit)" } + ["\(kinks.pieceCount)"]
        }
        #expect(try positions([ReLU()]) == ["0.25 relu1[0]", "2"])
        #expect(try positions([Absolute(), ReLU()]) == ["0.25 absolute1[0]", "2"])
        #expect(try positions([ReLU(), Absolute()]) == ["0.25 relu1[0]", "2"])
        #expect(try positions([ReLU()], from: 0) == ["1"])
        #expect(try positions([ReLU()], from: 1, to: 1) == ["1"])
        // max(x, 0) - relu(x - 1) · 2 - relu(-x) goes through 0 at 0 and, at 2, again.
        let bump = Function("bump") { x, _ in try relu(x) - relu(x - 1) * 2 - relu(-x) }
        #expect(try positions([bump, ReLU()]) == ["0.25 bump1[0]", "0.25 relu1[0]", "0.5 bump1[0].1", "0.75 relu1[0]", "4"])
        // Stays 0 from 0 to 1.
        let flat = Function("flat") { x, _ in try relu(x - 1) - relu(-x) }
        #expect(try positions([flat, ReLU()]) == ["0.25 flat1[0].1", "0.25 relu1[0]", "0.5 flat1[0]", "3"])
    }
}
