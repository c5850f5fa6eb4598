/// The observers of a session's probes.
final class Observation {
    /// The losses to train on, with what observers count in them.
    let losses: Formula
    /// What the network's states move towards, with the same in them.
    let targets: [Formula]
    /// What is computed with every step.
    let formulas: [Formula]
    let isEmpty: Bool

    fileprivate struct Seat {
        var name: String
        var observer: any ProbeObserver
        /// Its formulas; and where they begin among ``formulas``, where they are computed with the step.
        var formulas: [Formula]
        var firstOutput: Int?
        var looks = false
        var looksBack = false
    }
    private var seats: [Seat] = []

    init(_ probes: [any TrainingProbe], of run: ProbedRun) throws {
        // 16-bit numbers are rounded where they are kept: an output more could round what is not rounded without it.
        let type = run.plan.settings.precision, isComputedWithStep = type == type.computing
        var formulas: [Formula] = [], counting: [any CountingObserver] = []
        for probe in probes {
            guard !seats.contains(where: { $0.name == probe.name }) else {
                throw RectifierError(.setting, "two probes of the run are called '\(probe.name)'; give each its own name")
            }
            let observer = try probe.observer(of: run)
            if let observer = observer as? any CountingObserver { counting.append(observer) }
            let own = observer.formulas
            seats.append(
                Seat(name: probe.name, observer: observer, formulas: own, firstOutput: isComputedWithStep ? formulas.count : nil))
            if isComputedWithStep { formulas += own }
        }
        let step = [run.losses] + run.network.targets.map(\.target)
        let counted =
            counting.isEmpty
            ? step
            : try rebuilt(step) { original, operands in
                let made = operands == original.operands ? original : try Formula(original.operation, operands)
                return try counting.reduce(made) { try $1.counted(original, $0) }
            }
        losses = counted[0]
        targets = Array(counted.dropFirst())
        self.formulas = formulas
        isEmpty = seats.isEmpty
    }

    /// After the gradient: whether any observer looks at the step, before the update or after it.
    func looking(atStep step: Int) -> Bool {
        var any = false
        for index in seats.indices {
            let looks = seats[index].observer.looks(atStep: step), looksBack = seats[index].observer.looksBack(atStep: step)
            seats[index].looks = looks
            seats[index].looksBack = looksBack
            any = any || looks || looksBack
        }
        return any
    }

    func look(in session: TrainingSession, step: Int, batchSize: Int) throws {
        for seat in seats where seat.looks { try seat.observer.look(at: seat.step(session, step, batchSize, updates: step - 1)) }
    }

    func lookBack(in session: TrainingSession, step: Int, batchSize: Int) throws {
        for seat in seats where seat.looksBack { try seat.observer.lookBack(at: seat.step(session, step, batchSize, updates: step)) }
    }

    func lookAtDivergence(in session: TrainingSession, step: Int, batchSize: Int) throws {
        for seat in seats { try seat.observer.lookAtDivergence(seat.step(session, step, batchSize, updates: step - 1)) }
    }

    func evaluated(trainLoss: Double, heldOut: Evaluation?, validation: Evaluation?) {
        for seat in seats { seat.observer.evaluated(trainLoss: trainLoss, heldOut: heldOut, validation: validation) }
    }

    func takeNotices() -> [any ProbeReport] { seats.flatMap { $0.observer.takeNotices() } }

    func endEpoch() throws -> Measurements {
        var result = Measurements()
        for seat in seats { result.add(try seat.observer.endEpoch(), of: seat.name) }
        return result
    }

    func ended(_ epoch: TrainingEvent.EpochReport) {
        for seat in seats { seat.observer.ended(epoch) }
    }

    var measurements: Measurements {
        var result = Measurements()
        for seat in seats { result.add(seat.observer.report, of: seat.name) }
        return result
    }

    // MARK: Checkpoints

    func states() throws -> ProbeStates {
        var states = ProbeStates()
        for seat in seats { try states.keep(seat.observer.state, of: seat.name) }
        return states
    }

    /// A probe whose state is missing, because it did not look before, begins here. Throws without having changed one.
    func restore(_ states: ProbeStates) throws {
        let actions = try seats.compactMap { try $0.observer.restoration(from: states, of: $0.name) }
        for action in actions { action() }
    }
}

extension Observation.Seat {
    fileprivate func step(_ session: TrainingSession, _ number: Int, _ batchSize: Int, updates: Int) -> ProbedStep {
        ProbedStep(
            session: session, formulas: formulas, firstOutput: firstOutput, number: number, batchSize: batchSize, updates: updates)
    }
}

extension ProbeObserver {
    /// What sets the state to the one that was kept; `nil` where none was.
    fileprivate func restoration(from states: ProbeStates, of name: String) throws -> (() -> Void)? {
        try states.state(of: name, as: State.self).map { state in { self.state = state } }
    }
}
