/// 1 where `formula` is a zero of a kind, 0 elsewhere; `nil` where it has none.
func zeroMask(of formula: Formula, _ kind: ZeroKind) throws -> Formula? {
    var masks: [Int: Formula?] = [:]
    func mask(_ formula: Formula) throws -> Formula? {
        if let known = masks[formula.id] { return known }
        let mask = try formula.operation.zeros(kind, of: formula, mask)
        masks[formula.id] = .some(mask)
        return mask
    }
    return try mask(formula)
}
