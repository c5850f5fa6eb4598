import CRectifierKernels
import Foundation
import Rectifier
import Synchronization

/// The time of a training step: epochs of a run of the library's trainer.
struct StepBenchmark {
    /// With all zeros multiplied, and as programs choose; the latter's ratio is over the former.
    var dense: BenchRate
    var rate: BenchRate
    /// Over the same on one thread, where there are more.
    var overOneThread: Double?
    /// Of the hidden layers' outputs; nil where there are none to speak of.
    var hiddenZeros: Double?

    /// Runs of the same bits go on in turns, epoch by epoch, each beside a burst at the peak.
    init(_ workload: StepWorkload, on threads: BenchThreads, _ budget: BenchBudget) throws {
        let trainer = try workload.trainer(type: threads.type, threads: threads.count)
        let selected = rk_zeros_selected()
        defer { rk_zeros_select(selected) }
        // What is selected is read while a run's programs are made, before its first epoch; that one warms up.
        func begin(_ trainer: Trainer, _ zeros: rk_zeros) throws -> PacedTraining {
            rk_zeros_select(zeros)
            let run = PacedTraining(trainer)
            _ = try run.epoch()
            return run
        }
        var runs = [try begin(trainer, RK_ZEROS_MULTIPLIED), try begin(trainer, selected)]
        if threads.count > 1 { runs.append(try begin(workload.trainer(type: threads.type, threads: 1), selected)) }
        var flops = runs.map { _ in 0.0 }, peaks = flops, first = 0
        let numbers = try budget.medians {
            first += 1
            for number in runs.indices.map({ ($0 + first) % runs.count }) {
                peaks[number] = threads.peak(seconds: 0.002)
                flops[number] = try workload.flops * Double(workload.stepsPerEpoch) / runs[number].epoch()
            }
            return [flops[0], flops[0] / peaks[0], flops[1], flops[1] / peaks[1], flops[1] / flops[0], flops[1] / flops.last!]
        }
        dense = BenchRate(flops: numbers[0], share: numbers[1], ratio: 1)
        rate = BenchRate(flops: numbers[2], share: numbers[3], ratio: numbers[4])
        overOneThread = threads.count > 1 ? numbers[5] : nil
        for run in runs where run !== runs[1] { _ = try run.end() }
        hiddenZeros = try workload.hiddenZeros(of: runs[1].end(), on: trainer.training)
    }
}

/// A training run that goes on by an epoch when it is told to, so that runs can be measured in turns.
private final class PacedTraining: Sendable {
    private struct State {
        var seconds = 0.0
        var stops = false
        var result: Result<Model, any Error>?
    }

    private let state = Mutex(State())
    private let go = DispatchSemaphore(value: 0), done = DispatchSemaphore(value: 0)

    init(_ trainer: Trainer) {
        let thread = Thread { [self] in
            go.wait()
            let result = Result {
                try trainer.run { event in
                    guard case .epochEnded(let report) = event else { return }
                    state.withLock { $0.seconds = report.seconds }
                    done.signal()
                    go.wait()
                    if state.withLock({ $0.stops }) { trainer.stop() }
                }.model
            }
            state.withLock { $0.result = result }
            done.signal()
        }
        thread.name = "rectifier benchmark"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Seconds of the next epoch, as its report has them. Throws what ended the run, and must not be called again then.
    func epoch() throws -> Double {
        go.signal()
        done.wait()
        return try state.withLock {
            if case .failure(let error) = $0.result { throw error }
            return $0.seconds
        }
    }

    /// Stops the run, after an epoch at least; the network as it is then.
    func end() throws -> Model {
        state.withLock { $0.stops = true }
        go.signal()
        done.wait()
        return try state.withLock { try $0.result!.get() }
    }
}
