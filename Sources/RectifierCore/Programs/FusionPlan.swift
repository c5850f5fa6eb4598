import CRectifierKernels

/// Which elementwise formulas are computed together, and which products they are the epilogue of.
///
/// An elementwise formula joins the group of its consumers when all of them are in one group of its shape, so that
/// nobody else needs its value. A product becomes the base of a group of its shape when only that group reads it.
struct FusionPlan {
    /// More would not fit a map's operands and temporaries.
    private static let largestGroup = 7
    /// Watches come on top, so that watching a network does not change what is fused, and where 16-bit types round.
    private static let mostWatches = 3

    private var groups: [Int: [Formula]] = [:]
    private var roots: [Int: Int] = [:]
    private var products: [Int: Formula] = [:]
    private var deferred = Set<Int>()

    init(order: [Formula], outputs: [Formula], batchSize: Int, rewrites: Set<Rewrite>) {
        var consumers: [Int: [Formula]] = [:]
        for formula in order {
            for operand in Set(formula.operands) { consumers[operand.id, default: []].append(formula) }
        }
        let needed = Set(outputs.map(\.id))

        var sizes: [Int: Int] = [:]
        for formula in order.reversed() where formula.isElementwise {
            let readers = consumers[formula.id] ?? []
            // Constants are written into every map; one gets a buffer only where something else reads it.
            if isInlineConstant(formula), !needed.contains(formula.id), readers.allSatisfy(\.isElementwise) {
                deferred.insert(formula.id)
                continue
            }
            let readerRoots = Set(readers.map { roots[$0.id] })
            if rewrites.contains(.fuseElementwise), !needed.contains(formula.id), readerRoots.count == 1, let root = readerRoots.first!,
                groups[root]![0].shape == formula.shape,
                formula.isWatch ? groups[root]!.count(where: \.isWatch) < FusionPlan.mostWatches : sizes[root]! < FusionPlan.largestGroup
            {
                roots[formula.id] = root
                groups[root]!.append(formula)
                if !formula.isWatch { sizes[root]! += 1 }
                deferred.insert(formula.id)
            } else {
                roots[formula.id] = formula.id
                groups[formula.id] = [formula]
                sizes[formula.id] = 1
            }
        }
        for root in groups.keys { groups[root]!.sort { $0.id < $1.id } }

        guard rewrites.contains(.fuseEpilogue) else { return }
        for product in order where product.operation is any Contraction && !needed.contains(product.id) {
            let readerRoots = Set((consumers[product.id] ?? []).map { roots[$0.id] })
            guard readerRoots.count == 1, let root = readerRoots.first!, products[root] == nil, groups[root]!.last!.shape == product.shape
            else { continue }
            products[root] = product
            deferred.insert(product.id)
        }
    }

    /// Whether a formula is computed as part of another.
    func isDeferred(_ formula: Formula) -> Bool { deferred.contains(formula.id) }
    /// The members of a root's group, operands before results, the root last.
    func group(of root: Formula) -> [Formula] { groups[root.id]! }
    /// The product that a root's group is the epilogue of.
    func product(under root: Formula) -> Formula? { products[root.id] }
}
