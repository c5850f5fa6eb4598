extension Report.Chart.Plot {
    func draw(in drawing: inout Drawing) {
        let points = series.flatMap(\.points)
        let xScale = PlotScale(x, values: points.map(\.x))
        let yScale = PlotScale(y, values: points.flatMap { [$0.y] + ($0.interval.map { [$0.lowerBound, $0.upperBound] } ?? []) })
        Legend(series).draw(in: &drawing)
        drawing.placeHeading(y.label)
        // Half of the last tick's label lies beyond the frame; categories have room of their own.
        let beyond = if case .categories = x.scale { 8.0 } else { max(8, textWidth(xScale.ticks.last?.label ?? "") * Drawing.fontSize / 2) }
        let frame = Frame(
            left: Drawing.margin(for: yScale.ticks.map(\.label), most: 110), right: drawing.width - beyond, top: drawing.height + 6,
            bottom: drawing.height + 186)
        for tick in yScale.ticks {
            let place = frame.y(yScale.share(of: tick.value))
            drawing.add("<path class=\"grid\" d=\"M\(svgNumber(frame.left)) \(svgNumber(place))H\(svgNumber(frame.right))\"/>")
            drawing.place(.init(text: tick.label, x: frame.left - 6, baseline: place + 4, anchor: .end), distance: 0)
        }
        let painter = Painter(frame: frame, x: xScale, y: yScale)
        let looks = series.looks, shifts = shifts(looks, frame.width)
        // Lines lie below markers.
        for (one, look) in zip(series, looks) where one.mark.isLine {
            drawing.add(group(one, look, painter.band(one) + painter.line(one, look)))
        }
        for (number, (one, look)) in zip(series, looks).enumerated() where one.mark != .line {
            drawing.add(group(one, look, painter.markers(one, look, shifts: shifts[number])))
        }
        drawing.placeBottomAxis(xScale, x.label, in: frame, hasGrid: false)
    }

    private func group(_ series: Report.Chart.Series, _ look: Look, _ content: String) -> String {
        let name = [series.group?.name, series.name].compactMap { $0 }.joined(separator: ", ")
        return "<g class=\"\(look.className)\"><title>\(escaped(name))</title>\(content)</g>"
    }

    /// Over categories, markers of different series stand beside one another; by series and category.
    private func shifts(_ looks: [Look], _ width: Double) -> [[Double: Double]] {
        var shifts: [[Double: Double]] = series.map { _ in [:] }
        guard case .categories(let names) = x.scale else { return shifts }
        for category in names.indices.map(Double.init) {
            let shown = series.indices.filter { number in
                !series[number].mark.isLine && series[number].points.contains { $0.x == category && $0.y.isFinite }
            }
            // A marker and the ring around it share a place.
            func key(_ number: Int) -> String { "\(looks[number].number) \(series[number].mark == .crosses)" }
            var slots: [String] = []
            for number in shown where !slots.contains(key(number)) { slots.append(key(number)) }
            let step = min(11, width / Double(max(1, names.count)) * 0.8 / Double(max(1, slots.count)))
            for number in shown {
                shifts[number][category] = (Double(slots.firstIndex(of: key(number))!) - Double(slots.count - 1) / 2) * step
            }
        }
        return shifts
    }
}

/// Series in a frame.
private struct Painter {
    var frame: Frame
    var x, y: PlotScale

    private func point(_ x: Double, _ y: Double) -> String { "\(svgNumber(frame.x(self.x.share(of: x)))),\(svgNumber(height(y)))" }
    private func height(_ y: Double) -> Double { frame.y(self.y.share(of: y)) }

    /// Points that have a place, in runs between those that have none.
    private func runs(_ series: Report.Chart.Series) -> [[Report.Chart.Point]] {
        series.points.split { !x.holds($0.x) || !y.holds($0.y) }.map(Array.init)
    }

    func line(_ series: Report.Chart.Series, _ look: Look) -> String {
        runs(series).map { run in
            // A point alone is a short line.
            guard run.count > 1 else {
                return "<path class=\"line\" d=\"M\(point(run[0].x, run[0].y))m-9 0h18\"\(look.dash)/>"
            }
            return "<polyline class=\"line\" points=\"\(run.map { point($0.x, $0.y) }.joined(separator: " "))\"\(look.dash)/>"
        }.joined()
    }

    func band(_ series: Report.Chart.Series) -> String {
        runs(series).map { run in
            let held = run.filter { $0.interval != nil }
            guard held.count > 1 else { return "" }
            let corners = held.map { point($0.x, $0.interval!.upperBound) } + held.reversed().map { point($0.x, $0.interval!.lowerBound) }
            return "<polygon class=\"band\" points=\"\(corners.joined(separator: " "))\"/>"
        }.joined()
    }

    func markers(_ series: Report.Chart.Series, _ look: Look, shifts: [Double: Double]) -> String {
        series.points.filter { x.holds($0.x) && y.holds($0.y) }.map { point in
            let (left, top) = (frame.x(x.share(of: point.x)) + (shifts[point.x] ?? 0), height(point.y))
            var shapes = ""
            if let interval = point.interval, !series.mark.isLine {
                let (low, high) = (svgNumber(height(interval.lowerBound)), svgNumber(height(interval.upperBound)))
                shapes += "<path class=\"hollow\" d=\"M\(svgNumber(left)) \(low)V\(high)m-3 0h6M\(svgNumber(left - 3)) \(low)h6\"/>"
            }
            switch series.mark {
            case .crosses: shapes += Look.cross(left, top)
            case .hollowPoints: shapes += look.marker(left, top, isHollow: true)
            default: shapes += look.marker(left, top)
            }
            return shapes
        }.joined()
    }
}
