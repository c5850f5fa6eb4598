/// How far a point is from another.
public enum Norm: String, Sendable, CaseIterable {
    /// The sum of the differences' magnitudes.
    case l1
    /// The Euclidean length.
    case l2
    /// The largest magnitude.
    case maximum
}

/// The affine map that a network is around a point, and how far it reaches.
public struct LinearPiece: Sendable {
    /// The sample, in row-major order.
    public var point: [Double]
    /// What the network makes of it.
    public var output: [Double]
    /// `[outputs, inputs]`: around the point the network is `matrix · x + offset`. On a kink it has the derivatives
    /// that the operations declare there.
    public var matrix: Tensor
    /// `[outputs]`.
    public var offset: Tensor
    public var pattern: ActivationPattern
    private var nearest: [Norm: NearestKink]

    /// The kink that is reached first from the point, whatever the direction; `nil` where none is: the map is then
    /// valid everywhere.
    public func nearestKink(in norm: Norm) -> NearestKink? { nearest[norm] }

    init(at x: [Double], of pieces: LinearPieces) throws {
        let program = try pieces.linearise(at: x)
        func values(_ output: LinearPieces.PointOutput) -> [Double] { program.values(ofOutput: output.rawValue) }
        point = x
        output = values(.output)
        matrix = Tensor(shape: [output.count, pieces.width], values(.matrix))
        offset = Tensor(shape: [output.count], values(.offset))
        nearest = [:]
        guard pieces.unitCount > 0 else {
            pattern = ActivationPattern([])
            return
        }
        let margins = values(.margins)
        try pieces.checkFinite(margins)
        pattern = ActivationPattern(margins: margins)

        let tangents = program.address(ofOutput: LinearPieces.PointOutput.tangents.rawValue).assumingMemoryBound(to: Double.self)
        for (norm, dual) in [(Norm.l2, LinearPieces.PointOutput.l2), (.l1, .maximum), (.maximum, .l1)] {
            let norms = values(dual)
            try pieces.checkFinite(norms, "gradient")
            guard let (unit, distance) = LinearPiece.nearest(margins, norms) else { continue }
            let gradient = (0..<pieces.width).map { tangents[$0 * pieces.unitCount + unit] }
            nearest[norm] = NearestKink(
                norm: norm, distance: distance, unit: pieces.unit(unit), margin: margins[unit], gradient: gradient, from: x)
        }
    }

    /// The unit with the least |margin| / norm of its gradient. One without gradient does not change before another one
    /// does.
    private static func nearest(_ margins: [Double], _ norms: [Double]) -> (unit: Int, distance: Double)? {
        var best: (unit: Int, distance: Double)?
        for unit in margins.indices where norms[unit] > 0 {
            let distance = margins[unit].magnitude / norms[unit]
            if distance < best?.distance ?? .infinity { best = (unit, distance) }
        }
        return best
    }
}

/// The kink that is nearest to a point: every point nearer than it lies in the same linear region.
///
/// Inside the region each margin z is affine, so a kink is `|z| / ‖∇z‖` away, in the dual norm: that of ℓ₁ is ℓ∞ and
/// the other way round. The least of these is exact, since the plane that is reached first is reached before any gate
/// changes (Lee, Alvarez-Melis and Jaakkola 2019).
public struct NearestKink: Sendable {
    public var norm: Norm
    /// 0 for a point on the kink.
    public var distance: Double
    /// Which unit changes there.
    public var unit: KinkUnit
    /// How far the unit is from its kink, in its own unit: for ReLU the pre-activation.
    public var margin: Double
    /// The margin's derivative with respect to the input, in row-major order.
    public var gradient: [Double]
    /// The point on the kink that is nearest in this norm, one of them where there are several.
    public var point: [Double]

    init(norm: Norm, distance: Double, unit: KinkUnit, margin: Double, gradient: [Double], from x: [Double]) {
        (self.norm, self.distance, self.unit, self.margin, self.gradient) = (norm, distance, unit, margin, gradient)
        point = x
        // Against the sign of the margin, along the direction of length 1 that changes it most.
        let step = margin > 0 ? -distance : distance
        switch norm {
        case .l2:
            let largest = gradient.reduce(0) { max($0, $1.magnitude) }
            let length = largest * gradient.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
            for i in x.indices { point[i] += step * (gradient[i] / length) }
        case .l1:
            let steepest = gradient.indices.max { gradient[$0].magnitude < gradient[$1].magnitude }!
            point[steepest] += gradient[steepest] > 0 ? step : -step
        case .maximum:
            for i in x.indices where gradient[i] != 0 { point[i] += gradient[i] > 0 ? step : -step }
        }
    }
}

extension LinearPieces {
    /// The affine map around a sample, given in row-major order, and the kinks nearest to it.
    ///
    /// Throws where it has another number of elements than the network's input, or one that is not finite.
    public func piece(at x: [Double]) throws -> LinearPiece {
        try check(x, "the point")
        return try LinearPiece(at: x, of: self)
    }
}

/// The largest step along a direction that stays inside the linear region, given the kinks' margins and their
/// derivatives along it; infinite where nothing changes.
func largestStep(margins: [Double], derivatives: [Double]) -> Double {
    zip(margins, derivatives).reduce(.infinity) { $1.1 == 0 ? $0 : min($0, ($1.0 / $1.1).magnitude) }
}
