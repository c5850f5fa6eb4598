import CZlib

/// PNG, second edition (ISO/IEC 15948), all of its forms: grey, colour and palette with 1 to 16 bits, opacity,
/// interlaced or not. Numbers of other sizes are scaled to bytes. Gamma and colour profiles are not applied; of an
/// animation the still image is taken.
enum PNG {
    private static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    /// By the first four bytes, so that a file that was sent as text is called damaged, as the signature intends.
    static func isPNG(_ start: some Collection<UInt8>) -> Bool { start.starts(with: signature.prefix(4)) }

    /// - Throws: ``RectifierError`` that names the file and what is wrong: a checksum, a length, a filter, an order.
    static func image(_ bytes: Bytes) throws -> DecodedImage {
        let file = try PNGFile(bytes)
        var pixels = PNGPixels(file)
        return try pixels.image()
    }

    fileprivate static func damaged(_ name: String, _ what: String) -> RectifierError {
        RectifierError(.file, "\(name): \(what); the PNG file is damaged")
    }

    fileprivate static func hasSignature(_ bytes: Bytes) -> Bool { bytes.raw.starts(with: signature) }
}

/// The chunks of a file, checked and put together.
private struct PNGFile {
    /// By the number that stands for it.
    enum Colours: UInt8 {
        case grey = 0, colour = 2, palette = 3, greyOpacity = 4, colourOpacity = 6

        /// Numbers a pixel.
        var samples: Int {
            switch self {
            case .grey, .palette: 1
            case .greyOpacity: 2
            case .colour: 3
            case .colourOpacity: 4
            }
        }

        var depths: [Int] {
            switch self {
            case .grey: [1, 2, 4, 8, 16]
            case .palette: [1, 2, 4, 8]
            default: [8, 16]
            }
        }
    }

    let name: String
    private(set) var width = 0
    private(set) var height = 0
    /// Bits a number.
    private(set) var depth = 0
    private(set) var colours = Colours.grey
    private(set) var isInterlaced = false
    /// Red, green, blue of each entry.
    private(set) var palette: [UInt8] = []
    /// `tRNS`: of a palette the opacities of its first entries, else the number or three that are transparent.
    private(set) var transparency: [UInt8]?
    /// The compressed rows.
    private(set) var packed: [UInt8] = []

    init(_ bytes: Bytes) throws {
        name = bytes.name
        guard PNG.hasSignature(bytes) else { throw damaged("its signature is wrong") }
        let data = bytes.raw
        var place = 8, chunks = 0, isDataOver = false
        while true {
            guard place + 12 <= data.count else { throw damaged("it ends without its last chunk") }
            let length = PNGFile.number(data, place), start = place + 8
            let kind = [UInt8](data[place + 4..<start])
            guard length <= data.count - start - 4 else { throw damaged("chunk \(shown(kind)) is cut short") }
            let content = UnsafeRawBufferPointer(rebasing: data[start..<start + length])
            let sum = crc32(0, data.baseAddress!.assumingMemoryBound(to: UInt8.self) + place + 4, uInt(length + 4))
            guard UInt32(truncatingIfNeeded: sum) == UInt32(PNGFile.number(data, start + length)) else {
                throw damaged("the checksum of chunk \(shown(kind)) does not match")
            }
            let text = String(decoding: kind, as: UTF8.self)
            guard (chunks == 0) == (text == "IHDR") else { throw damaged("its header is missing, or there is a second one") }
            switch text {
            case "IHDR": try readHeader(content)
            case "PLTE": try readPalette(content)
            case "tRNS": try readTransparency(content)
            case "IDAT":
                guard !isDataOver else { throw damaged("its data chunks are apart") }
                packed += content
            case "IEND":
                guard !packed.isEmpty else { throw damaged("it holds no data") }
                guard colours != .palette || !palette.isEmpty else { throw damaged("its palette is missing") }
                return
            default:
                // A capital letter first: nobody may decode the image who does not know the chunk.
                guard kind[0] & 0x20 != 0 else {
                    throw RectifierError(.file, "\(name): chunk \(shown(kind)) is of no kind that is known; save the image as plain PNG")
                }
            }
            if text != "IDAT", !packed.isEmpty { isDataOver = true }
            place = start + length + 4
            chunks += 1
        }
    }

    func damaged(_ what: String) -> RectifierError { PNG.damaged(name, what) }

    private func shown(_ kind: [UInt8]) -> String { quoted(String(decoding: kind, as: UTF8.self)) }

