/// A reader of event files, written without a look at the writer: CRC bit by bit, fields by their numbers in
/// event.proto and summary.proto.
public struct Events {
    public struct Event {
        public var wallTime = 0.0
        public var step = 0
        public var version: String?
        public var scalars: [(tag: String, value: Float)] = []
    }

    /// What is wrong with a file.
    public struct Flaw: Error, CustomStringConvertible {
        public var description: String
    }

    public private(set) var all: [Event] = []

    public init(_ file: [UInt8]) throws {
        var rest = file[...]
        while !rest.isEmpty {
            guard rest.count >= 12 else { throw Flaw(description: "half a header") }
            let length = Array(rest.prefix(8))
            guard Self.number(rest.dropFirst(8).prefix(4)) == Self.check(length) else { throw Flaw(description: "the length's check") }
            let count = Int(Self.number(length[...]))
            guard rest.count >= 16 + count else { throw Flaw(description: "half a record") }
            let content = Array(rest.dropFirst(12).prefix(count))
            guard Self.number(rest.dropFirst(12 + count).prefix(4)) == Self.check(content) else { throw Flaw(description: "the check") }
            all.append(try Self.event(content))
            rest = rest.dropFirst(16 + count)
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

    private static func check(_ bytes: [UInt8]) -> UInt64 {
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            for bit in 0..<8 {
                let isOdd = (remainder ^ UInt32(byte >> bit)) & 1 == 1
                remainder >>= 1
                if isOdd { remainder ^= 0x82F6_3B78 }
            }
        }
        let crc = ~remainder
        return UInt64((crc << 17 | crc >> 15) &+ 0xA282_EAD8)
    }

    private static func event(_ bytes: [UInt8]) throws -> Event {
        var event = Event()
        for (field, wire, content) in try fields(bytes) {
            switch (field, wire) {
            case (1, 1): event.wallTime = Double(bitPattern: number(content[...]))
            case (2, 0): event.step = Int(number(content[...]))
            case (3, 2): event.version = String(decoding: content, as: UTF8.self)
            case (5, 2):
                for (field, wire, content) in try fields(content) {
                    guard (field, wire) == (1, 2) else { throw Flaw(description: "field \(field) of a summary") }
                    var scalar = (tag: "", value: Float.nan)
                    for (field, wire, content) in try fields(content) {
                        switch (field, wire) {
                        case (1, 2): scalar.tag = String(decoding: content, as: UTF8.self)
                        case (2, 5): scalar.value = Float(bitPattern: UInt32(number(content[...])))
                        default: throw Flaw(description: "field \(field) of a value")
                        }
                    }
                    event.scalars.append(scalar)
                }
            default: throw Flaw(description: "field \(field) of an event")
            }
        }
        return event
    }

    /// Number, wire type and content of each field; a varint's content is its eight bytes.
    private static func fields(_ bytes: [UInt8]) throws -> [(field: Int, wire: Int, content: [UInt8])] {
        var result: [(Int, Int, [UInt8])] = [], place = 0
        func varint() throws -> UInt64 {
            var value: UInt64 = 0, shift: UInt64 = 0
            while true {
                guard place < bytes.count, shift < 64 else { throw Flaw(description: "half a number") }
                value |= UInt64(bytes[place] & 127) << shift
                place += 1
                shift += 7
                if bytes[place - 1] < 128 { return value }
            }
        }
        func taken(_ count: Int) throws -> [UInt8] {
            guard count <= bytes.count - place else { throw Flaw(description: "half a field") }
            defer { place += count }
            return Array(bytes[place..<place + count])
        }
        while place < bytes.count {
            let key = Int(try varint())
            switch key & 7 {
            case 0:
                let value = try varint()
                result.append((key >> 3, 0, (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }))
            case 1: result.append((key >> 3, 1, try taken(8)))
            case 2: result.append((key >> 3, 2, try taken(Int(clamping: varint()))))
            case 5: result.append((key >> 3, 5, try taken(4)))
            default: throw Flaw(description: "wire type \(key & 7)")
            }
        }
        return result
    }
}
