import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore

/// Convolutions and batch normalization against what PyTorch gave: `Tests/Fixtures/convolution/make-cases`.
@Suite struct PyTorchTests {
    private struct Cases: Decodable {
        var convolutions: [Convolution]
        var normalizations: [Normalization]
    }
    private struct Convolution: Decodable {
        var batch: Int, image: [Int], channels: Int, filters: Int, window: [Int], stride: [Int], dilation: [Int], padding: [Int]
        var groups: Int
        /// Of result and derivatives: two sums of elements times numbers, and the sum of sizes.
        var sums: [[Double]]
    }
    private struct Normalization: Decodable {
        var isTraining: Bool, batch: Int, image: [Int], channels: Int
        var sums: [[Double]]
    }

    private static let cases = Result {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/convolution/cases.json")
        return try JSONDecoder().decode(Cases.self, from: Data(contentsOf: file))
    }

    /// As `make-cases` makes them.
    private static func numbers(_ count: Int, _ seed: Int) -> [Double] {
        (0..<count).map { Double(($0 * 7919 + seed * 104729) % 20011) / 10000 - 1 }
    }

    private static let tolerances: [(ElementType, Double)] = [(.float64, 1e-11), (.float32, 1e-5)]

    private func compare(_ found: [[Double]], _ expected: [[Double]], _ tolerance: Double, _ what: String) {
        for (place, (values, sums)) in zip(found, expected).enumerated() {
            for seed in [5, 6] {
                let sum = zip(values, Self.numbers(values.count, seed)).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(sum - sums[seed - 5]) <= tolerance * max(sums[2], 1), "\(what), tensor \(place)")
            }
            #expect(abs(values.reduce(0) { $0 + abs($1) } - sums[2]) <= tolerance * max(sums[2], 1), "\(what), tensor \(place)")
        }
    }

    private func run(_ outputs: [Formula], _ inputs: [Int: [Double]], batch: Int, _ type: ElementType) throws -> [[Double]] {
        let program = try Program(outputs, batchSize: batch, elementType: type)
        for (seed, values) in inputs where topologicalOrder(of: outputs).contains(where: { ($0.operation as? Input)?.name == "x\(seed)" }) {
            try program.setInput("x\(seed)", to: values)
        }
        program.run()
        return outputs.indices.map { program.values(ofOutput: $0) }
    }

    private func input(_ seed: Int, _ shape: Shape) -> Formula { .input("x\(seed)", shape: shape) }

    @Test(arguments: tolerances) func convolutions(_ type: ElementType, _ tolerance: Double) throws {
        let cases = try Self.cases.get().convolutions
        #expect(cases.count == 200)
        for test in cases {
            func pair(_ numbers: [Int]) -> Windows.Pair { Windows.Pair(numbers[0], numbers[1]) }
            let windows = try Windows(
                image: pair(test.image), kernel: pair(test.window), stride: pair(test.stride), dilation: pair(test.dilation),
                padding: .explicit(pair(test.padding)))
            let x = input(1, [Shape.batch, test.image[0], test.image[1], test.channels])
            let w = input(2, [test.window[0], test.window[1], test.channels / test.groups, test.filters]), b = input(3, [test.filters])
            let y = try convolution(x, w, windows: windows, groups: test.groups) + b, g = input(4, y.shape)
            let derivatives = try gradients(of: (y * g).sum(), withRespectTo: [x, w, b])
            let values = Dictionary(
                uniqueKeysWithValues: [x, w, b, g].enumerated().map {
                    ($0 + 1, Self.numbers($1.shape.count(batchSize: test.batch), $0 + 1))
                })
            compare(try run([y] + derivatives, values, batch: test.batch, type), test.sums, tolerance, "\(test)")
        }
    }

    @Test(arguments: tolerances) func batchNormalization(_ type: ElementType, _ tolerance: Double) throws {
        let cases = try Self.cases.get().normalizations
        #expect(cases.count == 40)
        for test in cases {
            let x = input(1, [Shape.batch, test.image[0], test.image[1], test.channels])
            var build = NetworkBuild(isTraining: test.isTraining)
            let made = try build.apply(BatchNorm(), to: x)
            // Scale, shift and running statistics become inputs.
            let seeds = ["scale": 2, "shift": 3, "mean": 7, "variance": 8]
            func seed(_ formula: Formula) -> Int? {
                formula.parameter.flatMap { parameter in seeds.first { parameter.name.hasSuffix("." + $0.key) }?.value }
            }
            let y = try rebuilt([made]) { original, _ in seed(original).map { input($0, original.shape) } }[0]
            let inputs = topologicalOrder(of: [y]).filter { $0.operation is Input }
            func find(_ seed: Int) throws -> Formula { try #require(inputs.first { ($0.operation as? Input)?.name == "x\(seed)" }) }
            let g = input(4, y.shape)
            let derivatives = try gradients(of: (y * g).sum(), withRespectTo: [find(1), find(2), find(3)])
            var values = [
                1: Self.numbers(x.shape.count(batchSize: test.batch), 1), 4: Self.numbers(y.shape.count(batchSize: test.batch), 4),
            ]
            for seed in [2, 3, 7] { values[seed] = Self.numbers(test.channels, seed) }
            values[8] = Self.numbers(test.channels, 8).map { $0 + 1.5 }
            compare(try run([y] + derivatives, values, batch: test.batch, type), Array(test.sums[..<4]), tolerance, "\(test)")
        }
    }
}