    private static func number(_ data: UnsafeRawBufferPointer, _ place: Int) -> Int {
        Int(UInt32(bigEndian: data.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
    }

    private mutating func readHeader(_ content: UnsafeRawBufferPointer) throws {
        guard content.count == 13 else { throw damaged("its header has \(content.count) bytes instead of 13") }
        (width, height) = (PNGFile.number(content, 0), PNGFile.number(content, 4))
        guard width > 0, height > 0, width <= Int32.max, height <= Int32.max else {
            throw damaged("its size is \(height) × \(width) pixels")
        }
        guard let colours = Colours(rawValue: content[9]), colours.depths.contains(Int(content[8])) else {
            throw damaged("there are no colours of type \(content[9]) with \(content[8]) bits")
        }
        (self.colours, depth) = (colours, Int(content[8]))
        guard content[10] == 0, content[11] == 0 else { throw damaged("its way of packing or filtering is unknown") }
        guard content[12] <= 1 else { throw damaged("its way of interlacing is unknown") }
        isInterlaced = content[12] == 1
    }

    private mutating func readPalette(_ content: UnsafeRawBufferPointer) throws {
        // Of other images it is a suggestion.
        guard colours == .palette else { return }
        guard palette.isEmpty, packed.isEmpty else { throw damaged("its palette comes too late") }
        guard content.count > 0, content.count % 3 == 0, content.count / 3 <= 1 << depth else {
            throw damaged("a palette cannot have \(content.count) bytes")
        }
        palette = [UInt8](content)
    }

    private mutating func readTransparency(_ content: UnsafeRawBufferPointer) throws {
        guard transparency == nil, packed.isEmpty else { throw damaged("its chunk \"tRNS\" comes too late") }
        let isPossible: Bool
        switch colours {
        case .grey: isPossible = content.count == 2
        case .colour: isPossible = content.count == 6
        case .palette: isPossible = !palette.isEmpty && content.count <= palette.count / 3
        case .greyOpacity, .colourOpacity: isPossible = false
        }
        guard isPossible else { throw damaged("its chunk \"tRNS\" cannot have \(content.count) bytes") }
        transparency = [UInt8](content)
    }

    /// Where the pixels of a pass are: Adam7's seven, or all.
    struct Pass {
        var x: Int
        var y: Int
        var stepX: Int
        var stepY: Int
    }

    var passes: [Pass] {
        guard isInterlaced else { return [Pass(x: 0, y: 0, stepX: 1, stepY: 1)] }
        return [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
            .map { Pass(x: $0, y: $1, stepX: $2, stepY: $3) }
    }
}

/// Rows unpacked, unfiltered, and written as bytes.
private struct PNGPixels {
    private let file: PNGFile
    private let channels: Int
    /// The numbers of a row, one a place.
    private var samples: [UInt16] = []
    /// The transparent grey or colour of an image without an opacity of its own.
    private let transparent: [UInt16]?

    init(_ file: PNGFile) {
        self.file = file
        let hasOpacity = file.transparency != nil || file.colours == .greyOpacity || file.colours == .colourOpacity
        let isGrey = file.colours == .grey || file.colours == .greyOpacity
        channels = DecodedImage.channels(colour: !isGrey, opacity: hasOpacity)
        // Numbers of 16 bits, of which only as many count as the image has.
        let mask = UInt16(truncatingIfNeeded: 1 << file.depth - 1)
        transparent =
            file.colours == .palette
            ? nil
            : file.transparency.map { bytes in
                stride(from: 0, to: bytes.count, by: 2).map { (UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])) & mask }
            }
    }

    mutating func image() throws -> DecodedImage {
        let name = file.name, width = file.width, height = file.height, count = file.colours.samples
        try DecodedImage.requireMemory(height, width, bytes: 2 * channels, name: name)
        func rowBytes(_ pixels: Int) -> Int { (pixels * count * file.depth + 7) / 8 }
        guard let unpacked = Shape.elementCount([height, rowBytes(width) + 1]) else { throw file.damaged("its size is impossible") }
        try Inflater.refuseBomb(of: unpacked, from: file.packed.count, name: name)

        var pixels = [UInt8](repeating: 0, count: height * width * channels)
        try file.packed.withUnsafeBytes { packed in
            let inflater = try Inflater(packed, form: .zlib, name: name)
            // The filter's number, then the row; and before the first row zeros.
            var row = [UInt8](repeating: 0, count: rowBytes(width) + 1), above = row
            for pass in file.passes {
                let columns = (width - pass.x + pass.stepX - 1) / pass.stepX
                guard columns > 0 else { continue }
                let length = rowBytes(columns)
                for place in above.indices { above[place] = 0 }
                for y in stride(from: pass.y, to: height, by: pass.stepY) {
                    let got = try row.withUnsafeMutableBytes { try inflater.read(into: .init(rebasing: $0[...length])) }
                    guard got == length + 1 else { throw file.damaged("its data end in row \(y) of \(height)") }
                    try unfilter(&row, above, length, distance: max(1, count * file.depth / 8))
                    try pixels.withUnsafeMutableBufferPointer {
                        try write(row, columns, to: $0, from: (y * width + pass.x) * channels, step: pass.stepX * channels)
                    }
                    swap(&row, &above)
                }
            }
            // Reads the checksum behind the data, too.
            var extra: UInt8 = 0
            guard try withUnsafeMutableBytes(of: &extra, { try inflater.read(into: $0) }) == 0 else {
                throw file.damaged("it holds more data than its size takes")
            }
        }
        return DecodedImage(name: name, height: height, width: width, channels: channels, pixels: pixels).withoutFullOpacity()
    }

    /// - Parameter distance: Bytes to the pixel on the left.
    private func unfilter(_ row: inout [UInt8], _ above: [UInt8], _ length: Int, distance: Int) throws {
        let filter = row[0]
        guard filter <= 4 else { throw file.damaged("there is no filter \(filter)") }
        guard filter > 0 else { return }
        row.withUnsafeMutableBufferPointer { row in
            above.withUnsafeBufferPointer { above in
                for place in 1...length {
                    let left = place > distance ? row[place - distance] : 0
                    let up = above[place]
                    let predicted: UInt8
                    switch filter {
                    case 1: predicted = left
                    case 2: predicted = up
                    case 3: predicted = UInt8((Int(left) + Int(up)) / 2)
                    default: predicted = nearest(left, up, place > distance ? above[place - distance] : 0)
                    }
                    row[place] &+= predicted
                }
            }
        }
    }

    /// Paeth's: whichever is nearest to left + up - corner.
    private func nearest(_ left: UInt8, _ up: UInt8, _ corner: UInt8) -> UInt8 {
        let toLeft = abs(Int(up) - Int(corner)), toUp = abs(Int(left) - Int(corner))
        let toCorner = abs(Int(left) + Int(up) - 2 * Int(corner))
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner
    }

    /// Writes a row's pixels, the first at a place and each so many bytes behind the one before.
    private mutating func write(
        _ row: [UInt8], _ columns: Int, to pixels: UnsafeMutableBufferPointer<UInt8>, from start: Int, step: Int
    ) throws {
        let count = file.colours.samples
        if file.depth == 8, file.colours != .palette, transparent == nil {
            row.withUnsafeBufferPointer { row in
                for column in 0..<columns {
                    for channel in 0..<count { pixels[start + column * step + channel] = row[1 + column * count + channel] }
                }
            }
            return
        }
        readSamples(row, columns * count)
        let most = 1 << file.depth - 1
        for column in 0..<columns {
            let place = start + column * step, first = column * count
            if file.colours == .palette {
                let entry = Int(samples[first])
                guard entry < file.palette.count / 3 else {
                    throw file.damaged("a pixel has the colour \(entry), of \(file.palette.count / 3) in its palette")
                }
                for channel in 0..<3 { pixels[place + channel] = file.palette[3 * entry + channel] }
                if let opacities = file.transparency { pixels[place + 3] = entry < opacities.count ? opacities[entry] : 255 }
                continue
            }
            // Rounded; exact for every depth below 8.
            for channel in 0..<count { pixels[place + channel] = UInt8((Int(samples[first + channel]) * 255 + most / 2) / most) }
            if let transparent {
                pixels[place + count] = (0..<count).allSatisfy { samples[first + $0] == transparent[$0] } ? 0 : 255
            }
        }
    }

    private mutating func readSamples(_ row: [UInt8], _ count: Int) {
        if samples.count < count { samples = [UInt16](repeating: 0, count: count) }
        switch file.depth {
        case 16: for i in 0..<count { samples[i] = UInt16(row[1 + 2 * i]) << 8 | UInt16(row[2 + 2 * i]) }
        case 8: for i in 0..<count { samples[i] = UInt16(row[1 + i]) }
        case let depth:
            let perByte = 8 / depth, mask = UInt8(1 << depth - 1)
            for i in 0..<count { samples[i] = UInt16(row[1 + i / perByte] >> (8 - depth - depth * (i % perByte)) & mask) }
        }
    }
}
