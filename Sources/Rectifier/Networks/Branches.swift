// Layers made of layers: the same input goes into each branch, and what comes out is joined. A branch without layers
// hands on the input. Gradients need no rule of their own: they follow from the formulas.

/// Adds what some layers make of the input to the input: `x + layers(x)`. The layers keep the shape.
public struct Residual: LayerOfLayers {
    public var layers: [any Layer]

    public init(@NetworkBuilder _ layers: () -> [any Layer]) { self.layers = layers() }
    public init(layers: [any Layer]) { self.layers = layers }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let change = try build.apply(layers, to: x)
        guard change.shape == x.shape else { throw RectifierError(.shape, "adds \(change.shape) to \(x.shape); both must be one shape") }
        return try x + change
    }

    package var branches: [[any Layer]] { [layers] }

    package init(branches: [[any Layer]]) throws {
        guard branches.count == 1 else { throw RectifierError(.setting, "has one list of layers; '|' is for sum, mean, vote and concat") }
        self.init(layers: branches[0])
    }
}

/// The sum of what several branches make of the input; all of one shape.
///
/// ```swift
/// Sum([Dense(64)], [Dense(16), ReLU(), Dense(64)])
/// ```
public struct Sum: LayerOfLayers {
    public var branches: [[any Layer]]

    /// - Parameter branches: At least one. An empty one hands on the input.
    public init(_ branches: [any Layer]...) { self.branches = branches }
    public init(branches: [[any Layer]]) { self.branches = branches }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let parts = try build.apply(branches, to: x) { $0 == $1 }
        return try parts.dropFirst().reduce(parts[0]) { try $0 + $1 }
    }
}

/// The mean of what several branches make of the input; all of one shape. A network that ends in it is an ensemble:
/// the errors of its branches cancel in part. For classes see ``Vote``.
///
/// ```swift
/// Mean([Dense(16), ReLU(), Dense(3)], [Dense(16), ReLU(), Dense(3)])
/// ```
public struct Mean: LayerOfLayers {
    public var branches: [[any Layer]]

    /// - Parameter branches: At least one. An empty one hands on the input.
    public init(_ branches: [any Layer]...) { self.branches = branches }
    public init(branches: [[any Layer]]) { self.branches = branches }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let parts = try build.apply(branches, to: x) { $0 == $1 }
        build.members = parts
        return try parts.dropFirst().reduce(parts[0]) { try $0 + $1 } * .constant(1 / Double(parts.count))
    }
}

/// The logarithm of the mean of the probabilities that several branches give classes; all of one shape. A network that
/// ends in it is an ensemble for classes, and what follows, softmax and cross-entropy, takes the logarithms for scores.
/// Probabilities below 1e-7 count as that.
///
/// ```swift
/// Vote([Dense(16), ReLU(), Dense(3)], [Dense(16), ReLU(), Dense(3)])
/// ```
public struct Vote: LayerOfLayers {
    public var branches: [[any Layer]]

    /// - Parameter branches: At least one. An empty one hands on the input.
    public init(_ branches: [any Layer]...) { self.branches = branches }
    public init(branches: [[any Layer]]) { self.branches = branches }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let parts = try build.apply(branches, to: x) { $0 == $1 }
        build.members = parts
        let sum = try parts.map { try softmax($0) }.reduce(.constant(1e-7)) { try $0 + $1 }
        return try log(sum * .constant(1 / Double(parts.count)))
    }
}

/// What several branches make of the input, joined along the last axis; all other axes are the same.
///
/// ```swift
/// Concatenation([Dense(8)], [Dense(8), ReLU()], [])
/// ```
public struct Concatenation: LayerOfLayers {
    public var branches: [[any Layer]]
    public var name: String { "concat" }

    /// - Parameter branches: At least one. An empty one hands on the input.
    public init(_ branches: [any Layer]...) { self.branches = branches }
    public init(branches: [[any Layer]]) { self.branches = branches }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let parts = try build.apply(branches, to: x) { $0.extents.dropLast() == $1.extents.dropLast() }
        return try concatenated(parts, axis: -1)
    }
}

extension NetworkBuild {
    /// Applies layers one after another.
    mutating func apply(_ layers: [any Layer], to x: Formula) throws -> Formula { try layers.reduce(x) { try apply($1, to: $0) } }

    /// What each branch makes of the input.
    /// - Parameter fits: Whether the shape of the first branch and that of another can be joined.
    fileprivate mutating func apply(
        _ branches: [[any Layer]], to x: Formula, joining fits: (Shape, Shape) -> Bool
    ) throws -> [Formula] {
        let parts = try branches.map { try apply($0, to: x) }
        guard let first = parts.first else { throw RectifierError(.shape, "needs at least one branch") }
        for (index, part) in parts.enumerated() where !fits(first.shape, part.shape) {
            throw RectifierError(.shape, "branch 1 gives \(first.shape), branch \(index + 1) \(part.shape), which cannot be joined")
        }
        return parts
    }
}
