import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite("A compiled model")
struct CompiledModelTests {
    /// A classifier of 4 × 4 images, with half of its hidden units off and layers that act differently in training.
    static func classifier(_ precision: ElementType = .float32) throws -> Model {
        let network = try Network(input: [4, 4]) {
            Flatten(); Dense(37); ReLU(); Dropout(0.3); Dense(20); Tanh(); Dense(5)
        }
        var model = Model(
            network: network, loss: .softmaxCrossEntropy, parameters: try network.initialParameters(seed: 3, precision: precision),
            precision: precision)
        model.preparation = try Preparation(input: .bytes(shape: [4, 4]), target: .classes(names: ["a", "b", "c", "d", "e"]))
        return model
    }

    /// Two values in their own units, from six numbers.
    static func regression(_ precision: ElementType = .float32) throws -> Model {
        let network = try Network(input: [6]) {
            Dense(33); ReLU(); Dense(2)
        }
        var model = Model(
            network: network, loss: .squaredError, parameters: try network.initialParameters(seed: 4, precision: precision),
            precision: precision)
        let values = [Preparation.Value(name: "price", mean: 200.5, deviation: 0.3), .init(name: "area", mean: -7, deviation: 1e4)]
        model.preparation = try Preparation(input: .numbers(shape: [6], mean: 0, deviation: 1), target: .values(columns: values))
        return model
    }

    /// Numbers of which more than half are 0, or bytes.
    static func numbers(_ count: Int, seed: UInt64 = 9) -> [Float] {
        var numbers = Numbers(seed: seed)
        return (0..<count).map { _ in max(0, Float(numbers.uniform() * 2 - 1.2)) }
    }
    static func pixels(_ count: Int) -> [UInt8] { numbers(count).map { UInt8(min(255, $0 * 300)) } }

    /// Of a program made for all samples at once, with nothing of a compiled model in it.
    private func expected(_ model: Model, _ samples: [Double]) throws -> [Float] {
        let output = try model.loss.prediction(model.network.built(isTraining: false).output)
        let count = samples.count / model.network.inputShape.reduce(1, *)
        let program = try Program([output], batchSize: count, parameters: model.parameters, elementType: model.precision)
        try program.setInput("features", to: samples)
        program.run()
        let values = program.values(ofOutput: 0)
        guard let units = model.preparation?.targetValues else { return values.map { Float($0) } }
        return values.enumerated().map { Float(units[$0 % units.count].original($1)) }
    }

