import Foundation
import RectifierReports
import TestSupport
import Testing

/// Events as TensorBoard reads them, taken apart by a reader of its own.
@Suite("Event files")
struct EventTests {
    @Test func `CRC-32C gives the check values of its definition`() {
        #expect(crc32c(Array("123456789".utf8)) == 0xE306_9283)
        // RFC 3720, B.4.
        #expect(crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(crc32c([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(crc32c(Array(0..<32)) == 0x46DD_794E)
        #expect(crc32c([]) == 0)
    }

    /// The first record of a file, byte by byte, as TensorFlow's writer makes it.
    @Test func `The record of the version is TensorFlow's`() {
        let bytes = EventRecord.fileVersion.bytes(wallTime: 1.5)
        let event: [UInt8] = [0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x1A, 13] + Array("brain.Event:2".utf8)
        #expect(Array(bytes[..<8]) == [24, 0, 0, 0, 0, 0, 0, 0] && Array(bytes[12..<36]) == event && bytes.count == 40)
    }

    @Test func `What is written is read back`() throws {
        let scalars: [(tag: String, value: Double)] = [
            ("loss/train", 0.25), ("accuracy/held-out", 1), ("größe", -1e30), ("", .infinity), (String(repeating: "x", count: 300), 1e-40),
        ]
        var file = EventRecord.fileVersion.bytes(wallTime: 12345.678)
        for step in [0, 1, 127, 128, 1 << 40] { file += EventRecord.scalars(scalars, step: step).bytes(wallTime: Double(step)) }
        let events = try Events(file).all
        #expect(events.count == 6 && events[0].version == "brain.Event:2" && events[0].wallTime == 12345.678)
        #expect(events.dropFirst().map(\.step) == [0, 1, 127, 128, 1 << 40])
        for event in events.dropFirst() {
            #expect(event.wallTime == Double(event.step) && event.version == nil)
            #expect(event.scalars.map(\.tag) == scalars.map(\.tag) && event.scalars.map(\.value) == scalars.map { Float($0.value) })
        }
    }

    @Test func `A damaged byte is seen`() {
        let file = EventRecord.scalars([("loss", 1)], step: 3).bytes(wallTime: 1)
        for place in file.indices {
            var damaged = file
            damaged[place] ^= 0x10
            #expect(throws: (any Error).self) { try Events(damaged) }
        }
    }
}
