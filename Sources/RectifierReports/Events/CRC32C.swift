/// CRC-32C, the cyclic redundancy check with Castagnoli's polynomial (RFC 3720, B.4): of "123456789" it is 0xE3069283.
package func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
}

/// What eight bits make of a remainder, bits in reverse.
private let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82f6_3b78 }
}
