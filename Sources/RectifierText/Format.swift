import Foundation

/// Numbers as people read them. Locale-independent, because output is compared and parsed.
package enum Format {
    /// `60,000`
    package static func count(_ value: Int) -> String {
        var digits = Array(String(value.magnitude))
        for position in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: position) }
        return (value < 0 ? "-" : "") + String(digits)
    }

    /// `1 epoch`, `2 epochs`; `plural` for nouns that do not just take an s.
    package static func count(_ value: Int, _ noun: String, plural: String? = nil) -> String {
        "\(count(value)) \(value == 1 ? noun : plural ?? noun + "s")"
    }

    /// With so many digits after the point; what rounds to 0 has no sign.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        let text = String(format: "%.\(digits)f", value)
        return text.hasPrefix("-") && text.allSatisfy { "-0.".contains($0) } ? String(text.dropFirst()) : text
    }

    /// About `digits` significant digits, whole numbers where they are large: `0.04312`, `1.2e-07`, `53472`.
    package static func significant(_ value: Double, _ digits: Int = 4) -> String {
        if value.magnitude >= 10_000, value.magnitude < 1e12 { return String(format: "%.0f", value) }
        return String(format: "%.\(digits)g", value)
    }

    /// A loss or a share, with four digits after the point: `0.0431`; `3.345e+18` where it is large.
    package static func score(_ value: Double) -> String { value.magnitude < 1000 ? fixed(value, 4) : significant(value) }

    /// `98.21 %`
    package static func percent(_ share: Double, digits: Int = 2) -> String { "\(fixed(share * 100, digits)) %" }

    /// `0.8 s`, `12 s`, `3:05 min`, `2:03:20 h`
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "-" }
        if seconds < 9.95 { return "\(fixed(seconds, 1)) s" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        let tail = String(format: "%02d", whole % 60)
        if whole < 3600 { return "\(whole / 60):\(tail) min" }
        return "\(whole / 3600):\(String(format: "%02d", whole / 60 % 60)):\(tail) h"
    }

    /// Pieces between separators on lines of at most `width` characters, the first behind a title, the others below it.
    package static func wrapped(_ title: String, _ text: String, separator: String, width: Int) -> [String] {
        var lines = [title]
        let words = text.split(separator: separator, omittingEmptySubsequences: false)
        for (index, word) in words.enumerated() {
            let piece = word + (index < words.count - 1 ? separator : "")
            if lines[lines.count - 1].count + piece.count > width, lines[lines.count - 1].count > title.count {
                while lines[lines.count - 1].last == " " { lines[lines.count - 1].removeLast() }
                lines.append(String(repeating: " ", count: title.count))
            }
            lines[lines.count - 1] += piece
        }
        return lines
    }

    /// `28×28`
    package static func shape(_ shape: [Int]) -> String {
        shape.isEmpty ? "1" : shape.map(String.init).joined(separator: "×")
    }

    /// A path as a shell takes it.
    package static func shellQuoted(_ path: String) -> String {
        let plain = path.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || ("0"..."9").contains($0) || "/._-+=:,@%".unicodeScalars.contains($0)
        }
        return plain && !path.isEmpty ? path : "'\(path.replacingOccurrences(of: "'", with: "'\\''"))'"
    }
}
