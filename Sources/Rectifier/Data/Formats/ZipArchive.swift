/// A zip archive's members: what `.npz` needs of the format. Stored and deflated members, zip64 sizes; no encryption,
/// no parts.
///
/// Nothing is unpacked until a member is read, and then no more than its header and the archive agree on
/// (``ByteReader/expect(_:)``).
struct ZipArchive {
    struct Member {
        var name: String
        fileprivate var isDeflated: Bool
        fileprivate var checksum: UInt32
        fileprivate var packedCount: Int
        fileprivate var count: Int
        fileprivate var headerOffset: Int
    }

    private let bytes: Bytes
    let members: [Member]

    static func isZip(_ start: some Collection<UInt8>) -> Bool {
        start.starts(with: [0x50, 0x4b, 3, 4]) || start.starts(with: [0x50, 0x4b, 5, 6])
    }

    init(_ bytes: Bytes) throws {
        self.bytes = bytes
        let data = LittleEndian(bytes)
        // The last record says where the directory is. Only a comment of at most 64 KB may follow it.
        var end = bytes.count - 22
        let lowest = max(0, bytes.count - 22 - 0xffff)
        while end >= lowest, data.uint32(end) != 0x0605_4b50 { end -= 1 }
        guard end >= lowest else { throw data.damaged("it has no directory; the file is cut short") }

        var count = try data.int16(end + 10)
        var size = try data.int32(end + 12)
        var offset = try data.int32(end + 16)
        if count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff, data.uint32(end - 20) == 0x0706_4b50 {
            let end64 = try data.int64(end - 12)
            guard data.uint32(end64) == 0x0606_4b50 else { throw data.damaged("its zip64 record is missing") }
            count = try data.int64(end64 + 32)
            size = try data.int64(end64 + 40)
            offset = try data.int64(end64 + 48)
        }
        guard offset <= end, size <= end - offset, count <= size / 46 else { throw data.damaged("its directory is out of bounds") }

        var members: [Member] = []
        var place = offset
        for _ in 0..<count {
            guard data.uint32(place) == 0x0201_4b50 else { throw data.damaged("its directory is out of order") }
            let nameLength = try data.int16(place + 28)
            let extraLength = try data.int16(place + 30)
            let commentLength = try data.int16(place + 32)
            let name = try data.string(place + 46, nameLength)
            var member = Member(
                name: name, isDeflated: false, checksum: UInt32(try data.int32(place + 16)), packedCount: try data.int32(place + 20),
                count: try data.int32(place + 24), headerOffset: try data.int32(place + 42))
            let flags = try data.int16(place + 8)
            guard flags & 1 == 0 else { throw data.damaged("\(oneLine(name)) is encrypted", isDamage: false) }
            switch try data.int16(place + 10) {
            case 0: member.isDeflated = false
            case 8: member.isDeflated = true
            case let method: throw data.damaged("\(oneLine(name)) is packed by method \(method), which is not supported", isDamage: false)
            }
            var wide: [WritableKeyPath<Member, Int>] = []
            if member.count == 0xffff_ffff { wide.append(\.count) }
            if member.packedCount == 0xffff_ffff { wide.append(\.packedCount) }
            if member.headerOffset == 0xffff_ffff { wide.append(\.headerOffset) }
            for (path, value) in zip(wide, try data.zip64Sizes(place + 46 + nameLength, extraLength, wide.count)) {
                member[keyPath: path] = value
            }
            guard member.isDeflated || member.count == member.packedCount else {
                throw data.damaged("\(oneLine(name)) has two different sizes")
            }
            members.append(member)
            place += 46 + nameLength + extraLength + commentLength
        }
        self.members = members
    }

    /// Where a member's packed bytes are, after its own header was compared with the directory's entry.
    private func range(of member: Member) throws -> Range<Int> {
        let data = LittleEndian(bytes)
        let place = member.headerOffset
        guard data.uint32(place) == 0x0403_4b50 else { throw data.damaged("\(oneLine(member.name)) is not where the directory says") }
        let flags = try data.int16(place + 6)
        let method = try data.int16(place + 8)
        let nameLength = try data.int16(place + 26)
        let extraLength = try data.int16(place + 28)
        let name = try data.string(place + 30, nameLength)
        var packedCount = try data.int32(place + 18)
        var count = try data.int32(place + 22)
        let start = place + 30 + nameLength + extraLength
        // Both are there if one is: the header's own rule for zip64.
        if count == 0xffff_ffff || packedCount == 0xffff_ffff {
            let sizes = try data.zip64Sizes(place + 30 + nameLength, extraLength, 2)
            count = sizes[0]
            packedCount = sizes[1]
        }
        // With flag 8 the sizes follow the data, and here are zeros.
        let areSizesLater = flags & 8 != 0 && count == 0 && packedCount == 0
        guard name == member.name, method == (member.isDeflated ? 8 : 0),
            areSizesLater || (count == member.count && packedCount == member.packedCount)
        else { throw data.damaged("the header of \(oneLine(member.name)) contradicts the directory") }
        guard member.packedCount <= bytes.count - start else { throw data.damaged("\(oneLine(member.name)) is cut short") }
        return start..<start + member.packedCount
    }

    func reader(of member: Member) throws -> ByteReader {
        try ByteReader(
            bytes, range: range(of: member), isDeflated: member.isDeflated, count: member.count, checksum: member.checksum,
            name: "\(bytes.name)/\(oneLine(member.name))")
    }
}

/// Numbers at any place of a file; outside of it is an error.
private struct LittleEndian {
    private let bytes: Bytes

    init(_ bytes: Bytes) { self.bytes = bytes }

    func damaged(_ what: String, isDamage: Bool = true) -> RectifierError {
        RectifierError(.file, "\(bytes.name): \(what)" + (isDamage ? "; the archive is damaged" : ""))
    }

    /// A signature; nil outside of the file.
    func uint32(_ offset: Int) -> UInt32? {
        guard offset >= 0, offset <= bytes.count - 4 else { return nil }
        return UInt32(littleEndian: bytes.raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    private func number<Raw: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _: Raw.Type) throws -> Int {
        guard offset >= 0, offset <= bytes.count - MemoryLayout<Raw>.size else { throw damaged("a record is cut short") }
        let value = Raw(littleEndian: bytes.raw.loadUnaligned(fromByteOffset: offset, as: Raw.self))
        // No file is that long; whoever reads the number need not think of overflow.
        guard let number = Int(exactly: value), number < 1 << 60 else { throw damaged("a record holds an impossible length") }
        return number
    }

    func int16(_ offset: Int) throws -> Int { try number(offset, UInt16.self) }
    func int32(_ offset: Int) throws -> Int { try number(offset, UInt32.self) }
    func int64(_ offset: Int) throws -> Int { try number(offset, UInt64.self) }

    func string(_ offset: Int, _ count: Int) throws -> String {
        guard offset >= 0, offset <= bytes.count - count else { throw damaged("a record is cut short") }
        return String(decoding: bytes.raw[offset..<offset + count], as: UTF8.self)
    }

    /// The first numbers of the zip64 field among the extra fields.
    func zip64Sizes(_ offset: Int, _ length: Int, _ count: Int) throws -> [Int] {
        guard count > 0 else { return [] }
        var place = offset
        while place <= offset + length - 4 {
            let fieldLength = try int16(place + 2)
            if try int16(place) == 1 {
                guard fieldLength >= 8 * count else { break }
                return try (0..<count).map { try int64(place + 4 + 8 * $0) }
            }
            place += 4 + fieldLength
        }
        throw damaged("a zip64 length is missing")
    }
}
