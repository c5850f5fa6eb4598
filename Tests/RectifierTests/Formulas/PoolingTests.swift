import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// Pooling against windows that are walked pixel by pixel, and against PyTorch.
struct PoolingTests {
    /// One pooling of some images, and what is handed back to its windows.
    struct Trial {
        var windows: Windows
        var samples: Int, channels: Int
        var x: [Double], g: [Double]

        /// The pixels of each window and channel by their places in `x`, sample after sample.
        var pixels: [[Int]] {
            let places = windows.places, taps = windows.taps, size = windows.image.rows * windows.image.columns
            return (0..<samples * windows.outputs.rows * windows.outputs.columns * channels).map { element in
                let (window, channel) = element.quotientAndRemainder(dividingBy: channels)
                let (sample, output) = window.quotientAndRemainder(dividingBy: windows.outputs.rows * windows.outputs.columns)
                return places[output * taps..<(output + 1) * taps].filter { $0 >= 0 }.map { (sample * size + Int($0)) * channels + channel }
            }
        }

        func run(
            _ pool: (Formula) throws -> Formula, _ type: ElementType = .float64, threads: Int = 1
        ) throws -> (y: [Double], dx: [Double]) {
            let x = Formula.input("x", shape: [Shape.batch, windows.image.rows, windows.image.columns, channels])
            let y = try pool(x)
            let gradient = try gradients(of: (y * .input("g", shape: y.shape)).sum(), withRespectTo: [x])[0]
            let memory = try ParameterMemory(parameters: [], elementType: type)
            let program = try Program([y, gradient], batchSize: samples, parameters: memory, pool: ThreadPool(threads: threads))
            try program.setInput("x", to: self.x)
            try program.setInput("g", to: g)
            program.run()
            return (program.values(ofOutput: 0), program.values(ofOutput: 1))
        }

        /// The pixels that share a window's derivative.
        func winners(_ pixels: [Int], _ ties: Ties) -> [Int] {
            let top = pixels.map { x[$0] }.max()!, equal = pixels.filter { x[$0] == top }
            switch ties {
            case .first: return [equal.first!]
            case .second: return [equal.last!]
            case .split: return equal
            }
        }

        func maximum(_ ties: Ties) -> (y: [Double], dx: [Double]) {
            var y: [Double] = [], dx = x.map { _ in 0.0 }
            for (window, pixels) in pixels.enumerated() {
                let winners = winners(pixels, ties)
                y.append(x[winners[0]])
                for pixel in winners { dx[pixel] += g[window] / Double(winners.count) }
            }
            return (y, dx)
        }

        func mean() -> (y: [Double], dx: [Double]) {
            var y: [Double] = [], dx = x.map { _ in 0.0 }
            for (window, pixels) in pixels.enumerated() {
                y.append(pixels.reduce(0) { $0 + x[$1] } / Double(pixels.count))
                for pixel in pixels { dx[pixel] += g[window] / Double(pixels.count) }
            }
            return (y, dx)
        }
    }

    /// Random windows over small images whose numbers are often equal.
    private func trial(_ random: inout Numbers, largest: Int = 7, samples: Int = 3) throws -> Trial {
        while true {
            func pair(_ most: Int) -> Windows.Pair { Windows.Pair(random.integer(in: 1...most), random.integer(in: 1...most)) }
            let padding: Windows.Padding = random.pick([.valid, .same, .explicit(Windows.Pair(1, 1))])
            guard
                let windows = try? Windows(
                    image: pair(largest), kernel: pair(3), stride: pair(3), dilation: pair(2), padding: padding)
            else { continue }
            let channels = random.pick([1, 3, 16, 19])
            let x = (0..<samples * windows.image.rows * windows.image.columns * channels).map { _ in Double(random.integer(in: -2...2)) / 4
            }
            let y = try? Formula.input("x", shape: [1, windows.image.rows, windows.image.columns, channels]).maximum(in: windows)
            // Windows with nothing but padding are refused.
            guard let y else { continue }
            let g = (0..<samples * y.shape.extents.reduce(1, *)).map { _ in random.uniform() }
            return Trial(windows: windows, samples: samples, channels: channels, x: x, g: g)
        }
    }

