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

    /// Of numbers of a computing type, where they lie.
    init(_ start: UnsafeRawPointer, count: Int, _ type: ElementType) {
        switch type {
        case .float64: self.init(rk_moments_float64(start.assumingMemoryBound(to: Double.self), Int64(count)))
        default: self.init(rk_moments_float32(start.assumingMemoryBound(to: Float.self), Int64(count)))
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
