/// Follows the sharpness of a run against the edge of stability, on the batches of steps 1, 2, 4, 8, …
///
/// A look takes as long as 60 to 100 steps, so a run pays for it where it is asked for.
public struct StabilityProbe: TrainingProbe {
    public init() {}
    public var name: String { "stability" }
    public func observer(of run: ProbedRun) -> any ProbeObserver { Observer(run) }

    private final class Observer: ProbeObserver {
        private let stability: BatchStability
        var state = StabilityCurve()
        private var epochBegin = 0

        init(_ run: ProbedRun) { stability = BatchStability(run) }

        func looks(atStep step: Int) -> Bool { step & (step - 1) == 0 }

        func look(at step: ProbedStep) throws {
            if let report = try stability.report(at: step) { state.points.append(.init(step: step.number, report: report)) }
        }

        func endEpoch() -> StabilityCurve {
            defer { epochBegin = state.points.count }
            return StabilityCurve(points: Array(state.points[min(epochBegin, state.points.count)...]))
        }
        var report: StabilityCurve { state }
    }
}

/// The stability of a run at some steps.
public struct StabilityCurve: ProbeReport {
    public var points: [Point] = []

    public struct Point: Sendable, Codable, Equatable {
        /// From 1.
        public var step: Int
        public var report: StabilityReport
    }
}
