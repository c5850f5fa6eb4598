/// How much a fresh network's signal may grow or shrink from its first activation to its last, by chance alone.
///
/// For rectifiers behind dense layers of independent weights the growth of each layer follows ``SignalGrowthLaw``, and
/// layers add. The gradient on its way back follows the same law.
struct FlowLaw {
    /// Of ln(rms behind the last / rms behind the first).
    private(set) var mean = 0.0
    private(set) var variance = 0.0
    /// The mean for weights of He's variance: what is normal.
    private(set) var usualMean = 0.0
    var deviation: Double { variance.squareRoot() }
    /// Layers it speaks for.
    private(set) var layers = 0
    /// By activation, the logarithm of the predicted root mean square over that of the first; `nil` from where on the
    /// law says nothing.
    private(set) var path: [(mean: Double, deviation: Double)?] = []

    /// So many standard deviations away, chance alone is in a million runs once: a false alarm on either side.
    static let deviations = 4.75

    init(_ sites: [HealthSite]) {
        for (place, site) in sites.enumerated() {
            if place == 0 {
                path.append((0, 0))
                continue
            }
            guard path[place - 1] != nil, site.isGate, sites[place - 1].isGate, let dense = site.dense, dense.follows == place - 1,
                !dense.isNormalized, let weights = dense.initializer.variance(inputs: dense.inputs, units: dense.units)
            else {
                path.append(nil)
                continue
            }
            let law = SignalGrowthLaw(inputs: dense.inputs, units: dense.units)
            // Of squares; and of weights of He's variance.
            // A mean over units: the quotient of two layers' sizes has their numbers in it.
            let usual = (law.mean + logarithm(of: Double(dense.inputs) / Double(dense.units))) / 2
            usualMean += usual
            mean += usual + logarithm(of: weights * Double(dense.inputs) / 2) / 2
            variance += law.variance / 4
            layers += 1
            path.append((mean, variance.squareRoot()))
        }
        if path.contains(where: { $0 == nil }) { (mean, variance, usualMean, layers) = (0, 0, 0, 0) }
    }
}
