/// How much rounding moves a function, squared, in units of half an ulp of 1: the sum over everything computed on the
/// way of the square of its own rounding error times the function's derivative with respect to it.
///
/// To first order, and with errors taken as independent, so that n of them add up like √n (Higham and Mary 2019);
/// bounds that hold always are a million times what is seen. The derivatives are those under test, but a wrong one
/// changes the bound by no more than it changes the gradient.
///
/// - Parameter variables: What changes between two evaluations; everything else is the same in both, errors included.
///   Their own rounding counts.
func squaredRounding(of function: Formula, dependingOn variables: [Formula], batchSize: Int) throws -> Formula {
    let rounded = try dependents(below: [function], on: variables).compactMap { formula in
        try formula.operation.rounding(of: formula, batchSize: batchSize).map { (formula: formula, rounding: $0) }
    }
    let derivatives = try gradients(of: function, withRespectTo: rounded.map(\.formula))
    return try zip(rounded.map(\.rounding), derivatives).reduce(.constant(0)) { sum, term in
        let (rounding, derivative) = term
        let error = try derivative * rounding.size
        return try sum + .constant(rounding.factor * rounding.factor) * (error * error).sum()
    }
}
