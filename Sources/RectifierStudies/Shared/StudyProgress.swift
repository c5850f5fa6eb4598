import RectifierInstruments
import Synchronization

/// Where a study is.
public struct StudyProgress: Sendable {
    public var stage: String
    /// Networks done in the stage, or trainings.
    public var done: Int
    public var total: Int
    /// Of the work of the whole study, 0 to 1.
    public var share: Double
    /// At the present speed.
    public var secondsLeft: Double
}

/// Turns work done into ``StudyProgress``.
final class StudyMeter: Sendable {
    private struct State {
        var stage = ""
        var count = 0, doneInStage = 0
        /// Of one network or training.
        var work = 0.0
        var done = 0.0
    }

    private let state = Mutex(State())
    private let total: Double
    private let began = ContinuousClock.now
    private let listener: @Sendable (StudyProgress) -> Void

    init(total: Double, _ listener: @escaping @Sendable (StudyProgress) -> Void) { (self.total, self.listener) = (total, listener) }

    var seconds: Double { began.duration(to: .now).seconds }

    /// - Parameters:
    ///   - count: Networks or trainings of the stage.
    ///   - work: Of one of them, where all are alike.
    func begin(_ stage: String, count: Int, work: Double = 0) {
        state.withLock { ($0.stage, $0.count, $0.doneInStage, $0.work) = (stage, count, 0, work) }
        report()
    }

    /// So many more are done.
    ///
    /// - Parameter work: Of each; `nil`: the stage's.
    func did(_ count: Int = 1, work: Double? = nil) {
        state.withLock {
            $0.doneInStage += count
            $0.done += Double(count) * (work ?? $0.work)
        }
        report()
    }

    /// So much of the work turned out not to be needed.
    func spare(_ work: Double) {
        state.withLock { $0.done += work }
        report()
    }

    private func report() {
        state.withLock { state in
            let share = total > 0 ? min(1, state.done / total) : 0
            listener(
                StudyProgress(
                    stage: state.stage, done: state.doneInStage, total: state.count, share: share,
                    secondsLeft: share > 0 ? seconds / share * (1 - share) : .infinity))
        }
    }
}
