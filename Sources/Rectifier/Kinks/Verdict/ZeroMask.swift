/// Which zeros of a value come from zeros of what it is computed of, and not from numbers that happen to cancel.
enum ZeroKind {
    /// Every input that contributes is 0, and so is the bias: no precision removes such a zero.
    case structural
    /// It stays 0 when parameters are changed a little: what contributes is data that is 0, or rectified from below 0. No derivative passes through it.
    case frozen
}

/// 1 where `formula` is such a zero, 0 elsewhere; `nil` where it has none.
func zeroMask(of formula: Formula, _ kind: ZeroKind) throws -> Formula? {
    let x = formula.operands
    func mask(_ operand: Formula) throws -> Formula? { try zeroMask(of: operand, kind) }
    func spread(_ mask: Formula?) throws -> Formula? { try mask?.broadcast(to: formula.shape) }
    switch formula.operation {
    case is Input, is DropoutMask: return try equal(formula, 0)
    case is Parameter: return kind == .structural ? try equal(formula, 0) : nil
    case is ReLUOperation where kind == .structural: return try equal(formula, 0)
    case is ReLUOperation:
        let below = heaviside(x[0], below: 1, atZero: 0, above: 0)
        return try mask(x[0]).map { try maximum(below, $0) } ?? below
    case is LeakyReLUOperation, is AbsoluteValue, is HyperbolicTangent, is Negate: return try mask(x[0])
    case is Reshape: return try mask(x[0])?.reshaped(to: formula.shape)
    case is Broadcast: return try spread(mask(x[0]))
    case is Add, is Subtract:
        guard let a = try mask(x[0]), let b = try mask(x[1]) else { return nil }
        return try spread(minimum(a, b))
    case is Multiply:
        guard let a = try mask(x[0]) else { return try spread(mask(x[1])) }
        return try spread(mask(x[1]).map { try maximum(a, $0) } ?? a)
    case let product as MatrixProduct:
        guard !product.transposingA, let rows = try mask(x[0]) else { return nil }
        return try spread(rows.minimum(over: [1], keepingAxes: true))
    default: return nil
    }
}
