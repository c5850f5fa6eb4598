import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierReports

@Suite("Filters and activation maps")
struct ActivationMapTests {
    /// Two filters of one pixel: red - blue, and -1 always.
    private func network() throws -> (Network, Parameters) {
        let network = try Network(input: [2, 3, 3]) {
            Conv2D(2, window: 1)
            ReLU()
            MaxPool2D(2)
            Flatten()
            Dense(2)
        }
        var parameters = try network.initialParameters(seed: 1, precision: .float64)
        parameters["conv1.weights"] = Tensor(shape: [1, 1, 3, 2], [1.0, 0, 0, 0, -1, 0])
        parameters["conv1.bias"] = Tensor(shape: [2], [0.0, -1])
        return (network, parameters)
    }

    @Test func `Filters are told apart`() throws {
        let (network, parameters) = try network()
        let filters = try #require(FirstFilters(network, parameters: parameters))
        #expect(filters.layer == "conv1" && filters.rows == 1 && filters.columns == 1 && filters.channels == 3 && filters.limit == 1)
        #expect(filters.weights == [[1, 0, -1], [0, 0, 0]])
        let dense = try Network(input: [4]) { Dense(2) }
        #expect(FirstFilters(dense, parameters: try dense.initialParameters(seed: 1)) == nil)
    }

    @Test func `Maps are what the layers give for the sample`() throws {
        let (network, parameters) = try network()
        // Red rises by 3 from pixel to pixel, blue is 4 throughout.
        let image: [Double] = (0..<6).flatMap { pixel -> [Double] in [Double(3 * pixel), 7, 4] }
        let data = try Dataset(count: 2, sampleShape: [2, 3, 3], features: .doubles(image.map { -$0 } + image), targets: .none)
        let maps = try ActivationMaps(network, parameters: parameters, data: data, sample: 1, precision: .float64)
        #expect(maps.layers.map(\.layer) == ["conv1", "relu1", "maxpool1"] && maps.layersLeftOut == 0)
        let (conv, relu, pool) = (maps.layers[0], maps.layers[1], maps.layers[2])
        #expect(conv.maps == [[-4, -1, 2, 5, 8, 11], [Double](repeating: -1, count: 6)] && conv.hasNegatives && conv.limit == 11)
        #expect(conv.zeros == 0 && conv.closedChannels.isEmpty)
        #expect(relu.maps == [[0, 0, 2, 5, 8, 11], [Double](repeating: 0, count: 6)] && !relu.hasNegatives)
        #expect(relu.rows == 2 && relu.columns == 3 && relu.channels == 2 && relu.closedChannels == [1] && relu.zeros == 8.0 / 12)
        #expect(pool.maps == [[8], [0]])

        let few = try ActivationMaps(
            network, parameters: parameters, data: data, sample: 0, precision: .float64, mostLayers: 2, mostChannels: 1)
        #expect(few.layers.map(\.layer) == ["conv1", "relu1"] && few.layersLeftOut == 1)
        // What is not drawn is counted.
        #expect(few.layers[1].maps.count == 1 && few.layers[1].channels == 2 && few.layers[1].closedChannels == [1])
        #expect(throws: RectifierError.self) { try ActivationMaps(network, parameters: parameters, data: data, sample: 2) }
    }

    @Test func `Pictures of filters and maps are files that a reader of PNG takes, to the byte`() throws {
        let rgba = (0..<5 * 7 * 4).map { UInt8(truncatingIfNeeded: $0 * 37) }
        let image = try DecodedImage(Bytes(pngFile(rows: 5, columns: 7, rgba: rgba), name: "picture"))
        #expect(image.shape == [5, 7, 4] && image.pixels == rgba)
    }

    @Test func `Colours tell sign, size and an exact 0`() {
        typealias Picture = Report.Chart.Pictures.Picture
        func pixels(_ colors: Report.Chart.Pictures.Colors, _ values: [Double]) -> [[UInt8]] {
            let bytes = colors.pixels(of: Picture("", rows: 1, columns: colors.isColour ? values.count / 3 : values.count, values: values))
            return stride(from: 0, to: bytes.count, by: 4).map { Array(bytes[$0..<$0 + 4]) }
        }
        #expect(pixels(.rgb(-1...1), [-1, 0, 1, 2, .nan, 0]) == [[0, 128, 255, 255], [0, 0, 0, 0]])
        #expect(pixels(.grey(0...2), [0, 2, 1]) == [[0, 0, 0, 255], [255, 255, 255, 255], [128, 128, 128, 255]])
        let signs = pixels(.diverging(2), [-2, 0, 1, 2])
        #expect(signs[0][..<3] != signs[3][..<3] && signs.map { $0[3] } == [255, 0, 128, 255])
        let shades = pixels(.shades(2, zero: "closed"), [0, 1e-30, 2, .infinity])
        #expect(shades[0][3] == 255 && shades[0][..<3] != shades[1][..<3] && shades[1][3] == 20 && shades[2][3] == 255)
        #expect(shades[3] == [0, 0, 0, 0])
    }
}

extension Report.Chart.Pictures.Colors {
    fileprivate var isColour: Bool { if case .rgb = self { true } else { false } }
}
