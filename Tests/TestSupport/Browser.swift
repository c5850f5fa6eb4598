import Foundation

/// A Chromium without a window, where there is one.
public struct Browser: Sendable {
    private let executable: URL

    /// The one on the path; `nil` where there is none.
    public static let installed: Browser? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let places = folders.flatMap { folder in ["chromium", "google-chrome", "chrome"].map { "\(folder)/\($0)" } }
        return places.first { FileManager.default.isExecutableFile(atPath: $0) }.map { Browser(executable: URL(fileURLWithPath: $0)) }
    }()

    /// Opens pages in frames of 400 and 1,280 pixels and says what is wrong: labels of charts that are cut or overprint
    /// one another, pages that scroll sideways or ask for anything, what the console says.
    ///
    /// - Parameter labels: Charts of a page have so many at least.
    public func problems(of pages: [String], labels: Int) throws -> [String] {
        let folder = try TemporaryFolder()
        let frames = pages.flatMap { page in
            let source = page.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "\"", with: "&quot;")
            return [400, 1280].map { "<iframe width=\"\($0)\" height=\"800\" srcdoc=\"\(source)\"></iframe>" }
        }
        let script = """
            const problems = [];
            for (const frame of document.querySelectorAll("iframe")) {
                const page = frame.contentDocument, root = page.documentElement;
                if (root.scrollWidth > root.clientWidth) problems.push(frame.width + ": scrolls to " + root.scrollWidth);
                if (page.querySelectorAll("svg text").length < \(labels)) problems.push("no labels");
                for (const asked of frame.contentWindow.performance.getEntriesByType("resource")) problems.push("asks for " + asked.name);
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
            document.title = "measured: " + problems.map(encodeURIComponent).join(" ");
            """
        let document = "<!DOCTYPE html><title>-</title>\(frames.joined())<script>onload = () => {\(script)}</script>"
        try folder.write(document, to: "test.html")
        for file in ["output", "errors"] { try folder.write("", to: file) }
        let process = Process()
        process.executableURL = executable
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path("profile"))", "--virtual-time-budget=5000",
            "--enable-logging=stderr", "--dump-dom", folder.url("test.html").absoluteString,
        ]
        process.standardOutput = try FileHandle(forWritingTo: folder.url("output"))
        process.standardError = try FileHandle(forWritingTo: folder.url("errors"))
        try process.run()
        process.waitUntilExit()
        let said = try folder.read("errors").split(separator: "\n").filter { $0.contains(":CONSOLE") }.map(String.init)
        guard let found = try folder.read("output").firstMatch(of: /<title>measured: (.*?)<\/title>/) else {
            return ["the browser measured nothing"] + said
        }
        return found.1.split(separator: " ").map { String($0).removingPercentEncoding ?? "" } + said
    }
}
