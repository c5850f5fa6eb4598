import RectifierText

/// A rectangle in a plane through the input space: the points `origin + s * u + t * v`.
public struct PlaneWindow: Sendable {
    public var origin: [Double]
    public var u: [Double]
    public var v: [Double]
    public var s: ClosedRange<Double>
    public var t: ClosedRange<Double>

    public init(origin: [Double], u: [Double], v: [Double], s: ClosedRange<Double>, t: ClosedRange<Double>) {
        (self.origin, self.u, self.v, self.s, self.t) = (origin, u, v, s, t)
    }

    /// The window of a network with two inputs: `x` and `y` are the inputs themselves.
    public init(x: ClosedRange<Double>, y: ClosedRange<Double>) {
        self.init(origin: [0, 0], u: [1, 0], v: [0, 1], s: x, t: y)
    }

    /// The sample at a place of the window.
    public func sample(at place: SIMD2<Double>) -> [Double] {
        origin.indices.map { origin[$0] + place.x * u[$0] + place.y * v[$0] }
    }
}

/// The linear regions that a plane through the input space cuts, as polygons.
public struct PlaneRegions: Sendable {
    public var window: PlaneWindow
    /// They fill the window and share edges only.
    public var polygons: [Polygon]

    /// A convex polygon on which the network is affine.
    public struct Polygon: Sendable {
        /// Corners `(s, t)` in counterclockwise order.
        public var corners: [SIMD2<Double>]
        /// Whose kink the edge from each corner to the next is; `nil` for the window's border.
        public var edges: [KinkUnit?]
        public var pattern: ActivationPattern

        public var area: Double { RectifierInstruments.area(of: corners) }
        /// The mean of the corners, a point inside.
        public var middle: SIMD2<Double> { RectifierInstruments.middle(of: corners) }
    }
}

extension LinearPieces {
    /// The linear regions in a window on a plane, as exact polygons.
    ///
    /// Cut unit by unit, as ``regions(in:tolerance:limit:)`` does, with polygons in place of linear programs. A kink
    /// that passes a corner at less than 10⁻¹⁰ of the window's diagonal passes through it.
    ///
    /// - Parameter limit: More polygons than this are refused.
    /// Throws where the window does not fit the input or there are too many regions.
    public func regions(in window: PlaneWindow, limit: Int = 1_000_000) throws -> PlaneRegions {
        try check(window.origin, "the origin of the window")
        try check(window.u, "the first axis of the window")
        try check(window.v, "the second axis of the window")
        for range in [window.s, window.t] {
            guard range.lowerBound < range.upperBound, (range.upperBound - range.lowerBound).isFinite else {
                throw RectifierError(.setting, "the window's sides must have a length above 0 and below infinity, not \(range)")
            }
        }
        let (s, t) = (window.s, window.t)
        let diagonal = SIMD2(s.upperBound - s.lowerBound, t.upperBound - t.lowerBound).length
        var cells = [
            PlaneCell(corners: [
                [s.lowerBound, t.lowerBound], [s.upperBound, t.lowerBound], [s.upperBound, t.upperBound], [s.lowerBound, t.upperBound],
            ])
        ]
        for site in sites {
            var next: [PlaneCell] = []
            for cell in cells {
                let lines = try lines(of: site, around: cell.middle, window)
                var parts = [cell]
                for line in lines where line.isCutting { parts = parts.flatMap { $0.cut(by: line, noise: 1e-10 * diagonal) } }
                for var part in parts {
                    let middle = part.middle
                    part.isActive += lines.map { $0.value(at: middle) > 0 }
                    next.append(part)
                }
                guard next.count <= limit else {
                    throw RectifierError(.setting, "there are more than \(Format.count(limit)) linear regions; choose a smaller window")
                }
            }
            cells = next
        }
        return PlaneRegions(
            window: window,
            polygons: cells.map { cell in
                PlaneRegions.Polygon(
                    corners: cell.corners, edges: cell.edges.map { $0.map(unit) }, pattern: ActivationPattern(cell.isActive))
            })
    }