    @Test(arguments: ElementType.allCases, [[1, 8, 64], [1], [64], [3, 16]])
    func `gives the same bits whatever a sample shares its batch with`(_ precision: ElementType, _ batchSizes: [Int]) throws {
        for model in [try Self.classifier(precision), try Self.regression(precision)] {
            let compiled = try CompiledModel(model, batchSizes: batchSizes)
            let width = compiled.inputCount
            for count in [1, 2, 5, 8, 33, 64, 130] {
                let samples = Self.numbers(count * width)
                let all = try expected(model, samples.map(Double.init))
                var outputs = [Float](repeating: -1, count: count * compiled.outputCount)
                var span = outputs.mutableSpan
                try compiled.predict(samples.span, into: &span)
                #expect(outputs == all, "\(count) samples")
                let single = try (0..<count).flatMap { try compiled(Array(samples[$0 * width..<($0 + 1) * width])) }
                #expect(single == all, "\(count) samples one by one")
                let data = try Dataset(count: count, sampleShape: compiled.inputShape, features: .floats(samples), targets: .none)
                for threads in [1, 2] { #expect(try model.predictions(for: data, threads: threads).outputs == all) }
                #expect(try compiled.predictions(for: data) == model.predictions(for: data))
            }
        }
    }

    @Test func `scales pixels and names classes as predictions do`() throws {
        let model = try Self.classifier(), compiled = try CompiledModel(model)
        let images = Self.pixels(10 * 16)
        let data = try Dataset(count: 10, sampleShape: [4, 4], features: .bytes(images), targets: .none)
        let predictions = try model.predictions(for: data)
        #expect(compiled.classNames == ["a", "b", "c", "d", "e"] && predictions.classNames == compiled.classNames)
        #expect(Set(try #require(predictions.classes)).count > 1)
        var outputs = [Float](repeating: -1, count: 50)
        var span = outputs.mutableSpan
        try compiled.predict(pixels: images.span, into: &span)
        #expect(outputs == predictions.outputs)
        for image in 0..<10 {
            let pixels = Array(images[image * 16..<(image + 1) * 16])
            #expect(try compiled(pixels: pixels) == Array(outputs[image * 5..<(image + 1) * 5]))
            #expect(try compiled.classify(pixels: pixels) == predictions.classes?[image])
            #expect(try compiled.classify(pixels.map { Float(Double($0) * Dataset.byteScale) }) == predictions.classes?[image])
        }
        #expect(abs(outputs[0..<5].reduce(0, +) - 1) < 1e-6)
    }

    @Test func `keeps double precision`() throws {
        let model = try Self.regression(.float64), compiled = try CompiledModel(model)
        let sample = (0..<6).map { 1 / Double($0 + 3) }
        let outputs: [Double] = try compiled(sample)
        let program = try Program(
            [model.network.built(isTraining: false).output], batchSize: 1, parameters: model.parameters, elementType: .float64)
        try program.setInput("features", to: sample)
        program.run()
        #expect(outputs == zip(program.values(ofOutput: 0), model.preparation!.targetValues!).map { $1.original($0) })
        #expect(outputs[0] != Double(Float(outputs[0])))
        var many = [Double](repeating: 0, count: 6)
        var span = many.mutableSpan
        try compiled.predict((sample + sample + sample).span, into: &span)
        #expect(many == outputs + outputs + outputs)
    }

    @Test func `answers many tasks and threads at once as it answers one`() async throws {
        let model = try Self.classifier(), compiled = try CompiledModel(model)
        let counts = [1, 3, 8, 70]
        let samples = Self.numbers(70 * 16)
        let all = try expected(model, samples.map(Double.init))
        /// Whether every answer is right.
        @Sendable func asks(_ rounds: Int, _ first: Int) throws -> Bool {
            var isRight = true
            for round in 0..<rounds {
                let count = counts[(first + round) % counts.count], start = (first * 7 + round) % (71 - count)
                var outputs = [Float](repeating: 0, count: count * 5), span = outputs.mutableSpan
                try compiled.predict(samples.span.extracting(start * 16..<(start + count) * 16), into: &span)
                isRight = isRight && outputs.elementsEqual(all[start * 5..<(start + count) * 5])
            }
            return isRight
        }
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            for task in 0..<8 { tasks.addTask { try asks(200, task) } }
            for try await isRight in tasks { #expect(isRight) }
        }
        let right = Atomic(0), done = DispatchGroup()
        onThreads(8, done) { thread in
            if (try? asks(200, thread)) == true { right.add(1, ordering: .relaxed) }
        }
        done.wait()
        #expect(right.load(ordering: .relaxed) == 8)
    }

    @Test func `lends each workspace to one call at a time and makes no more than overlap`() throws {
        let network = try Network(input: [1]) { Dense(1) }
        let model = Model(network: network, loss: .squaredError, parameters: try network.initialParameters(seed: 1))
        let memory = try ParameterMemory(of: model), output = try network.built(isTraining: false).output
        let pool = WorkspacePool { try Workspace(output, inputCount: 1, batchSizes: [1], parameters: memory, pool: nil) }
        let users = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: WorkspacePool.capacity)
        for number in 0..<WorkspacePool.capacity { (users + number).initialize(to: Atomic(0)) }
        defer { users.deallocate() }
        nonisolated(unsafe) let shared = users
        let clashes = Atomic(0), done = DispatchGroup()
        onThreads(8, done) { _ in
            for _ in 0..<5000 {
                guard let workspace = try? pool.lend() else { continue }
                let number = Int(workspace._withUnsafeGuaranteedRef { $0.number })
                if shared[number].add(1, ordering: .relaxed).newValue != 1 { clashes.add(1, ordering: .relaxed) }
                shared[number].subtract(1, ordering: .relaxed)
                pool.takeBack(workspace)
            }
        }
        done.wait()
        #expect(clashes.load(ordering: .relaxed) == 0)
        #expect(1...8 ~= pool.count)
        // All of them are free again, and the last one returned comes first.
        let made = pool.count
        let lent = try (0..<made).map { _ in try pool.lend() }
        #expect(pool.count == made && Set(lent.map { $0._withUnsafeGuaranteedRef { $0.number } }).count == made)
        for workspace in lent { pool.takeBack(workspace) }
        let last = try pool.lend()
        #expect(last.toOpaque() == lent.last?.toOpaque())
        pool.takeBack(last)
    }

