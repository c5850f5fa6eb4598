/// JPEG (ISO/IEC 10918): sequential and progressive with Huffman codes, 8 bits, grey or three colours in any sampling,
/// restart intervals. Arithmetic codes, 12 bits, lossless and hierarchical files and four colours (CMYK) are refused.
///
/// Pixels are those that libjpeg gives in its usual setting, byte by byte: its accurate integer transform, its smooth
/// ("fancy") upsampling of halved colours, its colours. Colours in other samplings are repeated. A turned camera (Exif)
/// and colour profiles are not looked at.
enum JPEG {
    static func isJPEG(_ start: some Collection<UInt8>) -> Bool { start.starts(with: [0xff, 0xd8, 0xff]) }

    /// - Throws: ``RectifierError`` that names the file and what is wrong. The format has no checksums, so that damage
    ///   to the coded pixels is seen only where it breaks a code or leaves too many or too few.
    static func image(_ bytes: Bytes) throws -> DecodedImage {
        var file = JPEGFile(bytes)
        let frame = try file.read()
        return try frame.image(colours: file.colours)
    }
}

/// The segments of a file, read one after another into a frame of coefficients.
private struct JPEGFile {
    private let name: String
    private let data: UnsafeRawBufferPointer
    /// Keeps the memory.
    private let bytes: Bytes
    private var place = 2

    private var quantization = [[Int32]?](repeating: nil, count: 4)
    private var directCodes = [JPEGCodes?](repeating: nil, count: 4)
    private var otherCodes = [JPEGCodes?](repeating: nil, count: 4)
    private var restartInterval = 0
    private var frame: JPEGFrame?
    private var scans = 0
    private var hasJFIF = false
    /// The colours that Adobe's segment says.
    private var transform: UInt8?

    /// More than any encoder makes. Each takes time for the whole image, however short it is.
    private static let mostScans = 500

    init(_ bytes: Bytes) {
        (self.bytes, name, data) = (bytes, bytes.name, bytes.raw)
    }

    private func damaged(_ what: String) -> RectifierError { JPEGFrame.damaged(name, what) }
    private func unsupported(_ what: String) -> RectifierError {
        RectifierError(.file, "\(name): \(what) is not supported; save it as an ordinary JPEG or PNG")
    }

    /// How a frame's three components are colours: as libjpeg guesses.
    var colours: JPEGColours {
        guard let frame, frame.components.count == 3 else { return .grey }
        if hasJFIF { return .luminance }
        if let transform { return transform == 0 ? .plain : .luminance }
        return frame.components.map(\.identifier) == Array("RGB".utf8) ? .plain : .luminance
    }

    mutating func read() throws -> JPEGFrame {
        while true {
            let marker = try nextMarker()
            switch marker {
            case 0xd9:
                guard let frame else { throw damaged("it holds no image") }
                try frame.requireComplete()
                return frame
            case 0xd8, 0xd0...0xd7, 0x01: throw damaged("marker \(hex(marker)) is out of place")
            case let marker: try readSegment(marker)
            }
        }
    }

    private mutating func nextMarker() throws -> UInt8 {
        guard place < data.count else { throw damaged("it ends without its end marker, cut short") }
        guard data[place] == 0xff else { throw damaged("at byte \(place) a marker is missing") }
        while place < data.count, data[place] == 0xff { place += 1 }
        guard place < data.count else { throw damaged("it ends without its end marker, cut short") }
        defer { place += 1 }
        return data[place]
    }

    private mutating func readSegment(_ marker: UInt8) throws {
        guard place + 2 <= data.count else { throw damaged("segment \(hex(marker)) is cut short") }
        let length = Int(data[place]) << 8 | Int(data[place + 1])
        guard length >= 2, place + length <= data.count else { throw damaged("segment \(hex(marker)) is cut short") }
        var segment = Segment(
            marker: marker, content: UnsafeRawBufferPointer(rebasing: data[place + 2..<place + length]), name: name)
        place += length
        switch marker {
        case 0xc0, 0xc1, 0xc2: try readFrame(&segment, isProgressive: marker == 0xc2)
        case 0xc4: try readCodes(&segment)
        case 0xcc, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf: throw unsupported("a JPEG with arithmetic codes")
        case 0xc3: throw unsupported("a lossless JPEG")
        case 0xc5, 0xc6, 0xc7: throw unsupported("a hierarchical JPEG")
        case 0xda: try readScan(&segment)
        case 0xdb: try readQuantization(&segment)
        case 0xdd: restartInterval = try segment.number16()
        case 0xdc: throw unsupported("a JPEG that states its height behind the image")
        case 0xe0: if segment.content.starts(with: Array("JFIF\0".utf8)) { hasJFIF = true }
        case 0xee:
            if segment.content.count >= 12, segment.content.starts(with: Array("Adobe".utf8)) { transform = segment.content[11] }
        default: break
        }
    }

    private func hex(_ marker: UInt8) -> String { JPEGFrame.hex(marker) }

    // MARK: Tables

