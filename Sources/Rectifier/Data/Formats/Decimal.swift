/// Decimal numbers in text, correctly rounded.
enum Decimal {
    /// Reads the number that begins at `place` and moves behind it; NaN, and no move, where there is none or where it
    /// is beyond the finite range.
    ///
    /// Up to 19 digits with a power of ten from -27 to 27 take integer arithmetic only: `m / 10ᵏ = m / 5ᵏ / 2ᵏ`, and a
    /// 128-bit quotient with the remainder as its last bit rounds as the exact one would. Fewer digits still take one
    /// division (Clinger). The rest goes to the standard library.
    @inline(__always)
    static func read(_ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Double {
        var p = place
        guard p < end else { return .nan }
        let isNegative = p.pointee == UInt8(ascii: "-")
        if isNegative || p.pointee == UInt8(ascii: "+") { p += 1 }

        var mantissa: UInt64 = 0
        let firstDigit = p
        while p < end, case let digit = p.pointee &- UInt8(ascii: "0"), digit < 10 {
            mantissa = mantissa &* 10 &+ UInt64(digit)
            p += 1
        }
        var digits = p - firstDigit
        var exponent = 0
        if p < end, p.pointee == UInt8(ascii: ".") {
            p += 1
            let firstDecimal = p
            while end - p >= 8, let eight = eightDigits(p) {
                mantissa = mantissa &* 100_000_000 &+ eight
                p += 8
            }
            while p < end, case let digit = p.pointee &- UInt8(ascii: "0"), digit < 10 {
                mantissa = mantissa &* 10 &+ UInt64(digit)
                p += 1
            }
            exponent = firstDecimal - p
            digits -= exponent
        }
        guard digits > 0 else { return .nan }
        if p < end, p.pointee | 0x20 == UInt8(ascii: "e") { exponent += written(exponent: &p, end) }

        var value: Double
        if digits <= 19, mantissa < 1 << 53, -22 <= exponent, exponent <= 22 {
            value = Double(mantissa)
            if exponent < 0 { value /= powersOfTen[-exponent] } else if exponent > 0 { value *= powersOfTen[exponent] }
        } else {
            value = rounded(mantissa, exponent, digits, firstDigit, p)
            if value == .infinity { return .nan }
        }
        place = p
        return isNegative ? -value : value
    }

    /// The number that all of these bytes are; nil where they are none.
    static func number(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        guard var place = bytes.baseAddress else { return nil }
        let end = place + bytes.count
        let value = read(&place, end)
        return place == end && !value.isNaN ? value : nil
    }

    /// The number that all of this text is; nil where it is none.
    static func number(_ text: String) -> Double? {
        var text = text
        return text.withUTF8 { number($0) }
    }

    /// The number that the next eight bytes are, if all are digits: pairs, then fours, then eight are put together side
    /// by side.
    @inline(__always)
    private static func eightDigits(_ p: UnsafePointer<UInt8>) -> UInt64? {
        var v = UInt64(littleEndian: UnsafeRawPointer(p).loadUnaligned(as: UInt64.self))
        let high: UInt64 = 0xf0f0_f0f0_f0f0_f0f0
        guard (v & high) | (((v &+ 0x0606_0606_0606_0606) & high) &>> 4) == 0x3333_3333_3333_3333 else { return nil }
        v = ((v & 0x0f0f_0f0f_0f0f_0f0f) &* 2561) &>> 8
        v = ((v & 0x00ff_00ff_00ff_00ff) &* 6_553_601) &>> 16
        return ((v & 0x0000_ffff_0000_ffff) &* 42_949_672_960_001) &>> 32
    }

    /// The exponent behind an `e`; 0, and no move, where none follows.
    private static func written(exponent p: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int {
        var q = p + 1
        guard q < end else { return 0 }
        let isNegative = q.pointee == UInt8(ascii: "-")
        if isNegative || q.pointee == UInt8(ascii: "+") { q += 1 }
        let first = q
        var exponent = 0
        while q < end, case let digit = q.pointee &- UInt8(ascii: "0"), digit < 10 {
            // What no number of digits in a file can bring back into range.
            if exponent < 1 << 40 { exponent = 10 * exponent + Int(digit) }
            q += 1
        }
        guard q > first else { return 0 }
        p = q
        return isNegative ? -exponent : exponent
    }

    @inline(never)
    private static func rounded(
        _ mantissa: UInt64, _ exponent: Int, _ digits: Int, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> Double {
        var digits = digits
        if digits > 19 {
            // Zeros in front do not count.
            var p = start
            while p < end, p.pointee == UInt8(ascii: "0") || p.pointee == UInt8(ascii: ".") {
                if p.pointee == UInt8(ascii: "0") { digits -= 1 }
                p += 1
            }
        }
        guard digits <= 19, -27 <= exponent, exponent <= 27 else {
            return Double(String(decoding: UnsafeBufferPointer(start: start, count: end - start), as: UTF8.self)) ?? .nan
        }
        guard mantissa > 0 else { return 0 }
        let power = powersOfFive[abs(exponent)]
        var top: UInt64
        let twos: Int
        if exponent < 0 {
            let m = mantissa << UInt64(mantissa.leadingZeroBitCount)
            let d = power << UInt64(power.leadingZeroBitCount)
            let (quotient, remainder) = d.dividingFullWidth((m >> 1, m << 63))
            top = remainder == 0 ? quotient : quotient | 1
            twos = power.leadingZeroBitCount - mantissa.leadingZeroBitCount - 63 + exponent
        } else {
            let (high, low) = mantissa.multipliedFullWidth(by: power)
            if high == 0 {
                top = low
                twos = exponent
            } else {
                let shift = UInt64(high.leadingZeroBitCount)
                top = shift == 0 ? high : high << shift | low >> (64 - shift)
                if low << shift != 0 { top |= 1 }
                twos = 64 - Int(shift) + exponent
            }
        }
        return Double(top) * Double(sign: .plus, exponent: twos, significand: 1)
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
    private static let powersOfFive: [UInt64] = [
        1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1_953_125, 9_765_625, 48_828_125, 244_140_625, 1_220_703_125, 6_103_515_625,
        30_517_578_125,
        152_587_890_625, 762_939_453_125, 3_814_697_265_625, 19_073_486_328_125, 95_367_431_640_625, 476_837_158_203_125,
        2_384_185_791_015_625, 11_920_928_955_078_125,
        59_604_644_775_390_625, 298_023_223_876_953_125, 1_490_116_119_384_765_625, 7_450_580_596_923_828_125,
    ]
}
