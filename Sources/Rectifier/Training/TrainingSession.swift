/// A run, step by step: the only training loop there is. ``Trainer/run(stop:_:)``, studies and programs of your own
/// drive it.
///
/// ```swift
/// let session = try TrainingSession(trainer)
/// while let step = try session.step() {
///     if step.number == 1000 { try session.change { $0.learningRate = 0.01 } }
/// }
/// try session.model().write(to: folder)
/// ```
///
/// Nothing in it depends on a clock: the same plan on the same data gives the same weights and the same reports. A
/// session is used by one thread at a time.
public final class TrainingSession {
    public let plan: TrainingPlan
    /// The changes of the plan and those made since, in order.
    public private(set) var changes: [TrainingChange]
    /// How far the run is.
    public private(set) var position: Checkpoint.Position

    /// What changes can change, as it is now.
    private(set) var learningRate: Double
    private(set) var penalties: Penalties
    private(set) var batchSize: Int
    /// Passes over the training data in all.
    public private(set) var epochs: Int
    private var changesMade: Int {
        get { position.changesMade ?? 0 }
        set { position.changesMade = newValue }
    }

    package let data: LoadedData
    /// What is learned from, with what each sample counts where they do not all count the same.
    private let training: Dataset
    package let pool: ThreadPool
    package let memory: ParameterMemory
    private let numbers: OptimizerNumbers
    private let cursor: BatchCursor
    private let evaluator: Evaluator
    private let updates: UpdateCalls
    /// Where the run is one in folds.
    private let folded: FoldedTraining?
    private let observation: Observation
    private var notices: [any ProbeReport] = []
    /// The best weights so far, for early stopping.
    private var best: Parameters?

    /// By batch size, the programs of a step.
    private var programs: [Int: Program] = [:]
    /// Those of probes, beside the step.
    private var programsBeside: [BesideKey: Program] = [:]
    /// All of them, and others that probes have made and may keep: where their inputs are is set anew each time the
    /// data are at hand.
    private var fed: [FedProgram] = []
    private struct FedProgram { weak var program: Program? }
    private var feeds: [String: Feed] = [:]
    /// Where samples are augmented, those of the present batch.
    private let augmented: AugmentedBatch?
    /// The program of the step that was computed last.
    private var current: Program?
    /// The order of the present epoch's samples.
    private let order: UnsafeMutableBufferPointer<Int32>
    private var orderedEpoch: Int?

    /// Begins the run, or goes on where the trainer's checkpoint stopped.
    ///
    /// - Throws: ``RectifierError`` where there is no memory for it, or initial parameters or a checkpoint are of
    ///   another network.
    public init(_ trainer: Trainer) throws {
        plan = trainer.plan
        data = trainer.data
        training = try data.training.weighted(byClass: plan.classWeights)
        changes = plan.settings.changes
        (learningRate, penalties, batchSize, epochs) = (plan.learningRate, plan.penalties, plan.batchSize, plan.epochs)
        let settings = plan.settings, count = data.training.count
        let network = try plan.network.built(isTraining: true)
        pool = try ThreadPool(threads: settings.threads)
        memory = try ParameterMemory(parameters: network.parameters, elementType: settings.precision, rate: settings.layerRate(of:))
        try memory.makeTrainable(stateCount: settings.optimizer.stateCount)
        numbers = OptimizerNumbers(groups: memory.groups, clipLimit: settings.clipNorm ?? 0)
        cursor = BatchCursor(seed: settings.seed)
        evaluator = try Evaluator(
            plan.network, loss: plan.loss, parameters: memory, pool: pool, predicts: settings.threshold != nil,
            metric: settings.metric, classWeights: plan.classWeights)
        order = .allocate(capacity: count)
        order.initialize(repeating: 0)
        augmented = settings.augmentation.flatMap {
            $0.isEmpty ? nil : AugmentedBatch($0, seed: settings.seed, shape: trainer.data.training.sampleShape, limit: count)
        }
        position = Checkpoint.Position(trainingSamples: count)

        var losses: Formula
        if let folds = data.folds {
            folded = try FoldedTraining(folds, plan, memory: memory, pool: pool)
            losses = try FoldedTraining.losses(plan.loss, network.members)
        } else {
            folded = nil
            losses = try plan.loss(network.output, .input(Network.targetName, shape: network.output.shape))
        }
        if training.weights != nil { losses = try losses * .input(Network.weightName, shape: losses.shape) }
        let trained = network.trained.filter { settings.layerRate(of: $0.parameter!.name) > 0 }
        observation = try Observation(
            trainer.probes,
            of: ProbedRun(
                plan: plan, data: data, firstEpoch: (trainer.checkpoint?.position.epochsDone ?? 0) + 1, threads: pool.threads,
                losses: losses, network: network, trained: trained))
        // Each network of a run in folds is trained by the mean of its own losses.
        let objective = try observation.losses.mean() * .constant(Double(folded?.folds.count ?? 1))
        let derivatives = try gradients(of: objective, withRespectTo: trained)
        updates = UpdateCalls(
            losses: observation.losses, gradients: zip(trained, derivatives).map { ($0.parameter!.name, $1) },
            targets: zip(network.targets, observation.targets).map { ($0.state.parameter!.name, $1) },
            optimizer: settings.optimizer, clips: settings.clipNorm != nil, numbers: numbers)

        if case .probability(let value) = settings.threshold { setThreshold(value) }
        if let checkpoint = trainer.checkpoint {
            try restore(checkpoint)
        } else {
            let initial =
                try trainer.initialParameters ?? plan.network.initialParameters(seed: settings.seed, precision: settings.precision)
            guard initial.names.count == memory.slots.count else {
                throw RectifierError(.shape, "there are \(initial.names.count) initial parameters; the network has \(memory.slots.count)")
            }
            try memory.write(initial, to: memory.weights)
            try makeChanges()
        }
    }

