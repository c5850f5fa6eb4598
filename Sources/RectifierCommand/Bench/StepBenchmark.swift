import CRectifierKernels
import Foundation
import Rectifier

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
        func begin(_ trainer: Trainer, _ zeros: rk_zeros) throws -> TrainingSession {
            rk_zeros_select(zeros)
            let session = try TrainingSession(trainer)
            _ = try session.epochSeconds()
            return session
        }
        var runs = [try begin(trainer, RK_ZEROS_MULTIPLIED), try begin(trainer, selected)]
        if threads.count > 1 { runs.append(try begin(workload.trainer(type: threads.type, threads: 1), selected)) }
        var flops = runs.map { _ in 0.0 }, peaks = flops, first = 0
        let numbers = try budget.medians {
            first += 1
            for number in runs.indices.map({ ($0 + first) % runs.count }) {
                peaks[number] = threads.peak(seconds: 0.002)
                flops[number] = try workload.flops * Double(workload.stepsPerEpoch) / runs[number].epochSeconds()
            }
            return [flops[0], flops[0] / peaks[0], flops[1], flops[1] / peaks[1], flops[1] / flops[0], flops[1] / flops.last!]
        }
        dense = BenchRate(flops: numbers[0], share: numbers[1], ratio: 1)
        rate = BenchRate(flops: numbers[2], share: numbers[3], ratio: numbers[4])
        overOneThread = threads.count > 1 ? numbers[5] : nil
        hiddenZeros = try workload.hiddenZeros(of: runs[1].model(), on: trainer.data.training)
    }
}

extension TrainingSession {
    /// Trains for an epoch; the seconds it took.
    fileprivate func epochSeconds() throws -> Double {
        let clock = ContinuousClock()
        return try clock.measure { _ = try epoch() } / .seconds(1)
    }
}
