/// An image as a file of pixels holds it: rows from the top, pixels from the left, and of each pixel a byte a channel.
struct DecodedImage: Sendable {
    /// What messages begin with.
    var name: String
    var height: Int
    var width: Int
    /// 1: grey, 2: grey and opacity, 3: red, green, blue, 4: these and opacity.
    var channels: Int
    var pixels: [UInt8]

    /// As networks take it: height × width × channels.
    var shape: [Int] { [height, width, channels] }

    /// Decodes a PNG or JPEG file, whatever its name ends in.
    init(_ bytes: Bytes) throws {
        if PNG.isPNG(bytes.raw) {
            self = try PNG.image(bytes)
        } else if JPEG.isJPEG(bytes.raw) {
            self = try JPEG.image(bytes)
        } else {
            throw RectifierError(.file, "\(bytes.name): is no PNG or JPEG file; convert it, or take it away")
        }
    }

    init(name: String, height: Int, width: Int, channels: Int, pixels: [UInt8]) {
        (self.name, self.height, self.width, self.channels, self.pixels) = (name, height, width, channels, pixels)
    }

    /// Whether a file begins like one of those that can be decoded.
    static func isImage(_ start: some Collection<UInt8>) -> Bool { PNG.isPNG(start) || JPEG.isJPEG(start) }

    /// Throws where an image of this size cannot be held: before memory is taken for it.
    ///
    /// - Parameter bytes: What decoding takes for each pixel.
    static func requireMemory(_ height: Int, _ width: Int, bytes: Int, name: String) throws {
        try MachineMemory.require(
            Shape.elementCount([height, width, bytes]), kind: .file, for: "\(name), an image of \(height) × \(width) pixels,",
            advice: "scale it down")
    }

    // MARK: Channels

    var hasColour: Bool { channels > 2 }
    var hasOpacity: Bool { channels % 2 == 0 }

    /// How many channels hold an image of either kind.
    static func channels(colour: Bool, opacity: Bool) -> Int { (colour ? 3 : 1) + (opacity ? 1 : 0) }

    /// The same image with more channels: grey thrice, opaque everywhere. Nothing is lost.
    func widened(to wanted: Int) -> DecodedImage {
        guard wanted != channels else { return self }
        var result = self
        result.channels = wanted
        let colours = wanted > 2 ? 3 : 1, ownColours = hasColour ? 3 : 1
        result.pixels = [UInt8](unsafeUninitializedCapacity: height * width * wanted) { space, filled in
            for start in stride(from: 0, to: pixels.count, by: channels) {
                for colour in 0..<colours { space[filled + colour] = pixels[start + min(colour, ownColours - 1)] }
                if wanted % 2 == 0 { space[filled + colours] = hasOpacity ? pixels[start + ownColours] : 255 }
                filled += wanted
            }
        }
        return result
    }

    /// The same image without an opacity that is full everywhere and says nothing.
    func withoutFullOpacity() -> DecodedImage {
        guard hasOpacity else { return self }
        for place in stride(from: channels - 1, to: pixels.count, by: channels) where pixels[place] != 255 { return self }
        var result = self
        result.channels -= 1
        result.pixels = [UInt8](unsafeUninitializedCapacity: height * width * result.channels) { space, filled in
            for start in stride(from: 0, to: pixels.count, by: channels) {
                for channel in 0..<result.channels { space[filled + channel] = pixels[start + channel] }
                filled += result.channels
            }
        }
        return result
    }
}
