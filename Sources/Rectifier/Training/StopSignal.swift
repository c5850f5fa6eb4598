import Synchronization

/// Stops one run of a ``Trainer`` after its current step, from any thread: a checkpoint is written and `finished`
/// comes.
public final class StopSignal: Sendable {
    private let isSet = Atomic<Bool>(false)

    public init() {}

    /// Asks the run to stop.
    public func stop() { isSet.store(true, ordering: .relaxed) }

    /// Whether the run was asked to stop.
    public var isStopped: Bool { isSet.load(ordering: .relaxed) }
}
