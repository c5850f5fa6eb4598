/// What can be said of a loss's gradients from its formula alone: by which parameters each kink can be left.
///
/// The argument is that of Park, Chun and Lee (ICLR 2024), for any acyclic wiring. Say that every kink that is touched
/// has a *handle*: parameters that move its margin at first order, and that nothing else uses. Move the handles, those
/// of later kinks much further than those of earlier ones. Then every handle decides its own kinks' sides, the loss is
/// differentiable there, and backpropagation is right. A bias moves all samples of its unit to one side together;
/// weights move samples with independent inputs each to a side of its own. Backpropagation's result is affine in the
/// value at each handle's kinks (a path through the network meets each of them once, and samples only meet in a sum),
/// so with values between the one-sided derivatives it is a mean of those gradients.
struct GradientCertificate {
    /// The length of the part of an input that no other input has, relative to its own, below which inputs count as
    /// dependent.
    static let rankTolerance = 1e-6

    /// What moves a kink's margin and nothing else at first order.
    struct Handle {
        enum Kind {
            /// One number for each unit, added to all its samples, and to all positions of a channel.
            case bias
            /// Weights of each unit that these rows, one for each sample, are multiplied by.
            case weights(rows: Formula)
        }
        var kind: Kind
        var parameter: Formula
        /// The only formula that reads the parameter.
        var reader: Formula
        /// Whether the margin grows with it (1) or falls (-1), before `factors`.
        var sign: Double
        /// Data that it is multiplied by on the way to the margin.
        var factors: [Formula]
    }

    /// One site's part.
    struct Entry {
        var site: KinkSite
        var handle: Handle?
        /// Why there is no handle, or nothing can be said though there is one.
        var obstacle: String?
    }

    let entries: [Entry]
    /// Entries whose handles each move the other's margin, so that neither can be decided first; in order.
    private let crossings: [(first: Int, second: Int)]
    /// Why no gradient of this loss can be vouched for, kinks or not.
    let obstacle: String?

    /// - Parameters:
    ///   - losses: One loss for each sample, `[batch, …]`; the gradient is that of their sum or mean.
    ///   - sites: Its kinks.
    init(losses: Formula, parameters: [Formula], sites: [KinkSite]) {
        let graph = Dependencies(losses, parameters)
        obstacle = graph.tie.map { "\($0.operation.name) over axes may have ties, which are not counted" }
        entries = sites.map { site in
            let handle = graph.handle(of: site)
            var reason: String?
            if !graph.isBySample(losses) {
                reason = "the loss mixes samples before it is summed"
            } else if let slopes = site.kink.slopes {
                if !slopes.isSubgradient {
                    reason = "its value \(slopes.at.value) at the kink is no subgradient"
                } else if handle == nil {
                    reason = "it has neither a bias nor weights of its own"
                }
            } else {
                reason = "\(site.result.operation.name) \(site.kink.matters == nil ? "jumps" : "has ties") there"
            }
            return Entry(site: site, handle: handle, obstacle: reason)
        }
        crossings = GradientCertificate.crossings(of: entries)
    }

    /// A margin that depends on the handle of another entry depends on its reader. That is no later than the margin,
    /// and crosses where it is no earlier than the reader of the margin's own handle: so few formulas are looked at.
    private static func crossings(of entries: [Entry]) -> [(first: Int, second: Int)] {
        let byReader = Dictionary(grouping: entries.indices.filter { entries[$0].handle != nil }, by: { entries[$0].handle!.reader.id })
        var crossings: [(first: Int, second: Int)] = []
        for (second, entry) in entries.enumerated() {
            guard let handle = entry.handle else { continue }
            for formula in [handle.reader] + topologicalOrder(of: [entry.site.kink.a, entry.site.kink.b], after: handle.reader) {
                for first in byReader[formula.id] ?? [] where entries[first].handle!.parameter != handle.parameter {
                    crossings.append((first, second))
                }
            }
        }
        return crossings.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    }

    /// The verdict where it follows from which kinks are touched at all; `nil` where it takes to know by which samples.
    func verdict(touched: [Bool]) -> GradientVerdict? {
        if let obstacle { return .notGuaranteed(obstacle) }
        let met = zip(entries, touched).filter(\.1).map(\.0)
        if met.isEmpty { return .exact }
        var shares: [Int: Double] = [:]
        for entry in met {
            guard entry.obstacle == nil, let handle = entry.handle, case .bias = handle.kind, handle.factors.isEmpty else { return nil }
            let share = oriented(entry.site.kink.slopes!.share, handle.sign)
            guard shares.updateValue(share, forKey: handle.parameter.id) ?? share == share else { return nil }
        }
        return crossing(touched) == nil ? .clarke : nil
    }

    /// The first two touched kinks that cross.
    func crossing(_ touched: [Bool]) -> String? {
        crossings.first { touched[$0.first] && touched[$0.second] }.map { first, second in
            "\(entries[first].site.layer) and \(entries[second].site.layer) cannot be moved off their kinks one after the other"
        }
    }
}

/// Where between its sides a kink's value lies, seen along its handle.
func oriented(_ share: Double, _ sign: Double) -> Double { sign < 0 ? 1 - share : share }

