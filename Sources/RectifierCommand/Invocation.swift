import Foundation
import RectifierReports

/// How this program was started, so that the commands it prints work when they are pasted.
enum Invocation {
    /// `rectifier` from the search path, `swift run -c release rectifier` in a checkout, or the program's path.
    static let program: String = {
        let path = CommandLine.arguments.first ?? "rectifier"
        guard path.contains("/") else { return path }
        let folder = FileManager.default.currentDirectoryPath + "/"
        let absolute = path.hasPrefix("/") ? path : folder + path
        guard absolute.hasPrefix(folder) else { return Format.shellQuoted(path) }
        let relative = String(absolute.dropFirst(folder.count))
        if relative.hasPrefix(".build/"), FileManager.default.fileExists(atPath: folder + "Package.swift") {
            return relative.contains("/release/") ? "swift run -c release rectifier" : "swift run rectifier"
        }
        return Format.shellQuoted(relative.contains("/") ? relative : "./" + relative)
    }()

    static func resume(_ folder: URL) -> String { "\(program) train --resume \(Format.shellQuoted(folder.relativePath))" }
}
