extension Report {
    /// Charts beside and below one another as an SVG file of its own; the empty string where there are none.
    package static func picture(of charts: [Chart], columns: Int = 3) -> String {
        guard !charts.isEmpty else { return "" }
        let gap = 28.0, drawings = charts.map(\.titledDrawing)
        let columns = min(columns, charts.count)
        var placed = "", y = gap
        for first in stride(from: 0, to: drawings.count, by: columns) {
            let row = drawings[first..<min(first + columns, drawings.count)]
            for (column, drawing) in row.enumerated() {
                let x = gap + Double(column) * (Chart.width + gap)
                placed += "<g transform=\"translate(\(svgNumber(x)) \(svgNumber(y)))\">\n\(drawing.svg)\n</g>\n"
            }
            y += row.reduce(0) { max($0, $1.height) } + gap
        }
        let width = gap + Double(columns) * (Chart.width + gap)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(svgNumber(width)) \(svgNumber(y))">
            <style>
            \(PageStyle.colors(of: "svg"))
            svg { background: var(--paper); color: var(--ink); }
            \(PageStyle.charts)
            </style>
            \(placed)</svg>

            """
    }
}

extension Report.Chart {
    /// With the title above.
    var titledDrawing: Drawing {
        var titled = Drawing(width: Self.width)
        for line in wrapped(title, toWidth: Self.width / Drawing.fontSize / 1.12) {
            titled.place(.init(text: line, x: 0, baseline: titled.height + 12, style: .strong))
            titled.height += Drawing.lineHeight
        }
        titled.height += 4
        content.draw(in: &titled)
        return titled
    }
}
