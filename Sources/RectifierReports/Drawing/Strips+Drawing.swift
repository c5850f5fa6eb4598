import RectifierText

extension Report.Chart.Strips {
    private static let levels = 16
    /// Of a 0 that is called by a name.
    private static let zeroLevel = levels

    func draw(in drawing: inout Drawing) {
        let scale = PlotScale(shades, values: values.flatMap { $0 }, most: 4)
        drawKey(scale, in: &drawing)
        let count = values.first?.count ?? 0
        let xScale = columnScale(count)
        let left = Drawing.margin(for: rows, most: drawing.width * 0.4)
        let rowHeight = max(3, min(16, 320 / Double(max(1, rows.count))))
        let frame = Frame(
            left: left, right: drawing.width - 2, top: drawing.height + 2, bottom: drawing.height + 2 + rowHeight * Double(rows.count))
        let cell = frame.width / Double(max(1, count)), gap = rowHeight >= 8 ? 1.0 : 0
        var paths = Array(repeating: "", count: Self.levels + 1)
        for (row, shown) in values.enumerated() {
            let top = frame.top + rowHeight * Double(row)
            // Names of thin rows are left out where they have no room.
            let name = shortened(rows[row], toWidth: (left - 8) / Drawing.fontSize)
            drawing.place(.init(text: name, x: left - 8, baseline: top + rowHeight / 2 + 4, anchor: .end), distance: 0)
            for run in runs(shown.map { level($0, scale) }) {
                guard let level = run.level else { continue }
                let x = frame.left + cell * Double(run.columns.lowerBound), width = cell * Double(run.columns.count)
                paths[level] +=
                    "M\(svgNumber(x)) \(svgNumber(top))h\(svgNumber(width))v\(svgNumber(rowHeight - gap))h\(svgNumber(-width))z"
            }
        }
        drawing.add(
            "<rect class=\"outline\" x=\"\(svgNumber(frame.left))\" y=\"\(svgNumber(frame.top))\" width=\"\(svgNumber(frame.width))\" height=\"\(svgNumber(frame.height))\"/>"
        )
        for (level, path) in paths.enumerated() where !path.isEmpty {
            let look = level == Self.zeroLevel ? "class=\"zero\"" : "class=\"shade\" fill-opacity=\"\(opacity(level))\""
            drawing.add("<path \(look) d=\"\(path)\"/>")
        }
        drawing.placeBottomAxis(xScale, x.label, in: frame, hasGrid: false)
    }

    /// Ticks under the columns, which are numbered from 1 unless the axis has a range.
    private func columnScale(_ count: Int) -> PlotScale {
        var axis = x
        if case .linear = axis.scale {
            let range = axis.range ?? 1...Double(max(1, count))
            let half = count > 1 ? (range.upperBound - range.lowerBound) / Double(count - 1) / 2 : 0.5
            axis.range = range.lowerBound - half...range.upperBound + half
        }
        return PlotScale(axis, values: [])
    }

    private func level(_ value: Double, _ scale: PlotScale) -> Int? {
        if zero != nil, value == 0 { return Self.zeroLevel }
        return scale.holds(value) ? min(Self.levels - 1, Int(scale.share(of: value) * Double(Self.levels))) : nil
    }

    private func opacity(_ level: Int) -> String { Format.fixed(0.08 + 0.92 * Double(level) / Double(Self.levels - 1), 2) }

    /// Neighbours of one level.
    private func runs(_ levels: [Int?]) -> [(level: Int?, columns: Range<Int>)] {
        var runs: [(level: Int?, columns: Range<Int>)] = []
        for (column, level) in levels.enumerated() {
            if let last = runs.last, last.level == level {
                runs[runs.count - 1].columns = last.columns.lowerBound..<column + 1
            } else {
                runs.append((level, column..<column + 1))
            }
        }
        return runs
    }

    /// What the shades stand for.
    private func drawKey(_ scale: PlotScale, in drawing: inout Drawing) {
        drawing.placeHeading(shades.label)
        let frame = Frame(left: 20, right: 220, top: drawing.height, bottom: drawing.height + 10), step = frame.width / Double(Self.levels)
        for level in 0..<Self.levels {
            drawing.add(
                "<rect class=\"shade\" fill-opacity=\"\(opacity(level))\" x=\"\(svgNumber(frame.left + step * Double(level)))\""
                    + " y=\"\(svgNumber(frame.top))\" width=\"\(svgNumber(step))\" height=\"10\"/>")
        }
        if values.contains(where: { $0.contains { !scale.holds($0) } }) {
            drawing.add("<rect class=\"outline\" x=\"250\" y=\"\(svgNumber(frame.top))\" width=\"14\" height=\"10\"/>")
            drawing.place(.init(text: "no value", x: 270, baseline: frame.top + 9))
        } else if let zero, values.contains(where: { $0.contains(0) }) {
            drawing.add("<rect class=\"zero\" x=\"250\" y=\"\(svgNumber(frame.top))\" width=\"14\" height=\"10\"/>")
            drawing.place(.init(text: zero, x: 270, baseline: frame.top + 9))
        }
        drawing.placeBottomAxis(scale, "", in: frame, hasGrid: false)
        drawing.height += 6
    }
}
