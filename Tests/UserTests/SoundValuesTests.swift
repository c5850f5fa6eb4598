import Foundation
import Rectifier
import Testing

/// No call that needs no `unsafe` word reads or writes what is not its own: values keep what was checked when they were
/// made, and what a program is told of sizes is checked where the program is made. Each test here read foreign memory,
/// or ended the process, before that was so.
@Suite struct SoundValuesTests {
    // MARK: Values

    /// `data.count = 5_000_000` made a trainer walk off the end of four samples. A set is not changed any more:
    /// `count`, `sampleShape`, `features` and `targets` are constants, so that line does not compile, and a set that
    /// claims more than it has is never made.
    @Test func aDataSetHasTheSamplesItSays() throws {
        #expect(message { _ = try samples(count: 5_000_000) } == "shape: 8 features do not make 5000000 samples of the shape 2")
        #expect(message { _ = try samples(count: .max) }.hasPrefix("data: "))
        #expect(
            message {
                _ = try Dataset(count: 1, sampleShape: [.max, .max], features: .floats([1]), targets: .none)
            }.hasPrefix("shape: "))
        #expect(
            message {
                _ = try Dataset(count: 4, sampleShape: [1], features: .floats([1, 2, 3, 4]), targets: .values([1], width: .max))
            }.hasPrefix("shape: 1 target values"))
        #expect(message { _ = try samples().selecting([0, 4]) } == "setting: there is no sample 4 among 4")
        let chosen = try samples().selecting([3, 3, 0])
        #expect(chosen.count == 3 && chosen.features[0] == 7 && chosen.features[5] == 2)
    }

    /// `tensor.shape = [40, 40]` let two numbers pass for 1,600. Another shape is another tensor, which is checked.
    @Test func aTensorHasTheNumbersOfItsShape() throws {
        let pair = Tensor(shape: [2], [Float(1), 2])
        #expect(
            message { _ = try pair.reshaped(to: [40, 40]) }
                == "shape: a tensor of shape [2], 2 numbers, does not fill the shape [40, 40]")
        #expect(try pair.reshaped(to: [1, 2, 1]) == Tensor(shape: [1, 2, 1], [Float(1), 2]))
        // From outside the program. Extents whose product is right by overflow or by two signs are none.
        for shape in [[40, 40], [-1, -2], [.max, 2], [1 << 62, 1 << 62, 2]] {
            #expect(message { _ = try Tensor(shape: shape, storage: .float32([1, 2])) }.hasPrefix("shape: 2 numbers do not fill"))
        }
    }

    /// A parameter of another shape is refused wherever it would be used.
    @Test func parametersAreTheNetworksByShape() throws {
        let network = try Network(input: [2]) { Dense(40) }
        var model = Model(network: network, loss: .squaredError, parameters: try network.initialParameters(seed: 0))
        model.parameters["dense1.weights"] = Tensor(shape: [2], [Float(1), 2])
        let refusal = "shape: parameter dense1.weights has shape [2] where the network has [2, 40]"
        #expect(message { _ = try CompiledModel(model) } == refusal)
        #expect(message { _ = try model.predictions(for: samples()) } == refusal)
        model.parameters["dense1.weights"] = nil
        #expect(message { _ = try CompiledModel(model) } == "shape: there is no parameter dense1.weights")
    }

    /// What a model's file says of its data is checked as it is decoded, and constant then.
    @Test func aPreparationThatCannotBeIsNeverMade() throws {
        let sound = try Preparation(input: .numbers(shape: [2], mean: 1, deviation: 2), target: .values(columns: [.init(name: "y")]))
        let json = String(decoding: try JSONEncoder().encode(sound), as: UTF8.self)
        #expect(try JSONDecoder().decode(Preparation.self, from: Data(json.utf8)) == sound)
        for (part, damage) in [("[2]", "[-2]"), ("[2]", "[9223372036854775807,4]"), ("\"deviation\":2", "\"deviation\":0")] {
            #expect(json.contains(part))
            let text = message { _ = try JSONDecoder().decode(Preparation.self, from: Data(json.replacing(part, with: damage).utf8)) }
            #expect(text.hasPrefix("file: the model's description of its data is damaged"), "\(damage): \(text)")
        }
        #expect(
            message { _ = try LoadedData(training: samples(), preparation: sound.with(shape: [3])) }
                == "shape: a data set has samples of shape [2] and 2 outputs, the preparation is for [3] and 1")
    }

    // MARK: Programs

    /// A layer that is code can name any formula as a parameter or input. Its kernels read as much as its shape says,
    /// so that must be what is there.
    @Test func aLayerCannotReadBehindAParameter() throws {
        let network = try Network(input: [2]) {
            Dense(2)
            Function("neighbour") { x, _ in
                try matmul(x, .parameter("dense1.weights", shape: [2, 100_000], initializer: .he)).sliced(axis: 1, 99_998..<100_000)
            }
        }
        let model = Model(network: network, loss: .squaredError, parameters: try network.initialParameters(seed: 0))
        #expect(message { _ = try CompiledModel(model) }.hasPrefix("shape: parameter dense1.weights has shape [2, 2], a formula takes"))
        #expect(message { _ = try Trainer(network, data: samples()).run() }.contains("dense1.weights"))
    }

    @Test(arguments: [Shape([Shape.batch, 50_000]), [50_000, 2]])
    func aLayerCannotReadBehindTheData(shape: Shape) throws {
        let network = try Network(input: [2]) {
            Function("neighbour") { x, _ in
                let more = try Formula.input("features", shape: shape).sum().reshaped(to: [1, 1])
                return try more + 0 * x
            }
            Dense(2)
        }
        #expect(message { _ = try Trainer(network, data: samples()).run() } != "")
        let model = Model(network: network, loss: .squaredError, parameters: try network.initialParameters(seed: 0))
        #expect(message { _ = try CompiledModel(model) } != "")
        // Alone, it is an input like any other, but no data of this model fill it.
        let alone = try Network(input: [2]) {
            Function("other") { _, _ in try Formula.input("features", shape: [Shape.batch, 50_000]).sliced(axis: 1, 0..<2) }
        }
        let other = Model(network: alone, loss: .squaredError, parameters: Parameters())
        #expect(
            message { _ = try CompiledModel(other) }
                == "shape: input features has shape [batch, 50000], the data fill it with 2 numbers for each sample")
    }

    /// A layer that makes another formula each time it is asked: what is compiled decides, not what was seen before.
    @Test func aLayerThatChangesItsMind() throws {
        let calls = Counter()
        let network = try Network(input: [2]) {
            Function("fickle") { x, _ in calls.next() < 2 ? try concatenated([x, x, x, x], axis: 1) : x }
        }
        let compiled = try CompiledModel(Model(network: network, loss: .squaredError, parameters: Parameters()))
        let outputs: [Float] = try compiled([1, 2])
        #expect(outputs.count == compiled.outputCount)
        #expect(outputs.prefix(2) == [1, 2])
    }

    @Test func shapesThatCannotBeComputedAreRefused() throws {
        let x = Formula.input("x", shape: [Shape.batch, 3])
        #expect(message { _ = try Program([x], batchSize: 0) }.hasPrefix("setting: the batch size"))
        #expect(message { _ = try Program([x], batchSize: 1 << 60) }.contains("more than this machine's memory holds"))
        #expect(message { _ = try Program([x.sliced(axis: 1, 1..<1)], batchSize: 2) }.contains("extents are at least 1"))
        let twice = try x + Formula.input("x", shape: [Shape.batch, 1])
        #expect(message { _ = try Program([twice], batchSize: 2) } == "setting: there are two inputs called x; use one formula for both")

        // A parameter with one row for each sample: nothing says how many there are.
        let rows = Formula.parameter("rows", shape: [Shape.batch, 3], initializer: .he)
        #expect(message { _ = try Program([x + rows], batchSize: 1000) }.hasPrefix("shape: parameter rows has the shape [batch, 3]"))
        let w = Formula.parameter("w", shape: [3], initializer: .he), v = Formula.parameter("w", shape: [1], initializer: .he)
        var values = Parameters()
        values["w"] = Tensor(shape: [3], [Float(1), 2, 3])
        let refusal = message { _ = try Program([w + v], batchSize: 1, parameters: values) }
        #expect(refusal.hasPrefix("setting: there are two parameters called w"))

        let program = try Program([x * w], batchSize: 1, parameters: values)
        #expect(message { try program.setInput("x", to: [1, 2]) } == "shape: input x takes 3 numbers of shape [1, 3], not 2")
        try program.setInput("x", to: [1, 2, 3])
        program.run()
        #expect(program.values(ofOutput: 0) == [1, 4, 9])
    }

    // MARK: Memory

    /// What does not fit is an error that says so; the process goes on.
    @Test func memoryThatDoesNotFitIsAnError() throws {
        let network = try Network(input: [1 << 20]) { Dense(1 << 20) }
        #expect(message { _ = try network.initialParameters(seed: 0) }.contains("dense1.weights needs"))
        let data = try Dataset(
            count: 1, sampleShape: [1 << 20], features: .bytes([UInt8](repeating: 0, count: 1 << 20)),
            targets: .doubleValues([Double](repeating: 0, count: 1 << 20), width: 1 << 20))
        let text = message { _ = try Trainer(network, data: data).run() }
        #expect(text.hasPrefix("setting: ") && text.contains(" of memory, "), "\(text)")
        for units in [Int.max, 1 << 60] {
            #expect(message { _ = try Network(input: [1 << 20]) { Dense(units) } }.contains("no memory holds"))
        }
        #expect(message { _ = try Network(input: [1 << 40, 1 << 40]) { Flatten() } }.hasPrefix("shape: the input shape"))
    }

    // MARK: Messages

    /// The library knows settings; flags are the command line's spelling of them.
    @Test func errorsNameSettingsAndNoFlags() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("rectifier-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        try "x,y\n1,2\n,4\n5,6\n".write(to: file, atomically: true, encoding: .utf8)
        var settings = DataSettings()
        settings.source = file.path
        settings.missing = .error
        let missing = try #require(throws: RectifierError.self) { try LoadedData(settings, seed: 0) }
        #expect(
            missing.setting == "data.missing"
                && missing.description.hasSuffix("; correct it, or leave the setting out and they are filled in"))
        let kink = try #require(throws: RectifierError.self) { try Network(input: [2]) { ReLU(atZero: 2) } }
        #expect(kink.setting == "network.atZero" && !kink.description.contains("--"), "\(kink)")
    }

    // MARK: Helpers

    private func samples(count: Int = 4) throws -> Dataset {
        try Dataset(
            count: count, sampleShape: [2], features: .floats([1, 2, 3, 4, 5, 6, 7, 8]),
            targets: .classes([0, 1, 0, 1], names: ["a", "b"]))
    }

    /// The kind and text of the error that the body throws; empty where it throws none.
    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\((error as? RectifierError)?.kind.rawValue ?? "another error"): \(error)" }
        return ""
    }
}

extension Preparation {
    fileprivate func with(shape: [Int]) throws -> Preparation {
        try Preparation(input: .numbers(shape: shape, mean: 0, deviation: 1), target: target)
    }
}

private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func next() -> Int {
        lock.withLock {
            defer { count += 1 }
            return count
        }
    }
}
