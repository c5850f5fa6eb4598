import Foundation
import RectifierInstruments
import Testing

@testable import RectifierCore

/// The laws of fresh networks against networks that the initializers draw.
@Suite struct FreshNetworkLawsTests {
    /// A layer of rectifiers with He's weights, as a network of such layers with biases has it.
    private func layer(_ number: Int, of network: Int, units: Int, over signal: [Double]) -> [Double] {
        let stream = RandomStream(seed: UInt64(network), purpose: RandomPurpose.initialization(2 * number))
        let weights = Initializer.he.values(shape: [signal.count, units], stream: stream)
        var sums = [Double](repeating: 0, count: units)
        weights.withUnsafeBufferPointer { weights in
            for (row, x) in signal.enumerated() where x != 0 {
                for unit in 0..<units { sums[unit] += x * weights[row * units + unit] }
            }
        }
        return sums.map { max(0, $0) }
    }

    struct BornDead: Sendable {
        var units: Int, layers: Int
        var formula: Double
        /// The share of 40,000 networks of one input that were dead at all inputs.
        var everywhere: Double
    }
    static let bornDead = [
        BornDead(units: 2, layers: 9, formula: 0.9249, everywhere: 0.878),
        BornDead(units: 3, layers: 9, formula: 0.6993, everywhere: 0.577),
        BornDead(units: 5, layers: 9, formula: 0.2485, everywhere: 0.128),
        BornDead(units: 10, layers: 9, formula: 0.00875, everywhere: 0.0015),
        BornDead(units: 3, layers: 19, formula: 0.9209, everywhere: 0.888),
        BornDead(units: 5, layers: 19, formula: 0.4530, everywhere: 0.359),
    ]

    @Test(arguments: bornDead) func networksAreBornDeadAsOften(_ cell: BornDead) {
        let law = BornDeadLaw(units: cell.units, hiddenLayers: cell.layers).probability
        #expect(abs(law - cell.formula) < 0.00006)
        let networks = 10_000
        var deadAtOne = 0, deadEverywhere = 0
        for network in 0..<networks {
            // A network without biases is at any number what it is at 1 or -1, times the number's size.
            let isDead = [1.0, -1].map { input in
                var signal = [input]
                for number in 0..<cell.layers where signal.contains(where: { $0 != 0 }) {
                    signal = layer(number, of: network, units: cell.units, over: signal)
                }
                return signal.allSatisfy { $0 == 0 }
            }
            if isDead[0] { deadAtOne += 1 }
            if isDead == [true, true] { deadEverywhere += 1 }
        }
        func isNear(_ count: Int, _ share: Double, seenOf others: Double = .infinity) -> Bool {
            abs(Double(count) / Double(networks) - share) <= 3 * (share * (1 - share) * (1 / Double(networks) + 1 / others)).squareRoot()
        }
        #expect(isNear(deadAtOne, law), "\(deadAtOne) of \(networks), expected \(law)")
        #expect(isNear(deadEverywhere, cell.everywhere, seenOf: 40_000), "\(deadEverywhere) of \(networks), expected \(cell.everywhere)")
    }

    @Test func chancesThatAreSmallKeepTheirDigits() {
        #expect(abs(BornDeadLaw(units: 100, hiddenLayers: 50).probability / (50 * 0x1p-100) - 1) < 1e-12)
        #expect(BornDeadLaw(units: 1, hiddenLayers: 0).probability == 0 && BornDeadLaw(units: 1, hiddenLayers: 1).probability == 0.5)
        #expect(SignalGrowthLaw(inputs: 3, units: 2).deadProbability == 0.25)
    }

    struct Growth: Sendable {
        var width: Int
        var mean: Double, variance: Double
    }
    static let growths = [
        Growth(width: 8, mean: -0.39878, variance: 1.24699), Growth(width: 16, mean: -0.17640, variance: 0.41959),
        Growth(width: 32, mean: -0.08254, variance: 0.17750), Growth(width: 64, mean: -0.04011, variance: 0.08300),
        Growth(width: 128, mean: -0.01979, variance: 0.04023), Growth(width: 512, mean: -0.00490, variance: 0.00984),
    ]

    @Test(arguments: growths) func signalsGrowByTheLaw(_ cell: Growth) {
        let law = SignalGrowthLaw(inputs: cell.width)
        #expect(abs(law.mean - cell.mean) < 0.00001 && abs(law.variance - cell.variance) < 0.00001)
        for depth in [1, 2, 4] {
            let networks = max(3, min(2000, 400_000 / (cell.width * cell.width * depth)))
            var growths: [Double] = []
            for network in 0..<networks {
                var signal = (0..<cell.width).map { $0 == 0 ? 1.0 : 0 }
                for number in 0..<depth { signal = layer(number, of: network, units: cell.width, over: signal) }
                let length = signal.reduce(0) { $0 + $1 * $1 }
                if length > 0 { growths.append(log(length)) }
            }
            let count = Double(growths.count), mean = Double(depth) * law.mean, variance = Double(depth) * law.variance
            let measuredMean = growths.reduce(0, +) / count
            #expect(abs(measuredMean - mean) <= 3 * (variance / count).squareRoot(), "\(depth) layers: \(measuredMean), expected \(mean)")
            // About the law's mean. Tails are long, so the error is that of what was seen.
            let squares = growths.map { ($0 - mean) * ($0 - mean) }
            let measured = squares.reduce(0, +) / count
            let spread = squares.reduce(0) { $0 + ($1 - measured) * ($1 - measured) } / count
            let error = max(spread.squareRoot(), 2.0.squareRoot() * variance) / count.squareRoot()
            #expect(abs(measured - variance) <= 3 * error, "\(depth) layers: \(measured), expected \(variance)")
        }
    }

    /// A layer of other width than its inputs: the quotient's mean is units / inputs.
    @Test func widthsMayDiffer() {
        let law = SignalGrowthLaw(inputs: 256, units: 64), square = SignalGrowthLaw(inputs: 64)
        #expect(abs(law.mean - square.mean - log(64.0 / 256)) < 1e-12 && abs(law.variance - square.variance) < 1e-12)
    }

    @Test func fourthMoments() {
        // One unit that is open: the logarithm of χ² with one degree of freedom, whose fourth cumulant is π⁴.
        let one = SignalGrowthLaw(inputs: 1)
        let pi2 = Double.pi * Double.pi
        #expect(abs(one.variance - pi2 / 2) < 1e-12 && abs(one.fourthMoment - (3 * pi2 * pi2 / 4 + pi2 * pi2)) < 1e-10)
        // Wide layers come near the normal law, whose fourth moment is three squares of the variance.
        let wide = SignalGrowthLaw(inputs: 1000)
        #expect(abs(wide.fourthMoment / (3 * wide.variance * wide.variance) - 1) < 0.01)
    }
}
