/// The kinks that a straight line crosses on its way from one input to another.
public struct SegmentKinks: Sendable {
    public struct Crossing: Sendable, Hashable {
        /// 0 at the start, 1 at the end; in between.
        public var position: Double
        public var unit: KinkUnit
    }

    /// Along the way. Kinks of several units can lie at one position.
    public var crossings: [Crossing]

    /// The number of stretches between kinks, on each of which the network is affine.
    public var pieceCount: Int {
        zip(crossings, crossings.dropFirst()).reduce(crossings.isEmpty ? 1 : 2) { $0 + ($1.0.position == $1.1.position ? 0 : 1) }
    }
}

extension LinearPieces {
    /// All kinks on the way from one input to another, exactly: not sampled (Sotoudeh and Thakur 2019).
    ///
    /// Operation by operation: between the kinks of all before it an operation's margins are linear, so two values tell
    /// where they are 0. A margin that touches 0 and turns back is no kink, nor is one at either end. A margin below
    /// 2⁻⁴⁰ of the unit's largest on the way counts as 0, and positions within 2⁻⁴⁸ of one another as one, which is
    /// what rounding leaves.
    ///
    /// Throws where an end has another number of elements than the network's input, or one that is not finite.
    public func kinks(from start: [Double], to end: [Double]) throws -> SegmentKinks {
        try check(start, "the start")
        try check(end, "the end")
        let direction = zip(start, end).map { $1 - $0 }
        guard direction.allSatisfy(\.isFinite) else { throw RectifierError(.data, "the ends are too far apart") }

        var positions = [0.0, 1]
        var margins = try self.margins(from: start, along: direction, at: positions)
        var found: [(position: Double, unit: Int)] = []
        for site in sites {
            let first = found.count
            for unit in site.units { found += signChanges(positions, margins.map { $0[unit] }).map { ($0, unit) } }
            guard found.count > first else { continue }

            // Positions that are the same but for rounding become one.
            var added: [Double] = []
            for place in (first..<found.count).sorted(by: { found[$0].position < found[$1].position }) {
                let position = found[place].position
                if let last = added.last, position - last <= 0x1p-48 {
                    found[place].position = last
                } else if let known = nearest(to: position, in: positions), (known - position).magnitude <= 0x1p-48 {
                    found[place].position = known
                } else {
                    added.append(position)
                }
            }
            let rows = try self.margins(from: start, along: direction, at: added)
            let merged = (Array(zip(positions, margins)) + Array(zip(added, rows))).sorted { $0.0 < $1.0 }
            positions = merged.map(\.0)
            margins = merged.map(\.1)
        }
        found.removeAll { $0.position <= 0 || $0.position >= 1 }
        found.sort { ($0.position, $0.unit) < ($1.position, $1.unit) }
        return SegmentKinks(crossings: found.map { SegmentKinks.Crossing(position: $0.position, unit: unit($0.unit)) })
    }
}

/// Where a function that is linear between positions goes from one sign to the other: inside a stretch, or where it
/// becomes 0.
private func signChanges(_ positions: [Double], _ values: [Double]) -> [Double] {
    let noise = values.reduce(0) { max($0, $1.magnitude) } * 0x1p-40
    var result: [Double] = []
    var last: Int?
    for place in positions.indices where values[place].magnitude > noise {
        defer { last = place }
        guard let last, (values[last] > 0) != (values[place] > 0) else { continue }
        if place == last + 1 {
            let share = values[last] / (values[last] - values[place])
            result.append(positions[last] + share * (positions[place] - positions[last]))
        } else {
            result.append(positions[last + 1])
        }
    }
    return result
}

/// Of rising numbers the one nearest to a number.
private func nearest(to number: Double, in sorted: [Double]) -> Double? {
    var (low, high) = (0, sorted.count)
    while low < high {
        let middle = (low + high) / 2
        if sorted[middle] < number { low = middle + 1 } else { high = middle }
    }
    let candidates = [low - 1, low].filter(sorted.indices.contains).map { sorted[$0] }
    return candidates.min { ($0 - number).magnitude < ($1 - number).magnitude }
}
