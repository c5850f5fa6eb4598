// Text of others in what people read: names and keys of files, words of flags and variables. A file may hold anything,
// escape sequences that a terminal obeys among it, or a name of a megabyte.

/// The text with a space for whatever ends a line, moves a cursor or turns the direction of writing.
package func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? " " : $0 }))
}

/// The text, printable and not too long.
package func oneLine(_ text: String) -> String {
    let most = 60, start = text.unicodeScalars.prefix(most + 1)
    let line = printable(String(String.UnicodeScalarView(start.prefix(most))))
    return start.count > most ? line + "…" : line
}

/// The text in quotes, printable and not too long.
package func quoted(_ text: String) -> String { "\"\(oneLine(text))\"" }

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7f { return scalar.value < 0x20 }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    default: return scalar.properties.isBidiControl
    }
}
