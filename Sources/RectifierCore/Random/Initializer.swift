/// How the weights of a layer are drawn before training. Fan-in and fan-out are the extents of a weight matrix
/// `[in, out]`; of a convolution's `[rows, columns, in, out]`, times the places of its window.
public enum Initializer: Sendable, Hashable {
    /// Normal with variance 2 / fan-in, which keeps signals' size through ReLU (He et al. 2015).
    case he
    case heUniform
    /// Normal with variance 2 / (fan-in + fan-out) (Glorot and Bengio 2010).
    case glorot
    case glorotUniform
    /// Normal with variance 1 / fan-in (LeCun et al. 1998).
    case lecun
    case lecunUniform
    /// Rows or columns orthonormal, times a gain (Saxe et al. 2013).
    case orthogonal(gain: Double = 1)
    /// Between -limit and limit.
    case uniform(Double)
    case constant(Double)

    public static let zeros = Initializer.constant(0)

    /// The values for a shape. Draw i depends on the stream and i alone.
    package func values(shape: [Int], stream: RandomStream) -> [Double] {
        let count = shape.reduce(1, *)
        let fanIn = Double(shape.dropLast().reduce(1, *))
        let units = shape.last ?? 1, fanOut = Double(units * shape.dropLast(2).reduce(1, *))
        func normal(_ variance: Double) -> [Double] { sideBySide(count: count) { stream.normal($0) * variance.squareRoot() } }
        func uniform(_ limit: Double) -> [Double] { sideBySide(count: count) { (2 * stream.uniform($0) - 1) * limit } }
        return switch self {
        case .he: normal(2 / fanIn)
        case .heUniform: uniform((6 / fanIn).squareRoot())
        case .glorot: normal(2 / (fanIn + fanOut))
        case .glorotUniform: uniform((6 / (fanIn + fanOut)).squareRoot())
        case .lecun: normal(1 / fanIn)
        case .lecunUniform: uniform((3 / fanIn).squareRoot())
        case .orthogonal(let gain): orthonormal(rows: Int(fanIn), columns: units, normal(1)).map { $0 * gain }
        case .uniform(let limit): uniform(limit)
        case .constant(let value): [Double](repeating: value, count: count)
        }
    }
}

/// The matrix with its shorter side's vectors made orthonormal, by Gram and Schmidt, twice over for accuracy.
private func orthonormal(rows: Int, columns: Int, _ matrix: [Double]) -> [Double] {
    let (vectors, length) = (min(rows, columns), max(rows, columns))
    let (vectorStride, elementStride) = rows <= columns ? (columns, 1) : (1, columns)
    var basis: [[Double]] = []
    for vector in 0..<vectors {
        var v = (0..<length).map { matrix[vector * vectorStride + $0 * elementStride] }
        for _ in 0..<2 {
            for b in basis {
                let along = zip(v, b).reduce(0) { $0 + $1.0 * $1.1 }
                for i in v.indices { v[i] -= along * b[i] }
            }
        }
        let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
        basis.append(v.map { $0 / norm })
    }
    var result = matrix
    for vector in 0..<vectors {
        for i in 0..<length { result[vector * vectorStride + i * elementStride] = basis[vector][i] }
    }
    return result
}
