/// One derivative of a gradient check, along a direction.
struct Comparison {
    /// As the gradient has it.
    var analytic: Double
    /// The difference quotient.
    var numeric: Double
    /// How far apart both may be: rounding of the values, curvature, rounding of the gradient.
    var bound: Double
    /// Of the difference quotient, in directions.
    var step: Double
    /// Kinks that the point lies on and that the direction leaves.
    var kinks = 0
    /// On a kink: what the one-sided difference quotients span.
    var oneSided: ClosedRange<Double>?
    var verdict: GradientReport.Verdict

    var difference: Double { Swift.abs(analytic - numeric) }
}

extension CheckedFunctions {
    /// Compares derivatives along a direction with difference quotients that stay on one piece of the functions.
    func compare(along direction: Direction, functions: [Int]) throws -> [Comparison] {
        let line = Line(self, direction)
        defer { try? reset(direction) }
        let reach = try line.reach(upTo: largestStep(direction), sides: [1, -1], ignoring: isLine)
        var result = try functions.map { function in
            var comparison = try line.comparison(function, reach: reach)
            // Between the places looked at, margins that are not linear could change their sign and back: what fails
            // must fail close by too.
            if comparison.verdict == .wrong, let reach, let closer = try line.reach(upTo: reach / 64, sides: [1, -1], ignoring: isLine) {
                let again = try line.comparison(function, reach: closer)
                if again.verdict != .wrong { comparison = again }
            }
            return comparison
        }
        guard let reach, try line.movesOff(isLine, at: reach) else { return result }

        // On a kink: the same without the lines, on either side.
        try setLines(false)
        defer { try? setLines(true) }
        let sides = try OneSided(self, direction, upTo: reach)
        for (index, function) in functions.enumerated() { try sides.judge(&result[index], function: function) }
        return result
    }
}

/// The functions along one direction.
private final class Line {
    private let functions: CheckedFunctions
    private let direction: CheckedFunctions.Direction
    private var values: [Double: [Double]] = [:]
    private var margins: [Double: [Double]] = [:]

    init(_ functions: CheckedFunctions, _ direction: CheckedFunctions.Direction) {
        self.functions = functions
        self.direction = direction
    }

    /// The functions' values at one place.
    private func values(_ h: Double) throws -> [Double] {
        if let values = values[h] { return values }
        try functions.evaluate(direction, h)
        values[h] = functions.values
        return values[h]!
    }

    /// All margins at one place.
    private func margins(_ h: Double) throws -> [Double] {
        if let margins = margins[h] { return margins }
        try functions.evaluate(direction, h)
        values[h] = functions.values
        margins[h] = functions.margins
        return margins[h]!
    }

    /// The largest step found, a power of 2, up to which no margin changes its sign; `nil` where even the smallest goes
    /// too far.
    ///
    /// Where one layer of a piecewise linear network moves, margins are linear up to the first kink. So by induction,
    /// layer after layer, if none has another sign at the end than at the start, none has in between. Others are looked
    /// at in three places.
    /// - Parameter ignored: Margins that may do what they like. Others that are 0 at the start must have one sign at
    ///   all places on a side.
    func reach(upTo largest: Double, sides: [Double], ignoring ignored: [Bool]? = nil) throws -> Double? {
        let start = try margins(0)
        var h = largest
        search: while h >= largest * 0x1p-36 {
            for share in [1, 0.5, 0.25] {
                for side in sides {
                    let here = try margins(side * share * h)
                    let first = ignored == nil ? try margins(side * h / 4) : start
                    // How far the first margin got before it changed its sign, were it linear.
                    var least = Double.infinity
                    for index in here.indices where !(ignored?[index] ?? false) {
                        let before = ignored == nil && start[index] == 0 ? first[index] : start[index]
                        guard (before > 0) != (here[index] > 0) || (before < 0) != (here[index] < 0) else { continue }
                        least = min(least, before == 0 ? 0 : share * Swift.abs(before) / Swift.abs(before - here[index]))
                    }
                    if least < .infinity {
                        h = powerOfTwo(below: h * max(0x1p-10, min(0.5, least / 2)))
                        // Margins are many, and those of steps too far are of no more use.
                        margins = [0: start]
                        continue search
                    }
                }
            }
            return h
        }
        return nil
    }

    /// Whether one of some margins that are 0 here is not at a step's ends.
    func movesOff(_ zeros: [Bool], at h: Double) throws -> Bool {
        guard zeros.contains(true) else { return false }
        return try !moving(zeros, at: h).isEmpty || !moving(zeros, at: -h).isEmpty
    }

    func moving(_ zeros: [Bool], at h: Double) throws -> [Int] {
        let margins = try margins(h)
        return zeros.indices.filter { zeros[$0] && margins[$0] != 0 }
    }

