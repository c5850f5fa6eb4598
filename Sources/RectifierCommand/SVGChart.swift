import Foundation

/// A chart as SVG to stand in an HTML page: categories along the bottom, and series of points, lines or bars over them.
///
/// Colours are the page's: series number n has the class `s` + n, whose `color` the style sheet sets (``style``).
struct SVGChart {
    /// A value over one category, with the ends of its interval where it has one.
    struct Point {
        var value: Double
        var interval: ClosedRange<Double>?
        init(_ value: Double, _ interval: ClosedRange<Double>? = nil) { (self.value, self.interval) = (value, interval) }
    }

    enum Mark { case dot, ring, diamond, line, bar }

    struct Series {
        var name: String
        var mark: Mark
        /// Which colour, from 0.
        var color: Int
        /// By category; nil where there is none.
        var points: [Point?]
    }

    enum Scale {
        case linear
        /// Powers of ten; the lower end of the range is above 0, and what lies below it is drawn there.
        case logarithmic
    }

    var title: String
    var xLabel: String
    var yLabel: String
    var categories: [String]
    var range: ClosedRange<Double>
    var scale = Scale.linear
    /// Where lines are drawn across, and what stands beside them.
    var ticks: [(value: Double, label: String)]
    var series: [Series]

    private let width = 520.0, height = 320.0, left = 62.0, right = 14.0, top = 34.0, bottom = 46.0

    /// What a page with charts must have in its style sheet.
    static let style = """
        svg { width: 100%; max-width: 620px; height: auto; font: 12px system-ui, sans-serif; }
        \(markStyle)
        """

    private static let markStyle = """
        svg text { fill: currentColor; }
        svg .title { font-weight: 600; font-size: 14px; }
        svg .grid { stroke: currentColor; stroke-opacity: 0.16; }
        svg .mark { stroke: currentColor; fill: currentColor; stroke-width: 1.6; }
        svg .open { fill: none; }
        svg .faint { stroke-opacity: 0.75; }
        svg .bar { stroke: none; }
        .s0 { color: #c2410c; } .s1 { color: #1d4ed8; } .s2 { color: #15803d; } .s3 { color: #7e22ce; }
        @media (prefers-color-scheme: dark) { .s0 { color: #fb923c; } .s1 { color: #60a5fa; } .s2 { color: #4ade80; } .s3 { color: #c084fc; } }
        """

    var svg: String {
        """
        <svg viewBox="0 0 \(text(width)) \(text(height))" role="img" aria-label="\(escapedForHTML(title))">
        \(content)
        </svg>
        """
    }

    private var content: String {
        var parts = [
            label(title, left, 18, "class=\"title\"")
        ]
        for tick in ticks {
            let y = y(tick.value)
            parts.append("<line class=\"grid\" x1=\"\(text(left))\" x2=\"\(text(width - right))\" y1=\"\(text(y))\" y2=\"\(text(y))\"/>")
            parts.append(label(tick.label, left - 6, y + 4, "text-anchor=\"end\""))
        }
        for (place, category) in categories.enumerated() {
            parts.append(label(category, x(place), height - bottom + 17, "text-anchor=\"middle\""))
        }
        parts.append(label(xLabel, (left + width - right) / 2, height - 8, "text-anchor=\"middle\""))
        parts.append(
            label(yLabel, 0, 0, "text-anchor=\"middle\" transform=\"translate(13 \(text((top + height - bottom) / 2))) rotate(-90)\""))
        // Lines lie below the marks.
        for (number, one) in series.enumerated() where one.mark == .line { parts += drawn(one, number) }
        for (number, one) in series.enumerated() where one.mark != .line { parts += drawn(one, number) }
        return parts.joined(separator: "\n")
    }

