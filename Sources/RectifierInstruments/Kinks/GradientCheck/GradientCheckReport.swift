/// What a ``GradientCheck`` found.
public struct GradientReport: Sendable, CustomStringConvertible {
    public enum Verdict: String, Sendable {
        /// The gradient and the difference quotient agree within the bound.
        case ok
        /// They agree on a kink: the value is the one declared there, and where it is a single kink, between both
        /// one-sided derivatives.
        case kink = "on a kink"
        /// They agree, and the value is not a subgradient, as was declared with `unsound`.
        case unsound
        /// A kink or strong curvature is so close that no difference quotient can tell, or the operation declares no
        /// derivative at the kink it is on.
        case undecided
        /// They do not agree.
        case wrong = "WRONG"
    }

    /// Which function was differentiated.
    public enum Function: String, Sendable {
        /// A random weighted sum of the network's outputs.
        case output
        /// The mean loss.
        case loss
    }

    /// One derivative: along a random direction, or with respect to one number.
    public struct Row: Sendable {
        /// As ``NetworkSummary`` names it; `input` for the features.
        public var layer: String
        /// `weights`, `weights, bias` for all parameters of the layer, `weights[3, 4]` for a single number.
        public var parameter: String
        public var function: Function
        /// As backpropagation has it.
        public var analytic: Double
        /// The difference quotient; NaN where there is none.
        public var numeric: Double
        /// How far apart both may be: what rounding, curvature and the extrapolation to step 0 account for.
        public var bound: Double
        /// The finest step of the difference quotient, in lengths of the direction. On all of it no kink is crossed.
        public var step: Double
        /// Kinks that the samples lie on and that the direction leaves.
        public var kinks: Int
        /// On a kink: what the derivatives on both sides span.
        public var oneSided: ClosedRange<Double>?
        public var verdict: Verdict

        public var difference: Double { Swift.abs(analytic - numeric) }
    }

    /// A gradient rule that is wrong by itself, at the operands it was used with.
    public struct Fault: Sendable, CustomStringConvertible {
        /// As ``NetworkSummary`` names it; `loss` beyond the last.
        public var layer: String
        public var operation: String
        /// Which operand the derivative is with respect to, from 1.
        public var operand: Int
        /// Along one random direction.
        public var analytic: Double
        public var numeric: Double

        public var description: String {
            "\(layer): \(operation): the derivative with respect to operand \(operand) is \(short(analytic)) along a random direction "
                + "and should be \(short(numeric))"
        }
    }

    public internal(set) var rows: [Row] = []
    /// Operations whose gradient rule is wrong, the one nearest to the input first. Looked for only where a row is
    /// wrong.
    public internal(set) var faults: [Fault] = []
    /// Samples that were checked together.
    public internal(set) var samples: Int

    /// Whether no row is wrong, and not all are undecided.
    public var passes: Bool { count(.wrong) == 0 && !isUndecided }
    private var isUndecided: Bool { !rows.isEmpty && count(.undecided) == rows.count }

    public func count(_ verdict: Verdict) -> Int { rows.count { $0.verdict == verdict } }

    /// One line: `the gradient is right: …` or `the gradient is WRONG: …`, with the first operation at fault.
    public var summary: String {
        if isUndecided { return "the gradient is undecided: a kink is too close to tell, for every derivative" }
        guard passes else {
            let wrong = rows.filter { $0.verdict == .wrong }
            let place = faults.first.map(\.description) ?? "no operation is wrong by itself; the derivatives of \(Self.places(wrong)) are"
            return "the gradient is WRONG: \(place)"
        }
        var notes: [String] = []
        if count(.kink) > 0 { notes.append("\(count(.kink)) of them on a kink") }
        if count(.unsound) > 0 { notes.append("\(count(.unsound)) with a declared value that is no subgradient") }
        if count(.undecided) > 0 { notes.append("\(count(.undecided)) more too close to a kink to tell") }
        return "the gradient is right: \(rows.count - count(.undecided)) derivatives agree with difference quotients"
            + notes.map { ", " + $0 }.joined()
    }

    private static func places(_ rows: [Row]) -> String {
        var names: [String] = []
        for row in rows where !names.contains(row.layer) { names.append(row.layer) }
        return names.joined(separator: ", ")
    }

    /// What is wrong, row by row, and the summary.
    public var description: String {
        let wrong = rows.filter { $0.verdict == .wrong }.map { row in
            "\(row.layer) \(row.parameter), \(row.function.rawValue): \(short(row.analytic)) should be \(short(row.numeric)) ± \(short(row.bound))"
        }
        return (wrong + faults.map(\.description) + [summary]).joined(separator: "\n")
    }
}

/// About seven digits.
private func short(_ value: Double) -> String { Float(value).description }
