import Rectifier
import RectifierCore

/// The largest eigenvalue of a symmetric matrix that is known by its products with vectors.
struct LargestEigenvalue: Equatable {
    /// The largest, not the one of the largest size: a negative one does not hide it. A lower bound until it has
    /// converged.
    var value: Double
    /// Products that were made.
    var products: Int
    var isConverged: Bool
}

extension LargestEigenvalue {
    /// Lanczos's method, from a fixed start vector of the standard normal law.
    ///
    /// Three vectors are kept and none is made orthogonal again. The orthogonality that rounding takes away goes where
    /// an eigenvector has been found (Paige 1976); it brings back copies of eigenvalues and spoils none, and the search
    /// ends when the largest is found.
    ///
    /// - Parameters:
    ///   - tolerance: It has converged when an eigenvalue lies within this share of it. The error itself is mostly much
    ///     smaller: that of a lone eigenvalue goes with the square of the tolerance.
    ///   - limit: Products to make at most.
    ///   - product: The matrix times a vector.
    /// - Returns: `nil` where a product is not finite.
    static func find(
        count: Int, tolerance: Double, limit: Int, product: ([Double]) throws -> [Double]
    ) rethrows -> LargestEigenvalue? {
        let stream = RandomStream(seed: 0, purpose: RandomPurpose.sharpness)
        var current = (0..<count).map { stream.normal($0) }, previous = [Double](repeating: 0, count: count)
        scale(&current, by: 1 / length(current))

        // The tridiagonal matrix that the vectors make of this one.
        var diagonal: [Double] = [], beside: [Double] = []
        var result = LargestEigenvalue(value: 0, products: 0, isConverged: count == 0)
        while !result.isConverged, result.products < limit {
            var next = try product(current)
            result.products += 1
            let along = dot(next, current), last = beside.last ?? 0
            for i in next.indices { next[i] -= along * current[i] + last * previous[i] }
            let rest = length(next)
            guard along.isFinite, rest.isFinite else { return nil }
            diagonal.append(along)

            let (values, ends) = eigenvalues(ofTridiagonal: diagonal, beside)
            let best = largest(values), size = values.reduce(0) { max($0, abs($1)) }
            result.value = values[best]
            // How far the vector that belongs to it is from being an eigenvector. At rounding nothing is left to find.
            let residual = rest * abs(ends[best])
            result.isConverged = residual <= tolerance * abs(values[best]) || residual <= 1e-14 * size
            beside.append(rest)
            scale(&next, by: rest > 0 ? 1 / rest : 0)
            (previous, current) = (current, next)
        }
        return result
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for i in a.indices { sum += a[i] * b[i] }
        return sum
    }

    private static func length(_ a: [Double]) -> Double { dot(a, a).squareRoot() }

    private static func scale(_ a: inout [Double], by factor: Double) { for i in a.indices { a[i] *= factor } }
}

/// The eigenvalues of a symmetric tridiagonal matrix, in no order, and the last element of each one's unit eigenvector.
///
/// Implicit QL with Wilkinson's shift; of the eigenvectors only the last row is carried along.
///
/// - Parameter beside: What stands beside the diagonal; more than there is room for is left out.
func eigenvalues(ofTridiagonal diagonal: [Double], _ beside: [Double]) -> (values: [Double], ends: [Double]) {
    let n = diagonal.count
    var d = diagonal, e = Array((beside + [Double](repeating: 0, count: n)).prefix(n - 1)) + [0]
    var z = [Double](repeating: 0, count: n)
    z[n - 1] = 1
    for first in 0..<n {
        // Each takes two or three rounds; far more than are ever needed.
        for _ in 0..<100 {
            var last = first
            while last < n - 1, abs(e[last]) > Double.ulpOfOne * (abs(d[last]) + abs(d[last + 1])) { last += 1 }
            if last == first { break }
            var g = (d[first + 1] - d[first]) / (2 * e[first])
            let root = (g * g + 1).squareRoot()
            g = d[last] - d[first] + e[first] / (g + (g < 0 ? -root : root))
            var s = 1.0, c = 1.0, p = 0.0, isSplit = false
            for i in stride(from: last - 1, through: first, by: -1) {
                let f = s * e[i], b = c * e[i], r = (f * f + g * g).squareRoot()
                e[i + 1] = r
                if r == 0 {
                    d[i + 1] -= p
                    e[last] = 0
                    isSplit = true
                    break
                }
                (s, c) = (f / r, g / r)
                g = d[i + 1] - p
                let t = (d[i] - g) * s + 2 * c * b
                p = s * t
                d[i + 1] = g + p
                g = c * t - b
                (z[i], z[i + 1]) = (c * z[i] - s * z[i + 1], s * z[i] + c * z[i + 1])
            }
            if isSplit { continue }
            d[first] -= p
            e[first] = g
            e[last] = 0
        }
    }
    return (d, z)
}
