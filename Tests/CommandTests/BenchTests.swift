import Foundation
import Rectifier
import TestSupport
import Testing

@testable import RectifierCommand

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("Measuring the machine")
struct BenchTests {
    @Test func `Every section writes its objects`() throws {
        let run = try CommandRun(["bench", "--quick", "--json", "--threads", "1"], in: TemporaryFolder())
        #expect(run.code == 0)
        #expect(run.errors.isEmpty)
        let objects = try run.objects()
        func section(_ name: String) -> [[String: Any]] { objects.filter { $0["section"] as? String == name } }
        func numbers(_ object: [String: Any], _ keys: String...) {
            for key in keys { #expect((object[key] as? Double ?? 0) > 0, "\(key) of \(object)") }
        }

        let machine = try #require(objects.first)
        #expect(machine["section"] as? String == "machine")
        #expect(machine["type"] as? String == "float32")
        #expect(machine["threads"] as? Int == 1)
        let peaks = section("peak"), memory = section("memory"), products = section("products")
        #expect(peaks.count == 1 && memory.count == 1 && products.count >= 5)
        for object in peaks { numbers(object, "threads", "flops") }
        for object in memory { numbers(object, "threads", "bytesPerSecond", "arrayBytes") }
        for object in products { numbers(object, "threads", "flops", "share", "timesReference") }

        let convolutions = section("convolutions")
        #expect(
            convolutions.compactMap { $0["pass"] as? String }.sorted() == [
                "forward", "forward", "forward", "image gradient", "image gradient", "weight gradient", "weight gradient",
                "weight gradient",
            ])
        for object in convolutions { numbers(object, "threads", "batchSize", "flops", "share") }
        #expect(convolutions.allSatisfy { ($0["layer"] as? String)?.hasPrefix("conv ") == true })

        let zeros = section("zeros"), ends = section("breakEven")
        #expect(Set(zeros.compactMap { $0["product"] as? String }) == ["forward", "input gradient", "weight gradient"])
        #expect(Set(zeros.compactMap { $0["zeros"] as? Double }) == Set(ZeroSweep.shares))
        #expect(zeros.count == 3 * ZeroSweep.shares.count && ends.count == 3)
        for object in zeros {
            numbers(
                object, "dense", "denseShare", "skipping", "skippingShare", "skippingOverDense", "byDensity", "byDensityShare",
                "byDensityOverDense")
        }
        for object in ends { numbers(object, "byDensityOverDenseAtNoZeros") }

        let steps = section("steps")
        #expect(steps.compactMap { $0["network"] as? String }.contains("784-512-512-10"))
        for object in steps { numbers(object, "batchSize", "microseconds", "flops", "share", "denseMicroseconds", "overDense") }
        #expect(steps.allSatisfy { ($0["overOneThread"] as? Double != nil) == ($0["threads"] as? Int != 1) })
    }

    @Test func `Sections are chosen, and zeros are drawn`() throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(
            ["bench", "zeros", "--quick", "--threads", "1", "--precision", "float64", "--svg", "zeros.svg", "--report", "bench.html"],
            in: folder)
        #expect(run.code == 0)
        #expect(run.output.contains("weight gradient 784×128ᵀ · 128×512"))
        #expect(!run.output.contains("steps:"))
        #expect(!run.output.contains("\u{1B}"))
        #expect(run.outputLines.allSatisfy { $0.count <= 80 })
        #expect(try folder.content == ["bench.html", "zeros.svg"])
        let svg = try folder.read("zeros.svg")
        let parser = XMLParser(data: Data(svg.utf8))
        #expect(parser.parse(), "not XML: \(String(describing: parser.parserError))")
        // Dense, skipping and the peak for each of three products.
        #expect(svg.matches(of: /<polyline/).count == 9)
        let page = try folder.read("bench.html")
        #expect(XMLParser(data: Data(page.utf8)).parse())
        #expect(page.matches(of: /<svg/).count == 3 && page.matches(of: /<table>/).count == 3)
        #expect(!page.contains("http") && !page.contains("<script"))
    }

    @Test func `A setting that names nothing is refused`() throws {
        let run = try CommandRun(["bench", "peak", "--quick"], in: TemporaryFolder(), environment: ["RECTIFIER_ZEROS": "perhaps"])
        #expect(run.code == 1)
        #expect(run.errors.contains("RECTIFIER_ZEROS"))
    }

    @Test(
        arguments: [
            ([0.9, 0.8, 1.2], 0.3, "between two shares, where a straight line passes 1"), ([1.0, 1.1, 1.2], 0.0, "from the start"),
            ([1.1, 0.9, 0.95], nil, "never for good"),
        ] as [([Double], Double?, String)])
    func `Break-even is where skipping stays ahead`(ratios: [Double], expected: Double?, what: String) {
        let rows = zip([0, 0.2, 0.4], ratios).map { zeros, ratio in
            let rate = BenchRate(flops: 1, share: ratio, ratio: ratio)
            return ZeroSweep.Row(zeros: zeros, dense: rate, skipping: rate, byDensity: rate)
        }
        let sweep = ZeroSweep(subject: ZeroSweep.subjects(isQuick: true)[0], rows: rows)
        #expect(sweep.breakEven.map { ($0 * 1000).rounded() } == expected.map { ($0 * 1000).rounded() }, "\(what)")
        #expect(sweep.abovePeakFrom == sweep.breakEven)
    }

    @Test func `The layers measured are those of vgg6`() throws {
        let network = try Network(input: [32, 32, 3], layers: NamedNetwork.vgg6.layers(outputs: 10).layers)
        let shapes = try network.initialParameters(seed: 0).map(\.tensor.shape).filter { $0.count == 4 }
        let weights = shapes.map { Array($0[2...3]) }
        let measured = ConvolutionBenchmark.subjects(isQuick: false).filter { $0.pass == .forward }.map { [$0.channels, $0.filters] }
        #expect(measured == weights)
    }

    @Test func `The operations of a step are those of its products`() {
        // 5 samples: 2→3 forward and weight gradient, 3→4 input gradient as well.
        let workload = StepWorkload(widths: [2, 3, 4], batchSize: 5, update: .sgd, stepsPerEpoch: 1)
        #expect(workload.flops == Double(2 * 5 * (2 * 2 * 3 + 3 * 3 * 4)))
    }

    @Test(arguments: [0.5, 0.75, 0.9]) func `Biases bring about the zeros that a workload asks for`(share: Double) throws {
        let workload = StepWorkload(
            widths: [256, 512, 512, 10], batchSize: 64, update: .sgd, classifies: true, inputZeros: share, hiddenZeros: share,
            stepsPerEpoch: 1)
        let data = try workload.dataset(), network = try Network(input: [256], layers: workload.layers)
        let model = Model(network: network, loss: .softmaxCrossEntropy, parameters: try network.initialParameters(seed: 0))
        #expect(abs(try #require(try workload.hiddenZeros(of: model, on: data)) - share) < 0.03)
        guard case .floats(let features) = data.features else { return #expect(Bool(false)) }
        #expect(abs(Double(features.count { $0 == 0 }) / Double(features.count) - share) < 0.03)
    }
}
