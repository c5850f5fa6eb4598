import CRectifierKernels
import Foundation
import Rectifier
import Synchronization

/// The time of a training step: epochs of a run of the library's trainer.
struct StepBenchmark {
    /// Seconds of a step as programs choose about zeros, and with all zeros multiplied.
    var seconds: Double
    var denseSeconds: Double
    /// As programs choose. Its ratio is over all zeros multiplied.
    var rate: BenchRate
    /// Of the hidden layers' outputs; nil where there are none to speak of.
    var hiddenZeros: Double?

    /// Two runs of the same bits go on in turns, epoch by epoch, each beside a burst at the peak.
    init(_ workload: StepWorkload, on threads: BenchThreads, _ budget: BenchBudget) throws {
        let trainer = try workload.trainer(type: threads.type, threads: threads.count)
        let selected = rk_zeros_selected()
        defer { rk_zeros_select(selected) }
        // What is selected is read while a run's programs are made, before its first epoch; that one warms up.
        func begin(_ zeros: rk_zeros) throws -> PacedTraining {
            rk_zeros_select(zeros)
            let run = PacedTraining(trainer)
            _ = try run.epoch()
            return run
        }
        let runs = [try begin(RK_ZEROS_MULTIPLIED), try begin(selected)]
        let steps = Double(workload.stepsPerEpoch)
        var seconds: [[Double]] = [[], []], rates: [BenchRate] = []
        try budget.run {
            var flops: [Double] = [], shares: [Double] = []
            for (number, run) in runs.enumerated() {
                let peak = threads.peak(seconds: 0.002)
                let time = try run.epoch() / steps
                seconds[number].append(time)
                flops.append(workload.flops / time)
                shares.append(workload.flops / time / peak)
            }
            rates.append(BenchRate(flops: flops[1], share: shares[1], ratio: flops[1] / flops[0]))
        }
        self.seconds = middle(seconds[1])
        denseSeconds = middle(seconds[0])
        rate = BenchRate.median(rates)
        _ = try runs[0].end()
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