    /// Charts beside and below one another in a file of their own, under the names and colours of what they show.
    static func page(_ charts: [SVGChart], columns: Int, key: [(name: String, color: Int)]) -> String {
        guard let one = charts.first else { return "" }
        let rows = (charts.count + columns - 1) / columns, head = 30.0
        let width = one.width * Double(min(columns, charts.count)), height = one.height * Double(rows) + head
        var x = one.left
        let names = key.map { entry in
            defer { x += 50 + 8 * Double(entry.name.count) }
            return "<g class=\"s\(entry.color)\"><rect class=\"mark\" x=\"\(one.text(x))\" y=\"13\" width=\"14\" height=\"4\"/></g>"
                + one.label(entry.name, x + 20, 19, "")
        }
        let placed = charts.enumerated().map { number, chart in
            let place = (x: chart.width * Double(number % columns), y: head + chart.height * Double(number / columns))
            return "<g transform=\"translate(\(one.text(place.x)) \(one.text(place.y)))\">\n\(chart.content)\n</g>"
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(one.text(width)) \(one.text(height))">
            <style>
            svg { font: 12px system-ui, sans-serif; color: #1c1917; background: #fff; }
            @media (prefers-color-scheme: dark) { svg { color: #e7e5e4; background: #171717; } }
            \(markStyle)
            </style>
            \((names + placed).joined(separator: "\n"))
            </svg>

            """
    }

    // MARK: Places

    private var step: Double { (width - left - right) / Double(max(1, categories.count)) }
    private func x(_ category: Int) -> Double { left + (Double(category) + 0.5) * step }

    private func y(_ value: Double) -> Double {
        func place(_ value: Double) -> Double { scale == .linear ? value : log10(max(value, range.lowerBound)) }
        let share = (place(value) - place(range.lowerBound)) / (place(range.upperBound) - place(range.lowerBound))
        return height - bottom - min(1, max(0, share)) * (height - top - bottom)
    }

    /// Series that are drawn side by side: all but lines.
    private func offset(_ number: Int) -> Double {
        let side = series.indices.filter { series[$0].mark != .line }
        guard let place = side.firstIndex(of: number), side.count > 1 else { return 0 }
        return (Double(place) / Double(side.count - 1) - 0.5) * step * 0.62
    }

    // MARK: Marks

    private func drawn(_ one: Series, _ number: Int) -> [String] {
        var parts = ["<g class=\"s\(one.color)\"><title>\(escapedForHTML(one.name))</title>"]
        if one.mark == .line {
            let corners = one.points.enumerated().compactMap { place, point in point.map { "\(text(x(place))),\(text(y($0.value)))" } }
            parts.append("<polyline class=\"mark open faint\" points=\"\(corners.joined(separator: " "))\"/>")
        }
        for (place, point) in one.points.enumerated() {
            guard let point, one.mark != .line else { continue }
            let x = x(place) + offset(number), y = y(point.value)
            if let interval = point.interval {
                let (low, high) = (self.y(interval.lowerBound), self.y(interval.upperBound))
                parts.append(
                    "<path class=\"mark open\" d=\"M\(text(x)) \(text(low))V\(text(high))m-3 0h6M\(text(x - 3)) \(text(low))h6\"/>")
            }
            switch one.mark {
            case .dot: parts.append("<circle class=\"mark\" cx=\"\(text(x))\" cy=\"\(text(y))\" r=\"3.4\"/>")
            case .ring: parts.append("<circle class=\"mark open\" cx=\"\(text(x))\" cy=\"\(text(y))\" r=\"3.4\"/>")
            case .diamond: parts.append("<path class=\"mark open\" d=\"M\(text(x)) \(text(y - 5))l4 5l-4 5l-4 -5z\"/>")
            case .bar:
                let breadth = step * 0.62 / Double(series.count { $0.mark == .bar }), base = height - bottom
                parts.append(
                    "<rect class=\"mark bar\" x=\"\(text(x - breadth / 2))\" y=\"\(text(y))\" width=\"\(text(breadth))\" height=\"\(text(max(0, base - y)))\"/>"
                )
            case .line: break
            }
        }
        return parts + ["</g>"]
    }

    private func label(_ content: String, _ x: Double, _ y: Double, _ attributes: String) -> String {
        "<text x=\"\(text(x))\" y=\"\(text(y))\" \(attributes)>\(escapedForHTML(content))</text>"
    }

    private func text(_ value: Double) -> String { Format.fixed(value, 1) }
}

/// Text as it stands in HTML and SVG, in attributes too.
func escapedForHTML(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;").replacingOccurrences(
        of: ">", with: "&gt;"
    )
    .replacingOccurrences(of: "\"", with: "&quot;")
}