    func comparison(_ function: Int, reach: Double?) throws -> Comparison {
        let (slope, size) = functions.slope(of: function, along: direction)
        guard let reach else {
            return Comparison(analytic: slope, numeric: .nan, bound: .infinity, step: 0, verdict: slope.isFinite ? .undecided : .wrong)
        }
        let quotient = try quotient(function, reach: reach)
        // The terms of the gradient have been rounded too, a few dozen times each.
        let bound = quotient.bound + size * 0x1p-46
        var result = Comparison(analytic: slope, numeric: quotient.value, bound: bound, step: quotient.step, verdict: .ok)
        if slope.isFinite, !bound.isFinite {
            result.verdict = .undecided
        } else if !(result.difference <= bound) {
            result.verdict = .wrong
        } else if bound > 0.05 * max(Swift.abs(slope), Swift.abs(quotient.value)), bound > 0x1p33 * functions.roundings[function] {
            result.verdict = .undecided
        }
        return result
    }

    /// The derivative by difference quotients with three halved steps, extrapolated to 0 (Richardson 1911), at the
    /// steps where the error is least.
    ///
    /// - Parameter side: 0 for central differences, whose error has even powers of the step; ±1 for one side.
    func quotient(_ function: Int, side: Double = 0, reach: Double) throws -> (value: Double, bound: Double, step: Double) {
        let rounding = functions.roundings[function]
        let ratios = side == 0 ? (4.0, 16.0) : (2.0, 4.0)
        func difference(_ h: Double) throws -> Double {
            let (a, b) = side == 0 ? (h, -h) : (side * h, 0)
            return try (values(a)[function] - values(b)[function]) / (a - b)
        }
        var best = (value: Double.nan, bound: Double.infinity, step: reach)
        var before: [Double] = []
        for level in 0..<40 {
            let h = reach * Double(sign: .plus, exponent: -level, significand: 1)
            before.append(try difference(h))
            guard level >= 2 else { continue }
            let d = before.suffix(3).map { $0 }
            let coarse = (ratios.0 * d[1] - d[0]) / (ratios.0 - 1), fine = (ratios.0 * d[2] - d[1]) / (ratios.0 - 1)
            let value = (ratios.1 * fine - coarse) / (ratios.1 - 1)
            // The error of `fine` is about a fifteenth (a third) of this, that of `value` far smaller. The second term
            // is for steps so large that this is chance.
            let curvature = Swift.abs(fine - coarse) + Swift.abs(d[2] - d[1]) * 0x1p-10
            // Each value is off by some `rounding`; the weights of the values in the finest quotients add up to less
            // than 2 / h.
            let noise = 16 * rounding / h
            if !(curvature + noise >= best.bound) { best = (value, curvature + noise, h) }
            // Not where the error grows: a step over many waves of a sine gives small quotients that seem to agree.
            if !(curvature > noise) || noise > best.bound { break }
        }
        return best
    }
}

/// Both sides of a kink.
private struct OneSided {
    private let functions: CheckedFunctions
    private let line: Line
    private let reaches: [Double?]
    private let kinks: Int
    private let isUndeclared: Bool
    private let isUnsound: Bool

    /// - Precondition: The functions' lines are off.
    init(_ functions: CheckedFunctions, _ direction: CheckedFunctions.Direction, upTo reach: Double) throws {
        self.functions = functions
        line = Line(functions, direction)
        reaches = try [1.0, -1].map { [line] in try line.reach(upTo: reach, sides: [$0]) }
        let moving = try [1.0, -1].map { [line, reaches] side in
            try line.moving(functions.isLine, at: side * (reaches[side > 0 ? 0 : 1] ?? reach * 0x1p-30))
        }
        // The tied element that stays ahead does not move, the others do, and on the other side another one stays.
        kinks = moving.map(\.count).max()!
        let rules = Set(moving.joined()).map { functions.rule(ofMargin: $0) }
        isUndeclared = rules.contains { if case .none = $0 { true } else { false } }
        isUnsound = rules.contains { if case .declared(let slopes) = $0 { !slopes.isSubgradient } else { false } }
    }

    /// What the comparison means on the kinks that the direction leaves.
    ///
    /// With one kink the value must lie between the one-sided derivatives. With several it need not, though each kink
    /// has a legal value: sums of subgradients need not be subgradients (relu(x) - relu(-x) is x, and has the
    /// derivative 0 at 0). It must always be what the declared values make it, which the comparison found.
    func judge(_ comparison: inout Comparison, function: Int) throws {
        guard kinks > 0 else { return }
        comparison.kinks = kinks
        var isInside = true
        if let right = reaches[0], let left = reaches[1] {
            let (a, b) = (
                try line.quotient(function, side: 1, reach: right), try line.quotient(function, side: -1, reach: left)
            )
            if a.value.isFinite, b.value.isFinite {
                comparison.oneSided = min(a.value, b.value)...max(a.value, b.value)
                let slack = a.bound + b.bound + comparison.bound
                isInside = comparison.analytic >= min(a.value, b.value) - slack && comparison.analytic <= max(a.value, b.value) + slack
            }
        }
        if isUndeclared {
            comparison.verdict = isInside && comparison.oneSided != nil && comparison.analytic.isFinite ? .kink : .undecided
        } else if comparison.verdict == .ok {
            comparison.verdict = isUnsound && (kinks > 1 || !isInside) ? .unsound : kinks == 1 && !isInside ? .wrong : .kink
        }
    }
}
