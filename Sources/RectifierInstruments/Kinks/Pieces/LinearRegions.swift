import RectifierText

/// A part of the input space on which no kink is crossed: the network is affine there.
public struct LinearRegion: Sendable {
    /// The centre of the largest ball inside: as far from all kinks as a point of the region can be.
    public var centre: [Double]
    /// The ball's radius, at most half the box's longest side, or 1 in the whole space.
    public var radius: Double
    public var pattern: ActivationPattern
}

extension LinearPieces {
    /// All linear regions inside a box or in the whole space, exactly: for inputs of few elements.
    ///
    /// Unit by unit in the order they are computed, each region so far is cut in two where the unit's kink, a plane
    /// there, runs through it; a linear program tells whether it does. The time is that of one small linear program for
    /// each region and unit.
    ///
    /// - Parameters:
    ///   - box: A range for each element of the input, of a length above 0. `nil`: the whole space.
    ///   - tolerance: A region that holds no ball of this radius (times half the box's longest side) is taken for an
    ///     accident of rounding.
    ///   - limit: More regions than this are refused: their number grows with the units to the power of the inputs.
    /// Throws where the box does not fit the input or there are too many regions.
    public func regions(
        in box: [ClosedRange<Double>]? = nil, tolerance: Double = 1e-9, limit: Int = 1_000_000
    ) throws -> [LinearRegion] {
        guard tolerance > 0, tolerance < 1 else {
            throw RectifierError(.setting, "the tolerance must lie between 0 and 1, not at \(tolerance)")
        }
        var first = RegionCell(centre: [Double](repeating: 0, count: width), radius: 1)
        if let box {
            guard box.count == width else {
                throw RectifierError(
                    .shape, "the box has \(box.count) ranges; the network takes \(width) numbers, of shape \(network.inputShape)")
            }
            for (axis, range) in box.enumerated() {
                guard range.lowerBound < range.upperBound, (range.upperBound - range.lowerBound).isFinite else {
                    throw RectifierError(.setting, "range \(axis) of the box must have a length above 0 and below infinity, not \(range)")
                }
                var normal = [Double](repeating: 0, count: width)
                normal[axis] = 1
                first.walls.append(HalfSpace(normal: normal, offset: -range.lowerBound))
                first.walls.append(HalfSpace(normal: normal, offset: -range.upperBound).opposite)
                first.centre[axis] = range.lowerBound + (range.upperBound - range.lowerBound) / 2
            }
            let sides = box.map { $0.upperBound - $0.lowerBound }
            first.radius = sides.min()! / 2
            first.radiusLimit = sides.max()! / 2
        }

        var cells = [first]
        for site in sites {
            var next: [RegionCell] = []
            for cell in cells {
                let planes = try planes(of: site, around: cell.centre)
                // A plane that misses a box around the region misses the region, which spares it the linear programs.
                let bounds = boundingBox(of: cell.walls, around: cell.centre)
                var parts = [cell.withoutIdleWalls(bounds, tolerance: tolerance)]
                for case .plane(let plane) in planes {
                    let depths = plane.depths(in: bounds)
                    guard depths.least < 0, depths.largest > 0 else { continue }
                    parts = parts.flatMap { $0.cut(by: plane, tolerance: tolerance) }
                }
                for var part in parts {
                    part.isActive += planes.map { $0.isActive(at: part.centre) }
                    next.append(part)
                }
                guard next.count <= limit else {
                    throw RectifierError(.setting, "there are more than \(Format.count(limit)) linear regions; choose a smaller box")
                }
            }
            cells = next
        }
        return cells.map { LinearRegion(centre: $0.centre, radius: $0.radius, pattern: ActivationPattern($0.isActive)) }
    }

    /// Where the units of one operation have their kinks, as seen from inside a region of all operations before it.
    private func planes(of site: Site, around x: [Double]) throws -> [Margin] {
        let program = try linearise(at: x)
        let values = program.values(ofOutput: PointOutput.margins.rawValue)
        try checkFinite(values)
        let tangents = program.address(ofOutput: PointOutput.tangents.rawValue).assumingMemoryBound(to: Double.self)
        let lengths = program.values(ofOutput: PointOutput.l2.rawValue)
        try checkFinite(lengths, "gradient")
        let steepest = site.units.reduce(0) { max($0, lengths[$1]) }
        return site.units.map { unit in
            let length = lengths[unit]
            // What cancelled but for rounding is constant.
            guard length > steepest * 0x1p-40 else { return .constant(values[unit]) }
            let normal = (0..<width).map { tangents[$0 * unitCount + unit] / length }
            var offset = values[unit] / length
            for i in 0..<width { offset -= normal[i] * x[i] }
            return .plane(HalfSpace(normal: normal, offset: offset))
        }
    }
}

/// A unit's margin inside a region.
private enum Margin {
    case constant(Double)
    /// Up to a factor above 0.
    case plane(HalfSpace)

    func isActive(at x: [Double]) -> Bool {
        switch self {
        case .constant(let value): value > 0
        case .plane(let plane): plane.depth(of: x) > 0
        }
    }
}

/// A region while it is being cut.
private struct RegionCell {
    var walls: [HalfSpace] = []
    var centre: [Double]
    var radius: Double
    var radiusLimit = 1.0
    var isActive: [Bool] = []

    init(centre: [Double], radius: Double) { (self.centre, self.radius) = (centre, radius) }

    /// The same without the walls that it does not touch.
    func withoutIdleWalls(_ bounds: [ClosedRange<Double>], tolerance: Double) -> RegionCell {
        var result = self
        result.walls.removeAll { $0.depths(in: bounds).least > tolerance * radiusLimit }
        return result
    }

    /// What lies on either side of a plane; the region as it is where one of them is no more than rounding.
    func cut(by plane: HalfSpace, tolerance: Double) -> [RegionCell] {
        var parts: [RegionCell] = []
        for side in [plane, plane.opposite] {
            var part = self
            part.walls.append(side)
            (part.centre, part.radius) = largestBall(in: part.walls, from: centre, radiusLimit: radiusLimit)
            if part.radius > tolerance * radiusLimit { parts.append(part) }
        }
        // A plane that cuts nothing off is no wall.
        return parts.count == 2 ? parts : [self]
    }
}