    private func expectClose(
        _ found: (y: [Double], dx: [Double]), _ expected: (y: [Double], dx: [Double]), _ tolerance: Double, _ what: String
    ) {
        for (a, b) in [(found.y, expected.y), (found.dx, expected.dx)] {
            #expect(a.count == b.count, "\(what)")
            let difference = zip(a, b).reduce(0) { max($0, Swift.abs($1.0 - $1.1)) }
            #expect(difference <= tolerance, "\(what)")
        }
    }

    @Test func windowsWalkedPixelByPixel() throws {
        var random = Numbers(seed: 3)
        for _ in 0..<100 {
            let trial = try trial(&random), what = "\(trial.windows), \(trial.channels) channels"
            for ties in [Ties.first, .second, .split] {
                let expected = trial.maximum(ties)
                let found = try trial.run { try $0.maximum(in: trial.windows, ties: ties) }
                #expect(found.y == expected.y, "\(what)")
                expectClose(found, expected, 1e-13, "ties \(ties), \(what)")
            }
            expectClose(try trial.run { try $0.mean(in: trial.windows) }, trial.mean(), 1e-13, what)
        }
    }

    /// Quarters are exact in bfloat16; what is handed back is rounded nine times at most.
    @Test(arguments: [ElementType.float32, .bfloat16, .float16]) func smallTypes(_ type: ElementType) throws {
        var random = Numbers(seed: 4)
        let tolerance = [ElementType.float32: 1e-6, .float16: 6e-3, .bfloat16: 5e-2][type]!
        for _ in 0..<20 {
            let trial = try trial(&random)
            let found = try trial.run({ try $0.maximum(in: trial.windows) }, type)
            #expect(found.y == trial.maximum(.first).y, "\(trial.windows)")
            expectClose(found, trial.maximum(.first), tolerance, "\(trial.windows)")
            expectClose(try trial.run({ try $0.mean(in: trial.windows) }, type), trial.mean(), tolerance, "\(trial.windows)")
        }
    }

    @Test func threadsGiveTheSameBits() throws {
        var random = Numbers(seed: 5)
        // Large enough to be shared.
        let windows = try Windows(image: Windows.Pair(24, 24), kernel: Windows.Pair(3, 3), stride: Windows.Pair(2, 2), padding: .same)
        let shape = 96 * 24 * 24 * 20
        let trial = Trial(
            windows: windows, samples: 96, channels: 20, x: (0..<shape).map { _ in random.uniform() },
            g: (0..<96 * 144 * 20).map { _ in random.uniform() })
        for pool in [{ try $0.maximum(in: windows, ties: .split) }, { try $0.mean(in: windows) }] as [(Formula) throws -> Formula] {
            let one = try trial.run(pool, .float32)
            for threads in 2...3 {
                let several = try trial.run(pool, .float32, threads: threads)
                #expect(one.y == several.y && one.dx == several.dx)
            }
        }
    }

    @Test func paddingNeverWinsAndNaNDoes() throws {
        let windows = try Windows(image: Windows.Pair(1, 3), kernel: Windows.Pair(3, 3), stride: Windows.Pair(1, 1), padding: .same)
        let negative = Trial(windows: windows, samples: 1, channels: 1, x: [-3, -2, -.infinity], g: [1, 2, 4])
        let found = try negative.run { try $0.maximum(in: windows) }
        #expect(found.y == [-2, -2, -2] && found.dx == [0, 7, 0])
        #expect(try negative.run { try $0.mean(in: windows) }.y[0] == -2.5)

        let broken = Trial(windows: windows, samples: 1, channels: 1, x: [.nan, 1, 2], g: [1, 1, 1])
        for ties in [Ties.first, .second, .split] {
            let found = try broken.run { try $0.maximum(in: windows, ties: ties) }
            #expect(found.y[0].isNaN && found.y[1].isNaN && found.y[2] == 2)
            #expect(found.dx == [2, 0, 1])
        }
    }