    deinit { order.deallocate() }

    // MARK: Steps

    /// Steps of the present epoch in all, done and to come.
    var stepsPerEpoch: Int {
        position.stepsInEpoch + (data.training.count - position.samplesInEpoch + batchSize - 1) / batchSize
    }

    /// Whether no step is left: all epochs are done, or the held-out loss no longer falls.
    public var isFinished: Bool { position.stopReason != nil || position.epochsDone >= epochs }

    /// Trains on the next batch. After an epoch's last one it also evaluates the network on the held-out data.
    ///
    /// - Returns: `nil` when the run is over.
    /// - Throws: ``RectifierError`` of kind `divergence` where the loss or the weights are no longer finite.
    @discardableResult
    public func step() throws -> TrainingStep? {
        guard !isFinished else { return nil }
        let before = position
        _ = try train(atMost: 1)
        var result = TrainingStep(
            number: position.steps, epoch: before.epochsDone + 1,
            loss: (position.lossTotal - before.lossTotal) / Double(position.samplesInEpoch - before.samplesInEpoch))
        if position.samplesInEpoch == data.training.count { result.epochEnded = try endEpoch() }
        result.notices = takeNotices()
        return result
    }

    /// Trains to the end of the present epoch and evaluates the network on the held-out data.
    ///
    /// - Returns: `nil` when the run is over.
    @discardableResult
    public func epoch() throws -> TrainingEvent.EpochReport? {
        guard !isFinished else { return nil }
        _ = try train()
        return try endEpoch()
    }

    /// Trains to the end of the present epoch, or for so many steps of it.
    ///
    /// - Parameter continues: Asked before each step. False ends the call.
    /// - Returns: Whether the epoch's last step is done.
    package func train(atMost limit: Int = .max, while continues: () throws -> Bool = { true }) throws -> Bool {
        let settings = plan.settings, count = data.training.count, epoch = position.epochsDone
        orderSamples(epoch)
        numbers.lossTotal.pointee = position.lossTotal
        try training.withFeeds { samples in
            feed(augmented?.feeds ?? samples)
            defer { feeds = [:] }
            var (perEpoch, steps, program, size) = (stepsPerEpoch, 0, nil as Program?, 0)
            while position.samplesInEpoch < count, steps < limit, try continues() {
                if changesMade < changes.count, try makeChanges() { perEpoch = stepsPerEpoch }
                let start = position.samplesInEpoch, step = position.steps + 1
                let next = min(batchSize, count - start)
                if next != size {
                    size = next
                    if let augmented, try augmented.makeRoom(for: size, of: samples) { feed(augmented.feeds) }
                    program = try stepProgram(size)
                    current = program
                }
                let batch = UnsafePointer(order.baseAddress! + start)
                augmented?.fill(from: samples, batch, count: size, epoch: epoch)
                cursor.indices.pointee = augmented?.rows ?? batch
                cursor.position.pointee = UInt64(start)
                cursor.step.pointee = UInt64(step)
                numbers.set(settings.optimizer, penalties, learningRate: stepRate(perEpoch), step: step)
                try run(program!, step: step, batchSize: size)
                position.steps = step
                position.stepsInEpoch += 1
                position.samplesInEpoch = start + size
                position.lossTotal = numbers.lossTotal.pointee
                steps += 1
                guard position.lossTotal.isFinite else {
                    throw divergence("the loss is no longer finite in epoch \(epoch + 1), step \(position.stepsInEpoch)")
                }
            }
        }
        return position.samplesInEpoch == count
    }

