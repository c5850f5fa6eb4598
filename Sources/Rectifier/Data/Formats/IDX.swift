/// The format of MNIST and its descendants: two zero bytes, the element type, the rank, the extents as 32-bit
/// big-endian numbers, the elements.
enum IDX {
    /// Whether a file begins like IDX. Too short to be anything counts as no.
    static func isIDX(_ start: [UInt8]) -> Bool {
        start.count >= 4 && start[0] == 0 && start[1] == 0 && format(start[2]) != nil && start[3] > 0
    }

    /// Reads a file, gzipped or not. Every length is checked against the file's before memory is taken.
    static func array(_ bytes: Bytes) throws -> NumericArray {
        let reader = try ByteReader(bytes)
        let name = reader.name
        let magic = try reader.bytes(4)
        guard magic[0] == 0, magic[1] == 0 else {
            throw RectifierError(.file, "\(name): is not an IDX file; it begins with \(hex(magic)) instead of 00 00, a type and a rank")
        }
        guard let format = format(magic[2]) else {
            throw RectifierError(.file, "\(name): unknown IDX element type \(hex([magic[2]])) (magic number \(hex(magic)))")
        }
        let rank = Int(magic[3])
        guard (1...8).contains(rank) else {
            throw RectifierError(.file, "\(name): an IDX rank of \(rank) is not supported (magic number \(hex(magic)))")
        }
        let extents = try reader.bytes(4 * rank)
        let shape = (0..<rank).map { axis in (0..<4).reduce(0) { $0 << 8 | Int(extents[4 * axis + $1]) } }
        guard let count = Shape.elementCount(shape) else {
            throw RectifierError(.file, "\(name): impossible extents \(describe(shape)); the file is damaged")
        }
        let elements = try format.read(count, bigEndian: true, from: reader)
        try reader.finish()
        return NumericArray(name: name, shape: shape, elements: elements)
    }

    private static func format(_ code: UInt8) -> NumberFormat? {
        switch code {
        case 0x08: .uint8
        case 0x09: .int8
        case 0x0b: .int16
        case 0x0c: .int32
        case 0x0d: .float32
        case 0x0e: .float64
        default: nil
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}

/// `28 × 28`
func describe(_ shape: [Int]) -> String { shape.isEmpty ? "1" : shape.map(String.init).joined(separator: " × ") }
