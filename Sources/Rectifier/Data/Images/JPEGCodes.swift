/// A table of Huffman codes.
final class JPEGCodes {
    /// By the next 9 bits: the code's length and its symbol; length 0 where it is longer, or there is none.
    private let short: [UInt16]
    /// By length: the first code that is too large for it, with its bits on the left of 16.
    private let limits: [Int]
    /// By length: what leads from a code to the place of its symbol.
    private let offsets: [Int]
    private let symbols: [UInt8]

    private static let shortBits = 9

    /// Nil where there are more codes of a length than can be.
    ///
    /// - Parameter counts: of the lengths 1 to 16.
    init?(counts: [Int], symbols: [UInt8]) {
        var short = [UInt16](repeating: 0, count: 1 << JPEGCodes.shortBits)
        var limits = [0], offsets = [0]
        var code = 0, place = 0
        for length in 1...16 {
            let count = counts[length - 1]
            guard code + count <= 1 << length else { return nil }
            offsets.append(place - code)
            if length <= JPEGCodes.shortBits {
                for i in 0..<count {
                    let rest = JPEGCodes.shortBits - length
                    for tail in 0..<1 << rest { short[(code + i) << rest | tail] = UInt16(length) << 8 | UInt16(symbols[place + i]) }
                }
            }
            code += count
            place += count
            limits.append(code << (16 - length))
            code <<= 1
        }
        (self.short, self.limits, self.offsets, self.symbols) = (short, limits, offsets, symbols)
    }

    /// The code that the next 16 bits begin with: its length, 0 for none, and its symbol.
    func find(_ bits: Int) -> (length: Int, symbol: UInt8) {
        let entry = short[bits >> (16 - JPEGCodes.shortBits)]
        if entry > 0xff { return (Int(entry >> 8), UInt8(truncatingIfNeeded: entry)) }
        var length = JPEGCodes.shortBits + 1
        while length <= 16 {
            if bits < limits[length] { return (length, symbols[bits >> (16 - length) + offsets[length]]) }
            length += 1
        }
        return (0, 0)
    }
}

/// The bits between two markers. What is wrong is remembered and not thrown, because a bit is read often.
struct JPEGBits {
    private let data: UnsafeRawBufferPointer
    /// The next byte to take. At a marker none is taken.
    private(set) var place: Int
    /// Bits that were taken and not read, from the left; behind them zeros.
    private var held: UInt64 = 0
    private(set) var count = 0
    private(set) var isTooShort = false
    private(set) var hasUnknownCode = false

    init(_ data: UnsafeRawBufferPointer, from place: Int) {
        (self.data, self.place) = (data, place)
    }

    private mutating func refill() {
        while count <= 56, place < data.count {
            let byte = data[place]
            if byte == 0xff {
                // A 0 behind it says that it is no marker.
                guard place + 1 < data.count, data[place + 1] == 0 else { return }
                place += 1
            }
            place += 1
            held |= UInt64(byte) << UInt64(56 - count)
            count += 8
        }
    }

    private mutating func take(_ length: Int) {
        held <<= UInt64(length)
        count -= length
        guard count < 0 else { return }
        (held, count, isTooShort) = (0, 0, true)
    }

    /// - Parameter length: 0 to 16.
    mutating func bits(_ length: Int) -> Int {
        guard length > 0 else { return 0 }
        if count < length { refill() }
        defer { take(length) }
        return Int(held >> UInt64(64 - length))
    }

    mutating func bit() -> Bool { bits(1) == 1 }

    /// A number of so many bits; those that begin with 0 are negative.
    mutating func signed(_ length: Int) -> Int {
        guard length > 0 else { return 0 }
        let value = bits(length)
        return value < 1 << (length - 1) ? value - (1 << length) + 1 : value
    }

    mutating func symbol(_ codes: JPEGCodes) -> UInt8 {
        if count < 16 { refill() }
        let (length, symbol) = codes.find(Int(held >> 48))
        if length == 0 { hasUnknownCode = true }
        take(length)
        return symbol
    }

    /// Whether nothing but the rest of a byte is left.
    mutating func isAtEnd() -> Bool {
        refill()
        return count < 8
    }

    /// Goes on behind a marker.
    mutating func restart(at place: Int) { (self.place, held, count) = (place, 0, 0) }
}
