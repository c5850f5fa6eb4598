import RectifierText

extension Report.Chart {
    /// The chart in characters: a line for each series, category or strip, in lines of at most `width` columns.
    package func lines(width: Int) -> [String] {
        let rows: [(name: String, picture: String, value: String)]
        switch content {
        case .plot(let plot): rows = plot.textRows
        case .bars(let bars): rows = bars.textRows
        case .strips(let strips): rows = strips.textRows
        case .pictures(let pictures): rows = pictures.textRows
        }
        let names = min(width / 3, rows.map { terminalColumns($0.name) }.max() ?? 0)
        return wrapped(title, width: width)
            + rows.map { row in
                let name = shortened(row.name, to: names)
                let padding = String(repeating: " ", count: names - terminalColumns(name))
                let line = name + padding + "  " + row.picture.padding(toColumns: textPictureWidth) + "  " + row.value
                return shortened(line, to: width)
            }
    }
}

private let textPictureWidth = 24

extension Report.Chart.Plot {
    /// Series by their height, all on one scale.
    fileprivate var textRows: [(name: String, picture: String, value: String)] {
        let scale = PlotScale(y, values: series.flatMap(\.points).map(\.y))
        return series.map { one in
            let points = one.points.filter { scale.holds($0.y) }.sorted { $0.x < $1.x }
            let picture = squeezed(points.map { scale.share(of: $0.y) }, to: textPictureWidth).map { shade($0, of: "▁▂▃▄▅▆▇█") }
            let ends = [points.first, points.last].compactMap { $0.map { scale.text($0.y) } }
            let name = [one.group?.name, one.name].compactMap { $0 }.joined(separator: ", ")
            return (name, String(picture), ends.count < 2 ? "" : points.count == 1 ? ends[0] : ends.joined(separator: " → "))
        }
    }
}

extension Report.Chart.Bars {
    fileprivate var textRows: [(name: String, picture: String, value: String)] {
        let scale = PlotScale(values, values: series.flatMap(\.points).map(\.y), startsAtZero: true)
        return categories.indices.flatMap { category in
            series.compactMap { one in
                guard let point = one.points.first(where: { Int($0.x) == category }), scale.holds(point.y) else { return nil }
                let eighths = Int((scale.share(of: point.y) * Double(8 * textPictureWidth)).rounded())
                let bar = String(repeating: "█", count: eighths / 8) + (eighths % 8 == 0 ? "" : String(Array("▏▎▍▌▋▊▉")[eighths % 8 - 1]))
                let name = series.count == 1 ? categories[category] : "\(categories[category]), \(one.name)"
                return (name, bar, scale.text(point.y))
            }
        }
    }
}

extension Report.Chart.Strips {
    fileprivate var textRows: [(name: String, picture: String, value: String)] {
        let scale = PlotScale(shades, values: values.flatMap { $0 })
        return zip(rows, values).map { name, row in
            let picture = squeezed(row.map { scale.holds($0) ? scale.share(of: $0) : .nan }, to: textPictureWidth).map {
                $0.isNaN ? "·" : shade($0, of: " ░▒▓█")
            }
            return (name, String(picture), row.last.flatMap { scale.holds($0) ? scale.text($0) : nil } ?? "")
        }
    }
}

extension Report.Chart.Pictures {
    /// How many there are and of which size: letters do not draw them.
    fileprivate var textRows: [(name: String, picture: String, value: String)] {
        guard let first = pictures.first else { return [] }
        return [(Format.count(pictures.count, "picture"), "", "\(first.rows)×\(first.columns)")]
    }
}

/// Means of neighbours, so that at most so many are left.
private func squeezed(_ values: [Double], to count: Int) -> [Double] {
    guard values.count > count else { return values }
    return (0..<count).map { place in
        let part = values[place * values.count / count..<(place + 1) * values.count / count].filter { !$0.isNaN }
        return part.isEmpty ? .nan : part.reduce(0, +) / Double(part.count)
    }
}

private func shade(_ share: Double, of shades: String) -> Character {
    Array(shades)[min(shades.count - 1, Int(share * Double(shades.count)))]
}

extension String {
    fileprivate func padding(toColumns columns: Int) -> String {
        self + String(repeating: " ", count: max(0, columns - terminalColumns(self)))
    }
}
