import CRectifierKernels

/// What numbers are like as a whole. Nothing overflows or vanishes on the way.
package struct Moments {
    /// The largest size.
    package var largest: Double
    /// Infinite where a number is not finite.
    package var rootMeanSquare: Double
    /// The sum of all sizes.
    package var sizes: Double
    package var zeros: Int

    private init(_ moments: rk_moments) {
        (largest, rootMeanSquare, sizes, zeros) = (moments.largest, moments.root_mean_square, moments.sizes, Int(moments.zeros))
    }

    package init(_ values: [Double]) { self.init(rk_moments_float64(values, Int64(values.count))) }

    package init(_ tensor: Tensor) {
        switch tensor.storage {
        case .float32(let values): self.init(rk_moments_float32(values, Int64(values.count)))
        case .float64(let values): self.init(rk_moments_float64(values, Int64(values.count)))
        }
    }
}

extension Tensor {
    /// The root mean square of the difference to another tensor of the same shape and type.
    package func distance(to other: Tensor) -> Double {
        switch (storage, other.storage) {
        case (.float32(let a), .float32(let b)) where a.count == b.count: rk_distance_float32(a, b, Int64(count))
        case (.float64(let a), .float64(let b)) where a.count == b.count: rk_distance_float64(a, b, Int64(count))
        default: preconditionFailure("tensors of one shape and type have a distance")
        }
    }
}

/// Sums over the rows of a matrix, by column.
package struct ColumnMoments {
    package private(set) var sums: [Double]
    package private(set) var squares: [Double]
    package private(set) var sizes: [Double]
    private let rows: Int

    package init(_ values: [Double], columns: Int) {
        rows = values.count / max(1, columns)
        sums = [Double](repeating: 0, count: columns)
        (squares, sizes) = (sums, sums)
        rk_column_moments(values, Int64(rows), Int64(columns), &sums, &squares, &sizes)
    }

    /// The share of the mean square that is variance over the rows; 0 where all is 0, 1 for a single row.
    package var variation: Double {
        guard rows > 1 else { return 1 }
        let variance = zip(sums, squares).reduce(0) { $0 + max(0, $1.1 - $1.0 * $1.0 / Double(rows)) }, square = squares.reduce(0, +)
        return square > 0 ? variance / square : 0
    }
}

/// Places where one number is above 0 and the other is not.
package func signChanges(_ a: [Double], _ b: [Double]) -> Int { Int(rk_sign_changes(a, b, Int64(min(a.count, b.count)))) }

/// Of the places where `above` is not 0, the share where `below` is at most `limit` times as large.
package func blockedShare(_ below: [Double], of above: [Double], limit: Double) -> Double {
    var asked: Int64 = 0
    let blocked = rk_blocked(below, above, Int64(min(below.count, above.count)), limit, &asked)
    return asked > 0 ? Double(blocked) / Double(asked) : 0
}
