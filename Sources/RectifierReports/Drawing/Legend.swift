/// What colours, markers and lines stand for, in rows above a chart.
struct Legend {
    private struct Entry {
        var className: String
        /// Around the given middle.
        var swatch: (_ x: Double, _ y: Double) -> String
        var text: String
    }

    private var rows: [[Entry]] = []

    /// Groups with their colours, and below them what their marks stand for; a series without a group has both in one.
    init(_ series: [Report.Chart.Series]) {
        let looks = series.looks
        var groups: [Entry] = [], kinds: [Entry] = [], lone: [Entry] = [], seen: Set<String> = []
        for (one, look) in zip(series, looks) {
            guard let group = one.group else {
                if seen.insert("lone \(one.name) \(look.number)").inserted { lone.append(Self.entry(one.name, one, look)) }
                continue
            }
            if seen.insert("group \(group.name)").inserted {
                let marks = series.filter { $0.group == group }.map(\.mark)
                groups.append(
                    Entry(
                        className: look.className,
                        swatch: { x, y in
                            (marks.contains { $0.isLine } ? Self.line(x, y, look) : "")
                                + (marks.contains(.bars) ? Self.bar(x, y) : marks == [.line] ? "" : look.marker(x, y))
                        }, text: group.name))
            }
            if seen.insert("kind \(one.name) \(one.mark)").inserted { kinds.append(Self.entry(one.name, one, Look(number: 0), "ink")) }
        }
        rows = [groups, kinds, lone].filter { !$0.isEmpty }
    }

    /// A series' own mark.
    private static func entry(_ text: String, _ series: Report.Chart.Series, _ look: Look, _ className: String? = nil) -> Entry {
        let hasIntervals = series.points.contains { $0.interval != nil }
        return Entry(
            className: className ?? look.className,
            swatch: { x, y in
                switch series.mark {
                case .line, .markedLine:
                    (hasIntervals
                        ? "<rect class=\"band\" x=\"\(svgNumber(x - 10))\" y=\"\(svgNumber(y - 5))\" width=\"20\" height=\"10\"/>" : "")
                        + line(x, y, look) + (series.mark == .line ? "" : look.marker(x, y))
                case .points:
                    (hasIntervals ? "<path class=\"hollow\" d=\"M\(svgNumber(x)) \(svgNumber(y - 6))v12\"/>" : "") + look.marker(x, y)
                case .hollowPoints: look.marker(x, y, isHollow: true)
                case .crosses: Look.cross(x, y)
                case .bars: bar(x, y)
                }
            }, text: text)
    }

    private static func line(_ x: Double, _ y: Double, _ look: Look) -> String {
        "<path class=\"line\" d=\"M\(svgNumber(x - 11)) \(svgNumber(y))h22\"\(look.dash)/>"
    }

    private static func bar(_ x: Double, _ y: Double) -> String {
        "<rect class=\"full\" x=\"\(svgNumber(x - 6))\" y=\"\(svgNumber(y - 5))\" width=\"12\" height=\"10\"/>"
    }

    /// Draws it below what is there, in as many rows as it takes.
    func draw(in drawing: inout Drawing) {
        let swatch = 24.0, gap = 6.0, between = 16.0
        for row in rows {
            var x = 0.0
            for entry in row {
                let label = shortened(entry.text, toWidth: (drawing.width - swatch - gap) / Drawing.fontSize)
                let width = swatch + gap + textWidth(label) * Drawing.fontSize
                if x > 0, x + width > drawing.width {
                    x = 0
                    drawing.height += Drawing.lineHeight
                }
                let middle = drawing.height + Drawing.lineHeight / 2
                drawing.add("<g class=\"\(entry.className)\">\(entry.swatch(x + swatch / 2, middle))</g>")
                drawing.place(.init(text: label, x: x + swatch + gap, baseline: middle + 4))
                x += width + between
            }
            drawing.height += Drawing.lineHeight
        }
        drawing.height += 6
    }
}
