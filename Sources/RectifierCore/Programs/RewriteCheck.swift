/// A place where a rewrite changed a result.
public struct RewriteMismatch: Sendable, Equatable {
    /// What was left out; `nil` for all of them at once.
    public var rewrite: Rewrite?
    /// The number of the output, and of the element in it.
    public var output: Int
    public var element: Int
    public var with: Double
    public var without: Double
}

/// Computes some formulas with each rewrite in turn left out, and with all, and compares: at random points, and at
/// points where every input is drawn from {-1, -0.0, 0, 1, subnormals}, because a wrong derivative at a kink does not
/// show elsewhere.
///
/// - Parameters:
///   - points: The number of random points, and of points at kinks.
///   - tolerance: The largest relative difference that counts as equal; with 0, only the same bits are (and any two
///     NaNs). Folding constants, which is done in double precision, and stable forms may round otherwise; every other
///     rewrite changes no bit, not even the sign of a zero.
/// - Returns: Every difference that was found; empty if the rewrites are sound.
public func rewriteMismatches(
    of outputs: [Formula], parameters: Parameters = Parameters(), batchSize: Int = 3, elementType: ElementType = .float64, points: Int = 4,
    seed: UInt64 = 0, tolerance: Double = 0
) throws -> [RewriteMismatch] {
    let inputs = topologicalOrder(of: outputs).filter { $0.inputName != nil }
    let all = try Program(outputs, batchSize: batchSize, parameters: parameters, elementType: elementType)
    let subnormal = elementType == .float64 ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
    let kinks = [-1, -0.0, 0, 1, subnormal, -subnormal]
    let stream = RandomStream(seed: seed, purpose: RandomPurpose.rewriteCheck)
    var drawn = 0
    func draw() -> Int {
        drawn += 1
        return drawn
    }

    var mismatches: [RewriteMismatch] = []
    let partial = try ([nil] + Rewrite.allCases).map { (rewrite: Rewrite?) in
        let rest = rewrite.map { Set(Rewrite.allCases).subtracting([$0]) } ?? []
        return (rewrite, try Program(outputs, batchSize: batchSize, parameters: parameters, elementType: elementType, rewrites: rest))
    }
    for point in 0..<2 * points {
        for input in inputs {
            let values = (0..<input.shape.count(batchSize: batchSize)).map { _ in
                point % 2 == 0 ? 4 * stream.uniform(draw()) - 2 : kinks[Int(stream[draw()] % UInt64(kinks.count))]
            }
            for program in [all] + partial.map(\.1) {
                // A rewrite may have found that an input does not matter.
                if program.hasInput(input.operation.name) { try program.setInput(input.operation.name, to: values) }
            }
        }
        all.run()
        for (rewrite, program) in partial {
            program.run()
            for output in outputs.indices {
                for (element, (a, b)) in zip(all.values(ofOutput: output), program.values(ofOutput: output)).enumerated()
                where a.bitPattern != b.bitPattern && !(a.isNaN && b.isNaN)
                    && !(tolerance > 0 && (a == b || Swift.abs(a - b) <= tolerance * max(Swift.abs(a), Swift.abs(b))))
                {
                    mismatches.append(RewriteMismatch(rewrite: rewrite, output: output, element: element, with: a, without: b))
                }
            }
        }
    }
    return mismatches
}
