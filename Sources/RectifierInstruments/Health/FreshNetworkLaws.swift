// What chance alone makes of a fresh ReLU network, before it has learned anything: exact laws, which its numbers at the
// start are held against.

/// The chance that a fresh ReLU network is dead at an input: that all units of some hidden layer are closed, so that
/// nothing below it can learn from that input.
///
/// A unit whose weights are drawn symmetrically around 0, and whose bias is 0 or drawn so too, is closed with
/// probability 1/2, whatever living layers before it gave. A network that is dead at every input is dead at this one,
/// so this bounds the chance of being born dead from above (Lu, Shin, Su and Karniadakis, arXiv 1903.06733).
public struct BornDeadLaw: Sendable, Hashable {
    /// Of each hidden layer.
    public let units: Int
    public let hiddenLayers: Int

    /// - Parameters:
    ///   - units: At least 1.
    ///   - hiddenLayers: At least 0.
    public init(units: Int, hiddenLayers: Int) {
        precondition(units > 0 && hiddenLayers >= 0, "a network has units, and not fewer layers than none")
        (self.units, self.hiddenLayers) = (units, hiddenLayers)
    }

    /// 1 - (1 - 2^-units)^hiddenLayers.
    public var probability: Double {
        let layer = Double(sign: .plus, exponent: -units, significand: 1)
        // Layer by layer, so that small chances keep their digits.
        return (0..<hiddenLayers).reduce(0) { dead, _ in dead + (1 - dead) * layer }
    }
}

/// How much longer or shorter a fresh layer makes its signal: the law of ln(|h|² / |x|²) for h = ReLU(x W), whose
/// weights are normal with variance 2 / inputs (He et al. 2015) and whose biases are 0.
///
/// So many units are open as a fair coin shows heads; each gives the square of a normal number: the quotient is
/// 2 / inputs · χ² with K ~ Binomial(units, 1/2) degrees of freedom. Its mean is units / inputs, 1 where both
/// are equal, but the mean of its logarithm is less, and layers add: a deep and narrow network fades although He's
/// weights keep the mean.
public struct SignalGrowthLaw: Sendable, Hashable {
    public let inputs: Int
    public let units: Int
    /// Of the logarithm, given that a unit is open.
    public let mean: Double
    /// Of the logarithm, given that a unit is open.
    public let variance: Double
    /// The mean fourth power of the logarithm's distance from its mean, given that a unit is open: what says how far a
    /// measured variance may be off.
    public let fourthMoment: Double
    /// The chance that none is.
    public var deadProbability: Double { BornDeadLaw(units: units, hiddenLayers: 1).probability }

    /// - Parameters:
    ///   - inputs: What a unit has weights for, at least 1.
    ///   - units: At least 1; as many as inputs where nothing is said.
    public init(inputs: Int, units: Int? = nil) {
        let units = units ?? inputs
        precondition(inputs > 0 && units > 0, "a layer has inputs and units")
        (self.inputs, self.units) = (inputs, units)

        // The logarithm of χ² with k degrees of freedom has the mean ψ(k/2) + ln 2 and, from the second on, the
        // cumulants ψ′(k/2), ψ″(k/2), …. These functions are known at 1/2 and at 1, and go from x to x + 1 by 1/x,
        // -1/x², 2/x³ and -6/x⁴.
        let euler = 0.57721566490153286061, zeta3 = 1.20205690315959428540, pi = Double.pi, log2 = logarithm(of: 2)
        var digamma = [-euler - 2 * log2, -euler], trigamma = [pi * pi / 2, pi * pi / 6]
        var third = [-14 * zeta3, -2 * zeta3], fourth = [pi * pi * pi * pi, pi * pi * pi * pi / 15]
        var parts: [(chance: Double, mean: Double, cumulants: (Double, Double, Double))] = []
        var logChance = -Double(units) * log2
        for k in 1...units {
            logChance += logarithm(of: Double(units - k + 1) / Double(k))
            let chance = exponential(of: logChance), place = (k + 1) % 2
            let mean = digamma[place] + logarithm(of: 4 / Double(inputs))
            parts.append((chance, mean, (trigamma[place], third[place], fourth[place])))
            let x = Double(k) / 2
            digamma[place] += 1 / x
            trigamma[place] -= 1 / (x * x)
            third[place] += 2 / (x * x * x)
            fourth[place] -= 6 / (x * x * x * x)
        }
        let chances = parts.reduce(0) { $0 + $1.chance }
        let mean = parts.reduce(0) { $0 + $1.chance * $1.mean } / chances
        var squares = 0.0, fourthPowers = 0.0
        for (chance, own, (variance, third, fourth)) in parts {
            let away = own - mean, square = away * away
            squares += chance * (square + variance)
            fourthPowers += chance * (square * square + 6 * square * variance + 4 * away * third + 3 * variance * variance + fourth)
        }
        self.mean = mean
        variance = squares / chances
        fourthMoment = fourthPowers / chances
    }
}
