import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments

/// The gradient check on networks for images: no false alarm where all is right, and every planted fault found.
struct ImageGradientTests {
    @Test(arguments: PlantedImageFault.allCases)
    func aPlantedFaultIsCaughtEveryTime(_ fault: PlantedImageFault) throws {
        let network = try Network(input: [4, 4, 2]) {
            Conv2D(2, window: 1); fault.layer(); Flatten(); Dense(2)
        }
        let check = try GradientCheck(network, samples: 3)
        for seed in 0..<20 as Range<UInt64> {
            let report = try check.run(seed: seed)
            #expect(!report.passes, "seed \(seed)")
            #expect(
                report.faults.count >= 1 && report.faults.allSatisfy { $0.layer == "planted1" },
                "seed \(seed): \(report)")
        }
    }

    @Test(arguments: 0..<4) func randomConvolutionalNetworksPass(_ part: Int) throws {
        var kinds = Set<String>()
        for index in 0..<25 {
            let seed = UInt64(25 * part + index)
            var numbers = Numbers(seed: seed)
            let isFlat = numbers.chance(0.25)
            let input = [
                isFlat ? 1 : numbers.integer(in: 3...6), numbers.integer(in: 3...6), numbers.integer(in: 1...3),
            ]
            let layers = try layers(for: input, &numbers)
            let network = try Network(input: input, layers: layers)
            let loss = numbers.pick([Loss.softmaxCrossEntropy, .squaredError, .huber(delta: 0.5), nil])
            let samples = numbers.integer(in: 1...3), isTraining = numbers.chance(0.75)
            let report = try GradientCheck(network, loss: loss, samples: samples, isTraining: isTraining).run(
                seed: seed)
            #expect(report.passes, "\(network.summary)\n\(report)")
            kinds.formUnion(layers.map(\.name))
        }
        #expect(
            kinds.isSuperset(of: ["conv", "maxpool", "avgpool", "batchnorm", "layernorm", "dropout", "residual"]),
            "\(kinds)")
    }

    /// One to four random layers on images, and what makes outputs of them. A layer that does not fit is drawn again.
    private func layers(for input: [Int], _ numbers: inout Numbers) throws -> [any Layer] {
        let isFlat = input[0] == 1
        var layers: [any Layer] = [], drawn = 0
        let count = numbers.integer(in: 1...4)
        while drawn < count {
            let layer = random(isFlat, &numbers)
            guard (try? Network(input: input, layers: layers + [layer])) != nil else { continue }
            layers.append(layer)
            drawn += 1
            if numbers.chance(0.5) { layers.append(numbers.pick([ReLU(), ReLU(atZero: 0.5), Tanh(), LeakyReLU()])) }
        }
        layers.append(numbers.chance(0.3) ? GlobalAveragePool2D() : Flatten())
        return layers + [Dense(numbers.integer(in: 1...2))]
    }

    /// - Parameter isFlat: The images have one row: windows are a row high.
    private func random(_ isFlat: Bool, _ numbers: inout Numbers) -> any Layer {
        func extent(_ most: Int) -> Extent {
            Extent(isFlat ? 1 : numbers.integer(in: 1...most), numbers.integer(in: 1...most))
        }
        let padding: Padding = numbers.pick([.same, .valid, isFlat ? .pixels(Extent(0, 1)) : .pixels(1)])
        switch numbers.integer(below: 8) {
        case 0, 1:
            let groups: Groups = numbers.pick([1, 1, 2, .channels])
            return Conv2D(
                numbers.pick([2, 3, 4, 6]), window: extent(3), stride: extent(2), dilation: extent(2), padding: padding,
                groups: groups,
                hasBias: numbers.chance(0.7))
        case 2:
            return MaxPool2D(
                extent(3), stride: extent(2), dilation: extent(2), padding: padding,
                ties: numbers.pick([.first, .second, .split]))
        case 3: return AveragePool2D(extent(3), stride: extent(2), padding: padding)
        case 4: return BatchNorm()
        case 5: return LayerNorm(epsilon: 0.1)
        case 6: return Dropout(0.3, channels: numbers.chance(0.7))
        default:
            return Residual(layers: [
                BatchNorm(), ReLU(), Conv2D(numbers.pick([1, 2, 3, 4]), window: isFlat ? Extent(1, 3) : 3),
            ])
        }
    }
}
