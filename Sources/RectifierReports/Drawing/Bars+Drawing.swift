extension Report.Chart.Bars {
    func draw(in drawing: inout Drawing) {
        let points = series.flatMap(\.points)
        let valueWidth = Drawing.margin(for: points.filter { $0.y.isFinite }.map { PlotScale(values, values: [$0.y]).text($0.y) }, most: 90)
        let scale = PlotScale(values, values: points.map(\.y), startsAtZero: true, most: 5)
        Legend(series).draw(in: &drawing)
        // Names that would leave too little room beside them stand above their bars.
        let nameWidth = Drawing.margin(for: categories, most: drawing.width)
        let isBeside = nameWidth < drawing.width * 0.4
        var frame = Frame(
            left: isBeside ? nameWidth : 2, right: drawing.width - valueWidth, top: drawing.height, bottom: drawing.height + 3)
        let looks = series.looks, barHeight = 15.0
        for (category, name) in categories.enumerated() {
            let held = zip(series, looks).compactMap { one, look in
                one.points.first { Int($0.x) == category && scale.holds($0.y) }.map { (one, look, point: $0) }
            }
            let height = barHeight * Double(max(isBeside ? 1 : 0, held.count)), top = frame.bottom + (isBeside ? 0 : Drawing.lineHeight - 3)
            drawing.place(
                isBeside
                    ? .init(text: name, x: frame.left - 8, baseline: top + height / 2 + 4, anchor: .end)
                    : .init(text: name, x: 0, baseline: top - 3), distance: 0)
            for (number, (one, look, point)) in held.enumerated() {
                draw(point, of: one, look, scale, frame, y: top + barHeight * (Double(number) + 0.5), in: &drawing)
            }
            if held.isEmpty {
                let after = textWidth(name) * Drawing.fontSize + 8
                drawing.place(
                    isBeside
                        ? .init(text: "–", x: frame.left + 4, baseline: top + height / 2 + 4, style: .quiet)
                        : .init(text: "–", x: after, baseline: top - 3, style: .quiet), distance: 0)
            }
            frame.bottom = top + height + 5
        }
        drawing.placeBottomAxis(scale, values.label, in: frame, hasGrid: true)
    }

    private func draw(
        _ point: Report.Chart.Point, of series: Report.Chart.Series, _ look: Look, _ scale: PlotScale, _ frame: Frame, y: Double,
        in drawing: inout Drawing
    ) {
        let end = frame.x(scale.share(of: point.y)), start = values.scale == .logarithmic ? frame.left : frame.x(scale.share(of: 0))
        var shapes = "<title>\(escaped("\(series.name): \(scale.text(point.y))"))</title>"
        if series.mark == .bars {
            shapes +=
                "<rect class=\"full\" x=\"\(svgNumber(min(start, end)))\" y=\"\(svgNumber(y - 5))\""
                + " width=\"\(svgNumber(abs(end - start)))\" height=\"10\"/>"
        } else {
            shapes += "<path class=\"grid\" d=\"M\(svgNumber(start)) \(svgNumber(y))H\(svgNumber(end))\"/>" + look.marker(end, y)
        }
        if let interval = point.interval {
            let (low, high) = (
                svgNumber(frame.x(scale.share(of: interval.lowerBound))), svgNumber(frame.x(scale.share(of: interval.upperBound)))
            )
            shapes += "<path class=\"whisker\" d=\"M\(low) \(svgNumber(y))H\(high)m0 -3v6M\(low) \(svgNumber(y - 3))v6\"/>"
        }
        drawing.add("<g class=\"\(look.className)\">\(shapes)</g>")
        let beyond = max(start, end, point.interval.map { frame.x(scale.share(of: $0.upperBound)) } ?? end)
        drawing.place(.init(text: scale.text(point.y), x: beyond + 7, baseline: y + 4), distance: 0)
    }
}
