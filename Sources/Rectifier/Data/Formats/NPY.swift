/// NumPy's format for one array: a magic number, a version, a header written as a Python dictionary, the elements.
public enum NPY {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    static func array(_ reader: ByteReader) throws -> NumericArray {
        let name = reader.name
        let start = try reader.bytes(8)
        guard start.starts(with: magic) else { throw RectifierError(.file, "\(name): is not a .npy file; its magic number is wrong") }
        let version = start[6]
        guard (1...3).contains(version) else {
            throw RectifierError(.file, "\(name): .npy version \(version).\(start[7]) is not supported")
        }
        let lengthBytes = try reader.bytes(version == 1 ? 2 : 4)
        let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        // NumPy refuses longer ones too: a header holds a type and a shape.
        guard length <= 10_000 else { throw RectifierError(.file, "\(name): a .npy header of \(length) bytes; the file is damaged") }
        var header = try Header(try reader.bytes(length), name: name)

        guard let count = Shape.elementCount(header.shape) else {
            throw RectifierError(.file, "\(name): impossible extents \(describe(header.shape)); the file is damaged")
        }
        var elements = try header.format.read(count, bigEndian: header.bigEndian, from: reader)
        try reader.finish()
        if header.fortranOrder, header.shape.count > 1 {
            switch elements {
            case .bytes(let values): elements = .bytes(rowMajor(values, header.shape))
            case .floats(let values): elements = .floats(rowMajor(values, header.shape))
            case .doubles(let values): elements = .doubles(rowMajor(values, header.shape))
            }
        }
        if header.shape.isEmpty { header.shape = [1] }
        return NumericArray(name: name, shape: header.shape, elements: elements)
    }

    /// A `.npy` file (version 1, little-endian, C order) of these numbers, as they are kept.
    public static func encoded(_ tensor: Tensor) -> [UInt8] {
        let format: String
        switch tensor.storage {
        case .float32: format = "<f4"
        case .float64: format = "<f8"
        }
        let shape = tensor.shape.map(String.init).joined(separator: ", ") + (tensor.shape.count == 1 ? "," : "")
        var header = Array("{'descr': '\(format)', 'fortran_order': False, 'shape': (\(shape)), }".utf8)
        // The elements begin at a multiple of 64 bytes.
        header += [UInt8](repeating: UInt8(ascii: " "), count: 63 - (10 + header.count) % 64)
        header.append(UInt8(ascii: "\n"))
        var file = magic + [1, 0, UInt8(header.count & 0xff), UInt8(header.count >> 8)] + header
        switch tensor.storage {
        case .float32(let values): values.forEach { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { file += $0 } }
        case .float64(let values): values.forEach { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { file += $0 } }
        }
        return file
    }

    /// Column-major elements, row-major.
    private static func rowMajor<Element>(_ elements: [Element], _ shape: [Int]) -> [Element] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in 1..<shape.count { strides[axis] = strides[axis - 1] * shape[axis - 1] }
        var index = [Int](repeating: 0, count: shape.count)
        var place = 0
        return [Element](unsafeUninitializedCapacity: elements.count) { space, filled in
            for i in 0..<elements.count {
                space.initializeElement(at: i, to: elements[place])
                var axis = shape.count - 1
                while axis >= 0 {
                    index[axis] += 1
                    place += strides[axis]
                    if index[axis] < shape[axis] { break }
                    place -= index[axis] * strides[axis]
                    index[axis] = 0
                    axis -= 1
                }
            }
            filled = elements.count
        }
    }
}

/// The Python dictionary in front of the elements.
private struct Header {
    var format = NumberFormat.uint8
    var bigEndian = false
    var fortranOrder = false
    var shape: [Int] = []

    private let text: [UInt8]
    private var position = 0
    private let name: String

    init(_ text: [UInt8], name: String) throws {
        self.text = text
        self.name = name
        var missing: Set = ["descr", "fortran_order", "shape"]
        try take("{")
        while !next("}") {
            let key = try string()
            try take(":")
            guard missing.remove(key) != nil else { throw damaged }
            switch key {
            case "descr": try readFormat()
            case "fortran_order": fortranOrder = try boolean()
            default: try readShape()
            }
            if !next(",") {
                try take("}")
                break
            }
        }
        skipSpaces()
        guard missing.isEmpty, position == text.count else { throw damaged }
    }

    private var damaged: RectifierError { RectifierError(.file, "\(name): its .npy header cannot be read; the file is damaged") }

    private mutating func readFormat() throws {
        skipSpaces()
        if position < text.count, text[position] == UInt8(ascii: "[") {
            throw RectifierError(.file, "\(name): holds records; save an array of plain numbers")
        }
        let written = try string()
        var code = Substring(written)
        if let first = code.first, "<>|=".contains(first) {
            bigEndian = first == ">"
            code = code.dropFirst()
        }
        switch code {
        case "f2": format = .float16
        case "f4": format = .float32
        case "f8": format = .float64
        case "i1": format = .int8
        case "i2": format = .int16
        case "i4": format = .int32
        case "i8": format = .int64
        case "u1": format = .uint8
        case "u2": format = .uint16
        case "u4": format = .uint32
        case "u8": format = .uint64
        case "b1": format = .bool
        case _ where code.first == "O":
            throw RectifierError(
                .file, "\(name): holds pickled Python objects, which could run any program; save an array of plain numbers")
        default:
            throw RectifierError(
                .file, "\(name): elements of the type '\(oneLine(written))' are not supported; save an array of plain numbers")
        }
    }

    private mutating func readShape() throws {
        try take("(")
        while !next(")") {
            skipSpaces()
            var extent = 0
            let start = position
            while position < text.count, case let digit = text[position] &- UInt8(ascii: "0"), digit < 10 {
                guard extent < 1 << 48 else { throw damaged }
                extent = 10 * extent + Int(digit)
                position += 1
            }
            guard position > start else { throw damaged }
            _ = next("L")  // Python 2 wrote some numbers so
            shape.append(extent)
            guard shape.count <= 32 else { throw damaged }
            if !next(",") {
                try take(")")
                break
            }
        }
    }

    private mutating func boolean() throws -> Bool {
        skipSpaces()
        for (word, value) in [("True", true), ("False", false)] where text[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw damaged
    }

    private mutating func string() throws -> String {
        skipSpaces()
        guard position < text.count, case let quote = text[position], quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
            let end = text[(position + 1)...].firstIndex(of: quote)
        else { throw damaged }
        defer { position = end + 1 }
        return String(decoding: text[(position + 1)..<end], as: UTF8.self)
    }

    private mutating func skipSpaces() {
        while position < text.count, text[position] == UInt8(ascii: " ") || text[position] == UInt8(ascii: "\n") { position += 1 }
    }

    /// Whether this character comes next; if so it is passed.
    private mutating func next(_ character: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func take(_ character: Unicode.Scalar) throws {
        guard next(character) else { throw damaged }
    }
}
