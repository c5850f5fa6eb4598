import TestSupport
import Testing

@testable import RectifierReports

@Suite("In a browser", .enabled(if: Browser.installed != nil, "there is no Chromium"))
struct BrowserTests {
    @Test func `Labels do not overprint, and the page does not scroll sideways`() throws {
        let problems = try #require(Browser.installed).problems(of: [sampleReport().page], labels: 40)
        #expect(problems == [])
    }

    @Test func `A page that asks for a picture is found out`() throws {
        let page = sampleReport().page.replacing("</h1>", with: "</h1><img src=\"http://localhost:1/picture.png\"/>")
        let problems = try #require(Browser.installed).problems(of: [page], labels: 40)
        #expect(problems.contains("asks for http://localhost:1/picture.png"))
    }
}
