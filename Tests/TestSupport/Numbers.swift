/// Numbers that look random and are always the same for a seed.
///
/// SplitMix64, written here a second time, so that no test draws its numbers from the library it tests.
public struct Numbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: some BinaryInteger) { state = UInt64(truncatingIfNeeded: seed) }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number from the range, its upper end left out.
    public mutating func uniform(in range: ClosedRange<Double> = -1...1) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double(next() >> 11) * 0x1p-53
    }

    /// A whole number in 0 ..< `bound`.
    public mutating func integer(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
    public mutating func integer(in range: ClosedRange<Int>) -> Int { range.lowerBound + integer(below: range.count) }
    public mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[integer(below: choices.count)] }
    /// True this share of the time, of 0 to 1.
    public mutating func chance(_ share: Double) -> Bool { uniform(in: 0...1) < share }
}
