/// The outputs with each of some kinks counted, into the counter of the kink's number.
func watched(_ outputs: [Formula], _ sites: [KinkSite], _ counters: KinkCounters) throws -> [Formula] {
    let numbered = Dictionary(grouping: sites.enumerated(), by: { $0.element.result.id })
    return try rebuilt(outputs) { original, operands in
        guard let kinks = numbered[original.id] else { return nil }
        var operands = operands
        for (index, site) in kinks {
            let counter = KinkCounter(index, of: counters)
            if let counting = original.operation.counting(with: counter) { return try Formula(counting, operands) }
            guard let place = original.operands.firstIndex(of: site.kink.a) else { continue }
            if let value = site.kink.b.constantValue {
                operands[place] = operands[place].watched(at: value, counter)
            } else if let other = original.operands.firstIndex(of: site.kink.b) {
                operands[place] = try operands[place].watched(meeting: operands[other], counter)
            }
        }
        return try Formula(original.operation, operands)
    }
}