    /// Lets all programs be filled from this memory.
    private func feed(_ feeds: [String: Feed]) {
        self.feeds = feeds
        self.feeds[FoldedTraining.inputName] = folded?.feed
        fed.removeAll { $0.program == nil }
        for fed in fed { fed.program?.refeed(self.feeds) }
    }

    /// The learning rate of the step that is next, or going on, schedule included.
    func stepRate(_ stepsPerEpoch: Int) -> Double {
        let progress = Double(position.epochsDone) + Double(position.stepsInEpoch) / Double(stepsPerEpoch)
        return learningRate * plan.schedule.factor(progress: progress, step: 1 / Double(stepsPerEpoch), epochs: Double(epochs))
    }

    /// How the step that is next, or going on, is made of its gradient.
    /// - Parameter updates: Of the weights so far; `nil` between steps.
    package func stepping(after updates: Int? = nil) -> Stepping {
        let settings = plan.settings
        return Stepping(
            optimizer: settings.optimizer, learningRate: stepRate(stepsPerEpoch), penalties: penalties,
            layerRate: { settings.layerRate(of: $0) }, states: memory.states.map { memory.read($0) }, updates: updates ?? position.steps)
    }

    private func run(_ program: Program, step: Int, batchSize: Int) throws {
        if case .stopping = pace {
            program.runGradients()
            try observation.lookAtDivergence(in: self, step: step, batchSize: batchSize)
            throw PaceEnded()
        }
        guard !observation.isEmpty, pace == .training else { return program.run() }
        program.runGradients()
        let looking = observation.looking(atStep: step)
        if looking { try observation.look(in: self, step: step, batchSize: batchSize) }
        program.runUpdate()
        if looking {
            try observation.lookBack(in: self, step: step, batchSize: batchSize)
            notices += observation.takeNotices()
        }
    }

    /// What probes have told since the last call.
    func takeNotices() -> [any ProbeReport] {
        defer { notices = [] }
        return notices
    }

    // MARK: Steps once more

    /// What steps are computed for.
    private enum Pace {
        case training
        /// They were computed before: probes have seen them.
        case repeating
        /// The gradient alone, for probes to look at.
        case stopping
    }
    private var pace = Pace.training
    private struct PaceEnded: Error {}
    /// The mean losses of the last steps that were repeated.
    private(set) var repeatedLosses: [Double] = []

    /// Computes steps again, after a ``restore(_:)``, that were computed before.
    ///
    /// - Parameter last: The step to stop after; `nil`: the last one behind which loss and weights are finite.
    /// - Returns: The last step behind which they are.
    func `repeat`(to last: Int?) throws -> Int {
        pace = .repeating
        defer { pace = .training }
        repeatedLosses = []
        while position.steps < last ?? .max {
            let before = position
            do {
                _ = try train(atMost: 1)
                try memory.requireFinite { $0 }
            } catch let error as RectifierError where error.kind == .divergence {
                return before.steps
            }
            let loss = (position.lossTotal - before.lossTotal) / Double(position.samplesInEpoch - before.samplesInEpoch)
            repeatedLosses = repeatedLosses.suffix(7) + [loss]
            if position.samplesInEpoch == data.training.count { beginNextEpoch() }
        }
        return position.steps
    }

    /// Lets probes look at the gradient of the next step, which is not made: the run is over.
    func lookAtDivergence() throws {
        pace = .stopping
        defer { pace = .training }
        do { _ = try train(atMost: 1) } catch is PaceEnded {}
        notices += observation.takeNotices()
        position.stopReason = .diverged
    }

    private func beginNextEpoch() {
        position.epochsDone += 1
        (position.stepsInEpoch, position.samplesInEpoch, position.lossTotal) = (0, 0, 0)
    }

