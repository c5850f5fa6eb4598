import RectifierInstruments
import Synchronization

/// The trainings of a search, group by group and rung by rung.
final class TuningHalving: Sendable {
    typealias Result = TuningReport.Result

    let search: TuningSearch
    let ledger: TuningLedger
    let stop: StopSignal
    private let began = ContinuousClock.now
    private let secondsBefore: Double
    /// Where trials of the present group have stopped.
    private let checkpoints = Mutex<[Int: Checkpoint]>([:])

    init(search: TuningSearch, ledger: TuningLedger, stop: StopSignal) {
        (self.search, self.ledger, self.stop) = (search, ledger, stop)
        secondsBefore = ledger.seconds
    }

    func run(_ listener: @escaping @Sendable (StudyProgress) -> Void) throws {
        var trials = Int.max
        if case .trials(let count) = search.limit { trials = count }
        var first = 0
        while first < trials, !isOver {
            let group = Array(first..<first + min(TuningSearch.groupSize, trials - first))
            try run(group, of: trials, listener)
            first += group.count
        }
    }

    private func run(_ group: [Int], of trials: Int, _ listener: @escaping @Sendable (StudyProgress) -> Void) throws {
        checkpoints.withLock { $0 = [:] }
        var going = group
        for (rung, step) in TuningSearch.rungs.enumerated() {
            if rung > 0 {
                going = promoted(going, from: rung - 1, count: step.trials)
                checkpoints.withLock { kept in kept = kept.filter { going.contains($0.key) } }
            }
            let open = going.filter { ledger.result($0, rung) == nil }, threads = try checkedThreadCount(search.threads)
            guard !open.isEmpty else { continue }
            try inParallel(open.count, threads: threads) { next in
                while !isOver, let place = next() {
                    let trial = open[place]
                    guard let result = try train(trial, rung, threads: max(1, threads / open.count)) else { return }
                    try ledger.add(result, seconds: seconds)
                    listener(progress(trial, of: trials))
                }
            }
            if isOver { return }
        }
    }

    private var seconds: Double { secondsBefore + began.duration(to: .now).seconds }

    private var isOver: Bool {
        if case .seconds(let budget) = search.limit, seconds >= budget { return true }
        return stop.isStopped
    }

    /// The best of a rung, and the unchanged recipe beside them; of equal ones the first.
    private func promoted(_ trials: [Int], from rung: Int, count: Int) -> [Int] {
        let results = trials.compactMap { ledger.result($0, rung) }.filter { !$0.isDiverged && $0.trial > 0 }
        let best = results.sorted { ($0.cost, $0.trial) < ($1.cost, $1.trial) }.prefix(count).map(\.trial)
        return (trials.contains(0) ? [0] : []) + best
    }

    private func progress(_ trial: Int, of trials: Int) -> StudyProgress {
        let results = ledger.results
        let report = TuningReport(
            recipe: search.recipe, results: results, folds: nil, rows: 0, limit: search.limit, seconds: 0, wasStopped: false)
        let last = results.last { $0.trial == trial }!
        let score = report.words(last.cost), best = report.best.map { " (best: \($0.trial), \(report.words($0.cost)))" } ?? ""
        let stage = "trial \(trial): \(score)\(best)"
        let done = Set(results.map(\.trial)).count
        var share = Double(done) / Double(trials)
        if case .seconds(let budget) = search.limit { share = min(1, seconds / budget) }
        let left = share > 0 ? (seconds - secondsBefore) * (1 - share) / share : .infinity
        return StudyProgress(
            stage: stage, done: done, total: trials == .max ? done : trials, share: share, secondsLeft: left)
    }

    /// Trains to the end of a rung and measures; `nil` where it was stopped before.
    private func train(_ trial: Int, _ rung: Int, threads: Int) throws -> Result? {
        let changes = trial == 0 ? [:] : search.recipe.drawn(trial)
        var recipe = try search.recipe.setting(changes)
        recipe.training.threads = threads
        let data = search.data, kept = checkpoints.withLock { $0[trial] }
        // One that was trained before the search went on again has no checkpoint. It gives the same bits once more.
        let trainer = try kept.map { try Trainer(resuming: $0, data: data, threads: threads) } ?? Trainer(recipe: recipe, data: data)
        let session = try TrainingSession(trainer), total = session.epochs
        let last = max(1, Int((Double(total) * TuningSearch.rungs[rung].share).rounded(.up)))
        var result = Result(trial: trial, rung: rung, changes: changes, epochsInAll: total)
        do {
            while session.position.epochsDone < last, !session.isFinished {
                guard try session.train(while: { !stop.isStopped }) else { return nil }
                _ = try session.endEpoch()
            }
            let checkpoint = try session.snapshot()
            checkpoints.withLock { $0[trial] = checkpoint }
            result.costs = try costs(session)
        } catch let error as RectifierError where error.kind == .divergence {
            result.costs = []
        }
        result.epochs = session.position.epochsDone
        return result
    }

    /// What the best weights, or without early stopping the last ones, cost on each part of the rows held out.
    private func costs(_ session: TrainingSession) throws -> [Double] {
        if let costs = session.position.foldCosts { return costs }
        guard let judge = search.data.validation ?? search.data.heldOut else {
            throw RectifierError(
                .data, "\(search.data.settings.source): no rows are held out to judge trials by", setting: "data.validation")
        }
        try session.takeBest()
        let metric = session.plan.settings.metric, parts = min(5, judge.count)
        return try (0..<parts).map { part in
            let rows = stride(from: part, to: judge.count, by: parts).map { Int32($0) }
            return try session.evaluate(on: judge.selecting(rows)).cost(by: metric)
        }
    }
}
