import ArgumentParser
import Foundation
import Rectifier

/// What a run ends with when it does not end well: one line on standard error and an exit code.
///
/// | code | meaning |
/// |---|---|
/// | 1 | data, a file or a setting is at fault |
/// | 3 | `--fail-on` names a finding of the run, whose model is saved |
/// | 64 | the command line is at fault |
/// | 130 | stopped by Ctrl-C, SIGTERM or SIGHUP; what was learned is saved |
/// | 141 | the reader of standard output went away; what was learned is saved |
///
/// A process that a second signal ended at once, or one that no program can handle, ends with 128 and its number.
struct Failure {
    var code: Int32
    /// Nil where there is nothing to say.
    var message: String?
    /// Help and version go to standard output: they are no failure.
    var output: String?

    init(_ error: any Error) {
        switch error {
        case is BrokenPipe:
            code = 141
        case let error as RectifierError:
            code = 1
            message = error.description + (error.setting.map { " (\(Failure.flag(of: $0)))" } ?? "")
        case let exit as ExitCode:
            code = exit.rawValue
        default:
            code = RectifierTool.exitCode(for: error).rawValue
            if code == 0 {
                output = RectifierTool.fullMessage(for: error)
            } else {
                // ArgumentParser says what is wrong in its first paragraph and explains in the following.
                let said = RectifierTool.message(for: error)
                message = Hint.message(for: said, arguments: Array(CommandLine.arguments.dropFirst())) ?? said
            }
        }
    }

    /// The flag that spells a recipe's setting: `--at-zero` for `network.atZero`.
    static func flag(of setting: String) -> String {
        if setting == "data.source" { return "--data" }
        let key = setting.split(separator: ".").last ?? ""
        return "--" + key.map { $0.isUppercase ? "-\($0.lowercased())" : String($0) }.joined()
    }

    func exit() -> Never {
        if let output {
            do { try StandardOutput.writeLine(output) } catch { Failure(error).exit() }
        }
        if let message {
            let line = message.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix { $0 == " " } }.joined(separator: " ")
            writeErrorLine("rectifier: error: \(line)")
        }
        Foundation.exit(code)
    }
}
