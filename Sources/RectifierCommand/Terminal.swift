import Foundation

/// What standard output is: a terminal of some width, with or without colour, or a pipe or file.
struct Terminal: Sendable {
    /// Whether lines may be overwritten.
    var isInteractive: Bool
    var hasColor: Bool

    /// As the environment says: `NO_COLOR` (any text but the empty one), `CLICOLOR_FORCE`, `TERM=dumb`.
    static func standardOutput(environment: [String: String] = ProcessInfo.processInfo.environment) -> Terminal {
        func isSet(_ name: String) -> Bool { environment[name].map { !$0.isEmpty } ?? false }
        let isTerminal = isatty(STDOUT_FILENO) != 0 && environment["TERM"] != "dumb"
        let isForced = isSet("CLICOLOR_FORCE") && environment["CLICOLOR_FORCE"] != "0"
        return Terminal(isInteractive: isTerminal, hasColor: (isTerminal || isForced) && !isSet("NO_COLOR"))
    }

    /// Columns, asked anew each time because windows change.
    var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    enum Style: String {
        case bold = "1"
        case dim = "2"
        case green = "32"
        case cyan = "36"
    }

    func styled(_ text: String, _ style: Style) -> String {
        hasColor && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Back to the start of the line and clear it.
    static let clearLine = "\r\u{1B}[K"
}
