/// The six sets of TensorFlow Playground (github.com/tensorflow/playground, `dataset.ts`): points of the plane, drawn
/// from the same laws.
///
/// Coordinates lie within about ±6. Four sets have two classes, the other two a value of about -1 to 1.
enum PlaygroundSet: String, CaseIterable {
    case circle, xor, gauss, spiral, plane
    case multiGauss = "multi-gauss"

    /// The largest noise there is to choose.
    static let mostNoise = 0.5

    /// By the names used here, or those of the playground.
    init?(name: String) {
        switch name {
        case "reg-plane": self = .plane
        case "reg-gauss": self = .multiGauss
        default: self.init(rawValue: name)
        }
    }

    var isClassification: Bool { self != .plane && self != .multiGauss }

    /// Training samples, and test samples, when nothing is said.
    var usualSamples: Int { isClassification ? 250 : 600 }

    var summary: String {
        let what =
            switch self {
            case .circle: "a disc inside a ring"
            case .xor: "four quadrants, opposite ones alike"
            case .gauss: "two clouds"
            case .spiral: "two arms wound around one another"
            case .plane: "a value that rises along the diagonal"
            case .multiGauss: "a value of six hills and hollows"
            }
        return "\(what): \(usualSamples) + \(usualSamples) points [x, y], \(isClassification ? "2 classes" : "1 value")"
    }

    /// Numbers of the random streams: "points", with the set in the last byte.
    private var purpose: UInt64 { 0x70_6f69_6e74_7300 + UInt64(Self.allCases.firstIndex(of: self)!) }
    private static let orderPurpose: UInt64 = 0x70_6f69_6e74_73ff

    /// As many test samples as training samples, from one shuffled draw.
    func make(samples: Int?, noise: Double, seed: UInt64) throws -> (training: Dataset, test: Dataset) {
        let half = samples ?? usualSamples
        // Of the points, and of the features and targets made of them.
        try requireDataMemory([2 * half, 2 * MemoryLayout<Point>.size])
        var points = (0..<2 * half).map { i in
            var draws = RandomStream(seed: seed, purpose: purpose, sample: i)
            return point(i, of: 2 * half, noise: noise, &draws)
        }
        var order = RandomStream(seed: seed, purpose: Self.orderPurpose, sample: 0)
        order.shuffle(&points)
        return (try dataset(points[..<half]), try dataset(points[half...]))
    }

    private func dataset(_ points: ArraySlice<Point>) throws -> Dataset {
        try Dataset(
            count: points.count,
            sampleShape: [2],
            features: .doubles(points.flatMap { [$0.x, $0.y] }),
            targets: isClassification
                ? .classes(points.map { $0.label > 0 ? 1 : 0 }, names: ["-1", "1"])
                : .doubleValues(points.map(\.label), width: 1))
    }

    struct Point {
        var x: Double
        var y: Double
        /// The class, -1 or 1, or the value.
        var label: Double
    }

    /// Point `i` of `count`: of two classes, the first half is of one and the second of the other where the law asks
    /// for that.
    ///
    /// `circle`, `xor` and the two sets with values apply the noise to the label: it is that of a point moved by up to
    /// `noise` times the half-width of the plane. `gauss` and `spiral` move the point itself.
    private func point(_ i: Int, of count: Int, noise: Double, _ draws: inout RandomStream) -> Point {
        let isFirstHalf = i < count / 2
        switch self {
        case .circle:
            let radius = isFirstHalf ? draws.nextUniform(0, 2.5) : draws.nextUniform(3.5, 5)
            let direction = PortableMath.sineAndCosine(turns: draws.nextUniform())
            let (x, y) = (radius * direction.sine, radius * direction.cosine)
            let movedX = x + draws.nextUniform(-5, 5) * noise
            let movedY = y + draws.nextUniform(-5, 5) * noise
            return Point(x: x, y: y, label: movedX * movedX + movedY * movedY < 2.5 * 2.5 ? 1 : -1)

        case .xor:
            func padded(_ x: Double) -> Double { x > 0 ? x + 0.3 : x - 0.3 }
            let x = padded(draws.nextUniform(-5, 5))
            let y = padded(draws.nextUniform(-5, 5))
            let movedX = x + draws.nextUniform(-5, 5) * noise
            let movedY = y + draws.nextUniform(-5, 5) * noise
            return Point(x: x, y: y, label: movedX * movedY >= 0 ? 1 : -1)

        case .gauss:
            let label: Double = isFirstHalf ? 1 : -1
            // The variance goes from 0.5 to 4 as the noise goes from 0 to 0.5.
            let deviation = (0.5 + 7 * noise).squareRoot()
            return Point(x: 2 * label + deviation * draws.nextNormal(), y: 2 * label + deviation * draws.nextNormal(), label: label)

        case .spiral:
            let arm = count / 2
            let position = Double(isFirstHalf ? i : i - arm) / Double(arm)
            let radius = 5 * position
            let direction = PortableMath.sineAndCosine(turns: 1.75 * position + (isFirstHalf ? 0 : 0.5))
            return Point(
                x: radius * direction.sine + draws.nextUniform(-1, 1) * noise,
                y: radius * direction.cosine + draws.nextUniform(-1, 1) * noise,
                label: isFirstHalf ? 1 : -1)

        case .plane:
            let (x, y, movedX, movedY) = Self.pointAndMoved(noise, &draws)
            return Point(x: x, y: y, label: (movedX + movedY) / 10)

        case .multiGauss:
            let (x, y, movedX, movedY) = Self.pointAndMoved(noise, &draws)
            var label = 0.0
            for hill in Self.hills {
                let (dx, dy) = (movedX - hill.x, movedY - hill.y)
                // Cones, whatever the name says: 1 at the centre, 0 at distance 2.
                let height = hill.label * max(0, 1 - (dx * dx + dy * dy).squareRoot() / 2)
                if abs(height) > abs(label) { label = height }
            }
            return Point(x: x, y: y, label: label)
        }
    }

    /// A point of the whole plane, and the place where its value is taken.
    private static func pointAndMoved(_ noise: Double, _ draws: inout RandomStream) -> (Double, Double, Double, Double) {
        let x = draws.nextUniform(-6, 6)
        let y = draws.nextUniform(-6, 6)
        return (x, y, x + draws.nextUniform(-6, 6) * noise, y + draws.nextUniform(-6, 6) * noise)
    }

    private static let hills: [Point] = [
        Point(x: -4, y: 2.5, label: 1), Point(x: 0, y: 2.5, label: -1), Point(x: 4, y: 2.5, label: 1),
        Point(x: -4, y: -2.5, label: -1), Point(x: 0, y: -2.5, label: 1), Point(x: 4, y: -2.5, label: -1),
    ]
}
