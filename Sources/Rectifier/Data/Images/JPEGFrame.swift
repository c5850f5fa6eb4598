/// An image as JPEG keeps it: of each component, blocks of 8 × 8 coefficients.
final class JPEGFrame {
    /// A component as the frame's header states it.
    struct Sampling {
        var identifier: UInt8
        /// Samples of this component in as many pixels as the component with the most has: across and down.
        var across: Int
        var down: Int
        /// The number of its quantization table.
        var table: Int
    }

    /// One of the planes that make up the image.
    final class Component {
        let identifier: UInt8
        let across: Int
        let down: Int
        /// Those of the components that have the most.
        let most: (across: Int, down: Int)
        let table: Int
        /// Samples that belong to the image.
        let width: Int
        let height: Int
        /// Blocks that hold them.
        let blocksAcross: Int
        let blocksDown: Int
        /// Blocks in a row of memory: whole units of several components reach beyond the image.
        let stride: Int
        let rows: Int
        /// By block; of each the coefficients row by row.
        let coefficients: UnsafeMutableBufferPointer<Int16>
        /// Row by row. Nil before the first scan.
        var quantization: [Int32]?
        /// Whether its blocks' means were read.
        var hasMeans = false

        fileprivate init(_ sampling: Sampling, height: Int, width: Int, unitsDown: Int, unitsAcross: Int, most: (across: Int, down: Int)) {
            self.most = most
            (identifier, across, down, table) = (sampling.identifier, sampling.across, sampling.down, sampling.table)
            self.width = (width * across + most.across - 1) / most.across
            self.height = (height * down + most.down - 1) / most.down
            (blocksAcross, blocksDown) = ((self.width + 7) / 8, (self.height + 7) / 8)
            (stride, rows) = (unitsAcross * across, unitsDown * down)
            coefficients = .allocate(capacity: 64 * stride * rows)
            coefficients.initialize(repeating: 0)
        }

        deinit { coefficients.deallocate() }

        func block(_ row: Int, _ column: Int) -> UnsafeMutablePointer<Int16> {
            coefficients.baseAddress! + 64 * (row * stride + column)
        }
    }

    let name: String
    let height: Int
    let width: Int
    let isProgressive: Bool
    let components: [Component]
    /// Units of a scan of several components: all their blocks of the same pixels.
    let unitsDown: Int
    let unitsAcross: Int

    /// Throws where an image of this size cannot come of so short a file, or finds no memory.
    init(name: String, height: Int, width: Int, isProgressive: Bool, components: [Sampling], fileBytes: Int) throws {
        (self.name, self.height, self.width, self.isProgressive) = (name, height, width, isProgressive)
        let most = (across: components.map(\.across).max()!, down: components.map(\.down).max()!)
        (unitsDown, unitsAcross) = ((height + 8 * most.down - 1) / (8 * most.down), (width + 8 * most.across - 1) / (8 * most.across))
        // The mean of a block takes a bit or more, and the component with the most columns has a quarter of the rows at
        // least.
        let blocks = (height + 7) / 8 * ((width + 7) / 8)
        guard blocks / (4 * 8) <= fileBytes else {
            throw JPEGFrame.damaged(name, "\(fileBytes) bytes cannot hold \(height) × \(width) pixels")
        }
        // Coefficients, samples and pixels of each.
        try DecodedImage.requireMemory(
            8 * most.down * unitsDown, 8 * most.across * unitsAcross, bytes: 5 * components.count, name: name)
        let (unitsDown, unitsAcross) = (unitsDown, unitsAcross)
        self.components = components.map {
            Component($0, height: height, width: width, unitsDown: unitsDown, unitsAcross: unitsAcross, most: most)
        }
    }

    func requireComplete() throws {
        guard components.allSatisfy(\.hasMeans) else { throw JPEGFrame.damaged(name, "one of its colours is missing") }
    }

    /// Where the coefficients come, in a block row by row.
    static let zigzag = [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42,
        49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ]

    static func damaged(_ name: String, _ what: String) -> RectifierError {
        RectifierError(.file, "\(name): \(what); the JPEG file is damaged")
    }

    static func hex(_ number: UInt8) -> String { "0x" + (number < 16 ? "0" : "") + String(number, radix: 16) }
}
