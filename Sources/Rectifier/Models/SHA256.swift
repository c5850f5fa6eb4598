/// The hash function SHA-256 (FIPS 180-4), fed piece by piece.
///
///     var hash = SHA256()
///     hash.update(bytes)
///     let text = hash.finalized()
package struct SHA256: Sendable {
    /// Bytes that are hashed at once.
    private static let blockSize = 64

    private var state: State = (0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)
    /// What has come since the last whole block: fewer than 64 bytes.
    private var pending: [UInt8] = []
    private var byteCount: UInt64 = 0

    private typealias State = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

    package init() {}

    /// Appends bytes to the message. Any division of a message into pieces gives the same hash.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount &+= UInt64(bytes.count)
        var rest = bytes[...]
        if !pending.isEmpty {
            let missing = rest.prefix(Self.blockSize - pending.count)
            pending.append(contentsOf: missing)
            rest = rest.dropFirst(missing.count)
            if pending.count < Self.blockSize { return }
            pending.withUnsafeBytes { Self.compress($0, into: &state) }
            pending.removeAll(keepingCapacity: true)
        }
        let whole = rest.count / Self.blockSize * Self.blockSize
        Self.compress(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)), into: &state)
        pending.append(contentsOf: rest.dropFirst(whole))
    }

    /// Appends bytes to the message.
    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The hash of the whole message, as 64 hexadecimal digits.
    package consuming func finalized() -> String {
        let bitCount = byteCount &* 8
        var tail = pending + [0x80]
        let zeros = (Self.blockSize - (tail.count + 8) % Self.blockSize) % Self.blockSize
        tail.append(contentsOf: repeatElement(0, count: zeros))
        tail.append(contentsOf: (0..<8).map { UInt8(truncatingIfNeeded: bitCount >> (56 - 8 * $0)) })
        tail.withUnsafeBytes { Self.compress($0, into: &state) }

        let (a, b, c, d, e, f, g, h) = state
        let digits = Array("0123456789abcdef")
        var text = ""
        for word in [a, b, c, d, e, f, g, h] {
            for shift in stride(from: 28, through: 0, by: -4) { text.append(digits[Int(word >> UInt32(shift) & 15)]) }
        }
        return text
    }

    /// The hash of one message, as 64 hexadecimal digits.
    package static func hex(of bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalized()
    }

    /// FIPS 180-4, 6.2.2, for each 64-byte block of `blocks`.
    ///
    /// The message schedule lives in a ring of 16 words that each round renews, and eight rounds are written out so that the rotation
    /// of the working variables costs nothing.
    private static func compress(_ blocks: UnsafeRawBufferPointer, into state: inout State) {
        roundConstants.withUnsafeBufferPointer { constants in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { ring in
                let k = constants.baseAddress!
                let w = ring.baseAddress!
                var (a, b, c, d, e, f, g, h) = state
                for block in stride(from: 0, to: blocks.count, by: blockSize) {
                    let before = (a, b, c, d, e, f, g, h)
                    for i in 0..<16 {
                        w[i] = UInt32(bigEndian: blocks.loadUnaligned(fromByteOffset: block &+ i &* 4, as: UInt32.self))
                    }
                    var t = 0
                    while t < 64 {
                        round(a, b, c, &d, e, f, g, &h, k[t] &+ word(w, t))
                        round(h, a, b, &c, d, e, f, &g, k[t &+ 1] &+ word(w, t &+ 1))
                        round(g, h, a, &b, c, d, e, &f, k[t &+ 2] &+ word(w, t &+ 2))
                        round(f, g, h, &a, b, c, d, &e, k[t &+ 3] &+ word(w, t &+ 3))
                        round(e, f, g, &h, a, b, c, &d, k[t &+ 4] &+ word(w, t &+ 4))
                        round(d, e, f, &g, h, a, b, &c, k[t &+ 5] &+ word(w, t &+ 5))
                        round(c, d, e, &f, g, h, a, &b, k[t &+ 6] &+ word(w, t &+ 6))
                        round(b, c, d, &e, f, g, h, &a, k[t &+ 7] &+ word(w, t &+ 7))
                        t &+= 8
                    }
                    (a, b, c, d) = (a &+ before.0, b &+ before.1, c &+ before.2, d &+ before.3)
                    (e, f, g, h) = (e &+ before.4, f &+ before.5, g &+ before.6, h &+ before.7)
                }
                state = (a, b, c, d, e, f, g, h)
            }
        }
    }

    /// Word `t` of the message schedule: the first 16 are the block, each later one replaces the one 16 before it.
    @inline(__always)
    private static func word(_ w: UnsafeMutablePointer<UInt32>, _ t: Int) -> UInt32 {
        if t < 16 { return w[t] }
        let old = w[(t &+ 1) & 15]
        let recent = w[(t &+ 14) & 15]
        let s0 = rotated(old, 7) ^ rotated(old, 18) ^ (old &>> 3)
        let s1 = rotated(recent, 17) ^ rotated(recent, 19) ^ (recent &>> 10)
        let next = w[t & 15] &+ s0 &+ w[(t &+ 9) & 15] &+ s1
        w[t & 15] = next
        return next
    }

    @inline(__always)
    private static func round(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32, _ h: inout UInt32, _ input: UInt32
    ) {
        let choice = g ^ (e & (f ^ g))
        let majority = (a & b) | (c & (a | b))
        let t1 = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ input
        d = d &+ t1
        h = t1 &+ (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
    }

    @inline(__always)
    private static func rotated(_ x: UInt32, _ count: UInt32) -> UInt32 { (x &>> count) | (x &<< (32 &- count)) }

    private static let roundConstants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}
