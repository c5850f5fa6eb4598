/// How much rounding moves a function, squared, in units of half an ulp of 1: the sum over everything computed on the way of the square of its own rounding
/// error times the function's derivative with respect to it.
///
/// To first order, and with errors taken as independent, so that n of them add up like √n (Higham and Mary 2019); bounds that hold always are a million times
/// what is seen. The derivatives are those under test, but a wrong one changes the bound by no more than it changes the gradient.
///
/// - Parameter variables: What changes between two evaluations; everything else is the same in both, errors included. Their own rounding counts.
func squaredRounding(of function: Formula, dependingOn variables: [Formula], batchSize: Int) throws -> Formula {
    let formulas = dependents(below: [function], on: variables).filter { !$0.operation.onlyMovesElements }
    let derivatives = try gradients(of: function, withRespectTo: formulas)
    return try zip(formulas, derivatives).reduce(.constant(0)) { sum, term in
        let (size, factor) = try ownRounding(of: term.0, batchSize: batchSize)
        let error = try term.1 * size
        return try sum + .constant(factor * factor) * (error * error).sum()
    }
}

/// A size that an operation's rounding error is proportional to, and the factor.
private func ownRounding(of result: Formula, batchSize: Int) throws -> (size: Formula, factor: Double) {
    let x = result.operands
    switch result.operation {
    case let product as MatrixProduct:
        let terms = x[0].shape.resolved(batchSize: batchSize)[product.transposingA ? 0 : 1]
        return (try Formula(product, abs(x[0]), abs(x[1])), Double(terms).squareRoot())
    case let reduction as Reduction where !reduction.hasTies:
        let terms = x[0].shape.resolved(batchSize: batchSize)[reduction.axes].reduce(1, *)
        return (try Formula(reduction, abs(x[0])), Double(terms).squareRoot())
    case is Softmax, is LogSoftmax, is LogSumExp, is SoftmaxCrossEntropy:
        // Differences to the largest element enter an exponential.
        let terms = x[0].shape.resolved(batchSize: batchSize)[1]
        return (try abs(result) + abs(x[0]).maximum(over: [-1], keepingAxes: true) + 1, 16 + Double(terms).squareRoot())
    case is Add, is Subtract, is Multiply, is Divide, is Input: return (abs(result), 1)
    default: return (abs(result), 8)
    }
}

extension Operation {
    /// Whether the result holds the operands' numbers as they are.
    fileprivate var onlyMovesElements: Bool {
        self is Reshape || self is Broadcast || self is Transpose || self is Slice || self is Concatenate || self is Negate
    }
}
