import RectifierText

/// How wide a text is at most, in units of its font's size.
///
/// A page cannot know the reader's font. These are the widths of DejaVu Sans, the widest of the common ones, rounded
/// up: what has room here has room in Helvetica, Arial, Segoe, Roboto and San Francisco.
func textWidth(_ text: String) -> Double {
    text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
}

private func width(of scalar: Unicode.Scalar) -> Double {
    switch scalar {
    case "i", "j", "l", "'", "I": 0.30
    case " ", ".", ",", ":", ";", "|", "·": 0.34
    case "f", "t", "r", "(", ")", "[", "]", "-", "/", "!", "⁰"..."⁹", "¹", "²", "³", "⁻": 0.42
    case "a"..."h", "k", "n"..."q", "s", "u", "v", "x"..."z", "0"..."9": 0.64
    case "w", "A"..."L", "N"..."V", "X"..."Z", "+", "=", "<", ">", "×", "−": 0.84
    case _ where (0x300...0x36F).contains(scalar.value): 0
    case _ where scalar.value < 0x1100: 1
    default: 1.1
    }
}

/// The text, or as much of its beginning as has room, with an ellipsis.
func shortened(_ text: String, toWidth width: Double) -> String {
    // Sums of the same widths in another order may differ in the last bits.
    guard textWidth(text) > width + 1e-6 else { return text }
    var kept = text
    while !kept.isEmpty, textWidth(kept) + 1 > width { kept.removeLast() }
    return kept + "…"
}

/// Words in lines that are at most so wide, as far as words are.
func wrapped(_ text: String, toWidth width: Double) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
        if let last = lines.last, textWidth("\(last) \(word)") <= width + 1e-6 {
            lines[lines.count - 1] = "\(last) \(word)"
        } else {
            lines.append(String(word))
        }
    }
    return lines
}
