import struct Foundation.URL

/// Named tensors in the safetensors format: 8 bytes that hold the length of a JSON header (little-endian), the header,
/// and the numbers.
///
/// Reading is strict. Whatever contradicts the format (lengths, offsets, shapes, names, gaps) is an error, so that a
/// damaged file never loads.
public struct SafeTensors: Sendable {
    /// Free text by name (`__metadata__` in the file).
    public var metadata: [String: String]
    /// In the order in which their numbers stand in the file. No two have the same name, and none is called
    /// `__metadata__`.
    public var tensors: [(name: String, tensor: Tensor)]

    /// The most bytes a header may have, as in the format's reference implementation.
    static let longestHeader = 100_000_000
    static let metadataName = "__metadata__"

    public init(metadata: [String: String] = [:], tensors: [(name: String, tensor: Tensor)] = []) {
        self.metadata = metadata
        self.tensors = tensors
    }

    /// Reads a file. F64 and the integers of 32 and 64 bits become ``Tensor/Storage/float64(_:)`` (integers beyond 2^53
    /// are rounded), all others ``Tensor/Storage/float32(_:)``; BOOL becomes 0 and 1.
    ///
    /// Throws ``RectifierError/Kind/file`` where the file cannot be read or is not what the format says.
    public init(contentsOf url: URL) throws {
        let path = url.path(percentEncoded: false)
        do {
            self = try SafeTensors(SystemFiles.contents(of: path), name: path)
        } catch let failure as SystemFiles.Failure {
            throw RectifierError(.file, "\(path): cannot be read: \(failure.reason)")
        }
    }

    /// Reads the bytes of a file; `name` is what errors call it.
    public init(_ bytes: [UInt8], name: String) throws {
        self = try bytes.withUnsafeBytes { try SafeTensors($0, name: name) }
    }

    private init(_ bytes: UnsafeRawBufferPointer, name: String) throws {
        func damaged(_ what: String) -> RectifierError {
            RectifierError(.file, "\(name): not a sound safetensors file: \(what)")
        }
        guard bytes.count >= 8 else { throw damaged("it has \(bytes.count) bytes, fewer than the 8 of the header's length") }
        let stated = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard stated <= UInt64(Self.longestHeader) else { throw damaged("its header is said to have \(stated) bytes, too many to be true") }
        let dataStart = 8 + Int(stated)
        guard dataStart <= bytes.count else { throw damaged("it ends inside its header") }

        let header: SafeTensorsHeader
        do {
            header = try SafeTensorsHeader(UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]))
        } catch {
            throw damaged(error.what)
        }

        let data = UnsafeRawBufferPointer(rebasing: bytes[dataStart...])
        metadata = header.metadata
        tensors = []
        tensors.reserveCapacity(header.entries.count)
        var end = 0
        for entry in header.entriesByOffset {
            let tensor = "tensor \(quoted(entry.name))"
            guard let type = SafeTensorsType(rawValue: entry.type) else {
                throw damaged("\(tensor) has the type \(quoted(entry.type)), which this program does not read")
            }
            guard entry.start == end, entry.end >= entry.start else {
                throw damaged("\(tensor) holds bytes \(entry.start)..<\(entry.end), where \(end) comes next")
            }
            guard entry.end <= data.count else { throw damaged("\(tensor) ends at byte \(entry.end) of \(data.count); is it cut short?") }
            guard let count = Shape.elementCount(entry.shape),
                count.multipliedReportingOverflow(by: type.size) == (entry.end - entry.start, false)
            else { throw damaged("\(tensor) has \(entry.end - entry.start) bytes, not the size of its shape and type") }
            end = entry.end
            try MachineMemory.require(
                Shape.elementCount([count, type.storedSize]), kind: .file, for: "\(name): \(tensor)", advice: "use a machine with more")
            tensors.append((entry.name, type.tensor(shape: entry.shape, UnsafeRawBufferPointer(rebasing: data[entry.start..<entry.end]))))
        }
        guard end == data.count else { throw damaged("\(data.count - end) bytes after the last tensor belong to none") }
    }

    /// The bytes of a file, with the numbers in F32 or F64 as they are kept. The same value gives the same bytes
    /// everywhere.
    ///
    /// - Precondition: No two tensors have the same name, and none is called `__metadata__`.
    public func encoded() -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(jsonString($0.key)):\(jsonString($0.value))" }
            fields.append("\"\(Self.metadataName)\":{\(pairs.joined(separator: ","))}")
        }
        var names: Set = [Self.metadataName]
        var end = 0
        for (name, tensor) in tensors {
            precondition(names.insert(name).inserted, "two tensors are called \"\(name)\"")
            let type: SafeTensorsType = if case .float32 = tensor.storage { .f32 } else { .f64 }
            let start = end
            end += tensor.count * type.size
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            fields.append("\(jsonString(name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(start),\(end)]}")
        }
        var header = Array("{\(fields.joined(separator: ","))}".utf8)
        // So that the numbers start at a multiple of 8 and can be used where they are mapped.
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }

        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + header.count + end)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: header)
        for (_, tensor) in tensors {
            // The format is little-endian, as is every machine that Swift runs on.
            switch tensor.storage {
            case .float32(let values): values.withUnsafeBytes { bytes.append(contentsOf: $0) }
            case .float64(let values): values.withUnsafeBytes { bytes.append(contentsOf: $0) }
            }
        }
        return bytes
    }
}

