import Foundation
import Testing

@Suite("Documentation")
struct DocumentationTests {
    private let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ path: String) throws -> String { try String(contentsOf: package.appendingPathComponent(path), encoding: .utf8) }

    /// The snippet compiles with the package; the README must show the same.
    @Test func `The README's example is the snippet`() throws {
        let snippet = try text("Snippets/TrainDigits.swift")
        let code = try #require(snippet.range(of: "import Foundation")).lowerBound
        #expect(try text("README.md").contains("```swift\n\(snippet[code...])```"))
    }

    @Test func `The README names every command`() throws {
        let readme = try text("README.md")
        let help = try CommandRun(["--help"], in: Scratch()).output
        let commands = help.matches(of: /\n  ([a-z]+) {2,}[A-Z]/).map { String($0.1) }
        #expect(commands.count >= 6)
        for command in commands { #expect(readme.contains("rectifier \(command)"), "\(command) is missing") }
    }
}
