/// Functions made of +, -, × and ÷ alone, so that they give the same bits on every machine, which those of C libraries
/// do not.
enum PortableMath {
    /// Sine and cosine of an angle in full turns. Error below 1e-15 up to a few turns.
    static func sineAndCosine(turns: Double) -> (sine: Double, cosine: Double) {
        let quarters = (turns * 4).rounded()
        let x = (turns - quarters / 4) * (2 * Double.pi)
        let square = x * x
        // Taylor series; |x| ≤ π/4.
        var sine = 0.0
        var cosine = 0.0
        for n in stride(from: 18.0, to: 0, by: -2) {
            sine = (1 - sine) * square / (n * (n + 1))
            cosine = (1 - cosine) * square / (n * (n - 1))
        }
        sine = x * (1 - sine)
        cosine = 1 - cosine
        return switch Int(quarters) & 3 {
        case 0: (sine, cosine)
        case 1: (cosine, -sine)
        case 2: (-sine, -cosine)
        default: (-cosine, sine)
        }
    }

    /// The natural logarithm of a positive normal number.
    static func log(_ x: Double) -> Double {
        var exponent = Double(x.exponent)
        var significand = x.significand
        if significand > 1.4142135623730951 {
            significand /= 2
            exponent += 1
        }
        // log m = 2 artanh z for z = (m - 1) / (m + 1); |z| < 0.172.
        let z = (significand - 1) / (significand + 1)
        let square = z * z
        var sum = 0.0
        for n in stride(from: 25.0, to: 0, by: -2) { sum = sum * square + 1 / n }
        return 2 * z * sum + exponent * 0.6931471805599453
    }
}
