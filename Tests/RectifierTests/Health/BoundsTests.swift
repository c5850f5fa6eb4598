import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments

/// Bounds of what networks compute, against what they compute.
@Suite struct BoundsTests {
    /// A network of random layers, all kinds of them, with weights of all sizes and some zeros.
    private struct Sample {
        var network: Network
        var parameters = Parameters()
        var box: InputBox
        var precision: ElementType

        init(_ numbers: inout Numbers, precision: ElementType) throws {
            let inputs = numbers.integer(in: 1...6)
            let depth = numbers.integer(in: 1...3)
            network = try Network(input: [inputs], layers: Sample.layers(&numbers, depth: depth))
            self.precision = precision
            for formula in try network.built(isTraining: false).parameters {
                let size = powerOf(10, numbers.uniform(in: -2...1)), shift = numbers.chance(0.3) ? -size : 0
                let values = (0..<formula.shape.extents.reduce(1, *)).map { _ in
                    numbers.chance(0.1) ? 0 : numbers.uniform() * size + shift
                }
                let name = formula.parameter!.name
                parameters[name] = Tensor(shape: formula.shape.extents, name.hasSuffix("variance") ? values.map(\.magnitude) : values)
            }
            let low = (0..<inputs).map { _ in numbers.pick([0, numbers.uniform(in: -3...1), -1e-30]) }
            box = try InputBox(low: low, high: low.map { $0 + numbers.pick([0, 1, numbers.uniform(in: 0...4)]) })
        }

        static func layers(_ numbers: inout Numbers, depth: Int) -> [any Layer] {
            (0..<depth).flatMap { _ -> [any Layer] in
                let width = numbers.integer(in: 1...7)
                var layers: [any Layer] = [Dense(width, hasBias: numbers.chance(0.8)), activation(&numbers)]
                switch numbers.integer(below: 7) {
                case 0: layers.append(Residual(layers: [Dense(3), activation(&numbers), Dense(width)]))
                case 1: layers.append(Sum(branches: [[Dense(4)], [activation(&numbers), Dense(4)]]))
                case 2: layers.append(Concatenation(branches: [[Dense(2), activation(&numbers)], [], [Dropout(0.5)]]))
                case 3: layers.append(Function("own") { x, _ in try maximum(x, 0.3) / (2 + abs(x)) - select(x > 0.1, x, -x) * 0.5 })
                case 4: layers.append(Function("rows") { x, _ in try x - x.mean(over: [1], keepingAxes: true) + softmax(x) * cos(x) })
                case 5: layers.append(BatchNorm())
                default: break
                }
                return layers
            }
        }

        private static func activation(_ numbers: inout Numbers) -> any Layer {
            // Other tests register layers of their own meanwhile.
            let names = Activation.names.filter { $0 != "linear" && !$0.hasPrefix("test-") }
            return try! Activation(numbers.pick(names)).layer()!
        }
    }

