import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct GzipTests {
    let content = (0..<5000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }

    func unpacked(_ packed: [UInt8]) throws -> [UInt8] {
        let unpacked = try bytes(packed, name: "a.gz").unpacked()
        return withExtendedLifetime(unpacked) { Array(unpacked.raw) }
    }

    @Test func unpacksWhatWasPacked() throws {
        #expect(try unpacked(deflated(content)) == content)
        #expect(try unpacked(deflated([])) == [])
    }

    @Test func leavesPlainBytesAlone() throws { #expect(try unpacked(content) == content) }

    @Test func joinsMembers() throws {
        #expect(try unpacked(deflated(content) + deflated([1, 2, 3])) == content + [1, 2, 3])
    }

    @Test func refusesEveryTruncation() {
        let packed = deflated(content)
        for count in stride(from: 3, to: packed.count, by: 97) {
            #expect(errorText { _ = try unpacked(Array(packed[..<count])) }.contains("a.gz: the compressed data ends too early"))
        }
        #expect(errorText { _ = try unpacked(Array(packed.dropLast())) }.contains("cut short"))
    }

    @Test func refusesAWrongChecksum() {
        var packed = deflated(content)
        packed[packed.count - 8] ^= 1
        #expect(errorText { _ = try unpacked(packed) } == "a.gz: the compressed data is damaged (incorrect data check)")
    }

    @Test func refusesTrailingBytes() {
        #expect(errorText { _ = try unpacked(deflated(content) + [0, 1]) }.contains("2 bytes follow the end"))
    }

    @Test func refusesABomb() {
        let packed = deflated([UInt8](repeating: 0, count: 66 << 20))
        #expect(errorText { _ = try unpacked(packed) }.contains("zip bomb"))
    }
}
