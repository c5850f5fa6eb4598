import Foundation
import RectifierText

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

    /// A command of this program, to paste.
    static func command(_ arguments: [String]) -> String {
        ([program] + arguments.map(Format.shellQuoted)).joined(separator: " ")
    }

    /// The same on indented lines of at most `width` columns where its words allow that. The shell takes them as one.
    static func commandLines(_ arguments: [String], width: Int) -> [String] {
        var lines = ["  " + program]
        for word in arguments.map(Format.shellQuoted) {
            let longer = "\(lines[lines.count - 1]) \(word)"
            // Each line but the last ends with a space and a backslash.
            if longer.count <= width - 2 {
                lines[lines.count - 1] = longer
            } else {
                lines[lines.count - 1] += " \\"
                lines.append("    " + word)
            }
        }
        return lines
    }

    static func resuming(_ folder: URL) -> [String] { ["train", "--resume", folder.relativePath] }
}
