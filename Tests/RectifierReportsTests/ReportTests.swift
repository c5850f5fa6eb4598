import Foundation
import RectifierText
import Testing

@testable import RectifierReports

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("Reports")
struct ReportTests {
    private func parses(_ xml: String) -> Bool { XMLParser(data: Data(xml.utf8)).parse() }

    @Test(arguments: [40, 80, 132]) func `No line of text is wider than the terminal`(width: Int) {
        for pictures in [nil, String(repeating: "where they are ", count: 20)] {
            let lines = sampleReport().text(width: width, pictures: pictures).split(separator: "\n").map(String.init)
            #expect(lines.allSatisfy { terminalColumns($0) <= width }, "\(lines.filter { terminalColumns($0) > width })")
        }
    }

    @Test func `Text has every sentence, row and series`() {
        let text = sampleReport().text()
        #expect(text.contains("• Half of it is 0.5 < 1 & more."))
        // A table that is too wide goes on below, here twice, where its rows are named again.
        #expect(text.components(separatedBy: "say \"x\"").count == 4)
        #expect(text.contains("\ntwo lines"))
        #expect(text.contains("0.0 %") && text.contains("24,690"))
        #expect(text.contains("unit 60"))
        #expect(text.contains("group 2, published"))
        #expect(sampleReport().text(pictures: "5 charts: page.html").hasSuffix("\n5 charts: page.html\n"))
    }

    @Test func `CSV is quoted, unrounded, and what programs read`() throws {
        let csv = sampleReport().tables[0].csv
        #expect(
            csv == """
                name,count,share,hidden,wide
                plain,0,0.0,0.0,0
                "a, b",12345,0.3333333333333333,0.14285714285714285,1
                "say ""x\""",24690,0.6666666666666666,0.2857142857142857,2
                "two
                lines",,1.0,0.42857142857142855,3

                """)
        #expect(sampleReport().csvFiles(named: "out").map(\.name) == ["out.csv"])
        var two = sampleReport()
        two.tables.append(two.tables[0])
        two.tables[1].name = "more"
        #expect(two.csvFiles(named: "out").map(\.name) == ["out-rows.csv", "out-more.csv"])
    }

    @Test func `JSON decodes, and has what is drawn`() throws {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(sampleReport().json.utf8)) as? [String: Any])
        let findings = try #require(object["findings"] as? [[String: Any]])
        #expect(findings[0]["numbers"] as? [String: Double] == ["half": 0.5])
        let tables = try #require(object["tables"] as? [[String: Any]]), rows = try #require(tables[0]["rows"] as? [[String: Any]])
        #expect(rows.count == 4 && rows[3]["count"] == nil && rows[1]["count"] as? Int == 12345)
        let charts = try #require(object["charts"] as? [[String: Any]])
        #expect(
            charts.compactMap { $0["name"] as? String } == [
                "ladder", "shares", "bars", "points", "strips", "colour", "grey", "diverging", "shades",
            ])
        let pictures = try #require(charts[5]["pictures"] as? [[String: Any]])
        #expect(pictures.count == 16 && (pictures[0]["values"] as? [Double])?.count == 27 && pictures[0]["rows"] as? Int == 3)
        let series = try #require(charts[0]["series"] as? [[String: Any]]), points = try #require(series[0]["points"] as? [[String: Any]])
        #expect(points.count == 30 && points[1]["low"] as? Double == 0.25)
    }

    @Test func `The page stands alone, escapes what it is given and has headings`() throws {
        // What a picture holds itself is asked of nobody.
        let page = sampleReport().page.replacing(/href="data:image\/png;base64,[A-Za-z0-9+\/=]+"/, with: "")
        #expect(parses(page))
        for outside in ["<script", "http", "src=", "href=", "url(", "@import", "nan", "inf\""] {
            #expect(!page.contains(outside), "\(outside)")
        }
        #expect(page.contains("A report of &lt;everything&gt;") && page.contains("only for people &lt;b&gt;"))
        #expect(page.contains("prefers-color-scheme: dark"))
        #expect(page.components(separatedBy: "<figure").count == 10 && page.components(separatedBy: "<figcaption>").count == 10)
        #expect(page.contains("<th scope=\"col\" class=\"word\">name</th>") && page.contains("<th scope=\"row\" class=\"word\">plain</th>"))
        // What only programs read is not on it.
        #expect(!page.contains("0.142857"))
    }

    @Test func `An empty report is a report`() {
        let report = Report(title: "Nothing", summary: "Nothing was done.")
        #expect(parses(report.page))
        #expect(report.text() == "Nothing\nNothing was done.\n")
        #expect(report.csvFiles(named: "x").isEmpty)
        #expect((try? JSONSerialization.jsonObject(with: Data(report.json.utf8))) != nil)
        #expect(Report.picture(of: []).isEmpty)
    }
}
