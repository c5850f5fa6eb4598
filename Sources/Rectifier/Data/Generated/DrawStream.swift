import CRectifierKernels

/// Random numbers of one sample of a generated set: a function of the seed, the purpose and the sample's number alone.
struct DrawStream {
    private let key: UInt64
    private var index: UInt64 = 0

    /// - Parameter purpose: A number that no other use of random numbers has.
    init(seed: UInt64, purpose: UInt64, sample: Int) {
        key = rk_stream(seed, purpose, UInt64(sample))
    }

    mutating func bits() -> UInt64 {
        defer { index &+= 1 }
        return rk_draw(key, index)
    }

    /// Uniform in 0 ..< 1.
    mutating func unit() -> Double { Double(bits() >> 11) * 0x1p-53 }

    /// Uniform in `low` ..< `high`.
    mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }

    /// A whole number in 0 ..< `count`.
    mutating func below(_ count: Int) -> Int { Int(bits().multipliedFullWidth(by: UInt64(count)).high) }

    /// Mean 0, variance 1, and never beyond ±3.5: the sum of four uniform numbers, whose law is close to the normal one.
    mutating func bell() -> Double { (unit() + unit() + unit() + unit() - 2) * 1.7320508075688772 }

    /// Mean 0, variance 1, normal: Marsaglia's polar method, of whose two numbers the second is dropped.
    mutating func normal() -> Double {
        while true {
            let u = 2 * unit() - 1
            let v = 2 * unit() - 1
            let square = u * u + v * v
            if square > 0, square <= 1 { return u * (-2 * PortableMath.log(square) / square).squareRoot() }
        }
    }

    /// Puts elements into a random order (Fisher and Yates).
    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for last in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(last, below(last + 1)) }
    }
}

/// Functions made of +, -, × and ÷ alone, so that they give the same bits on every machine, which those of C libraries do not.
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
