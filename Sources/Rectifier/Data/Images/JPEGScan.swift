/// One pass over the blocks of some components, which reads some of their coefficients, or some bits of them.
struct JPEGScan {
    struct Part {
        var component: JPEGFrame.Component
        /// Codes of the means, and of the other coefficients.
        var direct: JPEGCodes?
        var other: JPEGCodes?
    }

    private let frame: JPEGFrame
    private let parts: [Part]
    /// The coefficients that are read, in zigzag order.
    private let first: Int
    private let last: Int
    /// The bit that was read last, 0 for none, and the one that is read now.
    private let high: Int
    private let low: Int
    private let restartInterval: Int
    private let kind: Kind

    private enum Kind { case sequential, means, moreOfMeans, others, moreOfOthers }

    init(frame: JPEGFrame, parts: [Part], first: Int, last: Int, high: Int, low: Int, restartInterval: Int) throws {
        (self.frame, self.parts, self.first, self.last) = (frame, parts, first, last)
        (self.high, self.low, self.restartInterval) = (high, low, restartInterval)
        func damaged(_ what: String) -> RectifierError { JPEGFrame.damaged(frame.name, what) }
        if parts.count > 1 {
            let blocks = parts.map { $0.component.across * $0.component.down }.reduce(0, +)
            guard blocks <= 10 else { throw damaged("a scan's unit has \(blocks) blocks") }
        }
        if frame.isProgressive {
            guard first <= last, last < 64, low <= 13, high == 0 || high == low + 1,
                first == 0 ? last == 0 : parts.count == 1
            else { throw damaged("a scan reads what no scan can") }
            kind = first == 0 ? (high == 0 ? .means : .moreOfMeans) : (high == 0 ? .others : .moreOfOthers)
        } else {
            guard first == 0, last == 63, high == 0, low == 0 else { throw damaged("a scan reads what no scan can") }
            kind = .sequential
        }
        let needsDirect = kind == .sequential || kind == .means, needsOther = kind != .means && kind != .moreOfMeans
        guard parts.allSatisfy({ (!needsDirect || $0.direct != nil) && (!needsOther || $0.other != nil) }) else {
            throw damaged("a Huffman table is missing")
        }
    }

    /// Reads the scan.
    ///
    /// - Returns: The place of the marker behind it.
    func read(_ data: UnsafeRawBufferPointer, from place: Int) throws -> Int {
        var state = State(bits: JPEGBits(data, from: place))
        var done = 0, restarts = 0
        let isAlone = parts.count == 1
        let rows = isAlone ? parts[0].component.blocksDown : frame.unitsDown
        let columns = isAlone ? parts[0].component.blocksAcross : frame.unitsAcross
        for row in 0..<rows {
            for column in 0..<columns {
                if restartInterval > 0, done > 0, done % restartInterval == 0 {
                    let next = try end(&state, data)
                    guard next < data.count, data[next] == 0xd0 + UInt8(restarts % 8) else {
                        throw damaged("restart marker \(restarts % 8) is missing")
                    }
                    restarts += 1
                    state.bits.restart(at: next + 1)
                    (state.means, state.emptyBlocks) = ((0, 0, 0), 0)
                }
                if isAlone {
                    readBlock(parts[0].component.block(row, column), 0, &state)
                } else {
                    for (index, part) in parts.enumerated() {
                        let component = part.component
                        for y in 0..<component.down {
                            for x in 0..<component.across {
                                readBlock(component.block(row * component.down + y, column * component.across + x), index, &state)
                            }
                        }
                    }
                }
                if state.bits.hasUnknownCode || state.isOutside {
                    throw damaged("row \(row + 1) of its \(rows) rows of blocks makes no sense")
                }
                if state.bits.isTooShort { throw damaged("its pixels end in row \(row + 1) of its \(rows) rows of blocks") }
                done += 1
            }
        }
        let next = try end(&state, data)
        if kind == .sequential || kind == .means { parts.forEach { $0.component.hasMeans = true } }
        return next - 1
    }

    private struct State {
        var bits: JPEGBits
        /// The last block's of each component, from which the next one's are counted.
        var means: (Int, Int, Int) = (0, 0, 0)
        /// Blocks to come that have nothing.
        var emptyBlocks = 0
        /// Whether a coefficient behind the last one was spoken of, or one of an impossible size.
        var isOutside = false
    }

    private func damaged(_ what: String) -> RectifierError { JPEGFrame.damaged(frame.name, what) }

