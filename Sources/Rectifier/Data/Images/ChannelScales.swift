extension Preparation {
    /// How images are normalized: of each number its channel's mean is subtracted before it is divided by the
    /// channel's deviation. Both are in the file's unit: bytes from 0 to 255.
    public struct ChannelScales: Codable, Sendable, Equatable {
        public var means: [Double]
        public var deviations: [Double]

        public init(means: [Double], deviations: [Double]) { (self.means, self.deviations) = (means, deviations) }

        /// Learned from some samples of byte images, all channels of a pixel side by side. A channel that is the same
        /// everywhere has the deviation 1.
        init(of array: NumericArray, rows: [Int32]) {
            let channels = Self.count(of: array.sampleShape), width = array.width
            guard case .bytes(let values) = array.elements else { preconditionFailure("checked before") }
            // How often each byte is there: exact, in whatever order.
            var counts = [Int](repeating: 0, count: 256 * channels)
            for row in rows {
                for place in 0..<width { counts[256 * (place % channels) + Int(values[Int(row) * width + place])] += 1 }
            }
            (means, deviations) = ([], [])
            let total = Double(rows.count * width / channels)
            for channel in 0..<channels {
                let counts = counts[256 * channel..<256 * (channel + 1)].enumerated()
                let mean = counts.reduce(0) { $0 + Double($1.offset * $1.element) } / total
                let squares = counts.reduce(0) { sum, byte in
                    let distance = Double(byte.offset) - mean
                    return sum + distance * distance * Double(byte.element)
                }
                means.append(mean)
                deviations.append(squares == 0 ? 1 : (squares / total).squareRoot())
            }
        }

        /// The channels of samples of a shape: the last of three axes, else one.
        static func count(of shape: [Int]) -> Int { shape.count == 3 ? shape[2] : 1 }

        /// A number at a place of a sample, as a network takes it.
        func scaled(_ number: Double, at place: Int) -> Double {
            let channel = place % means.count
            return (number - means[channel]) / deviations[channel]
        }
    }
}
