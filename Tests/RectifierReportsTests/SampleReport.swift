@testable import RectifierReports

/// A report with a chart of every kind and texts that renderers could trip over.
func sampleReport() -> Report {
    let ladder = Report.Chart(
        "ladder", title: "Gradient by depth <& \"quoted\">", caption: "With a band.",
        .plot(
            .init(
                x: .init("layer"), y: .init("norm", scale: .logarithmic),
                series: [
                    .init("median", .line, (0..<30).map { .init(Double($0), 1 / Double($0 + 1), interval: 0.5 / Double($0 + 1)...2) }),
                    .init("last", .markedLine, (0..<30).map { .init(Double($0), $0 == 7 ? .nan : 0.01 * Double($0)) }),
                ])))
    let shares = Report.Chart(
        "shares", title: "Shares by category",
        .plot(
            .init(
                x: .categories("a long name of an axis, longer than the chart is wide, so that it must be cut somewhere", longNames),
                y: .init("of networks", unit: .share, range: 0...1),
                series: (0..<3).flatMap { look in
                    let group = Report.Chart.Group("group \(look)", look: look)
                    return [
                        Report.Chart.Series("measured, and said at length", group: group, .points, [.init(0, 0.5, interval: 0.25...0.75)]),
                        .init("published", group: group, .crosses, [.init(1, 0.3)]),
                        .init("ring", group: group, .hollowPoints, [.init(2, 0)]),
                    ]
                })))
    let bars = Report.Chart(
        "bars", title: "Bars",
        .bars(
            .init(
                categories: longNames, values: .init("GFLOP/s"),
                series: [
                    .init("one", .bars, longNames.indices.map { .init(Double($0), Double($0) * 123.456) }),
                    .init("two", .bars, [.init(1, -40, interval: -60 ... -20), .init(2, .infinity)]),
                ])))
    let points = Report.Chart(
        "points", title: "Points on a logarithmic scale",
        .bars(
            .init(
                categories: ["a", "b"], values: .init("ties", scale: .logarithmic),
                series: [.init("t", .points, [.init(0, 3), .init(1, 0)])])))
    let shades: [[Double]] = (0..<60).map { row in
        (0..<40).map { column in row == 3 ? Double.nan : Double(row * column) / 2301 }
    }
    let strips = Report.Chart(
        "strips", title: "Units over epochs",
        .strips(
            .init(
                rows: (1...60).map { "unit \($0)" }, x: .init("epoch"), shades: .init("share of samples", unit: .share, range: 0...1),
                values: shades)))
    typealias Field = Report.Table.Field<Int>
    let names = ["plain", "a, b", "say \"x\"", "two\nlines"]
    let forAll = [
        Field("name", key: "name") { .text(names[$0]) }, Field("count", key: "count") { .count($0 == 3 ? nil : $0 * 12_345) },
        Field("share", key: "share") { .share(Double($0) / 3) },
    ]
    let others = [
        Field(nil, key: "hidden") { .number(Double($0) / 7) }, Field("only for people <b>") { .figures("\($0) (\($0))") },
        Field("a wide column for nothing but its width", key: "wide") { .count($0) },
        Field("another wide column, so that two tables are needed") { .count($0) },
    ]
    let table = Report.Table(
        "rows", title: "Rows", note: "What is said of them.", rows: Array(0..<4), rules: { "\($0 / 2)" }, fields: forAll + others)
    return Report(
        title: "A report of <everything>",
        summary: String(repeating: "Words that go on and on. ", count: 8) + String(repeating: "x", count: 200),
        facts: [.init("seed", "17"), .init("data & more", "<none>")],
        findings: [.init("Half of it is 0.5 < 1 & more.", numbers: [("half", 0.5), ("missing", .nan)])],
        charts: [
            ladder, shares, bars, points, strips, pictures("colour", 16, size: 3, channels: 3, .rgb(-1...1)),
            pictures("grey", 1, size: 20, .grey(-1...1)), pictures("diverging", 5, size: 16, .diverging(1)),
            pictures("shades", 9, size: 4, .shades(1, zero: "closed: 0")),
        ], tables: [table])
}

private let awkwardNames = ["plain", "a, b", "say \"x\"", "two\nlines"]
private let longNames = ["one", "a name of several words", "Donaudampfschifffahrtsgesellschaft", "四つ目の名前", "five"]

private func shades(_ row: Int) -> [Double] { (0..<40).map { column in row == 3 ? Double.nan : Double(row * column) / 2301 } }

private func twice(_ number: Int) -> String { "\(number) (\(number))" }
private func part(_ number: Int, of whole: Double) -> Double { Double(number) / whole }

private func pictures(_ name: String, _ count: Int, size: Int, channels: Int = 1, _ colors: Report.Chart.Pictures.Colors) -> Report.Chart {
    let pictures = (0..<count).map { number -> Report.Chart.Pictures.Picture in
        let values: [Double] = (0..<size * size * channels).map { place in number == 2 ? 0 : Double(place * (number + 1) % 17) / 8 - 1 }
        return .init(number == 2 ? "3 closed" : "\(number + 1)", rows: size, columns: size, values: values)
    }
    return Report.Chart(name, title: "Pictures, \(name)", .pictures(.init(pictures, colors: colors, values: "weight")))
}