    @Test func mistakesAreNamed() throws {
        func message(_ layer: any Layer, _ input: [Int]) -> String {
            do {
                _ = try Network(input: input, layers: [layer])
                return ""
            } catch { return "\(error)" }
        }
        #expect(message(MaxPool2D(), [784]) == "maxpool1: takes images [batch, rows, columns, channels], not [batch, 784]")
        #expect(
            message(MaxPool2D(3, padding: .pixels(4)), [5, 5, 2])
                == "maxpool1: a window of 3x3 over an image of 5x5 would have nothing but padding; take less padding")
        #expect(message(AveragePool2D(6), [5, 4, 2]).hasPrefix("avgpool1: a window of 6 pixels does not fit into an image of 5x4"))
        let windows = try Windows(image: Windows.Pair(4, 4), kernel: Windows.Pair(2, 2))
        #expect(throws: RectifierError.self) { try Formula.input("x", shape: [Shape.batch, 4, 5, 1]).maximum(in: windows) }
    }

    // MARK: PyTorch

    private struct Case: Decodable {
        var kind: String
        var shape: [Int], window: [Int], stride: [Int], dilation: [Int], padding: [Int]
        var y: [Double], dx: [Double]
    }

    /// As `Tests/Fixtures/pooling/make-cases` makes them.
    private func numbers(_ count: Int, _ seed: Int) -> [Double] {
        (0..<count).map { Double(($0 * 7919 + seed * 104729) % 20011) / 10000 - 1 }
    }

    @Test(arguments: [(ElementType.float64, 1e-11), (.float32, 1e-5)])
    func asInPyTorch(_ type: ElementType, _ tolerance: Double) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/pooling/cases.json")
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
        #expect(cases.count == 60)
        for test in cases {
            func pair(_ numbers: [Int]) -> Windows.Pair { Windows.Pair(numbers[0], numbers[1]) }
            let windows = try Windows(
                image: Windows.Pair(test.shape[1], test.shape[2]), kernel: pair(test.window), stride: pair(test.stride),
                dilation: pair(test.dilation), padding: .explicit(pair(test.padding)))
            let trial = Trial(
                windows: windows, samples: test.shape[0], channels: test.shape[3], x: numbers(test.shape.reduce(1, *), 1),
                g: numbers(test.y.count, 2))
            let isMaximum = test.kind == "max"
            let found = try trial.run({ isMaximum ? try $0.maximum(in: windows) : try $0.mean(in: windows) }, type)
            expectClose(found, (test.y, test.dx), tolerance, "\(test)")
        }
    }

    // MARK: Kinks

    /// The kinks say where several pixels share a window's largest number, and counters count the same.
    @Test(arguments: [Ties.first, .split]) func tiesAreKinks(_ ties: Ties) throws {
        var random = Numbers(seed: 6)
        for _ in 0..<40 {
            let trial = try trial(&random)
            let x = Formula.input("x", shape: [Shape.batch, trial.windows.image.rows, trial.windows.image.columns, trial.channels])
            let y = try x.maximum(in: trial.windows, ties: ties), kinks = y.operation.kinks(of: y.operands)
            #expect(kinks.count == trial.windows.taps - 1)
            let counters = KinkCounters(count: kinks.count)
            let counted = try Formula(try #require(y.operation.counting(with: KinkCounter(0, of: counters))), y.operands)
            let program = try Program(
                [counted] + kinks.map { try $0.touched } + kinks.map { try $0.margin }, batchSize: trial.samples, elementType: .float64)
            try program.setInput("x", to: trial.x)
            program.run()
            var touched = trial.pixels.map { _ in 0 }
            for kink in kinks.indices {
                let here = program.values(ofOutput: 1 + kink)
                #expect(counters[kink] == here.count { $0 == 1 }, "\(trial.windows)")
                for (window, value) in here.enumerated() where value == 1 { touched[window] += 1 }
                let margins = program.values(ofOutput: 1 + kinks.count + kink)
                #expect(zip(here, margins).allSatisfy { ($0 == 1) == ($1 == 0) }, "\(trial.windows)")
            }
            #expect(touched == trial.pixels.map { trial.winners($0, .split).count - 1 }, "\(trial.windows)")
        }
    }
}
