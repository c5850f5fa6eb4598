import CZlib
import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

extension TemporaryFolder {
    /// What loading gives where this is the working folder.
    func load(_ source: String, seed: UInt64 = 0, _ change: (inout DataSettings) -> Void = { _ in }) throws -> LoadedData {
        var settings = DataSettings()
        settings.source = source
        change(&settings)
        return try LoadedData(settings, seed: seed, relativeTo: url)
    }
}

/// The text of the error that the body must throw.
func errorText(_ body: () throws -> Void) -> String {
    do {
        try body()
    } catch let error as RectifierError {
        #expect(error.description.split(whereSeparator: \.isNewline).count == 1, "an error is one line")
        return error.description
    } catch {
        return "another error: \(error)"
    }
    return "no error"
}

func bytes(_ content: [UInt8], name: String = "test") -> Bytes { Bytes(content, name: name) }
func csv(_ text: String, header: Bool? = nil, separator: String? = nil) throws -> CSVFile {
    try CSVFile(Bytes(Array(text.utf8), name: "test.csv"), separator: separator, header: header)
}

/// Deflated bytes: gzip with window bits 31, bare with -15.
func deflated(_ content: [UInt8], windowBits: Int32 = 31) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(&stream, 6, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = content
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(content.count))) + 32)
    let count = output.count
    input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
            stream.next_in = input.baseAddress
            stream.avail_in = uInt(content.count)
            stream.next_out = output.baseAddress
            stream.avail_out = uInt(count)
            deflate(&stream, Z_FINISH)
        }
    }
    return Array(output.prefix(Int(stream.total_out)))
}

func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

/// An IDX file of unsigned bytes.
func idx(_ shape: [Int], _ content: [UInt8], type: UInt8 = 8) -> [UInt8] {
    [0, 0, type, UInt8(shape.count)] + shape.flatMap { bigEndian(UInt32($0)) } + content
}

/// A `.npy` file.
func npy(_ descr: String, _ shape: String, _ content: [UInt8], fortran: Bool = false, version: UInt8 = 1) -> [UInt8] {
    var header = Array("{'descr': '\(descr)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }".utf8)
    header += [UInt8](repeating: 32, count: 16 - header.count % 16) + [10]
    return [0x93] + Array("NUMPY".utf8) + [version, 0]
        + (version == 1 ? littleEndian(UInt16(header.count)) : littleEndian(UInt32(header.count))) + header + content
}

/// A zip archive, well-formed unless told otherwise.
struct Zip {
    var members: [(name: String, content: [UInt8])] = []
    var isDeflated = false
    var usesZip64 = false
    var declaredCount: Int?
    var headerName: String?
    var checksumChange: UInt32 = 0

    var file: [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for (name, content) in members {
            let packed = isDeflated ? deflated(content, windowBits: -15) : content
            let count = declaredCount ?? content.count
            let checksum = UInt32(crc32(0, content, uInt(content.count))) ^ checksumChange
            let sizes = usesZip64 ? [UInt8](repeating: 0xff, count: 8) : littleEndian(UInt32(packed.count)) + littleEndian(UInt32(count))
            let extra =
                usesZip64
                ? littleEndian(UInt16(1)) + littleEndian(UInt16(16)) + littleEndian(UInt64(count)) + littleEndian(UInt64(packed.count)) : []
            let common =
                littleEndian(UInt16(0)) + littleEndian(UInt16(isDeflated ? 8 : 0)) + littleEndian(UInt32(0)) + littleEndian(checksum)
                + sizes
            let offset = file.count
            let inHeader = headerName ?? name
            file +=
                [0x50, 0x4b, 3, 4, 45, 0] + common + littleEndian(UInt16(inHeader.utf8.count)) + littleEndian(UInt16(extra.count))
                + Array(inHeader.utf8)
            file += extra + packed
            directory +=
                [0x50, 0x4b, 1, 2, 45, 0, 45, 0] + common + littleEndian(UInt16(name.utf8.count)) + littleEndian(UInt16(extra.count))
            directory += [UInt8](repeating: 0, count: 10) + littleEndian(UInt32(offset)) + Array(name.utf8) + extra
        }
        let end = littleEndian(UInt16(members.count)) + littleEndian(UInt16(members.count)) + littleEndian(UInt32(directory.count))
        return file + directory + [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + end + littleEndian(UInt32(file.count)) + [0, 0]
    }
}

extension Dataset {
    var floats: [Float] {
        switch features {
        case .bytes(let values): values.map(Float.init)
        case .floats(let values): values
        case .doubles(let values): values.map(Float.init)
        }
    }

    var labels: [Int32] {
        if case .classes(let labels, _) = targets { labels } else { [] }
    }

    var values: [Float] {
        if case .values(let values, _) = targets { values } else { [] }
    }
}

extension NumericArray {
    var all: [Double] { doubles }
}
