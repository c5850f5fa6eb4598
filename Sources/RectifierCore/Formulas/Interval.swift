/// The numbers from `low` to `high`: between what an element lies as a program computes it.
///
/// An interval is bounded, and then the element is one of its numbers, or it is ``unbounded``, and then nothing is
/// known of the element: it may be infinite or NaN.
package struct Interval: Hashable, Sendable {
    package var low: Double
    package var high: Double

    package init(_ low: Double, _ high: Double) { (self.low, self.high) = (low, high) }
    package init(_ value: Double) { (low, high) = (value, value) }

    package static let unbounded = Interval(-.infinity, .infinity)
    package static let zero = Interval(0)

    package var isBounded: Bool { low > -.infinity && high < .infinity }
    package var isZero: Bool { low == 0 && high == 0 }
    package var magnitude: Double { max(low.magnitude, high.magnitude) }
    package func contains(_ value: Double) -> Bool { !isBounded || (low <= value && value <= high) }

    /// The smallest one that holds all.
    static func hull(_ values: Double...) -> Interval {
        // NaN, as of 0 / 0, is no bound.
        values.contains(where: \.isNaN) ? .unbounded : Interval(values.min()!, values.max()!)
    }

    func times(_ other: Interval) -> Interval {
        let (a, b, c, d) = (low * other.low, low * other.high, high * other.low, high * other.high)
        return Interval(min(min(a, b), min(c, d)), max(max(a, b), max(c, d)))
    }

    /// The smallest one that holds both.
    func joined(with other: Interval) -> Interval { Interval(min(low, other.low), max(high, other.high)) }
}

/// How far what a program computes in a precision may lie from the numbers that it stands for.
///
/// Bounds are computed in double precision and moved outward by this, so that they hold for every instruction set: for
/// sums in any order, with multiply-adds that round once or twice, for intermediate results that are rounded to the
/// element type and for those that stay in the wider computing type, and where numbers too small for the type become 0.
package struct Roundoff: Sendable {
    /// An ulp of 1 in the element type: twice what rounding to it moves a number, relative to the number.
    let ulp: Double
    /// Half an ulp of 1 in the computing type, what each multiplication or addition of a sum adds at most; for float64
    /// as much again, because the bounds themselves are computed in it.
    private let unit: Double
    /// What numbers of the element type that are too small for it are moved by at most.
    private let tiny: Double
    /// The same of the computing type.
    private let computedTiny: Double
    /// Beyond this the element type has infinities.
    let largest: Double
    /// Bits behind the leading one.
    private let fractionBits: Int

    package init(_ type: ElementType) {
        computedTiny = type == .float64 ? 0x1p-1022 : 0x1p-126
        unit = type == .float64 ? 0x1p-52 : 0x1.0001p-24
        switch type {
        case .float32: (fractionBits, tiny, largest) = (23, 0x1p-126, Double(Float.greatestFiniteMagnitude))
        case .float64: (fractionBits, tiny, largest) = (52, 0x1p-1022, .greatestFiniteMagnitude)
        case .bfloat16: (fractionBits, tiny, largest) = (7, 0x1p-126, 0x1.FEp127)
        case .float16: (fractionBits, tiny, largest) = (10, 0x1p-24, 65504)
        }
        ulp = Double(sign: .plus, exponent: -fractionBits, significand: 1)
    }

    /// Around the exact result of an operation that rounds correctly. Rounding keeps order and 0: no bound crosses 0.
    func rounded(_ exact: Interval) -> Interval {
        let (low, high) = (exact.low - error(exact.low), exact.high + error(exact.high))
        return Interval(exact.low >= 0 ? max(0, low) : low, exact.high <= 0 ? min(0, high) : high)
    }

    /// Around the results of a kernel that is good to a few ulps.
    func approximate(_ exact: Interval) -> Interval {
        Interval(exact.low - Self.kernelUlps * error(exact.low), exact.high + Self.kernelUlps * error(exact.high))
    }
    /// `MapTests` asks for 2.
    private static let kernelUlps = 8.0

    private func error(_ value: Double) -> Double { value == 0 ? 0 : value.magnitude * ulp + tiny }

    /// A number that is written in a formula, as programs have it.
    func constant(_ value: Double) -> Interval {
        guard value.isFinite, value.magnitude <= largest else { return .unbounded }
        let isExact = value == 0 || (value.significandWidth <= fractionBits && value.magnitude >= tiny)
        return isExact ? Interval(value) : rounded(Interval(value))
    }

    /// Around a sum of terms, each of two factors or one.
    ///
    /// The computed sum of n rounded terms differs from the exact one by at most n u / (1 - n u) of the sum of the
    /// terms' magnitudes, in whatever order they are added (Higham 2002, 3.1 and 4.2). Where all terms are on one side
    /// of 0 rounding leaves the sum there.
    /// - Parameters:
    ///   - magnitude: The sum of the terms' largest magnitudes.
    ///   - terms: How many there are; those that are exactly 0 may be among them.
    ///   - factors: The largest magnitude of the first factors, and of the second ones.
    ///   - signs: Between what all terms lie.
    func sum(_ exact: Interval, magnitude: Double, terms: Int, factors: (Double, Double), signs: Interval) -> Interval {
        guard magnitude > 0 else { return .zero }
        let error = Double(terms + 4) * unit
        guard error < 0.5, magnitude <= largest else { return .unbounded }
        // Factors and sums that are too small for the type may be taken for 0.
        let margin = error / (1 - error) * magnitude + Double(terms) * computedTiny * (1 + factors.0 + factors.1)
        return rounded(
            Interval(
                signs.low >= 0 ? max(0, exact.low - margin) : exact.low - margin,
                signs.high <= 0 ? min(0, exact.high + margin) : exact.high + margin))
    }

    /// The interval, or none where it leaves the range of the type.
    func inRange(_ interval: Interval) -> Interval {
        interval.low >= -largest && interval.high <= largest && interval.low <= interval.high ? interval : .unbounded
    }
}
