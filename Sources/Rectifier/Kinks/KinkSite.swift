/// One kink of one operation of a network.
struct KinkSite {
    /// The operation's result.
    var result: Formula
    var kink: Kink
    /// The layer it belongs to, as ``NetworkSummary`` names it; `loss` beyond the last.
    var layer: String
    /// Extents of one sample's elements: `[units]`.
    var extents: [Int] { result.shape.extents.dropFirst().map { $0 } }
}

extension Network.Built {
    /// The kinks below some expressions (the output, or losses made of it), in the order they are computed.
    ///
    /// - Parameter dependents: Only those whose operands depend on one of these, such as the parameters or the input; others change no derivative.
    func kinkSites(below outputs: [Formula], dependingOn dependents: [Formula]) -> [KinkSite] {
        let order = topologicalOrder(of: outputs)
        var depends = Set(dependents.map(\.id))
        var sites: [KinkSite] = []
        for expression in order where expression.operands.contains(where: { depends.contains($0.id) }) {
            depends.insert(expression.id)
            let row = layerOutputs.firstIndex { $0.id >= expression.id }
            for kink in expression.operation.kinks(of: expression.operands) {
                sites.append(KinkSite(result: expression, kink: kink, layer: row.map { rows[$0].name } ?? "loss"))
            }
        }
        return sites
    }
}
