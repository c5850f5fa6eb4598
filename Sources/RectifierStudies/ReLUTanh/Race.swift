import RectifierInstruments

/// The runs of a study of speed: one at a time, so that none takes another's cores.
struct Race {
    typealias Activation = ReLUTanhStudyReport.Activation
    typealias Run = ReLUTanhStudyReport.Run

    let settings: ReLUTanhStudy.Settings
    /// In the order of the activations.
    let networks: [Network]
    let images: Dataset
    let stop: StopSignal
    let meter: StudyMeter

    /// Every rate of the grid from the first seed, and rates beyond it while the best one is the grid's last.
    func grid(of activation: Activation) throws -> ReLUTanhStudyReport.Grid {
        var grid = ReLUTanhStudyReport.Grid(activation: activation)
        let rates = settings.rates.sorted()
        // From the middle: what gets there early spares the others time.
        let order = rates.indices.sorted { abs(2 * $0 - rates.count + 1) < abs(2 * $1 - rates.count + 1) }
        for place in order {
            guard let run = try run(activation, rate: rates[place], seed: 0, limit: grid.best?.epochsToTarget) else { return grid }
            grid.tried.append(run)
        }
        let step = rates.count > 1 ? max(1.5, rates[rates.count - 1] / rates[rates.count - 2]) : 2
        for _ in 0..<settings.moreRates {
            guard let best = grid.best, best.wasReached, let edge = grid.edge else { break }
            let rate = edge == .lowest ? best.rate / step : best.rate * step
            guard let run = try run(activation, rate: rate, seed: 0, limit: best.epochsToTarget, isPlanned: false) else { break }
            grid.tried.append(run)
        }
        grid.tried.sort { $0.rate < $1.rate }
        return grid
    }

    /// Trains until the error is reached; `nil` where the study was stopped before.
    ///
    /// - Parameters:
    ///   - limit: Epochs that another rate took. The run ends as soon as it cannot take fewer.
    ///   - isPlanned: Whether it is among the study's work.
    func run(_ activation: Activation, rate: Double, seed: Int, limit: Double? = nil, isPlanned: Bool = true) throws -> Run? {
        guard !stop.isStopped else { return nil }
        var training = TrainingSettings()
        training.optimizer = .sgd(momentum: settings.momentum)
        training.learningRate = rate
        training.schedule = .constant
        training.weightDecay = 0
        training.batchSize = .samples(settings.batchSize)
        training.epochs = settings.epochs
        training.threads = settings.threads
        training.seed = RandomStream(seed: settings.seed, purpose: RandomPurpose.reluTanhStudy)[seed]
        let network = networks[Activation.allCases.firstIndex(of: activation)!]
        let session = try TrainingSession(Trainer(network, data: images, settings: training))
        let cap = limit.map { min(settings.epochs, Int($0.rounded(.up))) } ?? settings.epochs
        let share = isPlanned ? 1 / Double(cap) : 0
        meter.begin("\(activation.rawValue) at \(Run.words(ofRate: rate)), seed \(seed + 1)", count: cap, work: share)
        func error() throws -> Double { 1 - (try session.evaluate(on: images).accuracy ?? 0) }

        var run = Run(activation: activation, rate: rate, seed: seed, target: settings.targetError)
        let clock = ContinuousClock()
        do {
            run.errors = [try error()]
            while run.errors.count <= cap {
                let began = clock.now
                while try session.step()?.epochEnded == nil {
                    if stop.isStopped { return nil }
                }
                run.seconds.append(run.seconds.last! + (clock.now - began).seconds)
                run.errors.append(try error())
                meter.did()
                if run.wasReached {
                    run.end = .reached
                    break
                }
            }
            if !run.wasReached { run.end = run.epochs < settings.epochs ? .beaten : .notReached }
        } catch let error as RectifierError where error.kind == .divergence {
            run.end = .diverged
        }
        if run.epochs < cap { meter.spare(share * Double(cap - run.epochs)) }
        return run
    }
}

extension RandomPurpose {
    static let reluTanhStudy: UInt64 = 66
}
