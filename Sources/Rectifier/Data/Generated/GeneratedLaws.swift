/// What generated sets draw: the same bits on every machine, because no function of a C library is in it.
extension RandomStream {
    /// The numbers of one sample.
    ///
    /// - Parameter purpose: A number that no other use of random numbers has.
    init(seed: UInt64, purpose: UInt64, sample: Int) { self.init(seed: seed, purpose: purpose, epoch: UInt64(sample)) }

    /// Mean 0, variance 1, and never beyond ±3.5: the sum of four uniform numbers, whose law is close to the normal
    /// one.
    mutating func nextBell() -> Double {
        (nextUniform() + nextUniform() + nextUniform() + nextUniform() - 2) * 1.7320508075688772
    }

    /// Mean 0, variance 1, normal: Marsaglia's polar method, of whose two numbers the second is dropped.
    mutating func nextNormal() -> Double {
        while true {
            let u = 2 * nextUniform() - 1
            let v = 2 * nextUniform() - 1
            let square = u * u + v * v
            if square > 0, square <= 1 { return u * (-2 * PortableMath.log(square) / square).squareRoot() }
        }
    }
}
