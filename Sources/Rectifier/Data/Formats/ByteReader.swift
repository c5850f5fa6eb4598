import CZlib

/// Reads a binary file from front to back, plain or packed, so that its format need not know which.
final class ByteReader {
    /// What messages begin with.
    let name: String
    private let bytes: Bytes
    private let plain: UnsafeRawBufferPointer
    private let inflater: Inflater?
    private var position = 0
    /// The number of bytes that the container says there are.
    private let declaredCount: Int?
    private let declaredChecksum: UInt32?
    private var checksum: UInt = 0

    /// Reads a file; one that is gzipped is unpacked.
    init(_ bytes: Bytes) throws {
        self.bytes = bytes
        name = bytes.name
        plain = bytes.raw
        let isGzip = Inflater.isGzip(bytes.raw)
        inflater = isGzip ? try Inflater(bytes.raw, form: .gzip, name: name) : nil
        declaredCount = isGzip ? nil : bytes.count
        declaredChecksum = nil
    }

    /// Reads a part of an archive.
    init(_ bytes: Bytes, range: Range<Int>, isDeflated: Bool, count: Int, checksum: UInt32, name: String) throws {
        self.bytes = bytes
        self.name = name
        plain = UnsafeRawBufferPointer(rebasing: bytes.raw[range])
        inflater = isDeflated ? try Inflater(plain, form: .bare, name: name) : nil
        declaredCount = count
        declaredChecksum = checksum
    }

    /// Throws unless so many bytes can follow, and only those: before memory for them is taken.
    func expect(_ count: Int) throws {
        if let declaredCount {
            let rest = declaredCount - position
            guard rest == count else {
                throw RectifierError(
                    .file, "\(name): its header promises \(count) bytes of data, but \(rest) follow; the file is damaged or cut short")
            }
        }
        if inflater != nil { try Inflater.refuseBomb(of: count, from: plain.count, name: name) }
    }

    /// Fills all of the space.
    func fill(_ space: UnsafeMutableRawBufferPointer) throws {
        guard space.count > 0 else { return }
        let got: Int
        if let inflater {
            got = try inflater.read(into: space)
        } else {
            got = min(space.count, plain.count - position)
            space.copyMemory(from: UnsafeRawBufferPointer(rebasing: plain[position..<position + got]))
        }
        position += got
        guard got == space.count else { throw RectifierError(.file, "\(name): ends after \(position) bytes; the file is cut short") }
        if declaredChecksum != nil { updateChecksum(space) }
    }

    /// The next bytes, few of them.
    func bytes(_ count: Int) throws -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        try result.withUnsafeMutableBytes { try fill($0) }
        return result
    }

    /// Throws if something follows, or what was read has another checksum than it should.
    func finish() throws {
        if let inflater {
            var extra: UInt8 = 0
            let got = try withUnsafeMutableBytes(of: &extra) { try inflater.read(into: $0) }
            if got > 0 { throw RectifierError(.file, "\(name): more data follows than its header says; the file is damaged") }
        } else if position < plain.count {
            throw RectifierError(.file, "\(name): \(plain.count - position) bytes more than its header says; the file is damaged")
        }
        if let declaredChecksum, declaredChecksum != UInt32(truncatingIfNeeded: checksum) {
            throw RectifierError(.file, "\(name): the checksum does not match; the file is damaged")
        }
    }

    private func updateChecksum(_ space: UnsafeMutableRawBufferPointer) {
        var rest = UnsafeRawBufferPointer(space)
        while !rest.isEmpty {
            let part = min(rest.count, 1 << 30)
            checksum = UInt(crc32(uLong(checksum), rest.baseAddress!.assumingMemoryBound(to: UInt8.self), uInt(part)))
            rest = UnsafeRawBufferPointer(rebasing: rest[part...])
        }
    }
}

extension Bytes {
    /// These bytes, unpacked if they are gzipped: for text, whose length nothing foretells.
    func unpacked() throws -> Bytes {
        guard Inflater.isGzip(raw) else { return self }
        let inflater = try Inflater(raw, form: .gzip, name: name)
        let buffer = GrowingBuffer(name: name)
        try buffer.fill {
            try Inflater.refuseBomb(of: buffer.count, from: count, name: name)
            return try inflater.read(into: $0)
        }
        return Bytes(taking: buffer, name: name)
    }
}
