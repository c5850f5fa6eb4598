import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierReports
@testable import RectifierStudies

@Suite("Study of dead units")
struct DeadStudyTests {
    /// Fresh networks only.
    private func fresh(_ initializations: Int, threads: Int? = nil) throws -> DeadStudyReport {
        var study = DeadStudy()
        study.settings.initializations = initializations
        study.settings.training = nil
        study.settings.signalWidths = [8, 16, 32, 64, 128]
        study.settings.threads = threads
        return try study.run()
    }

    private func digits(_ samples: Int) throws -> LoadedData {
        var settings = DataSettings()
        settings.samples = samples
        return try LoadedData(settings, seed: 0)
    }

    // MARK: Fresh networks

    @Test func `Fresh networks follow the laws`() throws {
        let report = try fresh(2000)
        #expect(report.bornDead.count == 11 && report.bornDead.allSatisfy { $0.networks == 2000 })
        for row in report.bornDead {
            #expect(abs(row.deviations) <= 3, "\(row.units)×\(row.hiddenLayers): \(row.share), by the law \(row.law)")
            #expect(row.deadEverywhere <= row.deadAtOne)
            if let deviations = row.deviationsEverywhere {
                #expect(abs(deviations) <= 3, "\(row.units)×\(row.hiddenLayers): \(row.shareEverywhere) everywhere")
            }
        }
        // One layer of an input is never closed at 1 and at -1.
        #expect(report.bornDead.first { $0.hiddenLayers == 1 }?.deadEverywhere == 0)
        #expect(report.bornDead.compactMap(\.referenceEverywhere).count == 6)

        #expect(report.growth.count == 5 * 3)
        for row in report.growth {
            #expect(abs(row.meanDeviations) <= 3, "\(row.width)×\(row.layers): \(row.mean), by the law \(row.lawMean)")
            #expect(abs(row.varianceDeviations) <= 3.5, "\(row.width)×\(row.layers): \(row.variance), by the law \(row.lawVariance)")
        }
        #expect(report.training.isEmpty && report.cures.isEmpty && report.data == nil)
        #expect(report.findings.count == 3 && report.charts.count == 4)
        #expect(report.conclusion.contains("1 - (1 - 2⁻ᴺ)ᴴ") && !report.conclusion.contains("nan"))
    }

    @Test func `A network that is dead at an input gives the same as the library's`() throws {
        let kind = DeadStudy.Kind(units: 3, hiddenLayers: 4)
        var dead = 0
        for index in 0..<20 {
            let deaths = FreshNetwork(index, kind: 7, seed: 1).deaths(kind)
            // The library's network of that seed, and its own weights and biases.
            let layers = (0..<kind.hiddenLayers).flatMap { _ in [Dense(kind.units, initializer: .he), ReLU()] as [any Layer] }
            let network = try Network(input: [1], layers: layers)
            let seed = RandomStream(seed: 1, purpose: RandomPurpose.deadStudy, epoch: 7)[index]
            let parameters = try network.initialParameters(seed: seed, precision: .float64)
            let data = try Dataset(count: 1, sampleShape: [1], features: .doubles([1]), targets: .none)
            let census = try UnitCensus(network, parameters: parameters, data: data, precision: .float64, threads: 1)
            #expect(deaths.atOne == census.layers.contains { $0.dead.count == kind.units }, "network \(index)")
            if deaths.atOne { dead += 1 }
        }
        #expect((1..<20).contains(dead))
    }

    // MARK: Training

