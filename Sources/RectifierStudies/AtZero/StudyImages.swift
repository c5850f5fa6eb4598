import RectifierInstruments

/// What the study needs to know of its data.
struct StudyImages {
    var count: Int
    var shape: [Int]
    var classes: Int
    /// Of pixels in [0, 1].
    var meanSquare: Double
    /// By image: whether all pixels are 0.
    var isBlank: [Bool]
    var width: Int { shape.reduce(1, *) }

    init(_ data: Dataset) {
        guard case .bytes(let bytes) = data.features else { preconditionFailure("checked before") }
        (count, shape, classes) = (data.count, data.sampleShape, data.outputCount)
        let width = data.width
        var squares = 0
        var isBlank = [Bool](repeating: true, count: data.count)
        bytes.withUnsafeBufferPointer { bytes in
            for image in 0..<data.count {
                var any: UInt8 = 0
                for place in image * width..<(image + 1) * width {
                    any |= bytes[place]
                    squares += Int(bytes[place]) * Int(bytes[place])
                }
                isBlank[image] = any == 0
            }
        }
        self.isBlank = isBlank
        meanSquare = Double(squares) / Double(bytes.count) * Dataset.byteScale * Dataset.byteScale
    }
}
