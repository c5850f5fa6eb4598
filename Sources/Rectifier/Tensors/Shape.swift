/// The extents of a formula, outermost first. One of them may be ``batch``: the number of samples, known when a program is compiled.
public struct Shape: Hashable, Sendable, CustomStringConvertible, ExpressibleByArrayLiteral {
    /// Stands for the number of samples of a batch.
    public static let batch = -1

    public var extents: [Int]

    public init(_ extents: [Int]) { self.extents = extents }
    public init(arrayLiteral extents: Int...) { self.extents = extents }

    public static let scalar = Shape([])

    public var rank: Int { extents.count }
    public subscript(axis: Int) -> Int { extents[axis] }

    /// `[batch, 784]`
    public var description: String {
        "[" + extents.map { $0 == Shape.batch ? "batch" : String($0) }.joined(separator: ", ") + "]"
    }

    /// The extents with the batch filled in.
    func resolved(batchSize: Int) -> [Int] { extents.map { $0 == Shape.batch ? batchSize : $0 } }

    /// The number of elements at a batch size.
    func count(batchSize: Int) -> Int { resolved(batchSize: batchSize).reduce(1, *) }

    /// What elementwise operations on both give: extents are matched from the last, and an extent of 1 repeats. `nil` where they do not match.
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