    @Test func `One report for any number of threads, and a rate that kills`() throws {
        let data = try digits(400)
        var study = DeadStudy()
        study.settings.initializations = 50
        study.settings.signalWidths = [8]
        study.settings.training?.rates = [1, 100]
        study.settings.training?.hiddenUnits = [32, 32]
        study.settings.training?.batchSize = 20
        study.settings.training?.epochs = 4
        study.settings.training?.seeds = 2
        study.settings.training?.cures = [try Activation("leaky-relu 0.1")]
        study.settings.training?.narrowUnits = [2, 2, 2, 2, 2, 2]
        study.settings.training?.narrowEpochsMore = 1
        study.settings.training?.narrowSeedsMore = 2
        let reports = try [1, 2].map { threads in
            study.settings.threads = threads
            return try study.run(on: data)
        }
        let report = reports[0]
        #expect(report.bornDead == reports[1].bornDead && report.growth == reports[1].growth)
        #expect(report.training == reports[1].training && report.conclusion == reports[1].conclusion)

        #expect(report.training.count == 2 * 2 && report.training.allSatisfy { $0.runs.count == 2 })
        #expect(report.data?.samples == 400 && report.data?.classes == 10)
        let usual = try #require(report.training.first), killed = report.training[1]
        #expect(usual.isRectifier && usual.rate == 1 && killed.learningRate == 100 * usual.learningRate)
        #expect(usual.neverOpen.mean < 0.1 && killed.neverOpen.mean > 0.2)
        #expect(usual.foundDead.isEmpty && !killed.foundDead.isEmpty)
        // What is not a rectifier is never found dead.
        #expect(report.training.filter { !$0.isRectifier }.allSatisfy { $0.foundDead.isEmpty })
        #expect(report.cures.count == 2 && report.cures.allSatisfy { $0.differences.count == 2 && $0.interval != nil })
        let narrow = try #require(report.narrow.first)
        #expect(report.narrow.count == 2 && narrow.hiddenUnits == [2, 2, 2, 2, 2, 2] && narrow.runs.count == 4)
        #expect(narrow.runs.contains(where: \.hadClosedLayer) && report.narrowCures.count == 1)
        // No gradient passes a closed layer, so that it stays closed, and the network is the same for every sample.
        #expect(narrow.runs.allSatisfy { !$0.hadClosedLayer || $0.hasClosedLayer && $0.accuracy! < 0.2 })
        #expect(report.narrow == reports[1].narrow)
        #expect(report.charts.count == 9)
        for finding in report.findings { #expect(!finding.sentence.contains("nan"), "\(finding.sentence)") }

        // Whatever the probe told of a run in which a layer died is told.
        let closed = narrow.runs.indices.filter { narrow.runs[$0].hasClosedLayer }
        var other = report
        for run in closed {
            other.narrow[0].runs[run].diagnoses = [.init(name: run == closed[0] ? .rankCollapse : .deadUnits, step: 1, epoch: 1)]
        }
        #expect(other.conclusion.contains("told of dead units in \(closed.count - 1), of rank collapse in 1."), "\(other.conclusion)")
        other.narrow[0].runs[closed[0]].diagnoses = []
        #expect(other.conclusion.contains("told of dead units in \(closed.count - 1), of nothing in 1."), "\(other.conclusion)")
    }

    @Test func `A run that diverges has no accuracy and is counted`() throws {
        var study = DeadStudy()
        study.settings.initializations = 1
        study.settings.signalWidths = []
        study.settings.kinds = []
        study.settings.training?.rates = [900_000]
        study.settings.training?.hiddenUnits = [16, 16, 16, 16, 16, 16]
        study.settings.training?.cures = []
        study.settings.training?.narrowUnits = []
        study.settings.training?.seeds = 1
        var row = try #require(study.run(on: digits(300)).training.first)
        #expect(row.runs.count == 1 && row.diverged + row.accuracies.count == 1)
        row.runs = [DeadStudyReport.Run()]
        #expect(row.diverged == 1 && row.accuracies.isEmpty && row.neverOpen.isEmpty)
    }

    @Test func `Stops where it is asked to, with whole seeds`() throws {
        var study = DeadStudy()
        study.settings.initializations = 20
        study.settings.signalWidths = [8]
        study.settings.threads = 1
        study.settings.training?.rates = [1]
        study.settings.training?.hiddenUnits = [8]
        study.settings.training?.epochs = 1
        let stop = StopSignal()
        let report = try study.run(on: digits(100), stop: stop) { if $0.stage.hasPrefix("training"), $0.done == 5 { stop.stop() } }
        #expect(report.wasStopped && report.training.count == 4 && report.training.allSatisfy { $0.runs.count == 1 })
        #expect(report.cures.allSatisfy { $0.interval == nil } && report.conclusion.contains("One seed"))
        let early = StopSignal()
        early.stop()
        let nothing = try study.run(on: digits(100), stop: early)
        #expect(nothing.bornDead.isEmpty && nothing.growth.isEmpty && nothing.training.isEmpty && nothing.findings.isEmpty)
    }

    @Test func `Refuses what does not fit`() throws {
        func message(_ data: LoadedData?, _ change: (inout DeadStudy.Settings) -> Void) -> String {
            var settings = DeadStudy.Settings()
            change(&settings)
            do { _ = try DeadStudy(settings: settings).run(on: data) } catch { return "\(error)" }
            return ""
        }
        let data = try digits(50)
        #expect(message(data) { $0.initializations = 0 }.contains("initializations"))
        let rates = message(data) { $0.training?.rates = [0] }, seeds = message(data) { $0.training?.seeds = 0 }
        #expect(rates.contains("rates") && seeds.contains("seeds"))
        #expect(message(nil) { _ in }.contains("classes"))
    }

    // MARK: Numbers

    @Test func `Student's intervals`() {
        #expect([3.0].interval95 == nil)
        // Two numbers: the mean and 12.706 halves of their distance.
        let two = [0.0, 2].interval95!
        #expect(abs(two.upperBound - 13.706) < 1e-9 && abs(two.lowerBound + 11.706) < 1e-9)
        // The tables' 2.145 for 14 degrees of freedom, and 1.984 for 100.
        for (count, point) in [(15, 2.145), (101, 1.984)] {
            let numbers = (0..<count).map { Double($0 % 7) }
            let reach = numbers.interval95!.upperBound - numbers.mean
            #expect(abs(reach / numbers.standardError! - point) < 0.002, "\(count)")
        }
    }
}
