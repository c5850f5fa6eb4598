import Foundation
import Testing

@testable import RectifierReports

/// A browser that can be asked, if there is one.
private let browser: URL? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let places = folders.flatMap { folder in ["chromium", "google-chrome", "chrome"].map { "\(folder)/\($0)" } }
    return places.first { FileManager.default.isExecutableFile(atPath: $0) }.map { URL(fileURLWithPath: $0) }
}()

@Suite("In a browser", .enabled(if: browser != nil, "there is no Chromium"))
struct BrowserTests {
    /// The page in frames of 400 and 1,280 pixels, measured by a script of the test's.
    @Test func `Labels do not overprint, and the page does not scroll sideways`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rectifier-browser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let frames = [400, 1280].map { "<iframe width=\"\($0)\" height=\"800\" srcdoc=\"\(escaped(sampleReport().page))\"></iframe>" }
        let script = """
            const problems = [];
            for (const frame of document.querySelectorAll("iframe")) {
                const page = frame.contentDocument, root = page.documentElement;
                if (root.scrollWidth > root.clientWidth) problems.push(frame.width + ": scrolls to " + root.scrollWidth);
                if (page.querySelectorAll("svg text").length < 40) problems.push("no labels");
                for (const svg of page.querySelectorAll("svg")) {
                    const edge = svg.getBoundingClientRect();
                    const boxes = [...svg.querySelectorAll("text")].map(t => [t.textContent, t.getBoundingClientRect()]);
                    boxes.forEach(([text, a], i) => {
                        if (a.left < edge.left - 1 || a.right > edge.right + 1 || a.bottom > edge.bottom + 3) problems.push(text + " is cut");
                        for (const [other, b] of boxes.slice(0, i)) {
                            // The boxes of letters have room for accents above and below.
                            if (a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom) problems.push(text + " on " + other);
                        }
                    });
                }
            }
            document.title = "measured: " + JSON.stringify(problems);
            """
        let file = folder.appendingPathComponent("test.html"), output = folder.appendingPathComponent("output")
        try "<!DOCTYPE html><title>-</title>\(frames.joined())<script>onload = () => {\(script)}</script>"
            .write(to: file, atomically: true, encoding: .utf8)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = browser
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path)/profile", "--virtual-time-budget=5000",
            "--dump-dom",
            file.absoluteString,
        ]
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let found = try String(contentsOf: output, encoding: .utf8).firstMatch(of: /<title>(.*?)<\/title>/).map { String($0.1) }
        #expect(found == "measured: []")
    }
}
