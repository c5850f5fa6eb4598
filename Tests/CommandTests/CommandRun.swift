import Foundation
import TestSupport
import Testing

/// One run of the built `rectifier` in a folder of its own.
struct CommandRun {
    var output: String
    var errors: String
    var code: Int32

    var outputLines: [String] { output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast() }
    var errorLines: [String] { errors.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast() }

    /// Runs it to its end; `onStart` may send it signals meanwhile.
    init(
        _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:], onStart: ((Process) throws -> Void)? = nil
    ) throws {
        try self.init(executable: commandURL, arguments, in: folder, environment: environment, onStart: onStart)
    }

    init(shell line: String, in folder: TemporaryFolder) throws {
        try self.init(
            executable: URL(fileURLWithPath: "/bin/sh"), ["-c", line], in: folder, environment: ["RECTIFIER": commandURL.path], onStart: nil
        )
    }

    private init(
        executable: URL, _ arguments: [String], in folder: TemporaryFolder, environment: [String: String],
        onStart: ((Process) throws -> Void)?
    ) throws {
        // Files, not pipes: a pipe that nobody reads fills up and stops the process.
        let outputFile = try folder.emptyFile(".stdout"), errorFile = try folder.emptyFile(".stderr")
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        var variables = ProcessInfo.processInfo.environment.filter { !["NO_COLOR", "CLICOLOR_FORCE", "RECTIFIER_ISA"].contains($0.key) }
        variables.merge(environment) { $1 }
        process.environment = variables
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try process.run()
        try onStart?(process)
        process.waitUntilExit()
        output = try String(contentsOf: outputFile, encoding: .utf8)
        errors = try String(contentsOf: errorFile, encoding: .utf8)
        code = process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus
    }

    /// The object on each line of standard output.
    func objects() throws -> [[String: Any]] {
        try outputLines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "not an object: \($0)")
        }
    }
}

extension TemporaryFolder {
    /// With a small classifier of points in it, trained for a moment: the folder `model`.
    convenience init(withModelOf samples: Int, layers: String, epochs: Int) throws {
        try self.init()
        let run = try CommandRun(
            [
                "train", "--data", "circle", "--samples", "\(samples)", "--layers", layers, "--epochs", "\(epochs)", "--output", "model",
                "--quiet",
            ], in: self)
        try #require(run.code == 0, "\(run.errors)")
    }

    func emptyFile(_ name: String) throws -> URL {
        try write("", to: name)
        return url(name)
    }

    /// Names of what is in a folder of it, hidden files left out.
    func content(of folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(folder)).filter { !$0.hasPrefix(".") }.sorted()
    }
}

/// The built tool, beside the test bundle; `RECTIFIER_COMMAND` names another one.
let commandURL: URL = {
    if let path = ProcessInfo.processInfo.environment["RECTIFIER_COMMAND"] { return URL(fileURLWithPath: path) }
    let bundles = Bundle.allBundles.map(\.bundleURL).filter { $0.pathExtension == "xctest" }.map { $0.deletingLastPathComponent() }
    let places = bundles + [URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent(), Bundle.main.bundleURL]
    let candidates = places.map { $0.appendingPathComponent("rectifier") }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? candidates[0]
}()
