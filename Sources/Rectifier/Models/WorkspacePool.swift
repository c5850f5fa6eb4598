import Foundation
import Synchronization

/// Workspaces that calls borrow from any thread, without a lock: a stack (Treiber 1986) of those that nobody uses. The
/// one returned last is lent first, because its memory is still in the cache. Where none is free another one is made,
/// and kept.
final class WorkspacePool: @unchecked Sendable {
    /// More calls than this at once wait for one another.
    static let capacity = 1024

    private let make: () throws -> Workspace
    /// By number; the first `made` are there.
    private let workspaces: UnsafeMutablePointer<Unmanaged<Workspace>>
    private let made = Mutex(0)
    /// The number of the top of the stack, 0 where it is empty, and in the upper half a count of all changes: it tells
    /// a top that was lent and returned meanwhile from one that stayed.
    private let top = Atomic<UInt64>(0)
    private static let numberMask: UInt64 = 0xffff_ffff
    private static let oneChange: UInt64 = 1 << 32

    /// - Parameter make: Called from any thread, from several at once.
    init(_ make: @escaping () throws -> Workspace) {
        self.make = make
        workspaces = .allocate(capacity: WorkspacePool.capacity)
    }

    deinit {
        for number in 0..<made.withLock({ $0 }) { workspaces[number].release() }
        workspaces.deallocate()
    }

    /// How many there are, lent or not.
    var count: Int { made.withLock { $0 } }

    /// Bytes of all arenas.
    var memoryBytes: Int {
        made.withLock { made in (0..<made).reduce(0) { $0 + workspaces[$1].takeUnretainedValue().memoryBytes } }
    }

    /// Lends a workspace. The caller gives it back with ``takeBack(_:)``.
    func lend() throws -> Unmanaged<Workspace> {
        while true {
            if let free = pop() { return free }
            if count < WorkspacePool.capacity, let new = register(try make()) { return new }
            sched_yield()
        }
    }

    func takeBack(_ workspace: Unmanaged<Workspace>) {
        workspace._withUnsafeGuaranteedRef { workspace in
            var seen = top.load(ordering: .relaxed)
            while true {
                workspace.below.store(seen & Self.numberMask, ordering: .relaxed)
                let new = (seen & ~Self.numberMask) &+ Self.oneChange | workspace.number
                let (isExchanged, now) = top.weakCompareExchange(
                    expected: seen, desired: new, successOrdering: .releasing, failureOrdering: .relaxed)
                if isExchanged { return }
                seen = now
            }
        }
    }

    private func pop() -> Unmanaged<Workspace>? {
        var seen = top.load(ordering: .acquiring)
        while seen & Self.numberMask != 0 {
            let workspace = workspaces[Int(seen & Self.numberMask) - 1]
            let below = workspace._withUnsafeGuaranteedRef { $0.below.load(ordering: .relaxed) }
            let (isExchanged, now) = top.weakCompareExchange(
                expected: seen, desired: (seen & ~Self.numberMask) &+ Self.oneChange | below, ordering: .acquiring)
            if isExchanged { return workspace }
            seen = now
        }
        return nil
    }

    /// Keeps a new workspace, lent; `nil` where the table became full meanwhile.
    private func register(_ workspace: Workspace) -> Unmanaged<Workspace>? {
        let place: Int? = made.withLock { made in
            guard made < WorkspacePool.capacity else { return nil }
            (workspaces + made).initialize(to: Unmanaged.passRetained(workspace))
            made += 1
            workspace.number = UInt64(made)
            return made - 1
        }
        return place.map { workspaces[$0] }
    }
}
