/// How a window slides over an image: what a convolution sums over, and what a pooling takes the largest of.
///
/// Images lie channels last, `[batch, height, width, channels]`. A *tap* is a place of the window, an *output* one of
/// the places it comes to stand at; both are numbered row by row.
public struct Windows: Sendable, Hashable {
    /// Rows and columns, in this order.
    public struct Pair: Sendable, Hashable {
        public var rows: Int
        public var columns: Int
        public init(_ rows: Int, _ columns: Int) { (self.rows, self.columns) = (rows, columns) }
        var count: Int { rows * columns }
    }

    /// What lies around the image.
    public enum Padding: Sendable, Hashable {
        /// Nothing: the window stays inside.
        case valid
        /// So much that there is an output for each pixel, or each `stride`-th one. Where that is odd, the side behind
        /// gets the one more, as in TensorFlow and Keras.
        case same
        /// So many rows above and below and columns left and right, as in PyTorch.
        case explicit(Pair)
    }

    public let image: Pair
    public let kernel: Pair
    public let stride: Pair
    /// From tap to tap, in pixels.
    public let dilation: Pair
    /// Outputs.
    public let outputs: Pair
    /// Above and left.
    let before: Pair

    /// - Throws: ``RectifierError`` of kind `shape` where a number is less than 1, a padding less than 0, or the window
    ///   larger than the padded image.
    public init(
        image: Pair, kernel: Pair, stride: Pair = Pair(1, 1), dilation: Pair = Pair(1, 1), padding: Padding = .valid
    ) throws {
        func axis(_ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ pad: Int?) throws -> (outputs: Int, before: Int) {
            let most = 1 << 20
            guard 1...most ~= kernel, 1...most ~= stride, 1...most ~= dilation, 0...most ~= pad ?? 0, 1...most ~= size else {
                throw RectifierError(
                    .shape, "window, stride and dilation are at least 1 pixel, padding at least 0, and images at most \(most) pixels wide")
            }
            let span = dilation * (kernel - 1) + 1
            var (all, before) = (2 * (pad ?? 0), pad ?? 0)
            if padding == .same {
                all = max(0, ((size + stride - 1) / stride - 1) * stride + span - size)
                before = all / 2
            }
            guard span <= size + all else {
                let padded = all > 0 ? " with its padding of \(all)" : ""
                throw RectifierError(
                    .shape,
                    "a window of \(kernel) pixels\(dilation > 1 ? ", \(dilation) apart," : "") does not fit into an image of \(image.rows)x\(image.columns)\(padded); "
                        + "take a smaller window, or pad: same")
            }
            return ((size + all - span) / stride + 1, before)
        }
        var pad = Pair(0, 0)
        if case .explicit(let explicit) = padding { pad = explicit }
        (self.image, self.kernel, self.stride, self.dilation) = (image, kernel, stride, dilation)
        let rows = try axis(image.rows, kernel.rows, stride.rows, dilation.rows, pad.rows)
        let columns = try axis(image.columns, kernel.columns, stride.columns, dilation.columns, pad.columns)
        outputs = Pair(rows.outputs, columns.outputs)
        before = Pair(rows.before, columns.before)
    }

    public var taps: Int { kernel.count }

    /// Output by output and tap by tap the pixel under it, row by row from 0; -1 where that is padding.
    package var places: [Int32] {
        var places: [Int32] = []
        places.reserveCapacity(outputs.count * taps)
        for row in 0..<outputs.rows {
            for column in 0..<outputs.columns {
                for tapRow in 0..<kernel.rows {
                    let y = row * stride.rows + tapRow * dilation.rows - before.rows
                    for tapColumn in 0..<kernel.columns {
                        let x = column * stride.columns + tapColumn * dilation.columns - before.columns
                        let isInside = 0..<image.rows ~= y && 0..<image.columns ~= x
                        places.append(isInside ? Int32(y * image.columns + x) : -1)
                    }
                }
            }
        }
        return places
    }

    /// Pixel by pixel and tap by tap the output that has the pixel under the tap; -1 where there is none.
    package var placesOfPixels: [Int32] {
        var pixels = [Int32](repeating: -1, count: image.count * taps)
        for (index, place) in places.enumerated() where place >= 0 { pixels[Int(place) * taps + index % taps] = Int32(index / taps) }
        return pixels
    }

    /// Tap by tap how many rows and columns the pixel under it lies behind its output, where windows move pixel by
    /// pixel. `ofPixels`, the output behind the pixel.
    package func shifts(ofPixels: Bool = false) -> [Int32]? {
        guard stride == Pair(1, 1) else { return nil }
        let sign = ofPixels ? -1 : 1
        return (0..<taps).flatMap { tap in
            let row = tap / kernel.columns * dilation.rows - before.rows, column = tap % kernel.columns * dilation.columns - before.columns
            return [Int32(sign * row), Int32(sign * column)]
        }
    }
}
