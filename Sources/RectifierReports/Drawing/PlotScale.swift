import Foundation
import RectifierText

/// Where values lie along an axis, and which of them are named there.
struct PlotScale {
    private let axis: Report.Chart.Axis
    private let range: ClosedRange<Double>
    let ticks: [(value: Double, label: String)]

    private var isLogarithmic: Bool { axis.scale == .logarithmic }

    /// - Parameters:
    ///   - values: What must find a place, unless the axis has a range of its own.
    ///   - startsAtZero: Whether 0 must have one too, as the ends of bars do.
    ///   - most: Ticks.
    init(_ axis: Report.Chart.Axis, values: [Double], startsAtZero: Bool = false, most: Int = 6) {
        self.axis = axis
        if case .categories(let names) = axis.scale {
            range = -0.5...(Double(max(1, names.count)) - 0.5)
            ticks = names.enumerated().map { (Double($0), $1) }
            return
        }
        let isLogarithmic = axis.scale == .logarithmic
        var held = values.filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
        if let range = axis.range { held = [range.lowerBound, range.upperBound] }
        if startsAtZero && !isLogarithmic { held.append(0) }
        if isLogarithmic {
            let low = Int(log10(held.min() ?? 1).rounded(.down)), high = max(low + 1, Int(log10(held.max() ?? 10).rounded(.up)))
            range = pow(10, Double(low))...pow(10, Double(high))
            ticks = stride(from: low, through: high, by: (high - low) / most + 1).map { (pow(10, Double($0)), Self.power($0)) }
        } else {
            var low = held.min() ?? 0, high = held.max() ?? 1
            if !(high - low > 1e-12 * max(high.magnitude, low.magnitude)) {
                let margin = max(low.magnitude, high.magnitude) * 0.1
                (low, high) = (low - (margin == 0 ? 0.5 : margin), high + (margin == 0 ? 0.5 : margin))
            }
            let step = max(axis.unit == .whole ? 1 : 0, Self.step(high - low, most: most))
            let isGiven = axis.range != nil
            let first = (low / step).rounded(isGiven ? .up : .down), last = (high / step).rounded(isGiven ? .down : .up)
            range = isGiven ? low...high : first * step...last * step
            ticks = stride(from: first, through: last, by: 1).map { ($0 * step, Self.text($0 * step, step: step, axis.unit)) }
        }
    }

    /// Whether a value has a place at all.
    func holds(_ value: Double) -> Bool { value.isFinite && (!isLogarithmic || value > 0) }

    /// 0 at the lower end, 1 at the upper; what lies outside is at the end.
    func share(of value: Double) -> Double {
        func place(_ value: Double) -> Double { isLogarithmic ? log10(max(value, .leastNormalMagnitude)) : value }
        let (low, high) = (place(range.lowerBound), place(range.upperBound))
        return min(1, max(0, (place(value) - low) / (high - low)))
    }

    /// A value as it stands beside a bar.
    func text(_ value: Double) -> String {
        if axis.unit == .share { return Format.percent(value, digits: 1) }
        let isLong = value.magnitude >= 1000 || value == value.rounded()
        return value.magnitude < 1e9 && isLong ? Format.count(Int(value.rounded())) : Format.significant(value, 3)
    }

    /// The smallest of 1, 2, 5, 10, … that needs no more ticks.
    private static func step(_ length: Double, most: Int) -> Double {
        let power = pow(10, (log10(length / Double(most))).rounded(.down))
        return [1, 2, 5, 10].map { $0 * power }.first { length / $0 <= Double(most) - 1 } ?? 20 * power
    }

    private static func text(_ value: Double, step: Double, _ unit: Report.Chart.Axis.Unit) -> String {
        let (value, step) = unit == .share ? (value * 100, step * 100) : (value, step)
        let digits = max(0, -Int((log10(step) + 1e-9).rounded(.down)))
        let sign = unit == .share ? " %" : ""
        guard digits <= 6, value.magnitude < 1e9 else { return Format.significant(value, 3) + sign }
        // -0 is 0.
        return (digits == 0 ? Format.count(Int(value.rounded())) : Format.fixed(value + 0, digits)) + sign
    }

    /// `0.01`, `1,000`, `10⁹`
    private static func power(_ exponent: Int) -> String {
        if (0...5).contains(exponent) { return Format.count(Int(pow(10, Double(exponent)))) }
        if (-3..<0).contains(exponent) { return Format.fixed(pow(10, Double(exponent)), -exponent) }
        let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
        return "10" + (exponent < 0 ? "⁻" : "") + String(String(exponent.magnitude).map { digits[$0.wholeNumberValue!] })
    }
}
