/// Where formulas are zeros of a kind. The mask of each formula is made once, whoever else is computed from it.
struct ZeroMasks {
    let kind: ZeroKind
    private var masks: [Int: Formula?] = [:]

    init(_ kind: ZeroKind) { self.kind = kind }

    /// 1 where `formula` is such a zero, 0 elsewhere; `nil` where it has none.
    mutating func mask(of formula: Formula) throws -> Formula? {
        if let known = masks[formula.id] { return known }
        let mask = try formula.operation.zeros(kind, of: formula) { try self.mask(of: $0) }
        masks[formula.id] = .some(mask)
        return mask
    }
}
