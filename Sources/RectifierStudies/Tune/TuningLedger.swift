import Foundation
import RectifierInstruments
import Synchronization

/// What a search has done so far, in memory or in a file, from which it goes on.
public final class TuningLedger: Sendable {
    /// The name of its file in the folder of a search.
    public static let fileName = "tune.json"

    private struct State: Codable {
        var version = 1
        /// What of the search its results follow from, hashed.
        var search = ""
        var seconds = 0.0
        var results: [TuningReport.Result] = []
    }

    private let state: Mutex<State>
    private let file: URL?

    /// In memory.
    public init() {
        state = Mutex(State())
        file = nil
    }

    /// In a folder, with what is there already.
    ///
    /// - Throws: ``RectifierError`` where the folder's search is another one, or its file is damaged.
    public init(_ folder: URL, of search: TuningSearch) throws {
        let file = folder.appendingPathComponent(Self.fileName), name = file.relativePath
        let identity = SHA256.hex(of: Array(try search.identity().utf8))
        var state = State(search: identity)
        if FileManager.default.fileExists(atPath: file.path) {
            guard let json = try? Data(contentsOf: file), let read = try? JSONDecoder().decode(State.self, from: json),
                read.version == 1, read.results.allSatisfy(\.isPossible)
            else { throw RectifierError(.file, "\(name): is damaged or of another version; choose another folder") }
            guard read.search == identity else {
                throw RectifierError(
                    .setting, "\(folder.relativePath): holds a search of another recipe, ranges or data; choose another folder")
            }
            state = read
        }
        self.state = Mutex(state)
        self.file = file
    }

    /// In the order of trials and rungs.
    var results: [TuningReport.Result] { state.withLock { $0.results } }
    var seconds: Double { state.withLock { $0.seconds } }

    func result(_ trial: Int, _ rung: Int) -> TuningReport.Result? {
        state.withLock { $0.results.first { $0.trial == trial && $0.rung == rung } }
    }

    /// Adds a result and writes the file anew, whole or not at all.
    func add(_ result: TuningReport.Result, seconds: Double) throws {
        try state.withLock { state in
            state.results.append(result)
            state.results.sort { ($0.trial, $0.rung) < ($1.trial, $1.rung) }
            state.seconds = max(state.seconds, seconds)
            if let file { try writeAtomically(Self.encoded(state), to: file) }
        }
    }

    /// The file's bytes.
    package func encoded() throws -> [UInt8] { try Self.encoded(state.withLock { $0 }) }

    private static func encoded(_ state: State) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(state)) + [UInt8(ascii: "\n")]
    }
}
