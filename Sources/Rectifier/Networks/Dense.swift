/// Every output is a weighted sum of all inputs: `x · weights + bias`, `[batch, n]` → `[batch, units]`.
///
/// `weights` is `[n, units]` and drawn by the initializer; `bias` is `[units]` and starts at 0.
public struct Dense: WeightedLayer, Hashable {
    public var units: Int
    public var initializer: Initializer
    public var hasBias: Bool

    /// - Parameter initializer: He's by default, which keeps the size of signals through ReLU.
    public init(_ units: Int, initializer: Initializer = .he, hasBias: Bool = true) {
        self.units = units
        self.initializer = initializer
        self.hasBias = hasBias
    }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        guard units > 0 else { throw RectifierError(.shape, "needs at least 1 unit, not \(units)") }
        guard x.shape.rank == 2, x.shape[1] > 0 else {
            throw RectifierError(.shape, "takes the shape [batch, n], not \(x.shape)\(x.shape.rank > 2 ? "; put Flatten() before it" : "")")
        }
        let weights = try build.parameter("weights", shape: [x.shape[1], units], initializer: initializer)
        let sum = try matmul(x, weights)
        return hasBias ? try sum + build.parameter("bias", shape: [units], initializer: .zeros, decays: false) : sum
    }
}
