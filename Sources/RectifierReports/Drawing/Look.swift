/// Colour, marker and dash of a group of series. Who cannot tell two colours apart has markers and dashes to go by.
struct Look: Hashable {
    var number: Int

    static let colors = 6
    var className: String { "c\(number % Self.colors)" }

    /// From the palette of Okabe and Ito, which eyes of every kind tell apart; darkened on white, where some of it is
    /// too faint to read, to a contrast of 3 and more.
    static let light = ["#0072b2", "#c8500a", "#00805c", "#a8467f", "#8a6a00", "#3d4f66"]
    static let dark = ["#5ab4e8", "#f08a4b", "#2fc298", "#e08fbf", "#e6cf4a", "#b3c0d1"]

    private static let dashes = ["", "6 3", "2 3", "9 3 2 3"]
    /// An attribute of a line, with a space before it.
    var dash: String {
        let dash = Self.dashes[number % Self.dashes.count]
        return dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
    }

    /// A marker around a point; hollow ones are larger, so that they show around a full one.
    func marker(_ x: Double, _ y: Double, isHollow: Bool = false) -> String {
        let r = isHollow ? 5.0 : 3.4, name = isHollow ? "hollow" : "full"
        func path(_ corners: [(Double, Double)]) -> String {
            let points = corners.map { "\(svgNumber(x + $0.0 * r)),\(svgNumber(y + $0.1 * r))" }.joined(separator: " ")
            return "<polygon class=\"\(name)\" points=\"\(points)\"/>"
        }
        return switch number % 5 {
        case 0: "<circle class=\"\(name)\" cx=\"\(svgNumber(x))\" cy=\"\(svgNumber(y))\" r=\"\(svgNumber(r))\"/>"
        case 1: path([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
        case 2: path([(0, -1.2), (1.1, 0.9), (-1.1, 0.9)])
        case 3: path([(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)])
        default: path([(0, 1.2), (1.1, -0.9), (-1.1, -0.9)])
        }
    }

    static func cross(_ x: Double, _ y: Double) -> String {
        "<path class=\"hollow\" d=\"M\(svgNumber(x - 3.5)) \(svgNumber(y - 3.5))l7 7m0 -7l-7 7\"/>"
    }
}

extension [Report.Chart.Series] {
    /// The look of each: its group's, or the next that no group has.
    var looks: [Look] {
        var taken = Set(compactMap { $0.group?.look }), next = 0
        return map { one in
            if let group = one.group { return Look(number: group.look) }
            while taken.contains(next) { next += 1 }
            taken.insert(next)
            return Look(number: next)
        }
    }
}
