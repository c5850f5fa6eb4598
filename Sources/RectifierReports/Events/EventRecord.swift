/// A record of an event file as TensorBoard reads it: an `Event` in the format of protocol buffers, framed as a
/// TFRecord.
///
/// The first record of a file is ``fileVersion``. TensorBoard reads a file while it grows: whoever writes each record
/// with one call lets it see whole ones.
package enum EventRecord {
    /// What a file begins with.
    case fileVersion
    /// Numbers by name at a step. They are written as `float`; a name with a slash is shown in a group.
    case scalars([(tag: String, value: Double)], step: Int)

    /// - Parameter wallTime: Seconds since 1970.
    package func bytes(wallTime: Double) -> [UInt8] {
        // Numbers of fields are those of event.proto and summary.proto.
        var event = Message()
        event.add(1, wallTime)
        switch self {
        case .fileVersion: event.add(3, Array("brain.Event:2".utf8))
        case .scalars(let scalars, let step):
            event.add(2, step)
            var summary = Message()
            for (tag, value) in scalars {
                var entry = Message()
                entry.add(1, Array(tag.utf8))
                entry.add(2, Float(value))
                summary.add(1, entry.bytes)
            }
            event.add(5, summary.bytes)
        }
        return framed(event.bytes)
    }
}

/// The length, its check, the bytes, and their check.
private func framed(_ data: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(data.count))
    return length + littleEndian(masked(crc32c(length))) + data + littleEndian(masked(crc32c(data)))
}

/// Checks are turned and moved, so that a check of bytes that hold one is no simple number.
private func masked(_ crc: UInt32) -> UInt32 { (crc >> 15 | crc << 17) &+ 0xa282_ead8 }

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

/// Fields of a message of protocol buffers.
private struct Message {
    private(set) var bytes: [UInt8] = []

    private enum Wire: UInt64 { case varint = 0, eightBytes = 1, counted = 2, fourBytes = 5 }

    mutating func add(_ field: UInt64, _ value: Int) {
        begin(field, .varint)
        addVarint(UInt64(bitPattern: Int64(value)))
    }

    mutating func add(_ field: UInt64, _ value: Double) {
        begin(field, .eightBytes)
        bytes += littleEndian(value.bitPattern)
    }

    mutating func add(_ field: UInt64, _ value: Float) {
        begin(field, .fourBytes)
        bytes += littleEndian(value.bitPattern)
    }

    mutating func add(_ field: UInt64, _ content: [UInt8]) {
        begin(field, .counted)
        addVarint(UInt64(content.count))
        bytes += content
    }

    private mutating func begin(_ field: UInt64, _ wire: Wire) { addVarint(field << 3 | wire.rawValue) }

    /// Seven bits to a byte, low ones first; the top bit says that more follow.
    private mutating func addVarint(_ value: UInt64) {
        var rest = value
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
