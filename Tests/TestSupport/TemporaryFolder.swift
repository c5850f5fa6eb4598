import Foundation

/// A new, empty folder that is removed, with all that is in it, when the value goes.
///
/// Keep it in a `let` of the test or of its suite: a URL alone does not hold it.
public final class TemporaryFolder: Sendable {
    public let url: URL

    public init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "rectifier-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Where a file or folder of this name is, or would be.
    public func url(_ name: String) -> URL { url.appending(path: name) }
    public func path(_ name: String) -> String { url(name).path }

    public func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: url(name)) }
    public func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }
    public func read(_ name: String) throws -> String { try String(contentsOf: url(name), encoding: .utf8) }

    /// Names of what is in it, hidden files left out.
    public var content: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).filter { !$0.hasPrefix(".") }.sorted() }
    }
}
