extension PlaneRegions {
    /// A picture of the regions, the first axis to the right and the second one up: one colour for each pattern, the
    /// same in every picture.
    ///
    /// - Parameter width: In pixels, at least 1; the height follows from the window.
    public func svg(width: Double = 640) -> String {
        let (s, t) = (window.s, window.t)
        let scale = width / (s.upperBound - s.lowerBound)
        let height = scale * (t.upperBound - t.lowerBound)
        func number(_ value: Double) -> String { String((value * 100).rounded() / 100) }

        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" width="\#(number(width))" height="\#(number(height))" viewBox="0 0 \#(number(width)) \#(number(height))">"#,
            #"<g stroke="white" stroke-width="0.75" stroke-linejoin="round">"#,
        ]
        for polygon in polygons {
            let points = polygon.corners.map { "\(number(($0.x - s.lowerBound) * scale)),\(number((t.upperBound - $0.y) * scale))" }
            lines.append(#"<polygon points="\#(points.joined(separator: " "))" fill="\#(polygon.pattern.colour)"/>"#)
        }
        lines += ["</g>", "</svg>", ""]
        return lines.joined(separator: "\n")
    }
}

extension ActivationPattern {
    /// A colour that depends on the pattern alone (FNV-1a over its bits).
    fileprivate var colour: String {
        let hash = isActive.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ ($1 ? 1 : 2)) &* 0x100_0000_01b3 }
        let mixed = hash ^ hash >> 29
        return "hsl(\(mixed % 360),\(45 + mixed / 360 % 30)%,\(45 + mixed / 16384 % 30)%)"
    }
}
