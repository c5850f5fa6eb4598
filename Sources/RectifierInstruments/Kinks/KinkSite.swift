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

/// The kinks below some formulas, in the order they are computed.
///
/// - Parameters:
///   - dependents: Only those whose operands depend on one of these, such as the parameters or the input; others change
///     no derivative.
///   - layers: What came out of each layer, with its name, in order.
func kinkSites(below outputs: [Formula], dependingOn dependents: [Formula], layers: [(name: String, output: Formula)] = []) -> [KinkSite] {
    var depends = Set(dependents.map(\.id))
    var sites: [KinkSite] = []
    var place = 0
    for formula in topologicalOrder(of: outputs) where formula.operands.contains(where: { depends.contains($0.id) }) {
        depends.insert(formula.id)
        let kinks = formula.operation.kinks(of: formula.operands)
        guard !kinks.isEmpty else { continue }
        while place < layers.count, layers[place].output.id < formula.id { place += 1 }
        let layer = place < layers.count ? layers[place].name : "loss"
        sites += kinks.map { KinkSite(result: formula, kink: $0, layer: layer) }
    }
    return sites
}

extension Network.Built {
    /// The kinks below the output, or below losses made of it.
    func kinkSites(below outputs: [Formula], dependingOn dependents: [Formula]) -> [KinkSite] {
        RectifierInstruments.kinkSites(below: outputs, dependingOn: dependents, layers: zip(rows, layerOutputs).map { ($0.name, $1) })
    }
}
