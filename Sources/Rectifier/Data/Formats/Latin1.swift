/// Text that is not in UTF-8, as older spreadsheets write it.
extension Bytes {
    /// Whether all of it is UTF-8. ASCII is passed over eight bytes at a time.
    var isUTF8: Bool {
        var place = 0
        let stretch = 4 << 20
        var released = 0
        while place < count {
            if place - released > stretch {
                release(released..<place)
                released = place
            }
            if place + 8 <= count, raw.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
                place += 8
                continue
            }
            guard let length = sequenceLength(at: place) else { return false }
            place += length
        }
        return true
    }

    /// The bytes of the character here; nil where there is none.
    private func sequenceLength(at place: Int) -> Int? {
        let first = start[place]
        if first < 0x80 { return 1 }
        let length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
        guard 0xc2...0xf4 ~= first, place + length <= count else { return nil }
        for i in 1..<length where start[place + i] & 0xc0 != 0x80 { return nil }
        // Longer than need be, half of a pair, or beyond the last character.
        let second = start[place + 1]
        return switch first {
        case 0xe0: second >= 0xa0 ? length : nil
        case 0xed: second < 0xa0 ? length : nil
        case 0xf0: second >= 0x90 ? length : nil
        case 0xf4: second < 0x90 ? length : nil
        default: length
        }
    }

    /// The same text in UTF-8, read as Windows-1252, which is Latin-1 with letters and signs in place of control
    /// characters.
    func asUTF8() throws -> Bytes {
        try MachineMemory.require(2 * count, kind: .data, for: "\(name): text that is no UTF-8", advice: "save it as UTF-8")
        var text: [UInt8] = []
        text.reserveCapacity(count + count / 8)
        for byte in raw { text.append(contentsOf: UTF8.encode(Bytes.scalar(byte))!) }
        return Bytes(text, name: name)
    }

    private static func scalar(_ byte: UInt8) -> Unicode.Scalar {
        guard 0x80...0x9f ~= byte else { return Unicode.Scalar(byte) }
        return windows[Int(byte) - 0x80]
    }

    /// From 0x80; five bytes have no sign and become the replacement character.
    private static let windows = Array("€\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}Ž\u{fffd}\u{fffd}‘’“”•–—˜™š›œ\u{fffd}žŸ".unicodeScalars)
}