    private mutating func readQuantization(_ segment: inout Segment) throws {
        while !segment.isAtEnd {
            let kind = try segment.byte()
            guard kind >> 4 <= 1, kind & 15 < 4 else { throw damaged("there is no quantization table \(hex(kind))") }
            var table = [Int32](repeating: 0, count: 64)
            for place in JPEGFrame.zigzag {
                table[place] = Int32(kind >> 4 == 0 ? Int(try segment.byte()) : try segment.number16())
            }
            quantization[Int(kind & 15)] = table
        }
    }

    private mutating func readCodes(_ segment: inout Segment) throws {
        while !segment.isAtEnd {
            let kind = try segment.byte()
            guard kind >> 4 <= 1, kind & 15 < 4 else { throw damaged("there is no Huffman table \(hex(kind))") }
            let counts = try (0..<16).map { _ in Int(try segment.byte()) }
            let symbols = try (0..<counts.reduce(0, +)).map { _ in try segment.byte() }
            guard symbols.count <= 256, let codes = JPEGCodes(counts: counts, symbols: symbols) else {
                throw damaged("a Huffman table has impossible codes")
            }
            if kind >> 4 == 0 { directCodes[Int(kind & 15)] = codes } else { otherCodes[Int(kind & 15)] = codes }
        }
    }

    // MARK: Frame and scans

    private mutating func readFrame(_ segment: inout Segment, isProgressive: Bool) throws {
        guard frame == nil else { throw damaged("it has a second frame") }
        let bits = try segment.byte()
        guard bits == 8 else { throw unsupported("a JPEG of \(bits) bits") }
        let height = try segment.number16(), width = try segment.number16(), count = Int(try segment.byte())
        guard width > 0 else { throw damaged("its size is \(height) × \(width) pixels") }
        guard height > 0 else { throw unsupported("a JPEG that states its height behind the image") }
        switch count {
        case 1, 3: break
        case 4: throw unsupported("a JPEG in four colours (CMYK)")
        default: throw unsupported("a JPEG in \(count) colours")
        }
        var components: [JPEGFrame.Sampling] = []
        for _ in 0..<count {
            let identifier = try segment.byte(), factors = try segment.byte(), table = try segment.byte()
            guard 1...4 ~= factors >> 4, 1...4 ~= factors & 15, table < 4 else { throw damaged("a colour's sampling is impossible") }
            guard !components.contains(where: { $0.identifier == identifier }) else { throw damaged("two colours have one number") }
            components.append(.init(identifier: identifier, across: Int(factors >> 4), down: Int(factors & 15), table: Int(table)))
        }
        try segment.requireEnd()
        frame = try JPEGFrame(
            name: name, height: height, width: width, isProgressive: isProgressive, components: components, fileBytes: data.count)
    }

    private mutating func readScan(_ segment: inout Segment) throws {
        guard let frame else { throw damaged("pixels come before their size") }
        scans += 1
        guard scans <= JPEGFile.mostScans else { throw damaged("it has more than \(JPEGFile.mostScans) scans") }
        let count = Int(try segment.byte())
        guard 1...3 ~= count else { throw damaged("a scan of \(count) colours") }
        var parts: [JPEGScan.Part] = []
        for _ in 0..<count {
            let identifier = try segment.byte(), tables = try segment.byte()
            guard let component = frame.components.first(where: { $0.identifier == identifier }),
                !parts.contains(where: { $0.component === component }), tables >> 4 < 4, tables & 15 < 4
            else { throw damaged("a scan of a colour that there is not, or twice") }
            // A table may be replaced behind the scans that it is for.
            if component.quantization == nil {
                guard let table = quantization[component.table] else { throw damaged("a quantization table is missing") }
                component.quantization = table
            }
            parts.append(.init(component: component, direct: directCodes[Int(tables >> 4)], other: otherCodes[Int(tables & 15)]))
        }
        let first = Int(try segment.byte()), last = Int(try segment.byte()), bits = try segment.byte()
        try segment.requireEnd()
        let scan = try JPEGScan(
            frame: frame, parts: parts, first: first, last: last, high: Int(bits >> 4), low: Int(bits & 15),
            restartInterval: restartInterval)
        place = try scan.read(data, from: place)
    }
}

/// One segment's content, from front to back.
private struct Segment {
    let marker: UInt8
    let content: UnsafeRawBufferPointer
    let name: String
    private var place = 0

    init(marker: UInt8, content: UnsafeRawBufferPointer, name: String) {
        (self.marker, self.content, self.name) = (marker, content, name)
    }

    var isAtEnd: Bool { place == content.count }

    private var wrongLength: RectifierError {
        JPEGFrame.damaged(name, "segment \(JPEGFrame.hex(marker)) has a length that its content contradicts")
    }

    mutating func byte() throws -> UInt8 {
        guard place < content.count else { throw wrongLength }
        defer { place += 1 }
        return content[place]
    }

    mutating func number16() throws -> Int {
        let high = try byte()
        return Int(high) << 8 | Int(try byte())
    }

    func requireEnd() throws { if !isAtEnd { throw wrongLength } }
}
