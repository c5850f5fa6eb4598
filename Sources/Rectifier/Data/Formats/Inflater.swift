import CZlib

/// Unpacks deflated bytes piece by piece, into memory that the caller has.
final class Inflater {
    enum Form {
        /// One or more gzip members; zlib checks their CRCs and lengths.
        case gzip
        /// Bare deflate, as in zip archives. Nothing in it is checked.
        case bare
        /// zlib's own, as in PNG files, with a checksum that it checks.
        case zlib

        /// How zlib is told.
        var windowBits: Int32 {
            switch self {
            case .gzip: 15 + 16
            case .bare: -15
            case .zlib: 15
            }
        }
    }

    private let name: String
    private let form: Form
    /// On the heap, because zlib keeps a pointer to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private let packed: UnsafeRawBufferPointer
    private var consumed = 0
    private var isFinished = false

    /// - Parameter packed: must stay while the inflater is used.
    init(_ packed: UnsafeRawBufferPointer, form: Form, name: String) throws {
        self.name = name
        self.form = form
        self.packed = packed
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard inflateInit2_(stream, form.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            throw RectifierError(.file, "\(name): cannot be unpacked, there is no memory for it")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Fills the space as far as there is something; less than all of it only at the end.
    func read(into space: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < space.count, !isFinished {
            // zlib counts in 32 bits.
            let input = min(packed.count - consumed, 1 << 30)
            let output = min(space.count - filled, 1 << 30)
            stream.pointee.next_in = UnsafeMutablePointer(mutating: packed.baseAddress?.assumingMemoryBound(to: UInt8.self)).map {
                $0 + consumed
            }
            stream.pointee.avail_in = uInt(input)
            stream.pointee.next_out = space.baseAddress!.assumingMemoryBound(to: UInt8.self) + filled
            stream.pointee.avail_out = uInt(output)
            let status = inflate(stream, Z_NO_FLUSH)
            let taken = input - Int(stream.pointee.avail_in)
            let made = output - Int(stream.pointee.avail_out)
            consumed += taken
            filled += made

            switch status {
            case Z_STREAM_END: try endMember()
            case Z_OK, Z_BUF_ERROR:
                if taken == 0, made == 0 {
                    throw RectifierError(.file, "\(name): the compressed data ends too early; the file is cut short")
                }
            case Z_MEM_ERROR: throw RectifierError(.file, "\(name): cannot be unpacked, there is no memory for it")
            default:
                let detail = stream.pointee.msg.map { " (\(String(cString: $0)))" } ?? ""
                throw RectifierError(.file, "\(name): the compressed data is damaged\(detail)")
            }
        }
        return filled
    }

    private func endMember() throws {
        if consumed == packed.count {
            isFinished = true
        } else if form == .gzip, Inflater.isGzip(UnsafeRawBufferPointer(rebasing: packed[consumed...])) {
            inflateReset(stream)
        } else {
            throw RectifierError(
                .file, "\(name): \(packed.count - consumed) bytes follow the end of the compressed data; the file is damaged")
        }
    }

    /// Whether these bytes begin like a gzip file.
    static func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b
    }

    /// Throws where so many bytes cannot come of so few, or could only to exhaust the memory: deflate makes at most
    /// 1,032 bytes of one, and honest data of some size seldom shrink to a hundredth.
    static func refuseBomb(of count: Int, from packedCount: Int, name: String) throws {
        let ratio = count / max(packedCount, 1)
        if ratio > 1032 || (ratio > 250 && count > 64 << 20) || count > Bytes.memoryLimit {
            throw RectifierError(
                .file,
                "\(name): \(packedCount) bytes that unpack to \(count) or more are refused as a zip bomb; "
                    + "if they are honest, unpack them first"
            )
        }
    }
}
