import RectifierInstruments

extension Dataset {
    /// Some of these images at equal distances, so that files that are sorted by class give all classes. Of bytes each
    /// channel has the mean 0 and the deviation 1 over them; numbers stay as they are.
    func standardizedImages(atMost limit: Int) throws -> Dataset {
        let count = min(limit, self.count)
        let chosen = count == self.count ? self : try selecting((0..<count).map { Int32($0 * self.count / count) })
        guard case .bytes(let bytes) = chosen.features else { return chosen }
        let channels = sampleShape.count == 3 ? sampleShape[2] : 1
        // How often each byte is there: exact, in whatever order.
        var counts = [Int](repeating: 0, count: 256 * channels)
        var standardized = [Float](repeating: 0, count: 256 * channels)
        let values = bytes.withUnsafeBufferPointer { bytes in
            counts.withUnsafeMutableBufferPointer { counts in
                var channel = 0
                for byte in bytes {
                    counts[256 * channel + Int(byte)] += 1
                    channel = channel + 1 == channels ? 0 : channel + 1
                }
            }
            for channel in 0..<channels {
                let own = counts[256 * channel..<256 * (channel + 1)].enumerated(), total = Double(bytes.count / channels)
                let mean = own.reduce(0) { $0 + Double($1.offset * $1.element) } / total
                let squares = own.reduce(0) { $0 + (Double($1.offset) - mean) * (Double($1.offset) - mean) * Double($1.element) }
                let deviation = squares == 0 ? 1 : (squares / total).squareRoot()
                for byte in 0..<256 { standardized[256 * channel + byte] = Float((Double(byte) - mean) / deviation) }
            }
            return [Float](unsafeUninitializedCapacity: bytes.count) { values, filled in
                standardized.withUnsafeBufferPointer { standardized in
                    var channel = 0
                    for place in bytes.indices {
                        values[place] = standardized[256 * channel + Int(bytes[place])]
                        channel = channel + 1 == channels ? 0 : channel + 1
                    }
                }
                filled = bytes.count
            }
        }
        return try Dataset(count: chosen.count, sampleShape: sampleShape, features: .floats(values), targets: chosen.targets)
    }
}
