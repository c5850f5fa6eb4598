/// Numbers as a binary file holds them: the first axis counts samples.
struct NumericArray: Sendable {
    /// What messages begin with: the file, or the archive and its member.
    var name: String
    var shape: [Int]
    var elements: Dataset.Features

    /// The number of samples.
    var count: Int { shape.first ?? 1 }
    var sampleShape: [Int] { Array(shape.dropFirst()) }
    var width: Int { sampleShape.reduce(1, *) }

    /// The columns of an array of rank 1 or 2.
    var columnCount: Int { shape.count == 1 ? 1 : shape[1] }

    func element(_ index: Int) -> Double {
        switch elements {
        case .bytes(let values): values[index].number
        case .floats(let values): values[index].number
        case .doubles(let values): values[index].number
        }
    }

    var doubles: [Double] {
        switch elements {
        case .bytes(let values): values.map(Double.init)
        case .floats(let values): values.map(Double.init)
        case .doubles(let values): values
        }
    }

    var isBytes: Bool {
        if case .bytes = elements { true } else { false }
    }
}

/// How a binary file writes a number.
enum NumberFormat: Sendable {
    case uint8, int8, uint16, int16, uint32, int32, uint64, int64, float16, float32, float64, bool

    var size: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16, .float16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }

    /// Bytes of a number once it was read.
    private var storedSize: Int {
        switch self {
        case .uint8: 1
        case .bool, .int8, .uint16, .int16, .float16, .float32: 4
        case .uint32, .int32, .uint64, .int64, .float64: 8
        }
    }

    /// Reads so many numbers, in the order in which they come: bytes as bytes, floats as floats, all others as doubles.
    ///
    /// Throws before it allocates where the file cannot hold them.
    func read(_ count: Int, bigEndian: Bool, from reader: ByteReader) throws -> Dataset.Features {
        try reader.expect(count * size)
        try MachineMemory.require(
            count * storedSize, kind: .file, for: reader.name, advice: "use a machine with more, or a part of the file")
        let big = bigEndian
        switch self {
        case .uint8:
            let values = try [UInt8](unsafeUninitializedCapacity: count) { space, filled in
                try reader.fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(space)[..<count]))
                filled = count
            }
            return .bytes(values)
        case .bool: return .floats(try converted(count, reader) { (raw: UInt8) in raw == 0 ? 0 : 1 })
        case .int8: return .floats(try converted(count, reader) { (raw: Int8) in Float(raw) })
        case .uint16: return .floats(try converted(count, reader) { (raw: UInt16) in Float(big ? raw.bigEndian : raw.littleEndian) })
        case .int16: return .floats(try converted(count, reader) { (raw: Int16) in Float(big ? raw.bigEndian : raw.littleEndian) })
        case .float16: return .floats(try converted(count, reader) { (raw: UInt16) in float(half: big ? raw.bigEndian : raw.littleEndian) })
        case .float32:
            return .floats(try converted(count, reader) { (raw: UInt32) in Float(bitPattern: big ? raw.bigEndian : raw.littleEndian) })
        case .uint32: return .doubles(try converted(count, reader) { (raw: UInt32) in Double(big ? raw.bigEndian : raw.littleEndian) })
        case .int32: return .doubles(try converted(count, reader) { (raw: Int32) in Double(big ? raw.bigEndian : raw.littleEndian) })
        case .uint64: return .doubles(try converted(count, reader) { (raw: UInt64) in Double(big ? raw.bigEndian : raw.littleEndian) })
        case .int64: return .doubles(try converted(count, reader) { (raw: Int64) in Double(big ? raw.bigEndian : raw.littleEndian) })
        case .float64:
            return .doubles(try converted(count, reader) { (raw: UInt64) in Double(bitPattern: big ? raw.bigEndian : raw.littleEndian) })
        }
    }

    private func converted<Raw: BitwiseCopyable, Number>(_ count: Int, _ reader: ByteReader, _ convert: (Raw) -> Number) throws -> [Number]
    {
        let size = MemoryLayout<Raw>.size
        let pieceCount = min(count, 1 << 14)
        return try withUnsafeTemporaryAllocation(byteCount: max(pieceCount * size, 1), alignment: 16) { piece in
            try [Number](unsafeUninitializedCapacity: count) { space, filled in
                while filled < count {
                    let part = min(pieceCount, count - filled)
                    try reader.fill(UnsafeMutableRawBufferPointer(rebasing: piece[..<(part * size)]))
                    for i in 0..<part {
                        space.initializeElement(at: filled + i, to: convert(piece.load(fromByteOffset: i * size, as: Raw.self)))
                    }
                    filled += part
                }
            }
        }
    }
}

/// IEEE half precision, bit by bit: `Float16` does not exist on every platform.
private func float(half bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1f)
    let fraction = UInt32(bits & 0x3ff)
    switch exponent {
    case 0:
        let magnitude = Float(fraction) * 0x1p-24
        return sign == 0 ? magnitude : -magnitude
    case 31: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
}
