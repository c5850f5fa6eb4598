import CRectifierKernels

/// The hash function SHA-256 (FIPS 180-4), fed piece by piece.
///
///     var hash = SHA256()
///     hash.update(bytes)
///     let text = hash.finalized()
package struct SHA256: Sendable {
    /// Bytes that are hashed at once.
    private static let blockSize = 64

    private var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    /// What has come since the last whole block: fewer than 64 bytes.
    private var pending: [UInt8] = []
    private var byteCount: UInt64 = 0

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

        let digits = Array("0123456789abcdef")
        var text = ""
        for word in state {
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

    /// Takes whole blocks into the state.
    private static func compress(_ blocks: UnsafeRawBufferPointer, into state: inout [UInt32]) {
        guard let start = blocks.baseAddress else { return }
        rk_sha256(&state, start.assumingMemoryBound(to: UInt8.self), Int64(blocks.count / blockSize))
    }
}
