import CRectifierKernels
import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

struct TrainerTests {
    /// Three classes in eight dimensions that a small network tells apart.
    static func blobs(_ count: Int = 300, seed: UInt64 = 1) throws -> Dataset {
        var numbers = Numbers(seed: seed)
        var features: [Float] = [], labels: [Int32] = []
        for _ in 0..<count {
            let label = numbers.integer(below: 3)
            features += (0..<8).map { Float(numbers.uniform() + ($0 % 3 == label ? 1 : 0)) }
            labels.append(Int32(label))
        }
        return try Dataset(count: count, sampleShape: [8], features: .floats(features), targets: .classes(labels, names: ["a", "b", "c"]))
    }

    static func network(_ units: Int = 24) throws -> Network {
        try Network(input: [8]) {
            Dense(units); ReLU(); Dropout(0.1); Dense(units); Tanh(); Dense(3)
        }
    }

    static func settings(_ change: (inout TrainingSettings) -> Void = { _ in }) -> TrainingSettings {
        var settings = TrainingSettings()
        settings.batchSize = .samples(32)
        settings.epochs = 4
        settings.threads = 1
        settings.learningRate = 0.01
        change(&settings)
        return settings
    }

    @Test(
        arguments: [
            Optimizer.sgd(), .sgd(momentum: 0.9), .sgd(momentum: 0.9, nesterov: true), .adam(), .adamW(), .rmsProp(),
            .rmsProp(decay: 0.9, momentum: 0.5),
        ], [ElementType.float32, .float64, .bfloat16, .float16])
    func everyOptimizerLearns(_ optimizer: Optimizer, _ precision: ElementType) throws {
        let settings = Self.settings {
            $0.optimizer = optimizer
            $0.precision = precision
            $0.epochs = 12
            if case .sgd(let momentum, _) = optimizer { $0.learningRate = momentum > 0 ? 0.05 : 0.3 }
        }
        let trainer = try Trainer(Self.network(), data: Self.blobs(), heldOut: Self.blobs(seed: 2), settings: settings)
        let outcome = try trainer.run()
        #expect(try #require(outcome.heldOut?.accuracy) > 0.8)
    }

    /// Parameters handed in are what training starts from, whatever the seed; those of another network are refused.
    @Test func startsFromTheParametersGiven() throws {
        let network = try Network(input: [8]) {
            Dense(6); ReLU(); Dense(3)
        }
        func outcome(seed: UInt64, from parameters: Parameters?, epochs: Int) throws -> TrainingEvent.Outcome {
            try trainer(seed: seed, from: parameters, epochs: epochs).run()
        }
        func trainer(seed: UInt64, from parameters: Parameters?, epochs: Int) throws -> Trainer {
            try Trainer(
                network, data: Self.blobs(),
                settings: Self.settings {
                    $0.seed = seed
                    $0.shuffle = false
                    $0.epochs = epochs
                }, initialParameters: parameters)
        }
        let drawn = try network.initialParameters(seed: 7)
        #expect(try TrainingSession(trainer(seed: 1, from: drawn, epochs: 1)).model().parameters == drawn)
        let expected = try outcome(seed: 7, from: nil, epochs: 2).model.weightsSHA256
        #expect(try outcome(seed: 1, from: drawn, epochs: 2).model.weightsSHA256 == expected)
        #expect(try outcome(seed: 1, from: nil, epochs: 2).model.weightsSHA256 != expected)

        var other = drawn
        other["dense2.bias"] = Tensor(shape: [4], [Float](repeating: 0, count: 4))
        let error = #expect(throws: RectifierError.self) { try outcome(seed: 1, from: other, epochs: 1) }
        #expect(try #require(error).description.contains("dense2.bias has shape [4] where the network has [3]"))
    }

