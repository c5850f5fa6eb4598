import Rectifier

/// A box of a network's inputs: each number of a sample between two bounds, both included.
///
/// What is meant is what the network is fed: numbers that are standardized where the model's preparation does so, bytes
/// times ``Dataset/byteScale``.
public struct InputBox: Sendable, Equatable {
    /// The least of each number of a sample, in row-major order.
    public let low: [Double]
    /// The largest of each, not below the least.
    public let high: [Double]

    /// - Throws: ``RectifierError/Kind/shape`` where the bounds are not of one length, ``RectifierError/Kind/setting``
    ///   where one is not finite, or a lower one above its upper one.
    public init(low: [Double], high: [Double]) throws {
        guard low.count == high.count, !low.isEmpty else {
            throw RectifierError(.shape, "a box needs a lower and an upper bound for each input, not \(low.count) and \(high.count)")
        }
        for (place, (low, high)) in zip(low, high).enumerated() where !(low <= high && low.isFinite && high.isFinite) {
            throw RectifierError(.setting, "input \(place): \(low) to \(high) is no interval of finite numbers")
        }
        (self.low, self.high) = (low, high)
    }

    /// The smallest box that holds all samples, as a network is fed them.
    public init(of data: Dataset) {
        let width = data.width
        var low = [Double](repeating: .infinity, count: width), high = [Double](repeating: -.infinity, count: width)
        func widen<Element: BinaryFloatingPoint>(_ values: [Element]) {
            values.withUnsafeBufferPointer { values in
                for sample in 0..<data.count {
                    for place in 0..<width {
                        let value = Double(values[sample * width + place])
                        low[place] = min(low[place], value)
                        high[place] = max(high[place], value)
                    }
                }
            }
        }
        switch data.features {
        case .floats(let values): widen(values)
        case .doubles(let values): widen(values)
        case .bytes(let values):
            var least = [UInt8](repeating: .max, count: width), most = [UInt8](repeating: 0, count: width)
            for sample in 0..<data.count {
                for place in 0..<width {
                    least[place] = min(least[place], values[sample * width + place])
                    most[place] = max(most[place], values[sample * width + place])
                }
            }
            // Bytes are scaled in float arithmetic, where that is rounded as the double would be.
            let ulp = Double(Float(1).ulp)
            low = least.map { Double($0) * Dataset.byteScale * (1 - ulp) }
            high = most.map { Double($0) * Dataset.byteScale * (1 + ulp) }
        }
        (self.low, self.high) = (low, high)
    }

    /// A sample of the box: each number uniform between its bounds or, in every fourth sample, at one of them.
    func sample(_ index: Int, _ stream: RandomStream) -> [Double] {
        low.indices.map { place in
            let share = stream.uniform(index * low.count + place)
            if index % 4 == 3 { return share < 0.5 ? low[place] : high[place] }
            // Rounding may leave the box by an ulp.
            return min(max(low[place] + share * (high[place] - low[place]), low[place]), high[place])
        }
    }
}