/// The number types that are read. Of these, F32 and F64 are written.
private enum SafeTensorsType: String {
    case f32 = "F32"
    case f64 = "F64"
    case f16 = "F16"
    case bf16 = "BF16"
    case i8 = "I8"
    case i16 = "I16"
    case i32 = "I32"
    case i64 = "I64"
    case u8 = "U8"
    case u16 = "U16"
    case u32 = "U32"
    case u64 = "U64"
    case bool = "BOOL"

    /// Bytes of one number.
    var size: Int {
        switch self {
        case .i8, .u8, .bool: 1
        case .f16, .bf16, .i16, .u16: 2
        case .f32, .i32, .u32: 4
        case .f64, .i64, .u64: 8
        }
    }

    /// Bytes of one number in a ``Tensor``.
    var storedSize: Int {
        switch self {
        case .f64, .i32, .u32, .i64, .u64: 8
        default: 4
        }
    }

    /// `bytes` has exactly the bytes of the shape.
    func tensor(shape: [Int], _ bytes: UnsafeRawBufferPointer) -> Tensor {
        switch self {
        case .f32: Tensor(shape: shape, convert(bytes, UInt32.self) { Float(bitPattern: $0) })
        case .f64: Tensor(shape: shape, convert(bytes, UInt64.self) { Double(bitPattern: $0) })
        case .f16: Tensor(shape: shape, convert(bytes, UInt16.self, float(fromHalf:)))
        case .bf16: Tensor(shape: shape, convert(bytes, UInt16.self) { Float(bitPattern: UInt32($0) << 16) })
        case .i8: Tensor(shape: shape, convert(bytes, Int8.self) { Float($0) })
        case .u8: Tensor(shape: shape, convert(bytes, UInt8.self) { Float($0) })
        case .i16: Tensor(shape: shape, convert(bytes, Int16.self) { Float($0) })
        case .u16: Tensor(shape: shape, convert(bytes, UInt16.self) { Float($0) })
        case .i32: Tensor(shape: shape, convert(bytes, Int32.self) { Double($0) })
        case .u32: Tensor(shape: shape, convert(bytes, UInt32.self) { Double($0) })
        case .i64: Tensor(shape: shape, convert(bytes, Int64.self) { Double($0) })
        case .u64: Tensor(shape: shape, convert(bytes, UInt64.self) { Double($0) })
        case .bool: Tensor(shape: shape, convert(bytes, UInt8.self) { $0 == 0 ? 0 : 1 } as [Float])
        }
    }
}

@inline(__always)
private func convert<Raw: FixedWidthInteger & BitwiseCopyable, Number: BinaryFloatingPoint>(
    _ bytes: UnsafeRawBufferPointer, _: Raw.Type, _ number: (Raw) -> Number
) -> [Number] {
    let size = MemoryLayout<Raw>.size
    let count = bytes.count / size
    return [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
        for i in 0..<count {
            buffer.initializeElement(at: i, to: number(Raw(littleEndian: bytes.loadUnaligned(fromByteOffset: i &* size, as: Raw.self))))
        }
        initialized = count
    }
}

/// The value of an IEEE 754 half-precision number. (`Float16` does not exist on Intel Macs.)
private func float(fromHalf bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7fff)
    let sign = UInt32(bits & 0x8000) << 16
    switch magnitude {
    case 0x7c00...: return Float(bitPattern: sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13)
    case 0x0400...: return Float(bitPattern: sign | ((magnitude << 13) + (112 << 23)))
    default: return (sign == 0 ? 1 : -1) * Float(magnitude) * 0x1p-24
    }
}
