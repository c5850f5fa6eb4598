/// Draws one digit at a time.
///
/// The nodes of a shape are moved at random, mapped to the image by a random slant, turn, size and shift, joined by a
/// smooth curve, and drawn by a round pen whose width and pressure vary along the way. Each pixel takes the strongest
/// ink that reaches it.
struct DigitCanvas {
    private static let side = Digits.side

    private var ink = [Float](repeating: 0, count: side * side)
    /// Points of the stroke that is being drawn, in pixels.
    private var path: [Point] = []

    private struct Point {
        var x: Float
        var y: Float
        /// Of the pen, in pixels.
        var radius: Float
        /// 0 to 1.
        var pressure: Float
    }

    /// How one digit is written: what a hand, a pen and a scanner do to it. Lengths in pixels, unless in units of the
    /// digit's height.
    private struct Hand {
        /// Standard deviation of a node's place, in units of the digit's height.
        var wobble: Double
        var height: Double
        /// Width relative to the shape's own.
        var stretch: Double
        /// Shift to the right per unit of height.
        var slant: Double
        /// In turns.
        var turn: Double
        var shift: (x: Double, y: Double)
        var radius: Double
        /// How far the edge of a line fades out.
        var softness: Double
        /// Brightness of the ink, 0 to 1.
        var brightness: Double

        init(_ draws: inout RandomStream) {
            wobble = draws.nextUniform(0.012, 0.042)
            height = draws.nextUniform(15, 22.5)
            stretch = draws.nextUniform(0.62, 1.1)
            slant = 0.08 + 0.18 * draws.nextBell()
            turn = 0.023 * draws.nextBell()
            shift = (1.25 * draws.nextBell(), 1.15 * draws.nextBell())
            radius = draws.nextUniform(0.65, 1.75)
            softness = draws.nextUniform(0.8, 1.6)
            brightness = draws.nextUniform(0.7, 1)
        }
    }

    /// Replaces what is on the canvas.
    mutating func draw(_ digit: Int, noise: Double, _ draws: inout RandomStream) {
        for i in ink.indices { ink[i] = 0 }
        let shape = DigitShape.pick(digit, draws.nextUniform())
        let hand = Hand(&draws)
        let direction = PortableMath.sineAndCosine(turns: hand.turn)
        for stroke in shape.strokes {
            let nodes = stroke.map { node in
                let x = (node.x + hand.wobble * draws.nextBell()) * hand.stretch
                let y = node.y + hand.wobble * draws.nextBell()
                let slanted = x - hand.slant * y
                return (
                    place: Point(
                        x: Float(14 + hand.shift.x + hand.height * (direction.cosine * slanted - direction.sine * y)),
                        y: Float(14 + hand.shift.y + hand.height * (direction.sine * slanted + direction.cosine * y)),
                        radius: Float(hand.radius * (1 + 0.12 * draws.nextBell())),
                        pressure: Float(min(1, hand.brightness * (1 + 0.08 * draws.nextBell())))),
                    isCorner: node.isCorner
                )
            }
            trace(nodes)
            drawPath(softness: Float(hand.softness))
        }
        addNoise(noise, &draws)
    }

    /// Sets `path` to a curve through the nodes: cubic between each two, with the tangents of Catmull and Rom,
    /// one-sided at a corner.
    private mutating func trace(_ nodes: [(place: Point, isCorner: Bool)]) {
        let pieces = 6
        path.removeAll(keepingCapacity: true)
        path.append(nodes[0].place)
        for i in 1..<nodes.count {
            let (a, b) = (nodes[i - 1].place, nodes[i].place)
            let before = i == 1 || nodes[i - 1].isCorner ? a : nodes[i - 2].place
            let after = i == nodes.count - 1 || nodes[i].isCorner ? b : nodes[i + 1].place
            let (ax, ay) = ((b.x - before.x) / 2, (b.y - before.y) / 2)
            let (bx, by) = ((after.x - a.x) / 2, (after.y - a.y) / 2)
            for piece in 1...pieces {
                let t = Float(piece) / Float(pieces)
                let u = 1 - t
                // Hermite's basis.
                let (fromA, fromB) = (u * u * (1 + 2 * t), t * t * (1 + 2 * u))
                let (alongA, alongB) = (t * u * u, -t * t * u)
                path.append(
                    Point(
                        x: fromA * a.x + fromB * b.x + alongA * ax + alongB * bx,
                        y: fromA * a.y + fromB * b.y + alongA * ay + alongB * by,
                        radius: u * a.radius + t * b.radius,
                        pressure: u * a.pressure + t * b.pressure))
            }
        }
    }

    /// Inks the pixels near each straight piece of the path.
    private mutating func drawPath(softness: Float) {
        let side = Self.side
        let slope = 1 / softness
        path.withUnsafeBufferPointer { path in
            ink.withUnsafeMutableBufferPointer { ink in
                for i in 1..<path.count {
                    let (a, b) = (path[i - 1], path[i])
                    // Ink ends where the distance is this far beyond the line's middle.
                    let reach = (a.radius + b.radius + softness) / 2
                    let left = max(0, Int((min(a.x, b.x) - reach).rounded(.up)))
                    let right = min(side - 1, Int((max(a.x, b.x) + reach).rounded(.down)))
                    let top = max(0, Int((min(a.y, b.y) - reach).rounded(.up)))
                    let bottom = min(side - 1, Int((max(a.y, b.y) + reach).rounded(.down)))
                    guard left <= right, top <= bottom else { continue }

                    let (dx, dy) = (b.x - a.x, b.y - a.y)
                    let length = dx * dx + dy * dy
                    let scale = length > 0 ? 1 / length : 0
                    for y in top...bottom {
                        for x in left...right {
                            let (px, py) = (Float(x) - a.x, Float(y) - a.y)
                            let t = max(0, min(1, (px * dx + py * dy) * scale))
                            let (qx, qy) = (px - t * dx, py - t * dy)
                            let square = qx * qx + qy * qy
                            guard square < reach * reach else { continue }
                            let share = min(1, (reach - square.squareRoot()) * slope)
                            let amount = share * a.pressure
                            if amount > ink[y * side + x] { ink[y * side + x] = amount }
                        }
                    }
                }
            }
        }
    }

    /// The ink is grainy, and some images have specks of dust; elsewhere paper stays exactly 0.
    private mutating func addNoise(_ noise: Double, _ draws: inout RandomStream) {
        guard noise > 0 else { return }
        let grain = Float(0.6 * noise)
        for i in ink.indices where ink[i] > 0 {
            ink[i] *= 1 + grain * (2 * Float(draws.nextUniform()) - 1)
        }
        guard draws.nextUniform() < 2 * noise else { return }
        let specks = draws.nextInteger(below: 1 + Int(160 * noise))
        for _ in 0..<specks {
            let i = draws.nextInteger(below: ink.count)
            ink[i] = max(ink[i], Float(draws.nextUniform(0.1, 0.6)))
        }
    }

    /// Writes the 28 × 28 pixels, row by row.
    func copyBytes(to bytes: UnsafeMutablePointer<UInt8>) {
        for i in ink.indices { bytes[i] = UInt8(max(0, min(255, (ink[i] * 255).rounded()))) }
    }
}
