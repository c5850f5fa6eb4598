import CRectifierKernels
import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments

@Suite struct ConvolutionLayerTests {
    /// Bars that stand or lie, somewhere in an image: what only a convolution finds at once.
    private func bars(_ count: Int, seed: Int) throws -> Dataset {
        var random = Numbers(seed: seed)
        var pixels: [UInt8] = [], classes: [Int32] = []
        for _ in 0..<count {
            let stands = random.chance(0.5), place = random.integer(in: 0...7), start = random.integer(in: 0...3)
            classes.append(stands ? 1 : 0)
            for row in 0..<8 {
                for column in 0..<8 {
                    let (across, along) = stands ? (column, row) : (row, column)
                    pixels.append(across == place && start..<start + 5 ~= along ? 255 : UInt8(random.integer(in: 0...90)))
                }
            }
        }
        return try Dataset(
            count: count, sampleShape: [8, 8], features: .bytes(pixels), targets: .classes(classes, names: ["lies", "stands"]))
    }

    private func trainer(_ layers: String, threads: Int, precision: ElementType = .float32, epochs: Int = 6) throws -> Trainer {
        var recipe = Recipe()
        recipe.network.allLayers = try LayerList(layers)
        (recipe.training.threads, recipe.training.epochs, recipe.training.seed) = (threads, epochs, 4)
        (recipe.training.batchSize, recipe.training.precision, recipe.training.learningRate) = (.samples(32), precision, 0.01)
        return try Trainer(recipe: recipe, data: LoadedData(training: bars(256, seed: 1), heldOut: bars(128, seed: 2)))
    }

    private let small = "conv 8, relu, conv 16 3x3 stride=2, relu, flatten, dense 2"

    @Test func `A network of convolutions learns`() throws {
        let outcome = try trainer(small, threads: 1).run()
        #expect(try #require(outcome.heldOut?.accuracy) > 0.95)
    }

    @Test(arguments: [ElementType.float32, .float64, .bfloat16])
    func `Any number of threads gives the same weights`(_ precision: ElementType) throws {
        let layers = "conv 8, relu, residual(conv 8, relu, conv 8), conv 8 groups=channels, conv 16 2 padding=valid, tanh, flatten, dense 2"
        let one = try trainer(layers, threads: 1, precision: precision, epochs: 1).run().model.weightsSHA256
        for threads in [2, 3] {
            #expect(try trainer(layers, threads: threads, precision: precision, epochs: 1).run().model.weightsSHA256 == one)
        }
    }

    @Test func `Zeros are skipped, and the bits are the same`() throws {
        defer { rk_zeros_select(RK_ZEROS_BY_DENSITY) }
        let hashes = try [RK_ZEROS_MULTIPLIED, RK_ZEROS_SKIPPED, RK_ZEROS_BY_DENSITY].map { zeros in
            rk_zeros_select(zeros)
            return try trainer("conv 32, relu, conv 64, relu, flatten, dense 2", threads: 2, epochs: 1).run().model.weightsSHA256
        }
        #expect(Set(hashes).count == 1)
    }

    @Test func `A model of convolutions is saved and read`() throws {
        let outcome = try trainer(small, threads: 1, epochs: 1).run(), folder = try TemporaryFolder()
        try outcome.model.write(to: folder.url("model"))
        let model = try Model(contentsOf: folder.url("model")), data = try bars(64, seed: 3)
        #expect(try LayerCatalog.spelling(of: model.network.layers) == LayerCatalog.spelling(of: outcome.model.network.layers))
        #expect(try model.evaluate(on: data).loss == outcome.model.evaluate(on: data).loss)
    }

    @Test func `The summary has shapes, parameters and multiply-adds`() throws {
        let network = try Network(input: [32, 32, 3]) {
            Conv2D(8, window: 3)
            Conv2D(16, window: Extent(3, 5), stride: 2, padding: .valid, groups: 4, hasBias: false)
        }
        let rows = network.summary.rows
        #expect(rows.map(\.name) == ["conv1", "conv2"])
        #expect(rows.map(\.output) == [[Shape.batch, 32, 32, 8], [Shape.batch, 15, 14, 16]])
        #expect(rows.map(\.parameters) == [3 * 3 * 3 * 8 + 8, 3 * 5 * 2 * 16])
        #expect(rows.map(\.multiplyAdds) == [32 * 32 * 8 * 27, 15 * 14 * 16 * 30])
    }