    /// Draws the order of an epoch's samples.
    private func orderSamples(_ epoch: Int) {
        guard orderedEpoch != epoch else { return }
        orderedEpoch = epoch
        cursor.epoch.pointee = UInt64(epoch)
        plan.settings.order(ofEpoch: epoch, order)
    }

    /// Evaluates the network and moves the position to the next epoch.
    package func endEpoch() throws -> TrainingEvent.EpochReport {
        try memory.requireFinite { "training diverged in epoch \(position.epochsDone + 1): \($0); \(cure)" }
        let members = try folded?.evaluator.evaluateFolds(data.training, preparation: plan.preparation)
        let heldOut = try evaluate(data.heldOut) ?? members?.all
        let validation = try data.heldOut == nil ? nil : evaluate(data.validation) ?? members?.all
        let trainLoss = position.lossTotal / Double(data.training.count)
        observation.evaluated(trainLoss: trainLoss, heldOut: heldOut, validation: validation)
        let report = TrainingEvent.EpochReport(
            epoch: position.epochsDone + 1, trainLoss: trainLoss, heldOut: heldOut, validation: validation, seconds: 0,
            samplesPerSecond: 0, learningRate: lastLearningRate, measurements: try observation.endEpoch())
        observation.ended(report)
        notices += observation.takeNotices()
        beginNextEpoch()
        if let costs = members?.costs {
            keepBest(costs)
        } else if let stopping = plan.settings.earlyStopping, let evaluation = validation ?? heldOut {
            let cost = evaluation.cost(by: plan.settings.metric)
            if cost < (position.bestLoss ?? .infinity) - stopping.minimumDelta {
                position.bestLoss = cost
                position.bestEpoch = position.epochsDone
                best = memory.read(memory.weights)
            } else if position.epochsDone - position.bestEpoch >= stopping.patience {
                position.stopReason = .earlyStopping
            }
        }
        // Among the changes that are due may be more epochs.
        try makeChanges()
        return report
    }

    /// Keeps for each network of a run in folds its best weights.
    private func keepBest(_ costs: [Double]) {
        let stopping = plan.settings.earlyStopping ?? EarlyStopping(patience: .max), now = memory.read(memory.weights)
        var members = position.members ?? costs.map { _ in .init() }, weights = best ?? now
        for (member, cost) in costs.enumerated() {
            // One whose loss has not fallen for so long has stopped, whatever the others still do.
            guard position.epochsDone - members[member].bestEpoch <= stopping.patience,
                cost < members[member].bestCost - stopping.minimumDelta
            else { continue }
            members[member] = .init(bestCost: cost, bestEpoch: position.epochsDone)
            folded!.copy(member, from: now, to: &weights)
        }
        (position.members, best) = (members, weights)
        position.bestEpoch = members.reduce(0) { max($0, $1.bestEpoch) }
        if position.epochsDone - position.bestEpoch >= stopping.patience { position.stopReason = .earlyStopping }
    }

    /// Loss and quality on the held-out data, or in folds; `nil` where nothing is held out.
    func evaluateHeldOut() throws -> Evaluation? {
        try evaluate(data.heldOut) ?? folded?.evaluator.evaluate(data.training, preparation: plan.preparation)
    }

    /// The learning rate of the last step, schedule included.
    var lastLearningRate: Double { numbers.learningRate }

    private var cure: String { "lower the learning rate (now \(lastLearningRate)), or clip the gradient" }

    private func divergence(_ what: String) -> RectifierError { RectifierError(.divergence, "training diverged: \(what); \(cure)") }

    // MARK: Changes

    /// Changes settings from the next step on. The change is logged: checkpoints and models hold it, and running their
    /// recipe again repeats it.
    ///
    /// - Parameter edit: Sets what is to change: the learning rate, the penalties, the batch size, the epochs or units.
    /// - Throws: ``RectifierError`` for a value out of its range; nothing has changed then.
    public func change(_ edit: (inout TrainingChange) -> Void) throws {
        var change = TrainingChange(afterStep: position.steps)
        edit(&change)
        change.afterStep = position.steps
        try change.validate()
        try change.check(plan.network)
        // What the plan has for later comes after it.
        changes.insert(change, at: changesMade)
        try makeChanges()
    }