    /// The margins of one operation's units as functions of the place in the window.
    private func lines(of site: Site, around place: SIMD2<Double>, _ window: PlaneWindow) throws -> [PlaneLine] {
        let program = try linearise(at: window.sample(at: place), along: window.u + window.v)
        let values = program.values(ofOutput: PointOutput.margins.rawValue)
        try checkFinite(values)
        let tangents = program.values(ofOutput: PointOutput.tangents.rawValue)
        try checkFinite(tangents, "gradient")
        let lines = site.units.map { unit in
            PlaneLine(unit: unit, place: place, value: values[unit], slope: [tangents[unit], tangents[unitCount + unit]])
        }
        let steepest = lines.reduce(0) { max($0, $1.slope.length) }
        // What cancelled but for rounding is constant.
        return lines.map {
            $0.slope.length > steepest * 0x1p-40 ? $0 : PlaneLine(unit: $0.unit, place: place, value: $0.value, slope: .zero)
        }
    }
}

/// A unit's margin in the plane, inside a region.
private struct PlaneLine {
    var unit: Int
    var place: SIMD2<Double>
    var value: Double
    var slope: SIMD2<Double>

    var isCutting: Bool { slope != .zero }
    func value(at other: SIMD2<Double>) -> Double { value + (slope * (other - place)).sum() }
}

/// A polygon while it is being cut.
private struct PlaneCell {
    var corners: [SIMD2<Double>]
    /// The unit whose kink the edge from each corner to the next is.
    var edges: [Int?]
    var isActive: [Bool] = []

    init(corners: [SIMD2<Double>]) { (self.corners, edges) = (corners, corners.map { _ in nil }) }

    var middle: SIMD2<Double> { RectifierInstruments.middle(of: corners) }

    /// What lies on either side of a line; distances up to `noise` count as 0.
    func cut(by line: PlaneLine, noise: Double) -> [PlaneCell] {
        let scale = line.slope.length
        let distances = corners.map { corner in
            let distance = line.value(at: corner) / scale
            return distance.magnitude <= noise ? 0 : distance
        }
        guard distances.contains(where: { $0 > 0 }), distances.contains(where: { $0 < 0 }) else { return [self] }
        return [1.0, -1].map { side in
            var part = PlaneCell(corners: [])
            part.isActive = isActive
            for i in corners.indices {
                let j = (i + 1) % corners.count
                let (here, there) = (side * distances[i], side * distances[j])
                if here >= 0 {
                    part.corners.append(corners[i])
                    // From a corner on the line to the other side runs the line itself.
                    part.edges.append(here == 0 && there < 0 ? line.unit : edges[i])
                }
                if (here > 0 && there < 0) || (here < 0 && there > 0) {
                    // Computed from the positive end, so that both parts get the same corner.
                    let (high, low) = distances[i] > 0 ? (i, j) : (j, i)
                    let share = distances[high] / (distances[high] - distances[low])
                    part.corners.append(corners[high] + share * (corners[low] - corners[high]))
                    part.edges.append(here > 0 ? line.unit : edges[i])
                }
            }
            return part
        }
    }
}

extension SIMD2<Double> {
    fileprivate var length: Double { (self * self).sum().squareRoot() }
}

private func middle(of corners: [SIMD2<Double>]) -> SIMD2<Double> { corners.reduce(.zero, +) / Double(corners.count) }

private func area(of corners: [SIMD2<Double>]) -> Double {
    var twice = 0.0
    for i in corners.indices {
        // Relative to a corner, so that a window far from 0 loses nothing.
        let a = corners[i] - corners[0], b = corners[(i + 1) % corners.count] - corners[0]
        twice += a.x * b.y - a.y * b.x
    }
    return twice / 2
}