    @Test(arguments: [
        ("conv 8 9x9 padding=valid", "conv1: a window of 9 pixels does not fit into an image of 8x8"),
        ("conv 6 groups=4", "conv1: 4 groups do not divide 1 channels and 6 filters"),
        ("flatten, conv 8", "conv1: takes images [batch, rows, columns, channels], not [batch, 64]"),
        ("conv 8 3x", "'3x' is no extent; write a whole number as 3, or rows and columns as 3x5"),
        ("conv 8 padding=1.5", "'1.5' is no padding; write same, valid, or pixels as 1 or 1x2"),
        ("conv 8 groups=none", "'none' is no number of groups"),
        ("conv 8 stride=0", "conv1: window, stride and dilation are at least 1 pixel"),
        ("conv", "conv needs a number behind it: conv FILTERS [WINDOW] [stride=STRIDE]"),
    ])
    func `Mistakes are told where the network is built`(_ layers: String, _ message: String) throws {
        let error = #expect(throws: RectifierError.self) { try Network(input: [8, 8], layers: LayerList(layers).layers) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "none")")
    }

    /// Where a patch is 0 a channel without bias stands at its kink, at many positions together.
    @Test func `A channel's bias moves all its positions to one side`() throws {
        var random = Numbers(seed: 8)
        let pixels = (0..<25).map { $0 < 10 ? random.uniform() : 0 }
        let windows = try Windows(image: Windows.Pair(5, 5), kernel: Windows.Pair(3, 3), padding: .same)
        let shapes: [Shape] = [[3, 3, 1, 2], [2], [3, 3, 2, 3], [3], [75, 1]]
        let values = shapes.map { shape in (0..<shape.count(batchSize: 1)).map { _ in shape.rank == 1 ? 0.0 : random.uniform() } }
        /// The gradient with some number at 0, and the first bias a little off.
        func gradient(atZero: Double, bias: Double) throws -> [[Double]] {
            let x = Formula.input("x", shape: [Shape.batch, 5, 5, 1]), p = shapes.enumerated().map { Formula.input("p\($0)", shape: $1) }
            let first = try relu(convolution(x, p[0], windows: windows) + p[1], atZero: KinkValue(atZero))
            let second = try Rectifier.tanh(convolution(first, p[2], windows: windows) + p[3])
            let loss = try matmul(second.flattened(), p[4]).sum()
            let program = try Program(gradients(of: loss, withRespectTo: p), batchSize: 1, elementType: .float64)
            try program.setInput("x", to: pixels)
            for (place, value) in values.enumerated() {
                let value = place == 1 ? value.map { _ in bias } : value
                try program.setInput("p\(place)", to: value)
            }
            program.run()
            return p.indices.map { program.values(ofOutput: $0) }
        }
        let (closed, open, half) = (try gradient(atZero: 0, bias: 0), try gradient(atZero: 1, bias: 0), try gradient(atZero: 0.5, bias: 0))
        #expect(closed != open)
        for (at, beside) in [(closed, try gradient(atZero: 0, bias: -1e-9)), (open, try gradient(atZero: 0, bias: 1e-9))] {
            for (a, b) in zip(at.joined(), beside.joined()) { #expect(abs(a - b) < 1e-6) }
        }
        for (index, middle) in half.joined().enumerated() {
            #expect(abs(middle - (Array(closed.joined())[index] + Array(open.joined())[index]) / 2) < 1e-12)
        }

        let network = try Network(input: [5, 5, 1]) {
            Conv2D(2)
            ReLU()
            Conv2D(3)
            Tanh()
            Flatten()
            Dense(1)
        }
        let report = try network.kinkReport(
            loss: .squaredError, parameters: network.initialParameters(seed: 1), features: pixels, targets: [0])
        #expect(report.clarke == 1, "\(report)")
    }
}