    /// The place behind the 0xff of the marker that ends the bits.
    private func end(_ state: inout State, _ data: UnsafeRawBufferPointer) throws -> Int {
        guard state.bits.isAtEnd() else { throw damaged("more pixels follow than its size takes") }
        var place = state.bits.place
        while place < data.count, data[place] == 0xff { place += 1 }
        guard place > state.bits.place else { throw damaged("its pixels end at no marker, cut short") }
        return place
    }

    @inline(__always)
    private func readBlock(_ block: UnsafeMutablePointer<Int16>, _ index: Int, _ state: inout State) {
        switch kind {
        case .sequential:
            block[0] = mean(index, &state)
            var place = 1
            while place < 64 {
                let symbol = state.bits.symbol(parts[index].other!)
                let run = Int(symbol >> 4), length = Int(symbol & 15)
                if length == 0 {
                    guard run == 15 else { break }
                    place += 16
                    continue
                }
                place += run
                guard place < 64 else {
                    state.isOutside = true
                    break
                }
                block[JPEGScan.zigzag[place]] = Int16(truncatingIfNeeded: state.bits.signed(length))
                place += 1
            }
            if place > 64 { state.isOutside = true }
        case .means: block[0] = Int16(truncatingIfNeeded: Int(mean(index, &state)) << low)
        case .moreOfMeans: if state.bits.bit() { block[0] |= 1 << Int16(low) }
        case .others: readOthers(block, &state)
        case .moreOfOthers: refineOthers(block, &state)
        }
    }

    private static let zigzag = JPEGFrame.zigzag

    @inline(__always)
    private func mean(_ index: Int, _ state: inout State) -> Int16 {
        let length = state.bits.symbol(parts[index].direct!)
        if length > 11 { state.isOutside = true }
        let change = state.bits.signed(min(Int(length), 11))
        func changed(_ mean: inout Int) -> Int16 {
            mean &+= change
            return Int16(truncatingIfNeeded: mean)
        }
        switch index {
        case 0: return changed(&state.means.0)
        case 1: return changed(&state.means.1)
        default: return changed(&state.means.2)
        }
    }

    private func readOthers(_ block: UnsafeMutablePointer<Int16>, _ state: inout State) {
        guard state.emptyBlocks == 0 else {
            state.emptyBlocks -= 1
            return
        }
        var place = first
        while place <= last {
            let symbol = state.bits.symbol(parts[0].other!)
            let run = Int(symbol >> 4), length = Int(symbol & 15)
            if length == 0 {
                guard run == 15 else {
                    state.emptyBlocks = 1 << run - 1 + state.bits.bits(run)
                    return
                }
                place += 16
                continue
            }
            place += run
            guard place <= last else {
                state.isOutside = true
                break
            }
            block[JPEGScan.zigzag[place]] = Int16(truncatingIfNeeded: state.bits.signed(length) << low)
            place += 1
        }
        if place > last + 1 { state.isOutside = true }
    }

    private func refineOthers(_ block: UnsafeMutablePointer<Int16>, _ state: inout State) {
        let bit = Int16(1) << Int16(low)
        var place = first
        func refine(_ coefficient: inout Int16) {
            if state.bits.bit(), coefficient & bit == 0 { coefficient = coefficient >= 0 ? coefficient &+ bit : coefficient &- bit }
        }
        if state.emptyBlocks == 0 {
            while place <= last {
                let symbol = state.bits.symbol(parts[0].other!)
                var run = Int(symbol >> 4)
                var new: Int16 = 0
                switch symbol & 15 {
                case 0:
                    if run < 15 { state.emptyBlocks = 1 << run + state.bits.bits(run) }
                case 1: new = state.bits.bit() ? bit : -bit
                default: state.isOutside = true
                }
                if state.emptyBlocks > 0 { break }
                // Past so many that are 0, refining those that are not, to the next that is 0.
                var isPlaced = false
                while place <= last, !isPlaced {
                    let at = JPEGScan.zigzag[place]
                    if block[at] != 0 {
                        refine(&block[at])
                    } else if run == 0 {
                        block[at] = new
                        isPlaced = true
                    } else {
                        run -= 1
                    }
                    place += 1
                }
                if !isPlaced, new != 0 { state.isOutside = true }
            }
        }
        guard state.emptyBlocks > 0 else { return }
        while place <= last {
            let at = JPEGScan.zigzag[place]
            if block[at] != 0 { refine(&block[at]) }
            place += 1
        }
        state.emptyBlocks -= 1
    }
}