    /// Makes the changes that are due. True if there were some.
    ///
    /// - Parameter done: So many of them have changed the weights before.
    @discardableResult
    private func makeChanges(knownToWeights done: Int = 0) throws -> Bool {
        let first = changesMade
        while changesMade < changes.count, changes[changesMade].afterStep <= position.steps {
            let change = changes[changesMade]
            learningRate = change.learningRate ?? learningRate
            penalties.weightDecay = change.weightDecay ?? penalties.weightDecay
            penalties.l1 = change.l1 ?? penalties.l1
            penalties.l2 = change.l2 ?? penalties.l2
            batchSize = change.batchSize?.count(of: data.training.count) ?? batchSize
            epochs = change.epochs ?? epochs
            if let units = change.units, changesMade >= done { try make(units) }
            changesMade += 1
        }
        return changesMade > first
    }

    private func make(_ units: [UnitChange]) throws {
        var weights = memory.read(memory.weights), states = memory.states.map { memory.read($0) }
        for change in units {
            try change.apply(to: &weights, states: &states) {
                try plan.network.initialParameters(seed: $0, precision: plan.settings.precision)
            }
        }
        try memory.write(weights, to: memory.weights)
        for (state, block) in zip(states, memory.states) { try memory.write(state, to: block) }
    }

    // MARK: What it has learned

    /// Computed once, and only where a model is asked for.
    private lazy var targetMeans = data.training.targetMeans

    /// The network as it is now.
    public func model() -> Model {
        var model = Model(
            network: plan.network, loss: plan.loss, parameters: memory.read(memory.weights), precision: plan.settings.precision)
        model.preparation = plan.preparation
        model.targetMeans = targetMeans
        model.threshold = evaluator.threshold
        var recipe = plan.recipe
        recipe.training.changes = changes
        model.recipe = recipe
        return model
    }

    /// Loss and quality of the network as it is now.
    public func evaluate(on data: Dataset) throws -> Evaluation {
        try data.requireShapes(of: plan.network)
        return try evaluator.evaluate(data, preparation: plan.preparation)
    }

    private func evaluate(_ data: Dataset?) throws -> Evaluation? {
        try data.map { try evaluator.evaluate($0, preparation: plan.preparation) }
    }

    /// What the probes have seen in the whole run.
    public var measurements: Measurements { observation.measurements }

    /// Computed once, and only for a run that is kept.
    private lazy var digests = DataDigests(of: data, for: plan.settings)

    /// Everything that going on takes: ``restore(_:)`` and a later session from it give the bits of this one.
    ///
    /// - Throws: ``RectifierError`` where there is no memory for it.
    public func snapshot() throws -> Checkpoint {
        try MachineMemory.require(
            Shape.elementCount([memory.count, 2 * (1 + memory.states.count), plan.settings.precision.computing.size]),
            kind: .setting, for: "saving the run", advice: "choose a network of fewer weights")
        return try snapshot(of: model())
    }

    func snapshot(of model: Model) throws -> Checkpoint {
        Checkpoint(
            model: model, states: memory.states.map { memory.read($0) }, position: position, best: best, probes: try observation.states(),
            data: digests)
    }

    /// What it takes to repeat steps from here, without what probes know.
    func bookmark() -> Checkpoint {
        Checkpoint(model: model(), states: memory.states.map { memory.read($0) }, position: position, best: best)
    }

    /// Goes back, or forward, to a snapshot of this run.
    ///
    /// - Throws: ``RectifierError`` where it is of another network, optimizer or number of samples. The session is
    ///   unchanged then.
    public func restore(_ checkpoint: Checkpoint) throws {
        guard checkpoint.position.trainingSamples == data.training.count else {
            throw RectifierError(
                .data, "the checkpoint is of a run on \(checkpoint.position.trainingSamples) samples, this one has \(data.training.count)")
        }
        if let kept = checkpoint.data { try kept.check(digests, for: plan.settings, of: data.settings.source) }
        guard checkpoint.states.count == memory.states.count else {
            throw RectifierError(.file, "the checkpoint's optimizer state is of another optimizer")
        }
        for block in [checkpoint.model.parameters] + checkpoint.states + [checkpoint.best].compactMap({ $0 }) {
            try memory.check(block)
            if let bad = block.nonFinite.first {
                throw RectifierError(.divergence, "the checkpoint cannot be trained further: \(describeNonFinite(bad.name, bad.count))")
            }
        }
        try observation.restore(checkpoint.probes)
        try memory.write(checkpoint.model.parameters, to: memory.weights)
        for (state, block) in zip(checkpoint.states, memory.states) { try memory.write(state, to: block) }
        try memory.requireFinite { "the checkpoint cannot be trained further: \($0)" }
        (position, best) = (checkpoint.position, checkpoint.best)
        // Changes that this session made later are forgotten; those that the plan adds to a resumed run are not.
        let kept = checkpoint.model.recipe?.training.changes ?? []
        changes = plan.settings.changes.starts(with: kept) ? plan.settings.changes : kept
        (learningRate, penalties, batchSize, epochs) = (plan.learningRate, plan.penalties, plan.batchSize, plan.epochs)
        // In checkpoints of before it was kept no change was one of weights.
        let done = position.changesMade ?? .max
        changesMade = 0
        orderedEpoch = nil
        try makeChanges(knownToWeights: done)
    }

