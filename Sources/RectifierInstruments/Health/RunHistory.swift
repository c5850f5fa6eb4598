import Rectifier

/// Keeps what the epochs of a run came to, over all its sessions: what a report of a resumed run shows of those before.
package struct HistoryProbe: TrainingProbe {
    package init() {}
    package var name: String { "history" }
    package func observer(of run: ProbedRun) -> any ProbeObserver { Observer() }

    private final class Observer: ProbeObserver {
        private var history = RunHistory()
        func looks(atStep step: Int) -> Bool { false }
        func look(at step: ProbedStep) {}
        func ended(_ epoch: TrainingEvent.EpochReport) { history.add(epoch) }
        /// The epoch is in its own report.
        func endEpoch() -> RunHistory { RunHistory() }
        var report: RunHistory { history }
        var state: RunHistory {
            get { history }
            // What no run can have kept says nothing of this one.
            set { if newValue.every > 0 { history = newValue } }
        }
    }
}

/// What the epochs of a run came to.
package struct RunHistory: ProbeReport {
    /// In order; of a long run those that the number ``every`` divides.
    package private(set) var epochs: [Epoch] = []
    package private(set) var every = 1

    package struct Epoch: Sendable, Codable, Equatable {
        /// From 1.
        package var epoch: Int
        package var trainLoss: Double
        package var heldOutLoss: Double?
        /// Of the held-out data, 0 to 1; classification only.
        package var heldOutAccuracy: Double?
        /// Of the epoch's last step.
        package var learningRate: Double
        /// Dead units; `nil` without a ``HealthProbe``.
        package var dead: Int?
    }

    private static let mostEpochs = 512

    init() {}

    mutating func add(_ report: TrainingEvent.EpochReport) {
        guard report.epoch % every == 0 else { return }
        epochs.append(
            Epoch(
                epoch: report.epoch, trainLoss: finite(report.trainLoss), heldOutLoss: report.heldOut.map { finite($0.loss) },
                heldOutAccuracy: report.heldOut?.accuracy, learningRate: report.learningRate, dead: report.health?.units.dead))
        guard epochs.count > Self.mostEpochs else { return }
        every *= 2
        epochs.removeAll { $0.epoch % every != 0 }
    }
}
