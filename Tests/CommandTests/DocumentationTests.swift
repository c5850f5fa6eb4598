import Foundation
import TestSupport
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

    /// Every example of the article is in its snippet, in order, and prints what the article says it prints.
    @Test func `The article on zero is its snippet`() throws {
        let article = try text("Sources/Rectifier/Rectifier.docc/WhatHappensAtZero.md"), snippet = try text("Snippets/AtZero.swift")
        var rest = snippet[...]
        let examples = article.matches(of: /```swift\n(?<code>(?s:.*?))```/).map { String($0.code) }
        #expect(examples.count >= 6)
        for example in examples {
            let place = try #require(rest.range(of: example), "not in the snippet, or not in this order:\n\(example)")
            rest = rest[place.upperBound...]
        }
        let output = try CommandRun(shell: "\"$(dirname \"$RECTIFIER\")/AtZero\"", in: TemporaryFolder())
        #expect(output.code == 0)
        for line in output.outputLines { #expect(article.contains("\n\(line)\n"), "not in the article: \(line)") }
    }

    @Test func `The README names every command`() throws {
        let readme = try text("README.md")
        let help = try CommandRun(["--help"], in: TemporaryFolder()).output
        let commands = help.matches(of: /\n  ([a-z]+) {2,}[A-Z]/).map { String($0.1) }
        #expect(commands.count >= 6)
        for command in commands { #expect(readme.contains("rectifier \(command)"), "\(command) is missing") }
    }

    @Test func `The README shows what defaults prints`() throws {
        let printed = try CommandRun(["defaults"], in: TemporaryFolder()).output
        #expect(try text("README.md").contains("```\n\(printed)```"))
    }
}
