import Foundation
import Testing

@testable import RectifierReports

@Suite("Charts")
struct DrawingTests {
    @Test func `No label lies on another, and none outside`() {
        for chart in sampleReport().charts {
            let drawing = chart.titledDrawing, labels = drawing.labels
            #expect(labels.count > 3)
            for (number, one) in labels.enumerated() {
                for other in labels[..<number] {
                    #expect(!one.box.intersects(other.box), "\(chart.name): \"\(one.text)\" lies on \"\(other.text)\"")
                }
                #expect(one.box.left >= -0.01 && one.box.right <= drawing.width + 0.01, "\(chart.name): \(one)")
                #expect(one.box.top >= 0 && one.box.bottom <= drawing.height + 4, "\(chart.name): \(one)")
            }
        }
    }

    @Test func `Every colour is in the legend, with the name of its series`() throws {
        for chart in sampleReport().charts {
            let series: [Report.Chart.Series]
            switch chart.content {
            case .plot(let plot): series = plot.series
            case .bars(let bars): series = bars.series
            case .strips, .pictures: continue
            }
            let texts = chart.drawing.labels.map(\.text)
            for one in series { #expect(texts.contains(one.name) && (one.group.map { texts.contains($0.name) } ?? true)) }
            // Once in the legend, and where the data are.
            for look in Set(series.looks) {
                #expect(chart.drawing.svg.components(separatedBy: "<g class=\"\(look.className)\">").count >= 3, "\(chart.name) \(look)")
            }
        }
    }

    @Test func `Points lie where their values are, and inside the frame`() throws {
        let chart = Report.Chart(
            "line", title: "line",
            .plot(
                .init(
                    x: .init("x", range: 0...2), y: .init("y", range: 0...1),
                    series: [.init("line", .line, [.init(0, 0), .init(1, 0.5), .init(2, 7)])])))
        let svg = chart.drawing.svg
        let points = try #require(
            svg.firstMatch(of: /<polyline class="line" points="([\d.]+),([\d.]+) ([\d.]+),([\d.]+) ([\d.]+),([\d.]+)"/))
        let numbers = [points.1, points.2, points.3, points.4, points.5, points.6].map { Double($0)! }
        #expect(abs(numbers[2] - (numbers[0] + numbers[4]) / 2) < 0.11)
        // 7 is drawn at the top of the range.
        #expect(abs(numbers[3] - (numbers[1] + numbers[5]) / 2) < 0.11 && numbers[1] - numbers[5] == 180)
    }

    @Test func `A value that has no place breaks a line and moves nothing`() {
        func svg(_ values: [Double], _ scale: Report.Chart.Axis.Scale) -> String {
            let points = values.enumerated().map { Report.Chart.Point(Double($0), $1) }
            return Report.Chart(
                "x", title: "x", .plot(.init(x: .init("x"), y: .init("y", scale: scale), series: [.init("s", .line, points)]))
            ).drawing.svg
        }
        #expect(svg([1, 2, .nan, 4, 5], .linear).matches(of: /<polyline/).count == 2)
        #expect(svg([1, 2, 0, 4, 5], .logarithmic).matches(of: /<polyline/).count == 2)
        #expect(!svg([.nan, .infinity], .linear).lowercased().contains("nan"))
        // All of one value, 0 included.
        #expect(!svg([0, 0], .linear).contains("nan") && !svg([3, 3], .logarithmic).contains("nan"))
    }

    @Test func `Bars start at 0 and end at their value`() throws {
        let chart = Report.Chart(
            "bars", title: "bars",
            .bars(.init(categories: ["a", "b"], values: .init("v"), series: [.init("s", .bars, [.init(0, 10), .init(1, 5)])])))
        let widths = chart.drawing.svg.matches(of: /<rect class="full" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/).dropFirst()
        let found = widths.map { (Double($0.1)!, Double($0.2)!) }
        #expect(found.count == 2 && found[0].0 == found[1].0 && abs(found[0].1 - 2 * found[1].1) < 0.2)
        let texts = chart.drawing.labels.map(\.text)
        #expect(texts.contains("10") && texts.contains("5"))
    }

    @Test(arguments: [
        (0.0, 1.0, Report.Chart.Axis.Unit.share, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        (0.98105, 0.98230, .share, ["98.10 %", "98.15 %", "98.20 %", "98.25 %"]),
        (0, 60_000, .number, ["0", "20,000", "40,000", "60,000"]),
        (-1, 1, .number, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
    ])
    func `Ticks are round numbers around the values`(low: Double, high: Double, unit: Report.Chart.Axis.Unit, labels: [String]) {
        let scale = PlotScale(.init("", unit: unit), values: [low, high])
        #expect(scale.ticks.map(\.label) == labels)
        #expect(scale.share(of: low) >= 0 && scale.share(of: high) <= 1 && scale.share(of: low) < scale.share(of: high))
    }

    @Test func `A value stands beside its bar as people write it`() {
        let scale = PlotScale(.init(""), values: [0, 1])
        #expect([0, 17.361, 1388.9, 25_000, 2.5e12].map(scale.text) == ["0", "17.4", "1,389", "25,000", "2.5e+12"])
        #expect(PlotScale(.init("", unit: .share), values: [0, 1]).text(0.8473) == "84.7 %")
    }

    @Test func `What is exactly 0 has a colour of its own, where it has a name`() {
        func svg(_ zero: String?) -> String {
            let strips = Report.Chart.Strips(
                rows: ["a", "b"], x: .categories("epoch", ["1", "2"]), shades: .init("active", unit: .share, range: 0...1), zero: zero,
                values: [[0, 0.01], [0.5, 1]])
            return Report.Chart("units", title: "Units", .strips(strips)).drawing.svg
        }
        // In the key, and in the strip.
        #expect(svg("dead").components(separatedBy: "class=\"zero\"").count == 3 && svg("dead").contains(">dead<"))
        #expect(!svg(nil).contains("class=\"zero\""))
    }

    @Test func `Between whole numbers is no tick`() {
        for end in [2.0, 3, 20, 1000] {
            let ticks = PlotScale(.init("epoch", unit: .whole), values: [1, end]).ticks
            #expect(ticks.count > 1 && ticks.map(\.value) == ticks.map { $0.value.rounded() } && !ticks.contains { $0.label.contains(".") })
        }
    }

    @Test func `Logarithmic ticks are powers of ten`() {
        let scale = PlotScale(.init("", scale: .logarithmic), values: [0, 0.02, 3_000_000], most: 6)
        #expect(scale.ticks.map(\.label) == ["0.01", "1", "100", "10,000", "10⁶"])
        #expect(abs(scale.share(of: 100) - 4.0 / 9) < 1e-9 && !scale.holds(0))
    }
}
