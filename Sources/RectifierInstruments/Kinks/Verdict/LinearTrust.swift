import RectifierText

/// How far one step of training could trust the linear model behind it: loss(θ + Δ) ≈ loss(θ) + g · Δ.
public struct LinearTrust: Sendable, Codable, Equatable {
    /// g · Δ: how the batch's loss would change if it were linear.
    public var predicted: Double
    /// How it did change.
    public var actual: Double
    /// The share of (sample, unit) pairs that changed sides at a kink, 0 to 1; of large layers in the batch's first
    /// samples.
    public var flipped: Double
    /// How far along the step the first of them did, in (0, 1]; `nil` if none did. Found by halving the step until none
    /// flips and then by bisection, to 1/32 of its own size. A pair that flips and flips back before that is not seen.
    public var firstFlip: Double?

    /// `loss fell 0.0368 (the gradient predicted 0.0423); 0.56 % of activations switched side`
    public var summary: String { summary(one: "activation", many: "activations") }

    /// The same with a name for what has the kinks.
    func summary(one: String, many: String) -> String {
        let change = actual == 0 ? "loss stayed the same" : "loss \(actual < 0 ? "fell" : "rose") \(Format.significant(abs(actual), 3))"
        let direction = predicted * actual > 0 ? "" : predicted < 0 ? "a fall of " : "a rise of "
        let sides = flipped > 0 ? "\(Format.significant(100 * flipped, 3)) % of \(many) switched side" : "no \(one) switched side"
        return "\(change) (the gradient predicted \(direction)\(Format.significant(abs(predicted), 3))); \(sides)"
    }
}

/// Computes ``LinearTrust`` for steps on batches of one size.
struct TrustProgram {
    private let memory: ParameterMemory
    /// Of the mean loss, by each parameter.
    private let derivatives: [Formula]
    /// The loss, and on which side of its kink each pair is.
    private let sides: [Formula]
    /// By output of `sides`, how many samples are looked at.
    private let samples: [Int: Int]
    private let compile: ([Formula], [Int: Int], ParameterMemory) throws -> Program

    /// Elements of a kink that are looked at, in the first samples of a batch, at least two.
    private static let mostElements = 1 << 18

    /// - Parameters:
    ///   - losses: One for each sample.
    ///   - compile: Makes a program over the batch that keeps so many samples of some outputs, with parameters of its
    ///     own.
    init(
        losses: Formula, _ parameters: [Formula], sites: [KinkSite], elementType: ElementType,
        compile: @escaping ([Formula], [Int: Int], ParameterMemory) throws -> Program
    ) throws {
        memory = try ParameterMemory(parameters: parameters, elementType: elementType)
        let loss = try losses.mean()
        derivatives = try gradients(of: loss, withRespectTo: parameters)
        sides = try [loss] + sites.map { try $0.kink.side }
        samples = Dictionary(
            uniqueKeysWithValues: sites.enumerated().map { ($0 + 1, max(2, Self.mostElements / max(1, $1.extents.reduce(1, *)))) })
        self.compile = compile
    }

    /// - Parameters:
    ///   - before: The parameters that the gradient was taken at.
    ///   - after: Those after the step.
    func trust(from before: Parameters, to after: Parameters) throws -> LinearTrust {
        let predicted = try predictedChange(from: before, to: after), sides = try compile(sides, samples, memory)
        func go(to share: Double) {
            place(share, from: before, to: after)
            sides.run()
        }
        func pattern() -> [Double] { samples.keys.sorted().flatMap { sides.values(ofOutput: $0) } }

        go(to: 0)
        let loss = sides.values(ofOutput: 0)[0], first = pattern()
        /// Pairs on the other side; one that starts on the kink itself has no side to leave.
        func flips() -> Int { zip(first, pattern()).count { $0 * $1 < 0 } }
        go(to: 1)
        let actual = sides.values(ofOutput: 0)[0] - loss, count = flips()
        var result = LinearTrust(predicted: predicted, actual: actual, flipped: first.isEmpty ? 0 : Double(count) / Double(first.count))
        guard count > 0 else { return result }
        var flipped = 1.0, same = 0.5
        while same > 1e-12 {
            go(to: same)
            if flips() == 0 { break }
            flipped = same
            same /= 2
        }
        while flipped - same > flipped / 32 {
            let middle = (flipped + same) / 2
            go(to: middle)
            if flips() == 0 { same = middle } else { flipped = middle }
        }
        result.firstFlip = flipped
        return result
    }

    /// What the gradient says of the loss.
    private func predictedChange(from before: Parameters, to after: Parameters) throws -> Double {
        let program = try compile(derivatives, [:], memory)
        place(0, from: before, to: after)
        program.run()
        var change = 0.0
        for (index, (start, end)) in zip(before, after).enumerated() {
            let derivative = program.values(ofOutput: index), a = start.tensor.doubles, b = end.tensor.doubles
            for i in derivative.indices { change += derivative[i] * (b[i] - a[i]) }
        }
        return change
    }

    /// Puts the weights `share` of the way from one set of parameters to another: some 20 times for each step that is
    /// looked at, so without a copy of them.
    private func place(_ share: Double, from before: Parameters, to after: Parameters) {
        for slot in memory.slots {
            let start = before[slot.name]!, end = after[slot.name]!
            switch memory.elementType {
            case .float64:
                let weights = (memory.weights + slot.offset * 8).assumingMemoryBound(to: Double.self)
                start.doubles.withUnsafeBufferPointer { a in
                    end.doubles.withUnsafeBufferPointer { b in
                        for i in 0..<slot.count { weights[i] = (1 - share) * a[i] + share * b[i] }
                    }
                }
            default:
                let weights = (memory.weights + slot.offset * 4).assumingMemoryBound(to: Float.self)
                start.floats.withUnsafeBufferPointer { a in
                    end.floats.withUnsafeBufferPointer { b in
                        for i in 0..<slot.count { weights[i] = Float((1 - share) * Double(a[i]) + share * Double(b[i])) }
                    }
                }
            }
        }
    }
}
