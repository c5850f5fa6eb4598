/// Numbers in row-major order with a shape: what users hand in and get out.
public struct Tensor: Sendable, Equatable {
    /// The extents, outermost first; `[]` is a scalar.
    public var shape: [Int]
    public var storage: Storage

    /// The numbers, as they are kept.
    public enum Storage: Sendable, Equatable {
        case float32([Float])
        case float64([Double])

        public var count: Int {
            switch self {
            case .float32(let values): values.count
            case .float64(let values): values.count
            }
        }
    }

    /// - Precondition: `values.count` is the product of `shape`.
    public init(shape: [Int], _ values: [Float]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values do not fill the shape \(shape)")
        self.shape = shape
        storage = .float32(values)
    }

    /// - Precondition: `values.count` is the product of `shape`.
    public init(shape: [Int], _ values: [Double]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values do not fill the shape \(shape)")
        self.shape = shape
        storage = .float64(values)
    }

    /// The number of elements.
    public var count: Int { storage.count }

    /// The numbers as `Double`. A copy, O(count).
    public var doubles: [Double] {
        switch storage {
        case .float32(let values): values.map(Double.init)
        case .float64(let values): values
        }
    }

    /// The numbers as `Float`, rounded where they are kept as `Double`. O(count) then.
    public var floats: [Float] {
        switch storage {
        case .float32(let values): values
        case .float64(let values): values.map(Float.init)
        }
    }
}
