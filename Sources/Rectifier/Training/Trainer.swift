import Foundation
import Synchronization

/// Trains a network on data, and tells what happens.
///
/// A trainer is a value that describes a run; everything it works with can be seen. Listeners (progress, logs, checkpoints) read its events and never reach into it.
///
/// ```swift
/// var trainer = try Trainer(network, data: training, heldOut: test)
/// trainer.settings.epochs = 5
/// for try await event in trainer.events() {
///     if case .epochEnded(let report) = event { print(report.trainLoss) }
/// }
/// ```
public struct Trainer: Sendable {
    public let network: Network
    public let loss: Loss
    public let training: Dataset
    /// What the model is tested on after every epoch.
    public let heldOut: Dataset?
    /// What early stopping looks at; `nil` for the held-out data.
    public let validation: Dataset?
    public var settings: TrainingSettings
    /// What training starts from; `nil` draws it by the layers' initializers from the settings' seed. Must be this network's parameters by name and shape,
    /// which is checked when the run begins. A resumed run goes on from its checkpoint instead.
    public var initialParameters: Parameters?
    /// Where checkpoints and the finished model go; `nil` keeps them in memory.
    public var output: URL?
    /// The recipe with every choice filled in, where the run came from one.
    public var recipe: Recipe?

    let preparation: Preparation?
    let checkpoint: Checkpoint?
    let stopping = StopFlag()

    /// A run of a network in code.
    ///
    /// - Parameters:
    ///   - loss: `nil` for the usual one of the targets: cross-entropy for classes, squared error for numbers.
    /// Throws where the shapes of network and data differ, a setting is out of range, or the derivative at the loss's kink is no subgradient.
    public init(
        _ network: Network, loss: Loss? = nil, data: Dataset, heldOut: Dataset? = nil, validation: Dataset? = nil,
        settings: TrainingSettings = TrainingSettings(),
        output: URL? = nil
    ) throws {
        try self.init(
            network, loss: loss ?? data.usualLoss, data: data, heldOut: heldOut, validation: validation, settings: settings, output: output,
            recipe: nil, preparation: nil,
            checkpoint: nil)
    }

    /// A run of a recipe.
    public init(recipe: Recipe, data: LoadedData, output: URL? = nil) throws {
        let recipe = try recipe.resolved(for: data)
        let network = try Network(recipe.network, input: data.training.sampleShape, outputs: data.training.outputCount)
        try self.init(
            network, loss: recipe.network.loss(for: data.training), data: data.training,
            heldOut: data.heldOut, validation: data.validation,
            settings: recipe.training, output: output, recipe: recipe,
            preparation: data.preparation, checkpoint: nil)
    }

    /// Goes on where a checkpoint stopped, and gives the bits that the uninterrupted run would have given.
    ///
    /// - Parameter epochs: Another total than the recipe's.
    /// Throws where the folder is no checkpoint, or the data is not what it was.
    public init(resuming folder: URL, data: LoadedData, epochs: Int? = nil) throws {
        let checkpoint = try Checkpoint(contentsOf: folder)
        let model = checkpoint.model
        guard var recipe = model.recipe else { throw RectifierError(.file, "\(folder.relativePath): holds no recipe to go on with") }
        guard model.preparation == data.preparation, checkpoint.position.trainingSamples == data.training.count else {
            throw RectifierError(.data, "\(recipe.data.source): is not the data that \(folder.relativePath) was trained on")
        }
        if let epochs { recipe.training.epochs = epochs }
        try self.init(
            model.network, loss: model.loss, data: data.training, heldOut: data.heldOut, validation: data.validation,
            settings: recipe.training, output: folder, recipe: recipe,
            preparation: data.preparation, checkpoint: checkpoint)
    }

    /// The run of a network in code that a checkpoint goes on with.
    init(network: Network, data: Dataset, heldOut: Dataset?, settings: TrainingSettings, checkpoint: Checkpoint) throws {
        try self.init(
            network, loss: checkpoint.model.loss, data: data, heldOut: heldOut, validation: nil, settings: settings, output: nil,
            recipe: nil, preparation: nil,
            checkpoint: checkpoint)
    }

    private init(
        _ network: Network, loss: Loss, data: Dataset, heldOut: Dataset?, validation: Dataset?, settings: TrainingSettings, output: URL?,
        recipe: Recipe?,
        preparation: Preparation?, checkpoint: Checkpoint?
    ) throws {
        for set in [data, heldOut, validation].compactMap({ $0 }) {
            guard network.inputShape == set.sampleShape else {
                throw RectifierError(.shape, "the network takes samples of shape \(network.inputShape), the data has \(set.sampleShape)")
            }
            guard network.outputShape == [set.outputCount] else {
                throw RectifierError(.shape, "the network gives \(network.outputShape), the data's targets need [\(set.outputCount)]")
            }
        }
        try loss.validate()
        self.network = network
        self.loss = loss
        training = data
        self.heldOut = heldOut
        self.validation = validation
        self.settings = settings
        self.output = output
        self.recipe = recipe
        self.preparation = preparation
        self.checkpoint = checkpoint
    }

    /// Stops after the current step, as if the run had been interrupted: a checkpoint is written and `finished` comes. Callable from any thread.
    public func stop() { stopping.set() }

    /// The run, on a thread of its own. Cancelling the task that reads it stops it as ``stop()`` does.
    public func events() -> AsyncThrowingStream<TrainingEvent, any Error> {
        AsyncThrowingStream { continuation in
            continuation.onTermination = { reason in if case .cancelled = reason { stop() } }
            let thread = Thread {
                do {
                    _ = try run { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            thread.name = "rectifier training"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// The run, on this thread, with its events handed to a function.
    @discardableResult
    public func run(_ listener: (TrainingEvent) throws -> Void = { _ in }) throws -> TrainingEvent.Outcome {
        let run = try TrainingRun(self)
        return try run.run(listener)
    }
}

/// A switch that any thread may turn on, at once or after some more steps.
final class StopFlag: Sendable {
    private let stepsLeft = Atomic<Int>(.max)
    func set(afterSteps steps: Int = 0) { stepsLeft.store(steps, ordering: .relaxed) }
    /// Asked before each step.
    func stopsNow() -> Bool { stepsLeft.wrappingSubtract(1, ordering: .relaxed).oldValue <= 0 }
}
