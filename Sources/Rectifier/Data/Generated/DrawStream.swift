/// Random numbers of one sample of a generated set: a function of the seed, the purpose and the sample's number alone.
struct DrawStream {
    private let stream: RandomStream
    private var next = 0

    /// - Parameter purpose: A number that no other use of random numbers has.
    init(seed: UInt64, purpose: UInt64, sample: Int) {
        stream = RandomStream(seed: seed, purpose: purpose, epoch: UInt64(sample))
    }

    private mutating func advance() -> Int {
        defer { next += 1 }
        return next
    }

    /// Uniform in 0 ..< 1.
    mutating func unit() -> Double { stream.uniform(advance()) }

    /// Uniform in `low` ..< `high`.
    mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }

    /// A whole number in 0 ..< `count`.
    mutating func below(_ count: Int) -> Int { stream.integer(advance(), below: count) }

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