    /// Hundreds of random networks at random samples and corners: no number lies outside its bounds.
    @Test(arguments: ElementType.allCases) func `Nothing that is computed lies outside`(precision: ElementType) throws {
        var numbers = Numbers(seed: 11 + precision.size)
        var checked = 0, bounded = 0, dead = 0
        for trial in 0..<150 {
            let sample = try Sample(&numbers, precision: precision)
            let built = try sample.network.built(isTraining: false)
            let all = try sample.network.bounds(on: sample.box, parameters: sample.parameters, precision: precision)
            let count = 24, inputs = sample.box.low.count
            let stream = RandomStream(seed: UInt64(trial), purpose: 99)
            let x = (0..<count).flatMap { sample.box.sample($0, stream) }
            let sides = built.zeroSides
            // Once as one program, where steps are fused, and once with each layer's numbers alone.
            let outputs = built.layerOutputs + sides.map(\.operand)
            let programs = [outputs] + built.layerOutputs.map { [$0] }
            for (place, wanted) in programs.enumerated() {
                let program = try Program(wanted, batchSize: count, parameters: sample.parameters, elementType: precision)
                if program.hasInput(Network.inputName) { try program.setInput(Network.inputName, to: x) }
                program.run()
                for (output, formula) in wanted.enumerated() {
                    let layer = place > 0 ? place - 1 : output
                    let bounds: ValueBounds
                    if layer < built.layerOutputs.count {
                        bounds = all[layer].outputs
                    } else {
                        bounds = all[sides.first { $0.operand == formula }!.row].preActivations!
                    }
                    let values = program.values(ofOutput: output), width = values.count / count
                    for (index, value) in values.enumerated() {
                        let (low, high) = (bounds.low[index % width], bounds.high[index % width])
                        checked += 1
                        guard low > -.infinity || high < .infinity else { continue }
                        bounded += 1
                        #expect(
                            low <= value && value <= high,
                            "\(sample.network.layers), trial \(trial), input \(inputs): \(value) is not in \(low)...\(high)")
                    }
                }
            }
            dead += all.reduce(0) { $0 + ($1.dead?.count ?? 0) }
        }
        #expect(checked > 50_000 && dead > 20, "\(checked) numbers, \(dead) dead units")
        #expect(Double(bounded) > 0.95 * Double(checked), "only \(bounded) of \(checked) are bounded")
        print("bounds, \(precision): \(checked) numbers, \(bounded) bounded, \(dead) units certified dead")
    }

    /// In the first layer each bound is reached at a corner, but for the margin for rounding.
    @Test(arguments: ElementType.allCases) func `The first layer's bounds are reached at a corner`(precision: ElementType) throws {
        var numbers = Numbers(seed: 5)
        let inputs = 40, units = 9
        let network = try Network(input: [inputs]) {
            Dense(units); ReLU()
        }
        var parameters = Parameters()
        parameters["dense1.weights"] = Tensor(shape: [inputs, units], (0..<inputs * units).map { _ in numbers.uniform() })
        parameters["dense1.bias"] = Tensor(shape: [units], (0..<units).map { _ in numbers.uniform() })
        let low = (0..<inputs).map { _ in numbers.uniform(in: -2...0.5) }
        let box = try InputBox(low: low, high: low.map { $0 + numbers.uniform(in: 0...2) })
        let bounds = try #require(try network.bounds(on: box, parameters: parameters, precision: precision).last?.preActivations)
        let program = try Program(
            [network.built(isTraining: false).layerOutputs[0]], batchSize: 1, parameters: parameters, elementType: precision)
        let weights = try #require(parameters["dense1.weights"]).doubles
        let unit = precision == .float64 ? 0x1p-51 : 0x1p-23, ulp = Roundoff(precision).ulp
        for unitIndex in 0..<units {
            for (isUpper, bound) in [(false, bounds.low[unitIndex]), (true, bounds.high[unitIndex])] {
                let corner = (0..<inputs).map { (weights[$0 * units + unitIndex] > 0) == isUpper ? box.high[$0] : box.low[$0] }
                try program.setInput(Network.inputName, to: corner)
                program.run()
                let value = program.values(ofOutput: 0)[unitIndex]
                let size = zip(corner, (0..<inputs)).reduce(1.0) { $0 + abs($1.0 * weights[$1.1 * units + unitIndex]) }
                #expect(isUpper ? bound >= value : bound <= value)
                #expect(abs(bound - value) <= (Double(inputs + 8) * unit + 4 * ulp) * size, "unit \(unitIndex): \(bound), \(value)")
            }
        }
    }

    /// All terms on one side of 0 leave the sum there: no margin makes a unit alive that cannot be.
    @Test func `A unit whose terms cannot be positive is dead`() throws {
        let network = try Network(input: [3]) {
            Dense(3); ReLU6(); Dense(1)
        }
        var parameters = try network.initialParameters(seed: 0)
        parameters["dense1.weights"] = Tensor(shape: [3, 3], [-1, 0, 1, -2, 0, 1, -3, 0, 1] as [Float])
        parameters["dense1.bias"] = Tensor(shape: [3], [0, 0, 0] as [Float])
        let box = try InputBox(low: [0, 0, 0], high: [1, 1, 1])
        let layers = try network.bounds(on: box, parameters: parameters)
        #expect(layers.map(\.layer) == ["dense1", "reLU61", "dense2"])
        #expect(layers[1].dead == [0, 1] && layers[0].dead == nil && layers[2].dead == nil)
        #expect(layers[1].preActivations?.high[0] == 0 && layers[1].outputs.high[2] <= 3.00001)
    }

    /// What mixes samples, or what no rule is known for, is unbounded and not wrong.
    @Test func `What is not known is unbounded`() throws {
        let network = try Network(input: [2]) {
            Function("batch") { x, _ in try x - x.mean(over: [0], keepingAxes: true) }
            ReLU()
            Function("power") { x, _ in try power(x, 1.5) }
        }
        let layers = try network.bounds(on: InputBox(low: [1, 1], high: [2, 2]), parameters: Parameters())
        for layer in layers {
            #expect(layer.outputs.low.allSatisfy { $0 == -.infinity } && layer.outputs.high.allSatisfy { $0 == .infinity })
        }
        #expect(layers[1].dead == [])
    }

    @Test func `A box is checked and holds its data`() throws {
        #expect(throws: RectifierError.self) { try InputBox(low: [0], high: [1, 2]) }
        #expect(throws: RectifierError.self) { try InputBox(low: [1], high: [0]) }
        #expect(throws: RectifierError.self) { try InputBox(low: [.nan], high: [0]) }
        let bytes = try Dataset(count: 3, sampleShape: [2], features: .bytes([0, 9, 255, 7, 3, 8]), targets: .none)
        let box = InputBox(of: bytes)
        #expect(box.low[0] == 0 && box.high[0] >= 1 && box.high[0] < 1.000001)
        for index in 0..<6 { #expect(box.low[index % 2] <= bytes.features[index] && bytes.features[index] <= box.high[index % 2]) }
        let network = try Network(input: [3]) { Dense(1) }
        #expect(throws: RectifierError.self) { try network.bounds(on: box, parameters: network.initialParameters(seed: 0)) }
    }
}
