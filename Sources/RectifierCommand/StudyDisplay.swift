import Foundation
import Rectifier
import RectifierStudies
import RectifierText
import Synchronization

/// Shows where a study is: a bar on a terminal, a line for each stage and every half minute elsewhere.
final class StudyDisplay: Sendable {
    private struct State {
        var stage = ""
        var shown = ContinuousClock.now
        var barIsShown = false
        var failure: (any Error)?
    }

    private let terminal: Terminal
    private let state = Mutex(State())

    init(terminal: Terminal) { self.terminal = terminal }

    /// Whether somebody still reads.
    func show(_ progress: StudyProgress) -> Bool {
        state.withLock { state in
            guard state.failure == nil else { return false }
            do { try show(progress, &state) } catch { state.failure = error }
            return state.failure == nil
        }
    }

    /// Takes the bar away. Throws what went wrong on the way.
    func end() throws {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            if state.barIsShown { try StandardOutput.write(Terminal.clearLine) }
            state.barIsShown = false
        }
    }

    private func show(_ progress: StudyProgress, _ state: inout State) throws {
        let now = ContinuousClock.now, isNew = state.stage != progress.stage
        let left = progress.secondsLeft.isFinite ? ", \(Format.duration(progress.secondsLeft)) left" : ""
        if terminal.isInteractive {
            guard isNew || progress.done == progress.total || now - state.shown > .milliseconds(100) else { return }
            let text = "  \(progress.stage)  \(Format.count(progress.done))/\(Format.count(progress.total))\(left)"
            let length = min(30, terminal.width - 1 - text.count)
            let done = Int(progress.share * Double(max(0, length)))
            let bar =
                length < 4
                ? ""
                : terminal.styled(String(repeating: "━", count: done), .cyan)
                    + terminal.styled(String(repeating: terminal.hasColor ? "━" : "─", count: length - done), .dim)
            try StandardOutput.write(Terminal.clearLine + bar + String(text.prefix(terminal.width - 1)))
            state.barIsShown = true
        } else {
            guard isNew || progress.done == progress.total || now - state.shown > .seconds(30) else { return }
            let share = Format.fixed(progress.share * 100, 0)
            try StandardOutput.writeLine(
                "\(progress.stage): \(Format.count(progress.done)) of \(Format.count(progress.total)) (\(share) % of all\(left))")
        }
        state.stage = progress.stage
        state.shown = now
    }
}
