import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite("Study of the derivative at 0")
struct ZeroStudyTests {
    // MARK: Numbers from formulas

    /// The counts of Bertoin et al. and what the model gives for MNIST, whose mean square is 0.1010, to three digits.
    @Test(arguments: [
        (ElementType.float32, 256, [1, 2, 3, 5, 6], [0.050, 0.201, 0.363, 0.533, 0.593]),
        (.float16, 256, [1, 2, 3, 5, 6], [0.862, 0.998, 1, 1, 1]),
    ])
    func `Predicted shares by depth`(precision: ElementType, units: Int, depths: [Int], expected: [Double]) {
        for (depth, share) in zip(depths, expected) {
            let prediction = TiePrediction(
                meanSquare: 0.1010, inputs: 784, units: [Int](repeating: units, count: depth), precision: precision)
            #expect(abs(prediction.share(samples: 60_000) - share) < 0.0011, "\(depth) layers")
        }
    }

    @Test(arguments: [
        (ElementType.float32, [16, 64, 256, 512, 1024], [0.022, 0.108, 0.363, 0.583, 0.745]),
        (.float16, [16, 64, 256], [0.335, 0.914, 1]),
    ])
    func `Predicted shares by width`(precision: ElementType, widths: [Int], expected: [Double]) {
        for (units, share) in zip(widths, expected) {
            let prediction = TiePrediction(meanSquare: 0.1010, inputs: 784, units: [units, units, units], precision: precision)
            #expect(abs(prediction.share(samples: 60_000) - share) < 0.0011, "\(units) units")
        }
        let wide = TiePrediction(meanSquare: 0.1010, inputs: 784, units: [1024, 1024, 1024], precision: .float64)
        #expect((2e-9...3e-9).contains(wide.ties(samples: 60_000)))
    }

    @Test func `Exact binomial intervals`() {
        // With no hit the upper end is where (1 - p)^n is half of what is left out.
        let none = binomialInterval(hits: 0, of: 200)
        #expect(none.lowerBound == 0 && abs(pow(1 - none.upperBound, 200) - 0.005) < 1e-9)
        let all = binomialInterval(hits: 200, of: 200)
        #expect(all.upperBound == 1 && abs(all.lowerBound - (1 - none.upperBound)) < 1e-12)
        // The textbook's 5 of 10 at 95 %.
        let half = binomialInterval(hits: 5, of: 10, confidence: 0.95)
        #expect(abs(half.lowerBound - 0.18709) < 1e-5 && abs(half.upperBound - 0.81291) < 1e-5)
        // Far from underflow.
        #expect(binomialInterval(hits: 500, of: 100_000).contains(0.005))
    }

    // MARK: The published backward pass

    @Test(arguments: [Set(Rewrite.allCases), []])
    func `What is injected does not depend on the loss`(rewrites: Set<Rewrite>) throws {
        let x = Formula.input("x", shape: [4])
        func gradient(_ operation: some Elementwise, scale: Double) throws -> [Double] {
            let loss = try (Formula(operation, of: x) * .constant(scale)).sum()
            let program = try Program(gradients(of: loss, withRespectTo: [x]), batchSize: 1, elementType: .float64, rewrites: rewrites)
            try program.setInput("x", to: [-1, 0, -0.0, 2])
            program.run()
            return program.values(ofOutput: 0)
        }
        #expect(try gradient(InjectedReLU(value: 1), scale: 1e-6) == [0, 1, 1, 1e-6])
        #expect(try gradient(ReLUOperation(atZero: 1), scale: 1e-6) == [0, 1e-6, 1e-6, 1e-6])
        #expect(try gradient(InjectedReLU(value: 0), scale: 3) == gradient(ReLUOperation(atZero: 0), scale: 3))
    }

    // MARK: Against brute force

    /// Dark images of 64 pixels: little spreads the pre-activations, so that many are 0 in 16 bits.
    private func darkImages(_ count: Int) throws -> Dataset {
        var numbers = Numbers(seed: 5)
        let pixels = (0..<count * 64).map { _ in numbers.chance(1.0 / 3) ? UInt8(numbers.integer(below: 64)) : 0 }
        let labels = (0..<count).map { _ in Int32(numbers.integer(below: 10)) }
        return try Dataset(
            count: count, sampleShape: [8, 8], features: .bytes(pixels), targets: .classes(labels, names: (0..<10).map(String.init)))
    }