/// Who depends on whom in a loss's formula.
private struct Dependencies {
    /// How a value that depends on parameters relates to the samples.
    private enum Axis {
        /// It has no part for each sample.
        case none
        /// Row i of it depends on row i of other values, and on what has none.
        case samples
        case mixed
    }

    private var readers: [Int: [Formula]] = [:]
    /// By formula; those without an entry depend on no parameter.
    private var axes: [Int: Axis] = [:]
    /// An extremum over axes, whose ties are not counted.
    private(set) var tie: Formula?

    init(_ losses: Formula, _ parameters: [Formula]) {
        for parameter in parameters { axes[parameter.id] = Axis.none }
        for formula in topologicalOrder(of: [losses]) {
            for operand in formula.operands { readers[operand.id, default: []].append(formula) }
            guard formula.operands.contains(where: dependsOnParameters) else { continue }
            axes[formula.id] = axis(of: formula)
            if formula.operation.tiedAxes != nil { tie = formula }
        }
    }

    private func dependsOnParameters(_ formula: Formula) -> Bool { axes[formula.id] != nil }

    func isBySample(_ formula: Formula) -> Bool { axes[formula.id] == .samples }

    private func axis(of formula: Formula) -> Axis {
        let x = formula.operands, shape = formula.shape
        if x.contains(where: { axes[$0.id] == .mixed }) { return .mixed }
        let hasSamples = x.contains(where: \.shape.hasBatch)
        if !hasSamples, !shape.hasBatch { return .none }
        guard shape.extents.first == Shape.batch, !shape.extents.dropFirst().contains(Shape.batch) else { return .mixed }
        return !hasSamples || formula.operation.keepsSamples(of: formula) ? .samples : .mixed
    }

    // MARK: Handles

    /// The handle of a kink: a bias if there is one, else weights.
    func handle(of site: KinkSite) -> GradientCertificate.Handle? {
        guard isBySample(site.result) else { return nil }
        var found: [GradientCertificate.Handle] = []
        for (side, other, sign) in [(site.kink.a, site.kink.b, 1.0), (site.kink.b, site.kink.a, -1.0)]
        where dependsOnParameters(side) && !depend([other], on: side) {
            search(side, shape: site.result.shape, sign: sign, factors: [], beside: [other], into: &found)
        }
        return found.first { if case .bias = $0.kind { true } else { false } } ?? found.first
    }

    /// Follows sums and multiples down to parameters.
    /// - Parameter beside: What was left aside on the way. None of it depends on `formula`, so none depends on a
    ///   parameter that nothing else reads.
    private func search(
        _ formula: Formula, shape: Shape, sign: Double, factors: [Formula], beside: [Formula],
        into found: inout [GradientCertificate.Handle]
    ) {
        guard formula.shape == shape else { return }
        func follow(_ operand: Formula, _ aside: [Formula], _ sign: Double, _ factors: [Formula]) {
            if operand.parameter != nil {
                // One number for each unit, the same for all samples; of a channel also for all its positions, of which
                // a path meets one.
                let units = shape.extents.dropFirst(), own = operand.shape.extents.drop { $0 == 1 }, all = units.drop { $0 == 1 }
                guard own.isEmpty == all.isEmpty, all.suffix(own.count).elementsEqual(own), operand.shape.rank <= shape.rank,
                    isHandle(operand, reader: formula)
                else { return }
                found.append(.init(kind: .bias, parameter: operand, reader: formula, sign: sign, factors: factors))
            } else if dependsOnParameters(operand), !depend(aside, on: operand) {
                search(operand, shape: shape, sign: sign, factors: factors, beside: aside, into: &found)
            }
        }
        for (place, operand) in formula.operands.enumerated() {
            var aside = formula.operands
            aside.remove(at: place)
            aside += beside
            switch formula.operation.response(to: place) {
            case .term(let side): follow(operand, aside, side * sign, factors)
            case .multiple(let other):
                let factor = formula.operands[other]
                guard !dependsOnParameters(factor) else { continue }
                if let value = factor.constantValue {
                    if value != 0, value.isFinite { follow(operand, aside, value < 0 ? -sign : sign, factors) }
                } else {
                    follow(operand, aside, sign, factors + [factor])
                }
            case .product(let other, byRows: true):
                guard operand.parameter != nil, isHandle(operand, reader: formula) else { continue }
                let rows = formula.operands[other]
                found.append(.init(kind: .weights(rows: rows), parameter: operand, reader: formula, sign: sign, factors: factors))
            case .constant, .affine, .product, .nonlinear: break
            }
        }
    }

    private func isHandle(_ parameter: Formula, reader: Formula) -> Bool {
        axes[parameter.id] != nil && readers[parameter.id] == [reader]
    }

    /// Whether one of some formulas depends on a value, or is it. What was made before it does not.
    private func depend(_ formulas: [Formula], on value: Formula) -> Bool {
        var seen = Set<Int>(), pending = formulas
        while let formula = pending.popLast() {
            if formula == value { return true }
            guard formula.id > value.id, seen.insert(formula.id).inserted else { continue }
            pending += formula.operands
        }
        return false
    }
}
