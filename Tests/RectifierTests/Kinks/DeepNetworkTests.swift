import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments

/// What is made of a network of many layers takes time in proportion to them. All of this took their square.
@Suite struct DeepNetworkTests {
    /// A chain of layers, or of residual blocks whose kinks are at sums of all blocks before.
    private func layers(_ count: Int, residual: Bool) -> [any Layer] {
        let block: [any Layer] = residual ? [Residual(layers: [ReLU(), Dense(4)])] : [ReLU(), Dense(4)]
        return [Dense(4)] + (0..<count).flatMap { _ in block } + [Dense(3)]
    }

    /// Processor time of this thread, so that a crowded machine does not show.
    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }
        let start = now()
        try body()
        return now() - start
    }

    /// Four times as many layers take about four times as long, not sixteen.
    private func expectProportional(_ what: String, _ body: (Int) throws -> Void) rethrows {
        try body(4)
        let few = try seconds { try body(100) }, many = try seconds { try body(400) }
        #expect(many < 8 * few + 0.02, "\(what): \(few) s, four times as many layers \(many) s")
    }

    @Test(arguments: [false, true]) func certificates(residual: Bool) throws {
        try expectProportional("certificate") { count in
            let built = try Network(input: [4], layers: layers(count, residual: residual)).built(isTraining: true)
            let losses = try Loss.squaredError(built.output, .input(Network.targetName, shape: built.output.shape))
            let sites = built.kinkSites(below: [losses], dependingOn: built.parameters)
            #expect(sites.count == count)
            let certificate = GradientCertificate(losses: losses, parameters: built.parameters, sites: sites)
            #expect(certificate.verdict(touched: sites.map { _ in true }) == .clarke)
        }
    }

    @Test func examiners() throws {
        try expectProportional("examiner") { count in
            let network = try Network(input: [4], layers: layers(count, residual: false))
            let report = try network.kinkReport(
                loss: .squaredError, parameters: network.initialParameters(seed: 1), features: [1, 2, 3, 4], targets: [1, 2, 3])
            #expect(report.kinks.count == count)
        }
    }

    /// The calls of a training step on two threads: each waits for the one before.
    @Test func schedules() throws {
        expectProportional("schedule") { count in
            let calls = (0..<20 * count).map { place in
                PlannedCall(
                    name: "", reads: [Buffer(index: place)], writes: [Buffer(index: place + 1)], work: 1_000_000
                ) { _ in .init() }
            }
            let schedule = CallSchedule(
                calls, firstUpdate: calls.count, counts: Array(repeating: 16, count: calls.count + 1), atMost: 2)
            #expect(schedule.entries.last?.phase == calls.count - 1)
        }
    }

    @Test func layersOfKinks() throws {
        let built = try Network(input: [4], layers: layers(3, residual: true)).built(isTraining: true)
        let losses = try Loss.hinge(built.output, .input(Network.targetName, shape: built.output.shape))
        let sites = built.kinkSites(below: [losses], dependingOn: built.parameters)
        #expect(sites.map(\.layer) == ["residual1.relu1", "residual2.relu1", "residual3.relu1", "loss"])
    }
}