    private func scan(
        _ data: Dataset, _ family: StudyFamily, _ precision: ElementType, seeds: Range<UInt64>, cells: [TieScanner.Cell]
    ) throws -> [TieScanner.NetworkScan] {
        let images = StudyImages(data)
        return try inParallelMap(seeds.count) { next in
            var result: [(Int, TieScanner.NetworkScan)] = []
            try data.withFeeds { feeds in
                let scanner = try TieScanner(family, precision: precision, data: data, feeds: feeds, isBlank: images.isBlank)
                while let index = next() {
                    let scan = try scanner.scan(
                        seed: seeds.lowerBound + UInt64(index), samples: data.count, cells: cells, isStopped: { false })
                    result.append((index, scan!))
                }
            }
            return result
        }
    }

    private func inParallelMap(
        _ count: Int, _ body: (() -> Int?) throws -> [(Int, TieScanner.NetworkScan)]
    ) throws -> [TieScanner.NetworkScan] {
        var index = 0
        return try body {
            defer { index += 1 }
            return index < count ? index : nil
        }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The layers' pre-activations, sample by sample, from a program that only computes them, in batches of another
    /// size. (Without the bias in the product, 16 bits would round the sum before the bias is added, which is another
    /// network.)
    private func preActivations(
        _ data: Dataset, _ family: StudyFamily, _ precision: ElementType, seed: UInt64, rows: Int
    ) throws -> [[Double]] {
        let depth = family.depths.last!
        let network = try family.network(depth: depth)
        let built = try network.built(isTraining: false)
        let program = try Program(
            family.preActivations(of: built, depth: depth), batchSize: rows,
            parameters: network.initialParameters(seed: seed, precision: precision), elementType: precision,
            rewrites: [.productBias, .fuseEpilogue])
        guard case .bytes(let pixels) = data.features else { return [] }
        var result = [[Double]](repeating: [], count: depth)
        for start in stride(from: 0, to: data.count, by: rows) {
            try program.setInput("features", to: pixels[start * 64..<(start + rows) * 64].map { Double($0) * Dataset.byteScale })
            program.run()
            for layer in 0..<depth { result[layer] += program.values(ofOutput: layer) }
        }
        return result
    }

    @Test func `Ties and changed gradients are those that a search of everything finds`() throws {
        let data = try darkImages(1000)
        let family = StudyFamily(input: [8, 8], classes: 10, units: 192, depths: [2])
        let cell = TieScanner.Cell(depth: 2, batchSize: 250)
        let scans = try scan(data, family, .float16, seeds: 0..<30, cells: [cell])
        // With nothing to decide, a scan goes to the end.
        let full = try scan(data, family, .float16, seeds: 0..<30, cells: [])

        guard case .classes(let labels, _) = data.targets, case .bytes(let pixels) = data.features else { return }
        let network = try family.network(depth: 2)
        let built = try network.built(isTraining: true)
        let target = Formula.input("targets", shape: built.output.shape)
        let loss = try Loss.softmaxCrossEntropy(built.output, target).mean()
        let first = built.parameters[0]
        func gradient(_ operation: any Rectifier.Operation) throws -> Formula {
            let changed = try rebuilt([loss]) { original, operands in
                original.operation is ReLUOperation ? try Formula(operation, operands) : nil
            }
            return try gradients(of: changed[0], withRespectTo: [first])[0]
        }
        let program = try Program(
            [gradient(ReLUOperation(atZero: 0)), gradient(ReLUOperation(atZero: 1)), gradient(InjectedReLU(value: 1))], batchSize: 250,
            parameters: network.initialParameters(seed: 0, precision: .float16), elementType: .float16)

        var networksWithTies = 0
        for seed in 0..<30 {
            let z = try preActivations(data, family, .float16, seed: UInt64(seed), rows: 100)
            let ties = z.map { layer in layer.count { $0 == 0 } }
            #expect(full[seed].layers.map { $0.accidental + $0.structural } == ties)
            networksWithTies += ties.contains { $0 > 0 } ? 1 : 0

            // Where there are ties, and in some of the others.
            guard ties.contains(where: { $0 > 0 }) || seed < 4 else { continue }
            try program.setParameters(network.initialParameters(seed: UInt64(seed), precision: .float16))
            var chainRule = false, asPublished = false
            for start in stride(from: 0, to: 1000, by: 250) {
                try program.setInput("features", to: pixels[start * 64..<(start + 250) * 64].map { Double($0) * Dataset.byteScale })
                try program.setInput("targets", to: (0..<2500).map { labels[start + $0 / 10] == $0 % 10 ? 1 : 0 })
                program.run()
                let zero = program.values(ofOutput: 0)
                if zero != program.values(ofOutput: 1) { chainRule = true }
                if zero != program.values(ofOutput: 2) { asPublished = true }
            }
            let hits = scans[seed].hits[cell]!
            #expect(hits.chainRule.firstLayer == chainRule && hits.asPublished.firstLayer == asPublished)
            #expect(hits.asPublished.firstLayer || !hits.chainRule.firstLayer)
        }
        // Else nothing was tested.
        #expect((2...20).contains(networksWithTies))
    }

    @Test func `Structural ties are those whose inputs are all 0, in any precision`() throws {
        let data = try darkImages(600)
        let family = StudyFamily(input: [8, 8], classes: 10, units: 4, depths: [4], biases: .zero)
        let singles = try scan(data, family, .float32, seeds: 0..<12, cells: [])
        let doubles = try scan(data, family, .float64, seeds: 0..<12, cells: [])
        var structuralTies = 0
        for seed in 0..<12 {
            let z = try preActivations(data, family, .float32, seed: UInt64(seed), rows: 50)
            for layer in 0..<4 {
                var structural = 0, accidental = 0
                for sample in 0..<600 {
                    let ties = (0..<4).count { z[layer][4 * sample + $0] == 0 }
                    // No image is blank.
                    let isDead = layer > 0 && (0..<4).allSatisfy { z[layer - 1][4 * sample + $0] <= 0 }
                    if isDead { structural += ties } else { accidental += ties }
                }
                #expect(singles[seed].layers[layer] == TieScanner.LayerTies(samples: 600, structural: structural, accidental: accidental))
                structuralTies += structural
            }
            #expect(singles[seed].structuralPlaces == doubles[seed].structuralPlaces)
        }
        #expect(structuralTies > 100)
    }

    // MARK: Whole studies

    private func smallStudy(threads: Int) throws -> ZeroStudyReport {
        var study = ZeroStudy()
        study.settings.networks = 3
        study.settings.threads = threads
        study.settings.depths = [1, 2]
        study.settings.widths = [4, 8]
        study.settings.zeroBiasWidths = [3]
        study.settings.batchSizes = [32]
        study.settings.training?.epochs = 1
        study.settings.training?.seeds = 2
        let data = try darkImages(300)
        return try study.run(on: data)
    }

    @Test func `A study is the same for any number of threads, and its control is bit-identical`() throws {
        let one = try smallStudy(threads: 1), two = try smallStudy(threads: 2)
        #expect(one.cells == two.cells && one.zeroBiases == two.zeroBiases && one.training == two.training)
        // Two depths, two widths and a batch size in three precisions.
        #expect(one.cells.count == 15 && one.zeroBiases.count == 2)
        #expect(one.cells.allSatisfy { $0.chainRuleOnly == 0 && $0.networks == 3 && $0.interval.contains($0.share) })
        #expect(one.cells.allSatisfy { $0.samples == ($0.precision == .float64 ? 30 : 300) })

        let control = try #require(one.training.first { $0.isControl })
        #expect(control.weightsSHA256 == one.training[0].weightsSHA256 && control.identicalToZero == 2)
        #expect(Set(control.weightsSHA256).count == 2)
        #expect(one.training.map(\.derivative) == [0, 0, 0.5, 1, 1])
    }

    @Test func `Findings have their numbers, and the conclusion all of them`() throws {
        let report = try smallStudy(threads: 2), findings = report.findings
        #expect(findings.count >= 5 && report.conclusion == findings.map(\.sentence).joined(separator: " "))
        #expect(report.conclusion.contains("of 3 networks"))
        #expect(report.conclusion.contains("0 against 0, is bit-identical in all 2."))
        #expect(findings.last?.numbers.first { $0.name == "accuracyWith0" }?.value == report.training[0].mean)
    }

    @Test func `A study that is stopped keeps what is finished`() throws {
        var study = ZeroStudy()
        study.settings.networks = 50
        study.settings.depths = [1]
        study.settings.widths = []
        study.settings.batchSizes = []
        study.settings.precisions = [.float32]
        study.settings.threads = 1
        let stop = StopSignal()
        let report = try study.run(on: darkImages(300), stop: stop) { if $0.done == 3 { stop.stop() } }
        #expect(report.wasStopped && report.cells.map(\.networks) == [3] && report.training.isEmpty)
    }

    @Test func `Data and settings that do not fit are named`() throws {
        let points = try GeneratedData.make("circle", samples: 20, noise: nil, seed: 0).training
        #expect(throws: RectifierError.self) { try ZeroStudy().run(on: points) }
        var study = ZeroStudy()
        study.settings.networks = 0
        #expect { try study.run(on: darkImages(10)) } throws: { "\($0)".contains("networks") }
        study.settings.networks = 1
        study.settings.precisions = [.bfloat16]
        #expect { try study.run(on: darkImages(10)) } throws: { "\($0)".contains("float16") }
    }
}
