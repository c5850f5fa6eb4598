import Foundation
import TestSupport
import Testing

/// What ends a run from outside.
@Suite struct SignalTests {
    private let endless = ["train", "--data", "circle", "--samples", "200", "--layers", "8", "--epochs", "100000", "--output", "model"]
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Waits until the run has shown an epoch.
    private func awaitEpoch(_ process: Process) throws {
        let limit = Date(timeIntervalSinceNow: 60)
        while try !folder.read(".stdout").contains("epoch "), process.isRunning, Date() < limit { usleep(20_000) }
    }

    /// A terminal that closes, and its shell, send SIGHUP each for itself; `timeout` sends its signal twice. What a
    /// write runs into ends nothing.
    @Test(arguments: [[SIGHUP], [SIGHUP, SIGHUP], [SIGTERM, SIGTERM, SIGHUP], [SIGXFSZ, SIGPIPE, SIGINT]])
    func `One wish to stop saves, however many signals bring it`(signals: [Int32]) throws {
        let run = try CommandRun(endless, in: folder) { process in
            try awaitEpoch(process)
            for signal in signals { kill(process.processIdentifier, signal) }
        }
        #expect(run.code == 130 && run.output.contains("resume with:"), "\(run.code): \(run.errors)")
        #expect(try folder.content == ["model"])
    }

    /// The reader of a pipe that is full holds the run up: only a signal ends it.
    @Test func `A second signal ends the process at once`() throws {
        let line = """
            mkfifo pipe; sleep 20 < pipe & reader=$!; exec 3> pipe
            "$RECTIFIER" train --data circle --samples 20 --layers 2 --epochs 1000000 --json --no-census >&3 & run=$!
            sleep 2; kill -TERM $run; sleep 1; kill -TERM $run; wait $run; echo $? > code; kill $reader
            """
        let began = Date()
        _ = try CommandRun(shell: line, in: folder)
        #expect(try folder.read("code") == "143\n")
        #expect(Date().timeIntervalSince(began) < 15)
    }

    @Test func `What nohup makes of SIGHUP stays`() throws {
        let line = """
            trap '' HUP; "$RECTIFIER" \(endless.joined(separator: " ")) > out & run=$!
            while ! grep -q epoch out; do sleep 0.1; done
            kill -HUP $run; sleep 0.5; kill -TERM $run && echo went on > state; wait $run; echo $? >> state
            """
        _ = try CommandRun(shell: line, in: folder)
        #expect(try folder.read("state") == "went on\n130\n")
    }

    /// Swift's runtime printed a trace and went on.
    @Test func `SIGQUIT ends the process and prints nothing`() throws {
        let run = try CommandRun(endless, in: folder) { process in
            try awaitEpoch(process)
            kill(process.processIdentifier, SIGQUIT)
            // Or it would go on for ever.
            for _ in 0..<250 where process.isRunning { usleep(20_000) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        #expect(run.code == 128 + SIGQUIT && run.errors.isEmpty, "\(run.code): \(run.errors)")
    }
}
