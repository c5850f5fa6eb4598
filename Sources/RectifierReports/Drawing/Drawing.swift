import RectifierText

/// A chart while it is drawn: shapes, and labels that keep clear of one another. The y axis points down.
struct Drawing {
    static let fontSize = 12.0
    /// From one line of labels to the next.
    static let lineHeight = 17.0

    let width: Double
    var height = 0.0
    private(set) var shapes: [String] = []
    private(set) var labels: [Label] = []

    init(width: Double) { self.width = width }

    mutating func add(_ shape: String) { shapes.append(shape) }
    /// The same, below all that is there.
    mutating func addBelow(_ shape: String) { shapes.insert(shape, at: 0) }

    struct Label {
        enum Anchor: String { case start, middle, end }
        enum Style: String { case plain, quiet, strong }

        var text: String
        var x: Double
        /// Of the letters' feet.
        var baseline: Double
        var anchor = Anchor.start
        var style = Style.plain

        var width: Double { textWidth(text) * Drawing.fontSize * (style == .strong ? 1.12 : 1) }

        /// What the letters may cover.
        var box: Box {
            let left =
                switch anchor {
                case .start: x
                case .middle: x - width / 2
                case .end: x - width
                }
            return Box(left: left, right: left + width, top: baseline - 11, bottom: baseline + 3)
        }
    }

    struct Box {
        var left, right, top, bottom: Double

        func intersects(_ other: Box) -> Bool { left < other.right && other.left < right && top < other.bottom && other.top < bottom }
    }

    /// Writes a label where there is room for it. It is moved inside the drawing, cut where it is wider, and left out
    /// where it would come closer than `distance` to another one.
    @discardableResult
    mutating func place(_ label: Label, distance: Double = 4) -> Bool {
        var label = label
        label.text = shortened(label.text, toWidth: width / Self.fontSize / (label.style == .strong ? 1.12 : 1))
        label.x += max(0, -label.box.left)
        label.x -= max(0, label.box.right - width)
        var room = label.box
        room.left -= distance
        room.right += distance
        guard !labels.contains(where: { $0.box.intersects(room) }) else { return false }
        labels.append(label)
        return true
    }

    /// Shapes below labels, without an `svg` element around them.
    var svg: String {
        let texts = labels.map { label in
            "<text class=\"\(label.style.rawValue)\" x=\"\(svgNumber(label.x))\" y=\"\(svgNumber(label.baseline))\""
                + " text-anchor=\"\(label.anchor.rawValue)\">\(escaped(label.text))</text>"
        }
        return (shapes + texts).joined(separator: "\n")
    }
}

/// A coordinate, to a tenth.
func svgNumber(_ value: Double) -> String {
    let text = Format.fixed(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Text as it stands in HTML and SVG, in attributes too. A percent sign stays on its number's line.
func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        // XML has no place for other control characters.
        case _ where scalar.value < 0x20 && scalar != "\n" && scalar != "\t": result += "\u{FFFD}"
        case "%" where result.last == " ":
            result.removeLast()
            result += "\u{A0}%"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
