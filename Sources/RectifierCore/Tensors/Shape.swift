/// The extents of a formula, outermost first. One of them may be ``batch``: the number of samples, known when a program
/// is compiled.
public struct Shape: Hashable, Sendable, CustomStringConvertible, ExpressibleByArrayLiteral {
    /// Stands for the number of samples of a batch.
    public static let batch = -1

    public internal(set) var extents: [Int]

    /// - Precondition: Each extent is at least 0, or ``batch``. A ``Program`` computes only with extents of at least 1.
    public init(_ extents: [Int]) {
        precondition(extents.allSatisfy { $0 >= 0 || $0 == Shape.batch }, "\(extents) is no shape: extents are at least 0")
        self.extents = extents
    }

    public init(arrayLiteral extents: Int...) { self.init(extents) }

    public static let scalar = Shape([])

    public var rank: Int { extents.count }
    public subscript(axis: Int) -> Int { extents[axis] }

    /// `[batch, 784]`
    public var description: String {
        "[" + extents.map { $0 == Shape.batch ? "batch" : String($0) }.joined(separator: ", ") + "]"
    }

    /// The extents with the batch filled in.
    package func resolved(batchSize: Int) -> [Int] { extents.map { $0 == Shape.batch ? batchSize : $0 } }

    /// The product of extents; nil where one is negative, or the product is beyond every memory.
    package static func elementCount(_ extents: [Int]) -> Int? {
        var count = 1
        for extent in extents {
            guard extent >= 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            // A factor of 8 bytes an element must still fit.
            if overflow || product > Int.max >> 4 { return nil }
            count = product
        }
        return count
    }

    /// The number of elements at a batch size.
    package func count(batchSize: Int) -> Int { resolved(batchSize: batchSize).reduce(1, *) }

    /// What elementwise operations on both give: extents are matched from the last, and an extent of 1 repeats. `nil`
    /// where they do not match.
    func broadcast(with other: Shape) -> Shape? {
        let rank = Swift.max(rank, other.rank)
        var result: [Int] = []
        for axis in 0..<rank {
            let mine = axis - (rank - self.rank)
            let theirs = axis - (rank - other.rank)
            let a = mine < 0 ? 1 : self[mine]
            let b = theirs < 0 ? 1 : other[theirs]
            guard a == b || a == 1 || b == 1 else { return nil }
            result.append(a == 1 ? b : a)
        }
        return Shape(result)
    }

    /// The axis as a number from 0, where negative ones count from the end. `nil` outside the rank.
    func axis(_ axis: Int) -> Int? {
        let axis = axis < 0 ? axis + rank : axis
        return (0..<rank).contains(axis) ? axis : nil
    }
}
