extension Report {
    /// One JSON object. Numbers are not rounded; members for which there is no value are left out.
    public var json: String {
        var facts = JSONLine()
        for fact in self.facts { facts.add(fact.name, fact.value) }
        let report: JSONLine = [
            "title": title, "summary": summary, "facts": facts, "findings": findings.map(\.json), "tables": tables.map(\.json),
            "charts": charts.map(\.json),
        ]
        return report.description + "\n"
    }
}

extension Report.Finding {
    fileprivate var json: JSONLine {
        var numbers = JSONLine()
        for number in self.numbers { numbers.add(number.name, number.value) }
        return ["sentence": sentence, "numbers": numbers]
    }
}

extension Report.Table {
    fileprivate var json: JSONLine {
        let keyed = keyedColumns
        let rows = rows.map { row in
            var line = JSONLine()
            for column in keyed { line.add(columns[column].key!, row[column].json) }
            return line
        }
        return ["name": name, "title": title, "note": note, "columns": keyed.map { columns[$0].key! }, "rows": rows]
    }
}

extension Report.Cell {
    fileprivate var json: (any JSONWritable)? {
        switch value {
        case .text(let text): text
        case .count(let count): count
        case .number(let number): number
        case .none: nil
        }
    }
}

extension Report.Chart {
    fileprivate var json: JSONLine {
        var line: JSONLine = ["name": name, "title": title, "caption": caption]
        switch content {
        case .plot(let plot):
            line.add("x", plot.x.json)
            line.add("y", plot.y.json)
            line.add("series", plot.series.map(\.json))
        case .bars(let bars):
            line.add("x", Axis.categories("", bars.categories).json)
            line.add("y", bars.values.json)
            line.add("series", bars.series.map(\.json))
        case .strips(let strips):
            line.add("x", strips.x.json)
            line.add("shades", strips.shades.json)
            line.add("rows", strips.rows)
            line.add("values", strips.values)
        case .pictures(let pictures):
            line.add(
                "pictures",
                pictures.pictures.map { picture -> JSONLine in
                    ["name": picture.name, "rows": picture.rows, "columns": picture.columns, "values": picture.values]
                })
        }
        return line
    }
}

extension Report.Chart.Axis {
    fileprivate var json: JSONLine {
        var line: JSONLine = ["label": label]
        if case .categories(let names) = scale { line.add("categories", names) }
        if scale == .logarithmic { line.add("logarithmic", true) }
        if let range { line.add("range", [range.lowerBound, range.upperBound]) }
        return line
    }
}

extension Report.Chart.Series {
    fileprivate var json: JSONLine {
        [
            "name": name, "group": group?.name, "mark": mark.rawValue,
            "points": points.map { point -> JSONLine in
                ["x": point.x, "y": point.y, "low": point.interval?.lowerBound, "high": point.interval?.upperBound]
            },
        ]
    }
}
