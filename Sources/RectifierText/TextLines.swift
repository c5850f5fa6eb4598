/// Columns that text takes on a terminal: two for East Asian characters and emoji, one for others.
package func terminalColumns(_ text: String) -> Int {
    text.reduce(0) { columns, character in
        let first = character.unicodeScalars.first!
        let isWide =
            (0x1100...0x115F).contains(first.value) || (0x2E80...0xA4CF).contains(first.value) || (0xAC00...0xD7A3).contains(first.value)
            || (0xF900...0xFAFF).contains(first.value) || (0xFE30...0xFE6F).contains(first.value) || (0xFF00...0xFF60).contains(first.value)
            || (0x1F300...0x1FAFF).contains(first.value) || (0x20000...0x3FFFD).contains(first.value)
        return columns + (isWide ? 2 : 1)
    }
}

/// The text, or its beginning and an ellipsis.
package func shortened(_ text: String, to width: Int) -> String {
    guard terminalColumns(text) > width else { return text }
    var kept = text
    while !kept.isEmpty, terminalColumns(kept) > width - 1 { kept.removeLast() }
    return kept + "…"
}

/// The text, or its beginning and end with an ellipsis between them: of `residual1.residual1.dense1.weights` both tell
/// something.
package func shortenedInside(_ text: String, to width: Int) -> String {
    guard terminalColumns(text) > width else { return text }
    var head = text.prefix(text.count / 2), tail = text.suffix(text.count - text.count / 2)
    while terminalColumns(String(head)) + terminalColumns(String(tail)) > width - 1, !tail.isEmpty {
        if head.count > tail.count { head.removeLast() } else { tail.removeFirst() }
    }
    return head + "…" + tail
}

/// Words in lines of at most so many columns, all but the first after an indent. A word that is longer than a line is
/// cut.
package func wrapped(_ text: String, width: Int, first: String = "", indent: String = "") -> [String] {
    var lines = [first], isEmpty = true
    // A percent sign stays with its number.
    let words = text.split(whereSeparator: \.isWhitespace).reduce(into: [String]()) { words, word in
        if word.hasPrefix("%"), !words.isEmpty { words[words.count - 1] += " \(word)" } else { words.append(String(word)) }
    }
    for word in words {
        var word = Substring(word)
        if !isEmpty, terminalColumns(lines.last!) + 1 + terminalColumns(String(word)) > width {
            lines.append(indent)
            isEmpty = true
        }
        while terminalColumns(lines.last!) + (isEmpty ? 0 : 1) + terminalColumns(String(word)) > width {
            let room = max(1, width - terminalColumns(lines.last!))
            var head = word.prefix(room)
            while head.count > 1, terminalColumns(String(head)) > room { head.removeLast() }
            lines[lines.count - 1] += head
            word = word.dropFirst(head.count)
            lines.append(indent)
        }
        lines[lines.count - 1] += (isEmpty ? "" : " ") + word
        isEmpty = false
    }
    return lines
}