    /// Chooses the model's threshold, where the settings ask for one that samples decide about.
    func chooseThreshold() throws {
        guard let threshold = plan.settings.threshold, let judged = data.judged, case .classes(let labels, _) = judged.targets else {
            return
        }
        setThreshold(nil)
        let outcome = try (folded?.evaluator ?? evaluator).outcome(judged, preparation: plan.preparation)
        setThreshold(threshold.value(outcome.predictions, labels: labels))
    }

    private func setThreshold(_ value: Double?) {
        evaluator.threshold = value
        folded?.evaluator.threshold = value
    }

    /// Returns to the best weights, where early stopping kept some.
    @discardableResult
    package func takeBest() throws -> Bool {
        guard let best else { return false }
        try memory.write(best, to: memory.weights)
        return true
    }

    /// Adds to the time that the run has taken.
    func addSeconds(_ seconds: Double) {
        position.trainSeconds += seconds
        position.epochSeconds += seconds
    }

    func takeEpochSeconds() -> Double {
        defer { position.epochSeconds = 0 }
        return position.epochSeconds
    }

    // MARK: Programs

    private struct BesideKey: Hashable {
        var formulas: [Int]
        var batchSize: Int
    }

    /// The program of a step on so many samples.
    private func stepProgram(_ size: Int) throws -> Program {
        if let program = programs[size] { return program }
        let program = try Program(
            observation.formulas, batchSize: size, parameters: memory, cursor: cursor, feeds: feeds, training: updates, pool: pool)
        // The rest of an epoch comes once an epoch.
        if size == batchSize || program.memoryBytes <= Program.mostMemoryKept { programs[size] = program }
        fed.append(FedProgram(program: program))
        return program
    }

    /// A program over the batch that the cursor is at.
    func compile(
        _ outputs: [Formula], batchSize: Int, samples: [Int: Int] = [:], parameters: ParameterMemory? = nil
    ) throws -> Program {
        let program = try Program(
            outputs, batchSize: batchSize, samples: samples, parameters: parameters ?? memory, cursor: cursor, feeds: feeds, pool: pool)
        fed.append(FedProgram(program: program))
        return program
    }

    func programBeside(_ formulas: [Formula], batchSize: Int) throws -> Program {
        let key = BesideKey(formulas: formulas.map(\.id), batchSize: batchSize)
        if let program = programsBeside[key] { return program }
        let program = try compile(formulas, batchSize: batchSize)
        programsBeside[key] = program
        return program
    }

    func stepValues(ofOutput index: Int) -> [Double] { current!.values(ofOutput: index) }
}

/// One step of a ``TrainingSession``.
public struct TrainingStep: Sendable {
    /// From 1, over the whole run.
    public var number: Int
    /// From 1.
    public var epoch: Int
    /// The mean loss of the batch, before the step.
    public var loss: Double
    /// The epoch's report, after its last step.
    public var epochEnded: TrainingEvent.EpochReport?
    /// What probes have told.
    public var notices: [any ProbeReport] = []
}

extension TrainingSettings {
    /// Fills memory with the samples in the order of an epoch, from 0.
    func order(ofEpoch epoch: Int, _ order: UnsafeMutableBufferPointer<Int32>) {
        if shuffle {
            RandomStream(seed: seed, purpose: RandomPurpose.order, epoch: UInt64(epoch)).permute(order)
        } else {
            for i in order.indices { order.initializeElement(at: i, to: Int32(i)) }
        }
    }
}