    /// The updates against the formulas, in plain Swift.
    @Test(arguments: [
        Optimizer.sgd(momentum: 0.5), .sgd(momentum: 0.5, nesterov: true), .adam(), .adamW(), .rmsProp(decay: 0.8, momentum: 0.3),
    ])
    func updatesFollowTheirFormulas(_ optimizer: Optimizer) throws {
        // A parabola: the gradient of (w - 3)²/2 is w - 3. One weight, which decays, and one bias, which does not.
        let w = Formula.parameter("w", shape: [1], initializer: .constant(1)),
            b = Formula.parameter("b", shape: [1], initializer: .constant(1), decays: false)
        let x = Formula.input("features", shape: [Shape.batch, 1])
        let losses = try (0.5 * (w - 3) * (w - 3) + 0.5 * (b - 3) * (b - 3)) * (1 + 0 * x)
        let memory = try ParameterMemory(parameters: [w, b], elementType: .float64)
        var start = Parameters()
        start["w"] = Tensor(shape: [1], [1.0])
        start["b"] = Tensor(shape: [1], [1.0])
        try memory.write(start, to: memory.weights)
        let numbers = OptimizerNumbers(groups: memory.groups, clipLimit: 1.5)
        let steps = UpdateCalls(
            losses: losses, gradients: zip(["w", "b"], try gradients(of: losses.mean(), withRespectTo: [w, b])).map { ($0, $1) },
            optimizer: optimizer,
            clips: true, numbers: numbers)
        let program = try Program([], batchSize: 2, parameters: memory, training: steps)
        let penalties = Penalties(weightDecay: 0.1, l1: 0.01, l2: 0.02)
        var mine = [1.0, 1.0], first = [0.0, 0.0], second = [0.0, 0.0]
        for step in 1...5 {
            numbers.set(optimizer, penalties, learningRate: 0.1, step: step)
            program.run()
            let raw = mine.map { $0 - 3 }
            let norm = (raw[0] * raw[0] + raw[1] * raw[1]).squareRoot()
            for i in 0..<2 {
                var g = raw[i] * (norm > 1.5 ? 1.5 / norm : 1)
                var decay = 0.0
                if i == 0 {
                    g += 0.02 * mine[0] + 0.01 * (mine[0] > 0 ? 1 : -1)
                    if case .adamW = optimizer { decay = 0.1 } else { g += 0.1 * mine[0] }
                }
                switch optimizer {
                case .sgd(let momentum, let nesterov):
                    first[i] = momentum * first[i] + g
                    mine[i] -= 0.1 * (nesterov ? g + momentum * first[i] : first[i])
                case .adam(let b1, let b2, let epsilon), .adamW(let b1, let b2, let epsilon):
                    mine[i] -= 0.1 * decay * mine[i]
                    first[i] = b1 * first[i] + (1 - b1) * g
                    second[i] = b2 * second[i] + (1 - b2) * g * g
                    mine[i] -=
                        0.1 * (first[i] / (1 - pow(b1, Double(step)))) / ((second[i] / (1 - pow(b2, Double(step)))).squareRoot() + epsilon)
                case .rmsProp(let b2, let momentum, let epsilon):
                    // The momentum is the first state, the mean square the second.
                    second[i] = b2 * second[i] + (1 - b2) * g * g
                    first[i] = momentum * first[i] + g / (second[i].squareRoot() + epsilon)
                    mine[i] -= 0.1 * first[i]
                }
            }
            let ours = memory.read(memory.weights)
            for (i, name) in ["w", "b"].enumerated() {
                #expect(Swift.abs(ours[name]!.doubles[0] - mine[i]) < 1e-12, "\(name) after step \(step)")
            }
        }
    }

    /// Same recipe, same seed: the same bits, for any number of threads.
    @Test(arguments: [ElementType.float32, .float64, .bfloat16]) func sameBitsForAnyThreads(_ precision: ElementType) throws {
        let checksums = try [1, 2, 3].map { threads in
            // Wide enough that the work is split.
            try Trainer(
                Self.network(160), data: Self.blobs(400),
                settings: Self.settings {
                    $0.threads = threads
                    $0.precision = precision
                    $0.batchSize = .samples(128)
                    $0.clipNorm = 1
                    $0.epochs = 3
                }
            ).run().model.weightsSHA256
        }
        #expect(Set(checksums).count == 1)
    }

    /// Stopped between two steps and resumed, wherever it is: the bits of the uninterrupted run.
    @Test(arguments: [1, 7, 10, 23]) func resumedRunsGiveTheSameBits(_ stepsBeforeStop: Int) throws {
        let settings = Self.settings {
            $0.earlyStopping = EarlyStopping(patience: 2)
            $0.schedule = .cosine()
        }
        let data = try Self.blobs(), heldOut = try Self.blobs(100, seed: 2)
        let whole = try Trainer(Self.network(), data: data, heldOut: heldOut, settings: settings).run()

        let temporary = try TemporaryFolder(), folder = temporary.url("model")
        let first = try TrainingSession(Trainer(Self.network(), data: data, heldOut: heldOut, settings: settings))
        for _ in 0..<stepsBeforeStop { try first.step() }
        try first.snapshot().write(to: folder)
        let checkpoint = try Checkpoint(contentsOf: folder)
        #expect(checkpoint.position.steps == stepsBeforeStop)
        let second = try Trainer(resuming: checkpoint, data: LoadedData(training: data, heldOut: heldOut)).run()
        #expect(second.reason == whole.reason)
        #expect(second.model.weightsSHA256 == whole.model.weightsSHA256)
        #expect(second.heldOut == whole.heldOut)
    }

