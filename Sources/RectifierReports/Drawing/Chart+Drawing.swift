extension Report.Chart {
    /// The width that charts are laid out for: that of a telephone, so that their letters are readable there.
    static let width = 360.0

    /// The chart without its title.
    var drawing: Drawing {
        var drawing = Drawing(width: Self.width)
        content.draw(in: &drawing)
        return drawing
    }
}

extension Report.Chart.Content {
    /// Draws it below what is there.
    func draw(in drawing: inout Drawing) {
        switch self {
        case .plot(let plot): plot.draw(in: &drawing)
        case .bars(let bars): bars.draw(in: &drawing)
        case .strips(let strips): strips.draw(in: &drawing)
        case .pictures(let pictures): pictures.draw(in: &drawing)
        }
    }
}

/// The rectangle that data are drawn in.
struct Frame {
    var left, right, top, bottom: Double
    var width: Double { right - left }
    var height: Double { bottom - top }

    func x(_ share: Double) -> Double { left + share * width }
    func y(_ share: Double) -> Double { bottom - share * height }
}

extension Drawing {
    /// The name of the axis that points up stands above it and not beside it, where ticks are.
    mutating func placeHeading(_ text: String) {
        guard !text.isEmpty else { return }
        place(.init(text: text, x: 0, baseline: height + 12, style: .quiet))
        height += Self.lineHeight + 3
    }

    /// Ticks and the name of the axis along the bottom of the frame, and lines up from the ticks where they are wanted.
    mutating func placeBottomAxis(_ scale: PlotScale, _ name: String, in frame: Frame, hasGrid: Bool) {
        var lines = 1
        let share = scale.ticks.count > 1 ? scale.share(of: scale.ticks[1].value) - scale.share(of: scale.ticks[0].value) : 1
        for tick in scale.ticks {
            let x = frame.x(scale.share(of: tick.value))
            if hasGrid { addBelow("<path class=\"grid\" d=\"M\(svgNumber(x)) \(svgNumber(frame.top))V\(svgNumber(frame.bottom))\"/>") }
            // Long names take several lines; what finds no room even so is left out.
            let texts = wrapped(tick.label, toWidth: (share * frame.width - 6) / Self.fontSize)
            for (number, text) in texts.enumerated() {
                place(.init(text: text, x: x, baseline: frame.bottom + 19 + 14 * Double(number), anchor: .middle))
            }
            lines = max(lines, texts.count)
        }
        height = frame.bottom + 22 + 14 * Double(lines - 1)
        guard !name.isEmpty else { return }
        place(.init(text: name, x: (frame.left + frame.right) / 2, baseline: height + 13, anchor: .middle, style: .quiet))
        height += Self.lineHeight
    }

    /// How much room labels need at the left of a frame.
    static func margin(for labels: [String], most: Double) -> Double {
        min(most, (labels.map(textWidth).max() ?? 0) * fontSize) + 8
    }
}
