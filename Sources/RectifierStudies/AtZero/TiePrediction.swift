import RectifierInstruments

/// How often pre-activations of a freshly drawn network should be exactly 0, from first principles: no number in it is
/// fitted.
///
/// A pre-activation is a + b: a sum of products, nearly normal with the variance that PyTorch's initialization gives
/// it, and a bias, uniform between ±1 / √fan-in.
///
/// - In 32 and 64 bits it is 0 where a, which is rounded to the spacing of numbers of b's size, meets -b: with the
///   chance E[φ(b / σ) / σ · ulp(b)].
/// - In 16 bits, summed in 32, it is 0 where rounding makes it so, |a + b| < 2⁻²⁵: with the chance p(0) · 2⁻²⁴.
///
/// Ties are rare and nearly independent, so the number of them in a network is a Poisson number. Biases of 0 and inputs
/// that are all 0 are outside the model.
public struct TiePrediction: Sendable, Hashable {
    /// The expected number of ties for one sample, by hidden layer.
    public var tiesPerSample: [Double]

    /// - Parameters:
    ///   - meanSquare: Of the elements of the input.
    ///   - inputs: Elements of one sample.
    ///   - units: Of each hidden layer, first to last.
    ///   - precision: float16, float32 or float64.
    public init(meanSquare: Double, inputs: Int, units: [Int], precision: ElementType) {
        var square = meanSquare, fanIn = inputs
        tiesPerSample = []
        for count in units {
            // Weights have the variance 1 / (3 fan-in), and so have biases.
            let sumVariance = square / 3, limit = 1 / Double(fanIn).squareRoot()
            let variance = sumVariance + limit * limit / 3
            let rate =
                switch precision {
                case .float16: 1 / (2 * Double.pi * variance).squareRoot() * 0x1p-24
                default:
                    TiePrediction.meeting(
                        deviation: sumVariance.squareRoot(), limit: limit, significandBits: precision == .float64 ? 52 : 23)
                }
            tiesPerSample.append(Double(count) * rate)
            // ReLU lets half of a symmetric signal's square through.
            (square, fanIn) = (variance / 2, count)
        }
    }

    /// The expected number of ties in a network over some samples.
    public func ties(samples: Int) -> Double { tiesPerSample.reduce(0, +) * Double(samples) }

    /// The chance that there is one at least.
    public func share(samples: Int) -> Double { 1 - exponential(of: -ties(samples: samples)) }

    /// E[φ(b / σ) / σ · ulp(b)] for b uniform in (0, limit): octave by octave, in each of which the spacing is one
    /// number and the integral a difference of Φ.
    private static func meeting(deviation: Double, limit: Double, significandBits: Int) -> Double {
        guard deviation > 0 else { return 0 }
        func below(_ b: Double) -> Double { errorFunction(of: b / deviation / 2.0.squareRoot()) / 2 }
        var sum = 0.0
        var upper = limit
        // Every octave counts a quarter of the one above; after 60 nothing is left.
        for _ in 0..<60 {
            let exponent = Int(upper.exponent) - (upper.significand == 1 ? 1 : 0)
            let lower = Double(sign: .plus, exponent: exponent, significand: 1)
            sum += (below(upper) - below(lower)) * Double(sign: .plus, exponent: exponent - significandBits, significand: 1)
            upper = lower
        }
        return sum / limit
    }
}
