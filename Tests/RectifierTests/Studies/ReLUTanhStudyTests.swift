import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierReports
@testable import RectifierStudies

@Suite("Study of the speed of ReLU and tanh")
struct ReLUTanhStudyTests {
    typealias Found = ReLUTanhStudyReport
    private func digits(_ samples: Int) throws -> Dataset {
        var settings = DataSettings()
        settings.samples = samples
        return try LoadedData(settings, seed: 0).training
    }

    /// A few small runs.
    private var small: ReLUTanhStudy.Settings {
        var settings = ReLUTanhStudy.Settings()
        (settings.channels, settings.batchSize, settings.targetError) = ([4, 4, 4], 10, 0.7)
        (settings.rates, settings.moreRates, settings.seeds, settings.epochs) = ([0.0005, 0.02], 0, 2, 8)
        return settings
    }

    private func run(
        _ activation: Found.Activation, _ errors: [Double], seed: Int = 0, rate: Double = 0.1, end: Found.Run.End = .reached
    )
        -> Found.Run
    {
        var run = Found.Run(activation: activation, rate: rate, seed: seed, target: 0.25)
        (run.errors, run.seconds, run.end) = (errors, errors.indices.map { 2 * Double($0) }, end)
        return run
    }

    // MARK: Runs

    @Test func `The same epochs for any number of threads, and none that cannot win`() throws {
        var study = ReLUTanhStudy(settings: small)
        let data = try digits(150)
        let reports = try [1, 2].map { threads in
            study.settings.threads = threads
            return try study.run(on: data)
        }
        let report = reports[0]
        func errors(_ report: Found) -> [[Double]] { report.grids.flatMap { ($0.tried + $0.repeats).map(\.errors) } }
        #expect(errors(report) == errors(reports[1]))
        #expect(report.grids.map(\.activation) == [.relu, .tanh] && report.images == 150 && report.classes == 10)
        for grid in report.grids {
            #expect(grid.tried.map(\.rate) == [0.0005, 0.02] && grid.repeats.map(\.seed) == [1])
            let best = try #require(grid.best), epochs = try #require(best.epochsToTarget)
            #expect(best.rate == 0.02 && best.end == .reached && grid.edge == .highest && grid.repeats[0].rate == 0.02)
            // The target lies between the last two errors.
            #expect(best.errors.last! <= 0.7 && best.errors.dropLast().allSatisfy { $0 > 0.7 })
            #expect(epochs > Double(best.epochs - 1) && epochs <= Double(best.epochs))
            #expect(best.seconds.count == best.errors.count && zip(best.seconds, best.seconds.dropFirst()).allSatisfy { $0 < $1 })
            // The slower rate comes first, so that it has all epochs; the other way round it would end with the best.
            #expect(grid.tried[0].end == .notReached && grid.tried[0].epochs == 8)
        }
        #expect(report.pairs.map(\.seed) == [0, 1] && report.pairs.map(\.epochs).exact.count > 0)
        #expect(report.charts.count == 3 && report.conclusion.contains("It is the highest that was tried"))
        for finding in report.findings { #expect(!finding.sentence.contains("nan"), "\(finding.sentence)") }
    }

    @Test func `A rate that another has beaten ends there, and rates beyond the grid are tried`() throws {
        var study = ReLUTanhStudy(settings: small)
        (study.settings.rates, study.settings.moreRates, study.settings.seeds) = ([0.03, 0.002, 0.0002], 2, 1)
        (study.settings.targetError, study.settings.epochs) = (0.7, 20)
        let report = try study.run(on: digits(150))
        for grid in report.grids {
            let best = try #require(grid.best)
            // From the middle, then outwards; the best is the highest, so one fifteen times as high follows, or two.
            #expect(grid.tried.count > 3 && grid.tried.map(\.rate) == grid.tried.map(\.rate).sorted())
            #expect(abs(grid.tried[3].rate - 0.45) < 1e-12)
            let lowest = grid.tried[0]
            #expect(lowest.end == .beaten && lowest.epochs < 20)
            #expect(Double(lowest.epochs) >= best.epochsToTarget!)
        }
        #expect(report.conclusion.contains("one seed"))
    }

    @Test func `The error is that of the run's own evaluation`() throws {
        var study = ReLUTanhStudy(settings: small)
        (study.settings.rates, study.settings.seeds, study.settings.epochs, study.settings.targetError) = ([0.01], 1, 1, 0.001)
        let data = try digits(100), report = try study.run(on: data)
        let images = try data.standardizedImages(atMost: 100)
        for (activation, grid) in zip(["relu", "tanh"], report.grids) {
            let layers = "conv 4 3x3, A, maxpool 2, conv 4 3x3, A, maxpool 2, conv 4 3x3, A, maxpool 2, dense 10"
            let network = try Network(NetworkSettings(layers.replacing("A", with: activation)), input: [28, 28], outputs: 10)
            var settings = TrainingSettings()
            (settings.optimizer, settings.learningRate, settings.schedule) = (.sgd(momentum: 0.9), 0.01, .constant)
            (settings.batchSize, settings.epochs, settings.weightDecay) = (.samples(10), 1, 0)
            settings.seed = RandomStream(seed: 0, purpose: RandomPurpose.reluTanhStudy)[0]
            let outcome = try Trainer(network, data: images, heldOut: images, settings: settings).run()
            #expect(grid.tried[0].errors.count == 2 && grid.tried[0].errors[1] == 1 - outcome.heldOut!.accuracy!)
        }
        #expect(report.network == "conv 4 3x3, relu, maxpool 2, conv 4 3x3, relu, maxpool 2, conv 4 3x3, relu, maxpool 2, dense 10")
    }

    @Test func `Says what was not reached`() throws {
        var study = ReLUTanhStudy(settings: small)
        (study.settings.epochs, study.settings.targetError, study.settings.seeds) = (1, 0.01, 1)
        let report = try study.run(on: digits(100))
        #expect(report.grids.allSatisfy { $0.best?.end == .notReached && !$0.best!.wasReached })
        #expect(report.pairs.map(\.epochs) == [.unknown])
        #expect(report.conclusion.contains("ReLU reaches 1 % training error not in 1 epoch, tanh not in 1 epoch. Which of them"))
        #expect(report.conclusion.contains("reaches the error with none of 2 rates in 1 epoch"))
    }

    @Test func `Stops where it is asked to`() throws {
        let study = ReLUTanhStudy(settings: small), stop = StopSignal(), data = try digits(100)
        let report = try study.run(on: data, stop: stop) { if $0.stage.hasPrefix("tanh") { stop.stop() } }
        #expect(report.wasStopped && report.grids.count == 2 && report.grids[0].tried.count == 2 && report.grids[1].tried.isEmpty)
        #expect(report.pairs.isEmpty && report.charts.count > 0)
        let nothing = try study.run(on: data, stop: stop)
        #expect(nothing.findings.isEmpty && nothing.charts.isEmpty)
    }

    @Test func `Refuses what does not fit`() throws {
        func message(_ data: Dataset, _ change: (inout ReLUTanhStudy.Settings) -> Void = { _ in }) -> String {
            var settings = ReLUTanhStudy.Settings()
            change(&settings)
            do { _ = try ReLUTanhStudy(settings: settings).run(on: data) } catch { return "\(error)" }
            return ""
        }
        let data = try digits(20)
        let table = try Dataset(
            count: 2, sampleShape: [3], features: .floats([1, 2, 3, 4, 5, 6]), targets: .classes([0, 1], names: ["a", "b"]))
        #expect(message(table).contains("needs images with classes") && message(table).hasSuffix("of the shape 3"))
        let numbers = try Dataset(
            count: 1, sampleShape: [8, 8], features: .bytes([UInt8](repeating: 1, count: 64)), targets: .values([1], width: 1))
        #expect(message(numbers).hasSuffix("8×8 without classes"))
        let tiny = try Dataset(
            count: 1, sampleShape: [4, 4], features: .bytes([UInt8](repeating: 1, count: 16)), targets: .classes([0], names: ["a", "b"]))
        #expect(message(tiny).contains("4×4 are too small"))
        #expect(message(data) { $0.targetError = 0.9 }.contains("below 0.9"))
        #expect(message(data) { $0.targetError = 0 }.contains("error") && message(data) { $0.epochs = 0 }.contains("epochs"))
        #expect(message(data) { $0.rates = [0.1, 0.1] }.contains("rates") && message(data) { $0.seeds = 0 }.contains("seeds"))
        #expect(message(data) { $0.channels = [1, 2] }.contains("three") && message(data) { $0.images = 0 }.contains("images"))
    }

    // MARK: Numbers

    @Test func `Epochs and seconds lie between two measurements`() {
        let reached = run(.relu, [0.9, 0.5, 0.1])
        #expect(abs(reached.epochsToTarget! - 1.625) < 1e-12 && abs(reached.secondsToTarget! - 3.25) < 1e-12)
        #expect(run(.relu, [0.9, 0.5, 0.25]).epochsToTarget == 2 && run(.relu, [0.9, 0.5]).epochsToTarget == nil)
        // What is right by chance before training counts from the first epoch on.
        #expect(run(.relu, [0.2, 0.1]).epochsToTarget == 1)
    }

    @Test func `Ratios and their bounds`() {
        #expect([Found.Ratio.exactly(2), .exactly(4)].mean == .exactly(3) && [Found.Ratio.exactly(2), .moreThan(4)].mean == .moreThan(3))
        #expect([Found.Ratio.exactly(2), .lessThan(1)].mean == .lessThan(1.5) && [Found.Ratio.moreThan(2), .lessThan(1)].mean == .unknown)
        #expect([Found.Ratio]().mean == .unknown && [Found.Ratio.exactly(2), .unknown].mean == .unknown)
        let relu = run(.relu, [0.9, 0.25]), slow = run(.tanh, [0.9, 0.8, 0.7, 0.6], end: .notReached)
        let pair = Found.Pair(relu: relu, tanh: slow)
        #expect(pair.epochs == .moreThan(3) && pair.seconds == .moreThan(3))
        #expect(Found.Pair(relu: run(.relu, [0.9, 0.8], end: .notReached), tanh: run(.tanh, [0.9, 0.25])).epochs == .lessThan(1))
        #expect(Found.Pair(relu: relu, tanh: run(.tanh, [0.9], end: .diverged)).epochs == .moreThan(.infinity))
    }

    @Test func `The conclusion compares with the paper`() throws {
        func report(_ tanh: [Int?], seeds: Int? = nil) throws -> Found {
            var settings = ReLUTanhStudy.Settings()
            settings.seeds = tanh.count
            let data = try digits(20)
            var report = Found(settings: settings, data: data, images: data, parameters: 1)
            report.grids = Found.Activation.allCases.map { activation in
                var grid = Found.Grid(activation: activation)
                let runs = tanh.enumerated().map { seed, epochs in
                    let count = activation == .relu ? 2 : epochs ?? 60
                    let errors = [Double](repeating: 0.9, count: count) + [activation == .tanh && epochs == nil ? 0.5 : 0.25]
                    return run(activation, errors, seed: seed, end: activation == .tanh && epochs == nil ? .notReached : .reached)
                }
                (grid.tried, grid.repeats) = ([runs[0]], Array(runs.dropFirst()))
                return grid
            }
            return report
        }
        let six = try report([10, 14])
        #expect(six.conclusion.contains("tanh takes 6.00 times as many epochs (5.00 to 7.00 over 2 seeds)"), "\(six.conclusion)")
        #expect(six.conclusion.contains("so it is here") && six.conclusion.contains("6.00 times (5.00 to 7.00 over 2 seeds)"))
        #expect(try report([5, 6]).conclusion.contains("more than twice as fast with each of 2 seeds, but not six times"))
        #expect(try report([3, 3]).conclusion.contains("ReLU is faster with each of 2 seeds, but by far less"))
        #expect(try report([20, 30]).conclusion.contains("here it is more with each of 2 seeds"))
        #expect(try report([1, 1]).conclusion.contains("Here tanh is faster with each of 2 seeds"))
        #expect(try report([1, 3]).conclusion.contains("neither is always"))
        #expect(try report([1]).conclusion.contains("with one seed"))
        let slow = try report([6, nil])
        #expect(slow.conclusion.contains("more than 16.5 times as many epochs (seed by seed: 3.00, more than 30.0)"), "\(slow.conclusion)")
        #expect(slow.conclusion.contains("but not in 60 epochs with 1 seed"))
    }

    @Test func `Images are standardized, and some of them taken at equal distances`() throws {
        let bytes = (0..<60).map { UInt8($0 * 4) }
        let data = try Dataset(
            count: 10, sampleShape: [1, 2, 3], features: .bytes(bytes), targets: .classes((0..<10).map { $0 / 5 }, names: ["a", "b"]))
        let images = try data.standardizedImages(atMost: 5)
        guard case .floats(let values) = images.features, case .classes(let labels, _) = images.targets else { throw CancellationError() }
        #expect(images.count == 5 && labels == [0, 0, 0, 1, 1])
        for channel in 0..<3 {
            let own = values.indices.filter { $0 % 3 == channel }.map { Double(values[$0]) }
            #expect(abs(own.mean) < 1e-6 && abs(own.map { $0 * $0 }.mean - 1) < 1e-6)
        }
        // Every second image, whose bytes rise by 48.
        #expect(values[6] > values[0] && abs((values[12] - values[6]) - (values[6] - values[0])) < 1e-6)
    }
}
