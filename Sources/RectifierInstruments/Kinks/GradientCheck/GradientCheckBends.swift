/// Where a function of a gradient check bends: a kink of one operation, or ties of an extremum.
///
/// Its margins are 0 at the bend, and as long as none of them changes its sign the function stays on one piece.
struct Bend {
    enum Rule {
        /// The derivative at the kink is declared.
        case declared(Kink.Slopes)
        /// Equal extrema share evenly.
        case shared
        /// No derivative is declared: the operation jumps there, or has no finite derivative.
        case none
    }

    /// The operation's result.
    var result: Formula
    /// Which of the operation's bends it is.
    var place: Int
    var margin: Formula
    var rule: Rule
    /// The input of a straightened function that says which elements are replaced by a line.
    var lineName: String

    /// The bends below some functions whose operands depend on the variables.
    static func all(below functions: [Formula], dependingOn variables: [Formula]) throws -> [Bend] {
        var bends: [Bend] = []
        for result in dependents(below: functions, on: variables) where !result.operands.isEmpty {
            for (place, (margin, rule)) in try margins(of: result, result.operands).enumerated() {
                bends.append(Bend(result: result, place: place, margin: margin, rule: rule, lineName: "line\(bends.count)"))
            }
        }
        return bends
    }

    /// The margins of an operation applied to some operands. Those of an extremum tell how far each element is from
    /// being it.
    private static func margins(of result: Formula, _ operands: [Formula]) throws -> [(Formula, Rule)] {
        if result.operation.tiedAxes != nil { return [(try operands[0] - result, .shared)] }
        return try result.operation.kinks(of: operands).map { kink in
            (try kink.margin, kink.slopes.map { .declared($0) } ?? .none)
        }
    }

    /// The functions with some elements of kinked operations replaced by lines whose slope is the derivative declared
    /// at the kink.
    ///
    /// Which elements is said by inputs (``lineName``): 1 for a line and 0 elsewhere; for an extremum the share of each
    /// tied element. Where the touched elements are lines, the function's classical derivative is what backpropagation
    /// must give.
    static func straightened(_ functions: [Formula], _ bends: [Bend]) throws -> (functions: [Formula], margins: [Formula]) {
        let byResult = Dictionary(grouping: bends.indices) { bends[$0].result.id }
        var margins = bends.map(\.margin)
        let result = try rebuilt(functions) { original, operands in
            guard let indices = byResult[original.id] else { return nil }
            let plain = try Formula(original.operation, operands)
            let found = try Bend.margins(of: plain, operands)
            var straight = plain
            for index in indices {
                let (margin, rule) = found[bends[index].place]
                margins[index] = margin
                let line = Formula.input(bends[index].lineName, shape: margin.shape)
                switch rule {
                case .none: break
                case .declared(let slopes):
                    // What the kink makes of the margin, taken away, and the line instead.
                    let bent = try .constant(slopes.above) * relu(margin) - .constant(slopes.below) * relu(-margin)
                    straight = try straight + line * (.constant(slopes.at.value) * margin - bent)
                case .shared:
                    let axes = Array(original.operation.tiedAxes!)
                    func sum(_ x: Formula) throws -> Formula { try x.sum(over: axes, keepingAxes: true) }
                    straight = try straight + (sum(line * operands[0]) - sum(line) * plain)
                }
            }
            return straight
        }
        return (result, margins)
    }

    /// The lines for the elements whose margin is exactly 0.
    func lines(for margins: ArraySlice<Double>, batchSize: Int) -> [Double] {
        guard let axes = result.operation.tiedAxes else { return margins.map { $0 == 0 ? 1 : 0 } }
        let extents = margin.shape.resolved(batchSize: batchSize)
        let count = extents[axes].reduce(1, *), inner = extents[axes.upperBound...].reduce(1, *)
        var lines = [Double](repeating: 0, count: margins.count)
        for group in 0..<margins.count / max(1, count) {
            let places = (0..<count).map { group / inner * inner * count + $0 * inner + group % inner }
            let tied = places.filter { margins[margins.startIndex + $0] == 0 }
            if tied.count > 1 { for place in tied { lines[place] = 1 / Double(tied.count) } }
        }
        return lines
    }
}

/// The formulas below some outputs that depend on some others, those included, operands first.
func dependents(below outputs: [Formula], on variables: [Formula]) -> [Formula] {
    var depends = Set(variables.map(\.id))
    return topologicalOrder(of: outputs).filter { formula in
        if formula.operands.contains(where: { depends.contains($0.id) }) { depends.insert(formula.id) }
        return depends.contains(formula.id)
    }
}
