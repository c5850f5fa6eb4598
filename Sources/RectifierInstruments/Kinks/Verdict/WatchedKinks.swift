/// Kinks that are counted while a program runs, each into the counter of its number.
struct WatchedKinks {
    private let numbered: [Int: [(offset: Int, element: KinkSite)]]
    private let counters: KinkCounters

    init(_ sites: [KinkSite], _ counters: KinkCounters) {
        numbered = Dictionary(grouping: sites.enumerated().map { ($0.offset, $0.element) }, by: { $0.element.result.id })
        self.counters = counters
    }

    /// A formula of the network with its kinks counted.
    /// - Parameter made: The formula as it stands so far.
    func counted(_ original: Formula, _ made: Formula) throws -> Formula {
        guard let kinks = numbered[original.id] else { return made }
        var operands = made.operands
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
