/// How a number becomes features that a network can bend where the rows are, and that no outlier leads astray.
///
/// The first feature is the number less the rows' median over the distance of their quartiles, and softly clipped:
/// z / √(1 + (z/3)²), as RealMLP has it (Holzmüller, Grinsztajn and Steinwart 2024). Behind it stands a feature for
/// each piece between neighbouring edges: how much of the piece lies below the number, from -½ to ½ (piecewise linear
/// encoding; Gorishniy, Rubachev and Babenko 2022).
public struct NumberShape: Codable, Sendable, Equatable {
    public var median: Double
    /// Above 0.
    public var spread: Double
    /// From the lowest to the highest of the rows, no two equal; none where there are fewer than three different
    /// values.
    public var edges: [Double]

    /// Features.
    public var width: Int { max(1, edges.count) }

    var isPossible: Bool {
        median.isFinite && spread.isFinite && spread > 0 && edges.count != 1 && edges.allSatisfy(\.isFinite)
            && zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 && ($1 - $0).isFinite }
    }

    /// Writes the features of a number; a missing one counts as the median.
    @inline(__always)
    func encode<Number: BinaryFloatingPoint>(_ value: Double, to features: UnsafeMutablePointer<Number>) {
        let value = value.isNaN ? median : value, z = (value - median) / spread
        features[0] = Number(abs(z) < 1e6 ? z / (1 + z * z / 9).squareRoot() : z > 0 ? 3 : -3)
        edges.withUnsafeBufferPointer { edges in
            for piece in 1..<max(1, edges.count) {
                features[piece] = Number(min(max((value - edges[piece - 1]) / (edges[piece] - edges[piece - 1]), 0), 1) - 0.5)
            }
        }
    }
}

extension NumberShape {
    private static let pieces = 32

    /// Learned from the training rows' values in ascending order.
    ///
    /// Half of the edges are quantiles of the values, and half of the *different* values, so that a column that is 0 in
    /// most rows has edges among the others.
    init(_ sorted: [Double]) {
        func quantile(_ values: [Double], _ share: Double) -> Double {
            let place = share * Double(values.count - 1), below = min(Int(place), values.count - 2)
            return values[below] + (place - Double(below)) * (values[below + 1] - values[below])
        }
        func quantiles(_ values: [Double], _ count: Int) -> [Double] { (0...count).map { quantile(values, Double($0) / Double(count)) } }

        edges = []
        guard let lowest = sorted.first, let highest = sorted.last, lowest < highest else {
            (median, spread) = (sorted.first ?? 0, 1)
            return
        }
        median = quantile(sorted, 0.5)
        let quartiles = quantile(sorted, 0.75) - quantile(sorted, 0.25)
        spread = quartiles > 0 ? quartiles : (highest - lowest) / 2
        var different: [Double] = []
        for value in sorted where value != different.last { different.append(value) }
        guard different.count > 2 else { return }
        for edge in (quantiles(sorted, Self.pieces / 2) + quantiles(different, Self.pieces / 2)).sorted() where edge != edges.last {
            edges.append(edge)
        }
    }
}