    /// A run that goes on after its end is another than the one that had as many epochs, and says so.
    @Test func notesOfARunThatGoesOn() throws {
        let temporary = try TemporaryFolder(), folder = temporary.url("model")
        let data = try LoadedData(training: Self.blobs(), heldOut: Self.blobs(100, seed: 2))
        func notes(epochs: Int?, after change: (inout TrainingSettings) -> Void) throws -> [String] {
            let settings = Self.settings {
                $0.schedule = .constant
                change(&$0)
            }
            try Trainer(Self.network(), data: data, settings: settings, output: folder).run()
            return try Trainer(resuming: Checkpoint(contentsOf: folder), data: data, epochs: epochs).notes
        }
        #expect(try notes(epochs: 8) { _ in }.isEmpty)
        #expect(try notes(epochs: nil) { $0.schedule = .cosine() }.isEmpty)
        #expect(try notes(epochs: 4) { $0.schedule = .cosine() }.isEmpty)
        #expect(
            try notes(epochs: 8) { $0.schedule = .oneCycle } == [
                "the learning rates so far were those of 4 epochs; a run of 8 from the beginning gives other weights"
            ])
        // The rate is so high that a later epoch is not the best.
        let best = try notes(epochs: 60) {
            $0.epochs = 30
            $0.learningRate = 0.3
            $0.earlyStopping = EarlyStopping(patience: 40)
        }
        #expect(best.count == 1 && best[0].hasPrefix("the run had ended and returned to the weights of epoch "), "\(best)")
        let stopped = try notes(epochs: 60) {
            $0.epochs = 50
            $0.learningRate = 0.3
            $0.earlyStopping = EarlyStopping(patience: 1)
        }
        #expect(stopped.count == 1 && stopped[0].hasPrefix("the run has stopped early, after epoch "), "\(stopped)")
    }

    @Test func modelsPredictTheSameAfterTheDisk() throws {
        let temporary = try TemporaryFolder(), folder = temporary.url("model")
        let data = try Self.blobs()
        let outcome = try Trainer(Self.network(), data: data, settings: Self.settings(), output: folder).run()
        let model = try Model(contentsOf: folder)
        #expect(model.weightsSHA256 == outcome.model.weightsSHA256)
        #expect(try model.predictions(for: data) == outcome.model.predictions(for: data))
        #expect(try model.evaluate(on: data, threads: 1) == outcome.model.evaluate(on: data, threads: 2))
    }

    @Test func damagedModelsAreRefused() throws {
        let temporary = try TemporaryFolder(), folder = temporary.url("model")
        try Trainer(Self.network(), data: Self.blobs(), settings: Self.settings { $0.epochs = 1 }, output: folder).run()
        func message(after damage: (URL) throws -> Void) throws -> String {
            let copy = temporary.url("copy")
            defer { try? FileManager.default.removeItem(at: copy) }
            try FileManager.default.copyItem(at: folder, to: copy)
            try damage(copy)
            do { return "read \(try Checkpoint(contentsOf: copy).position.steps)" } catch {
                return "\(error)".replacing(copy.relativePath, with: "M")
            }
        }
        #expect(
            try message { try FileManager.default.removeItem(at: $0.appendingPathComponent("weights.safetensors")) }
                == "M/weights.safetensors: is missing")
        #expect(
            try message { try Data("{}".utf8).write(to: $0.appendingPathComponent("model.json")) }
                == "M/model.json: is damaged or not a model: formatVersion is missing")
        #expect(
            try message { folder in
                let file = folder.appendingPathComponent("weights.safetensors")
                var bytes = try Data(contentsOf: file)
                bytes[bytes.count - 3] ^= 1
                try bytes.write(to: file)
            } == "M/weights.safetensors: is damaged or of another model: its checksum is not the one in model.json")
        #expect(
            try message { folder in
                let file = folder.appendingPathComponent("model.json")
                try String(contentsOf: file, encoding: .utf8).replacing("\"units\" : 24", with: "\"units\" : 25").write(
                    to: file, atomically: true, encoding: .utf8)
            } == "M/weights.safetensors: is of another network: dense1.weights has shape [8, 24], not [8, 25]")
        #expect(try message { try FileManager.default.removeItem(at: $0) } == "M: there is no such model")
    }

    @Test func aModelWhosePreparationDoesNotFitIsRefused() throws {
        let temporary = try TemporaryFolder(), folder = temporary.url("model")
        let network = try Network(input: [8]) { Dense(4) }
        var model = Model(network: network, loss: .softmaxCrossEntropy, parameters: try network.initialParameters(seed: 0))
        model.preparation = try Preparation(of: Self.blobs())
        try model.write(to: folder)
        let error = #expect(throws: RectifierError.self) { try Model(contentsOf: folder) }
        #expect(error?.description.hasSuffix("its data have shape [8] and 3 outputs, its network takes [8] and gives [4]") == true)
    }

    @Test func divergenceIsAnErrorThatSaysWhatToDo() throws {
        // Least squares beyond the stable step size: the error grows by a factor with every step.
        let data = try Dataset(count: 2, sampleShape: [1], features: .floats([10, -10]), targets: .values([1, -1], width: 1))
        let trainer = try Trainer(
            Network(input: [1]) { Dense(1) }, data: data,
            settings: Self.settings {
                $0.optimizer = .sgd()
                $0.learningRate = 100
                $0.epochs = 100
            })
        let error = #expect(throws: RectifierError.self) { try trainer.run() }
        #expect(error?.kind == .divergence)
        #expect(error?.description.contains("lower the learning rate") == true)
    }

    @Test func earlyStoppingReturnsToTheBestWeights() throws {
        var reports: [TrainingEvent.EpochReport] = []
        let outcome = try Trainer(
            Self.network(), data: Self.blobs(60), heldOut: Self.blobs(100, seed: 2),
            settings: Self.settings {
                $0.epochs = 200
                $0.learningRate = 0.03
                $0.earlyStopping = EarlyStopping(patience: 3)
            }
        ).run { if case .epochEnded(let report) = $0 { reports.append(report) } }
        #expect(outcome.reason == .earlyStopping)
        #expect(outcome.epochs == reports.count && outcome.epochs < 200)
        #expect(outcome.heldOut?.loss == reports.compactMap { $0.heldOut?.loss }.min())
    }

    @Test func eventsComeInOrder() async throws {
        let trainer = try Trainer(Self.network(), data: Self.blobs(), settings: Self.settings())
        var names: [String] = []
        for try await event in trainer.events() {
            switch event {
            case .started(let started):
                #expect(started.stepsPerEpoch == 10)
                names.append("started")
            case .step: break
            case .epochEnded(let report): names.append("epoch \(report.epoch)")
            case .noticed, .diverged: break
            case .checkpointed: names.append("checkpointed")
            case .finished(let outcome): names.append("finished \(outcome.epochs)")
            }
        }
        #expect(names == ["started", "epoch 1", "epoch 2", "epoch 3", "epoch 4", "finished 4"])
    }

    @Test func shapesOfDataAndNetworkMustFit() throws {
        #expect(throws: RectifierError(.shape, "the network takes samples of shape [5], the data has [8]")) {
            try Trainer(Network(input: [5]) { Dense(3) }, data: Self.blobs())
        }
        #expect(throws: RectifierError(.shape, "the network gives [4], the data's targets need [3]")) {
            try Trainer(Network(input: [8]) { Dense(4) }, data: Self.blobs())
        }
    }

    @Test func schedules() {
        // One step an epoch: what a full batch has.
        func factors(_ schedule: Rectifier.Schedule) -> [Double] {
            [0, 1, 2, 3.5, 4].map { schedule.factor(progress: $0, step: 1, epochs: 4) }
        }
        #expect(factors(.constant) == [1, 1, 1, 1, 1])
        #expect(factors(.staircase(every: 2, factor: 0.5)) == [1, 1, 0.5, 0.5, 0.25])
        // The first step of a rise moves too, and its last has the whole rate.
        #expect(factors(.warmUp(2)) == [0.5, 1, 1, 1, 1])
        #expect(factors(.warmUp(4)) == [0.25, 0.5, 0.75, 1, 1])
        #expect(factors(.cosine(warmUp: 2))[0...1] == [0.5, 1])
        #expect([0, 0.5, 1].map { Rectifier.Schedule.warmUp(1).factor(progress: $0, step: 0.5, epochs: 4) } == [0.5, 1, 1])
        #expect(factors(.warmUp(0)) == [1, 1, 1, 1, 1])
        let cosine = factors(.cosine())
        #expect(cosine[0] == 1 && Swift.abs(cosine[2] - 0.5) < 1e-12 && Swift.abs(cosine[4]) < 1e-12)
        let cycle = factors(.oneCycle)
        #expect(Swift.abs(cycle[0] - 0.04) < 1e-12 && cycle[1] > 0.8 && Swift.abs(cycle[4] - 4e-6) < 1e-12)
    }
}
