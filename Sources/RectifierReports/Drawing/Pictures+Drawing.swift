import RectifierText

extension Report.Chart.Pictures {
    /// Pixels of a drawing between two pictures.
    private static let gap = 6.0
    /// No picture is wider than so many.
    private static let widest = 160.0
    /// So many stand beside one another at most; of few pixels twice as many.
    private static let mostAcross = 4

    func draw(in drawing: inout Drawing) {
        drawKey(in: &drawing)
        let largest = pictures.map { max($0.rows, $0.columns) }.max() ?? 1
        let longest = (pictures.map { textWidth($0.name) }.max() ?? 0) * Drawing.fontSize
        func width(_ across: Int) -> Double { min(Self.widest, (drawing.width - 2 - Self.gap * Double(across - 1)) / Double(across)) }
        // Small ones stand close, where their names have room.
        let isClose = largest <= 12 && longest <= width(2 * Self.mostAcross)
        let across = max(1, min(pictures.count, isClose ? 2 * Self.mostAcross : Self.mostAcross)), width = width(across)
        for first in stride(from: 0, to: pictures.count, by: across) {
            var lowest = 0.0
            for (place, picture) in pictures[first..<min(first + across, pictures.count)].enumerated() {
                let left = 1 + Double(place) * (width + Self.gap), top = drawing.height
                let frame = Frame(
                    left: left, right: left + width, top: top, bottom: top + width * Double(picture.rows) / Double(picture.columns))
                drawing.add(svgImage(rows: picture.rows, columns: picture.columns, rgba: colors.pixels(of: picture), in: frame))
                drawing.add(
                    "<rect class=\"outline\" x=\"\(svgNumber(left))\" y=\"\(svgNumber(top))\" width=\"\(svgNumber(width))\" height=\"\(svgNumber(frame.height))\"/>"
                )
                let name = shortened(picture.name, toWidth: (width + Self.gap - 4) / Drawing.fontSize)
                drawing.place(
                    .init(text: name, x: left + width / 2, baseline: frame.bottom + 14, anchor: .middle, style: .quiet), distance: 0)
                lowest = max(lowest, frame.height)
            }
            drawing.height += lowest + Drawing.lineHeight + 4
        }
    }

    /// What the colours stand for: a strip of them, with the values at its ends and in its middle.
    private func drawKey(in drawing: inout Drawing) {
        drawing.placeHeading(values)
        let (range, isGrey) = colors.key, steps = 64
        let frame = Frame(left: 20, right: 220, top: drawing.height, bottom: drawing.height + 10)
        let strip = (0..<steps).map { range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / Double(steps - 1) }
        let colors: Self.Colors = isGrey ? .grey(range) : colors
        // The strip of shades does not begin with the colour of exactly 0.
        let shown = strip.map { $0 == 0 ? range.upperBound * 1e-9 : $0 }
        drawing.add(
            svgImage(rows: 1, columns: steps, rgba: colors.pixels(of: .init("", rows: 1, columns: steps, values: shown)), in: frame))
        drawing.add(
            "<rect class=\"outline\" x=\"\(svgNumber(frame.left))\" y=\"\(svgNumber(frame.top))\" width=\"\(svgNumber(frame.width))\" height=\"10\"/>"
        )
        let middle = (range.lowerBound + range.upperBound) / 2
        for (value, x) in [(range.lowerBound, frame.left), (middle, (frame.left + frame.right) / 2), (range.upperBound, frame.right)] {
            // Halves of sums leave a rest where 0 is meant.
            let text = abs(value) < 1e-9 * (range.upperBound - range.lowerBound) ? "0" : Format.significant(value, 3)
            drawing.place(.init(text: text, x: x, baseline: frame.bottom + 15, anchor: .middle))
        }
        if case .shades(_, let zero) = colors {
            let swatch = Frame(left: 252, right: 266, top: frame.top, bottom: frame.bottom)
            drawing.add(svgImage(rows: 1, columns: 1, rgba: Self.Colors.zero + [255], in: swatch))
            drawing.place(.init(text: zero, x: 272, baseline: frame.top + 10))
        }
        drawing.height = frame.bottom + 26
    }
}

extension Report.Chart.Pictures.Colors {
    // Of the palette's colours those that tell on white and on black.
    static let above: [UInt8] = [0x1F, 0x8F, 0xD6], zero: [UInt8] = [0xDD, 0x6B, 0x20]

    /// The values at the ends of the scale, and whether it is that of each of three colours.
    fileprivate var key: (range: ClosedRange<Double>, isGrey: Bool) {
        switch self {
        case .rgb(let range): (range, true)
        case .grey(let range): (range, false)
        case .diverging(let limit): (-limit...limit, false)
        case .shades(let limit, _): (0...limit, false)
        }
    }

    /// Red, green, blue and opacity of each pixel.
    func pixels(of picture: Report.Chart.Pictures.Picture) -> [UInt8] {
        func share(_ value: Double, _ range: ClosedRange<Double>) -> Double {
            let length = range.upperBound - range.lowerBound
            return length > 0 ? min(1, max(0, (value - range.lowerBound) / length)) : 0.5
        }
        func byte(_ share: Double) -> UInt8 { UInt8((255 * share).rounded()) }
        let blank: [UInt8] = [0, 0, 0, 0]
        switch self {
        case .rgb(let range):
            precondition(picture.values.count == 3 * picture.rows * picture.columns, "red, green and blue for each pixel")
            return stride(from: 0, to: picture.values.count, by: 3).flatMap { start in
                let values = picture.values[start..<start + 3]
                return values.allSatisfy(\.isFinite) ? values.map { byte(share($0, range)) } + [255] : blank
            }
        case .grey(let range):
            return picture.values.flatMap { value in
                value.isFinite ? [UInt8](repeating: byte(share(value, range)), count: 3) + [255] : blank
            }
        case .diverging(let limit):
            return picture.values.flatMap { value in
                value.isFinite ? (value < 0 ? Self.zero : Self.above) + [byte(share(abs(value), 0...limit))] : blank
            }
        case .shades(let limit, _):
            return picture.values.flatMap { value in
                // The smallest is told from the paper.
                value == 0 ? Self.zero + [255] : value.isFinite ? Self.above + [byte(0.08 + 0.92 * share(value, 0...limit))] : blank
            }
        }
    }
}
