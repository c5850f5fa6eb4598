import CRectifierKernels

/// What random numbers are drawn for. Every draw is a function of (seed, purpose, epoch, index), so neither the order
/// of evaluation nor the number of threads matters, and a resumed run draws what the uninterrupted one would have
/// drawn.
public enum RandomPurpose {
    public static let order: UInt64 = 1
    public static let split: UInt64 = 2
    static let rewriteCheck: UInt64 = 3
    public static let augmentation: UInt64 = 4
    public static let folds: UInt64 = 5
    package static let tuning: UInt64 = 9 << 32
    package static let bootstrap: UInt64 = 8 << 32
    package static let gradientCheck: UInt64 = 6 << 32
    package static let gradientCheckSamples: UInt64 = 6 << 32 | 1
    package static let prunedInputs: UInt64 = 6 << 32 | 2
    package static let sharpness: UInt64 = 7 << 32
    /// One stream for each parameter, by its place in the network.
    public static func initialization(_ parameter: Int) -> UInt64 { 1 << 32 | UInt64(parameter) }
    /// One stream for each dropout mask.
    public static func dropout(_ mask: Int) -> UInt64 { 2 << 32 | UInt64(mask) }
}

/// A stream of random numbers. It can be read at any place, by functions that take an index, and from its start one
/// number after another, by those that begin with `next`; a copy goes on from where the original is.
public struct RandomStream: Sendable {
    private let key: UInt64
    /// The index that is read next.
    private var index = 0

    public init(seed: UInt64, purpose: UInt64, epoch: UInt64 = 0) { key = rk_stream(seed, purpose, epoch) }

    /// 64 random bits.
    public subscript(index: Int) -> UInt64 { rk_draw(key, UInt64(bitPattern: Int64(index))) }

    /// A number in [0, 1), a multiple of 2⁻⁵³.
    public func uniform(_ index: Int) -> Double { Double(self[index] >> 11) * 0x1p-53 }

    /// A whole number in 0 ..< `count`: multiplying high maps 64 bits to it with a bias below 2⁻³³.
    public func integer(_ index: Int, below count: Int) -> Int { Int(self[index].multipliedFullWidth(by: UInt64(count)).high) }

    /// A number of the standard normal law (Box and Muller), from the draws `2 * index` and `2 * index + 1`.
    public func normal(_ index: Int) -> Double {
        let radius = (-2 * logarithm(of: 1 - uniform(2 * index))).squareRoot()
        return radius * cosine(of: 2 * Double.pi * uniform(2 * index + 1))
    }

    /// 0..<count in random order (Fisher and Yates).
    public func permutation(_ count: Int) -> [Int32] {
        [Int32](unsafeUninitializedCapacity: count) { order, filled in
            permute(UnsafeMutableBufferPointer(rebasing: order[..<count]))
            filled = count
        }
    }

    /// Fills memory with ``permutation(_:)`` of its count.
    package func permute(_ order: UnsafeMutableBufferPointer<Int32>) {
        for i in order.indices { order.initializeElement(at: i, to: Int32(i)) }
        for last in stride(from: order.count - 1, to: 0, by: -1) { order.swapAt(last, integer(last, below: last + 1)) }
    }
}

// MARK: One after another

extension RandomStream: RandomNumberGenerator {
    /// 64 random bits.
    public mutating func next() -> UInt64 { self[advance()] }

    /// A number in [0, 1).
    public mutating func nextUniform() -> Double { uniform(advance()) }

    /// A number in [`low`, `high`).
    public mutating func nextUniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * nextUniform() }

    /// A whole number in 0 ..< `count`.
    public mutating func nextInteger(below count: Int) -> Int { integer(advance(), below: count) }

    /// Puts elements into a random order (Fisher and Yates).
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        for last in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(last, nextInteger(below: last + 1)) }
    }

    private mutating func advance() -> Int {
        defer { index += 1 }
        return index
    }
}
