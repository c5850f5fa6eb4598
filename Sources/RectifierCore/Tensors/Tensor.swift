/// Numbers in row-major order with a shape: what users hand in and get out.
///
/// There are always as many numbers as the shape has elements. What a program writes down itself goes to the
/// initializer for `[Float]` or `[Double]`, where a mistake is a failed precondition; what comes from outside goes to
/// ``init(shape:storage:)``, which throws.
public struct Tensor: Sendable, Equatable {
    /// The extents, outermost first, each at least 0; `[]` is a scalar.
    public let shape: [Int]
    public let storage: Storage

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
    public init(shape: [Int], _ values: [Float]) { self.init(known: shape, .float32(values)) }

    /// - Precondition: `values.count` is the product of `shape`.
    public init(shape: [Int], _ values: [Double]) { self.init(known: shape, .float64(values)) }

    /// Numbers with a shape that came from outside the program.
    ///
    /// Throws ``RectifierError/Kind/shape`` where the numbers do not fill the shape, or it has a negative extent.
    public init(shape: [Int], storage: Storage) throws {
        guard Shape.elementCount(shape) == storage.count else { throw Tensor.mismatch(shape, storage) }
        (self.shape, self.storage) = (shape, storage)
    }

    private init(known shape: [Int], _ storage: Storage) {
        precondition(Shape.elementCount(shape) == storage.count, Tensor.mismatch(shape, storage).description)
        (self.shape, self.storage) = (shape, storage)
    }

    private static func mismatch(_ shape: [Int], _ storage: Storage) -> RectifierError {
        RectifierError(.shape, "\(storage.count) numbers do not fill the shape \(shape)")
    }

    /// The same numbers in the same order with another shape.
    ///
    /// Throws ``RectifierError/Kind/shape`` where it has another number of elements.
    public func reshaped(to shape: [Int]) throws -> Tensor {
        guard Shape.elementCount(shape) == count else {
            throw RectifierError(.shape, "a tensor of shape \(self.shape), \(count) numbers, does not fill the shape \(shape)")
        }
        return try Tensor(shape: shape, storage: storage)
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