    @Test func `makes memory for as many calls as it is told`() throws {
        let one = try CompiledModel(Self.classifier()), three = try CompiledModel(Self.classifier(), concurrentCalls: 3)
        #expect(one.memoryBytes > 0 && three.memoryBytes == 3 * one.memoryBytes)
    }

    @Test func `refuses what does not fit, with both shapes`() throws {
        let compiled = try CompiledModel(Self.classifier())
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\((error as? RectifierError)?.kind.rawValue ?? ""): \(error)" }
            return ""
        }
        #expect(
            message { _ = try compiled([Float](repeating: 0, count: 15)) }
                == "shape: the model takes a sample of shape [4, 4], 16 numbers, not 15")
        #expect(message { _ = try compiled(pixels: []) }.hasPrefix("shape: "))
        var model = try Self.regression()
        let target = try #require(model.preparation).target
        model.preparation = try Preparation(input: .numbers(shape: [6], mean: 0.5, deviation: 2), target: target)
        let standardized = try CompiledModel(model)
        #expect(message { _ = try standardized(pixels: Self.pixels(6)) }.hasPrefix("setting: the model takes standardized numbers"))
        var outputs = [Float](repeating: 0, count: 9)
        func predict(_ samples: [Float]) throws {
            var span = outputs.mutableSpan
            try compiled.predict(samples.span, into: &span)
        }
        #expect(message { try predict(Self.numbers(33)) }.contains("[4, 4], 16 numbers each, of which 33"))
        #expect(
            message { try predict(Self.numbers(32)) }.contains("2 samples give 2 outputs of shape [5], 10 numbers; there is room for 9"))
        outputs = []
        try predict([])

        var sample = Self.numbers(16)
        sample[11] = .nan
        #expect(message { _ = try compiled(sample) } == "data: sample 0: feature 11 is not a finite number")
        outputs = [Float](repeating: 0, count: 15)
        #expect(message { try predict(Self.numbers(32) + sample) } == "data: sample 2: feature 11 is not a finite number")

        let half = try CompiledModel(Self.regression(.float16))
        #expect(message { _ = try half([Float](repeating: 1e6, count: 6)) }.contains("beyond the range of float16"))
        #expect(message { _ = try half.classify(Self.numbers(6)) }.hasPrefix("setting: the model is no classifier"))
        for sizes in [[], [0], [4, -1], [1 << 21]] {
            #expect(message { _ = try CompiledModel(Self.classifier(), batchSizes: sizes) }.hasPrefix("setting: "))
        }
        #expect(message { _ = try CompiledModel(Self.classifier(), concurrentCalls: 5000) }.hasPrefix("setting: "))
        let data = try Dataset(count: 1, sampleShape: [3], features: .floats([1, 2, 3]), targets: .none)
        #expect(message { _ = try Self.classifier().predictions(for: data) }.contains("[4, 4], the data has [3]"))
    }
}

/// Runs `body` on threads of their own, each with its number.
private func onThreads(_ count: Int, _ done: DispatchGroup, _ body: @escaping @Sendable (Int) -> Void) {
    for number in 0..<count {
        done.enter()
        Thread {
            body(number)
            done.leave()
        }.start()
    }
}
