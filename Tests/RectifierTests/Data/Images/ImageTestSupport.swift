import CZlib
import Foundation
import TestSupport

@testable import Rectifier

extension ImageVector {
    var bytes: Bytes { Bytes(file, name: name) }
}

extension DecodedImage {
    var crc: UInt32 { UInt32(crc32(0, pixels, uInt(pixels.count))) }
}

/// A PNG file, well-formed unless told otherwise.
struct PNGWriter: Sendable {
    var height = 2
    var width = 3
    var depth: UInt8 = 8
    /// 0: grey, 2: colour, 3: palette, 4 and 6: with opacity.
    var kind: UInt8 = 2
    /// Rows, each behind its filter. Nil: of `pixel`.
    var rows: [UInt8]?
    /// The bytes of a pixel, by row, column and channel.
    var pixel: @Sendable (Int, Int, Int) -> UInt8 = { UInt8(truncatingIfNeeded: 50 * $0 + 7 * $1 + $2) }
    /// Chunks between header and data.
    var more: [UInt8] = []

    static func chunk(_ kind: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(kind.utf8) + content
        return bigEndian(UInt32(content.count)) + body + bigEndian(UInt32(crc32(0, body, uInt(body.count))))
    }

    var channels: Int { [1, 0, 3, 1, 2, 0, 4][Int(kind)] }

    var file: [UInt8] {
        let rows = rows ?? (0..<height).flatMap { y in [0] + (0..<width).flatMap { x in (0..<channels).map { pixel(y, x, $0) } } }
        let header = bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [depth, kind, 0, 0, 0]
        return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + PNGWriter.chunk("IHDR", header) + more
            + PNGWriter.chunk("IDAT", deflated(rows, windowBits: 15)) + PNGWriter.chunk("IEND", [])
    }

    var pixels: [UInt8] { (0..<height).flatMap { y in (0..<width).flatMap { x in (0..<channels).map { pixel(y, x, $0) } } } }
}

/// A CIFAR record: labels, then planes.
func record(_ labels: [UInt8], _ pixel: (Int, Int) -> UInt8 = { UInt8(truncatingIfNeeded: 3 * $0 + 50 * $1) }) -> [UInt8] {
    labels + (0..<3).flatMap { colour in (0..<1024).map { pixel($0, colour) } }
}

extension TemporaryFolder {
    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(at: url(name), withIntermediateDirectories: true)
    }

    /// Sub-folders with images by their paths.
    func write(images: [String: PNGWriter]) throws {
        for (path, image) in images {
            try makeFolder(path.split(separator: "/").dropLast().joined(separator: "/"))
            try write(image.file, to: path)
        }
    }
}

extension Dataset {
    var bytes: [UInt8] { if case .bytes(let values) = features { values } else { [] } }
}
