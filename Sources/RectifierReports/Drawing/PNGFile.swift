import CZlib
import Foundation

/// The bytes of a PNG file.
///
/// - Parameter rgba: Red, green, blue and opacity of each pixel, row by row.
func pngFile(rows: Int, columns: Int, rgba: [UInt8]) -> [UInt8] {
    precondition(rgba.count == 4 * rows * columns && rows > 0 && columns > 0)
    // Each row begins with its filter: none.
    var lines: [UInt8] = []
    lines.reserveCapacity(rgba.count + rows)
    for row in 0..<rows {
        lines.append(0)
        lines += rgba[4 * columns * row..<4 * columns * (row + 1)]
    }
    var size = compressBound(uLong(lines.count))
    var packed = [UInt8](repeating: 0, count: Int(size))
    let status = compress2(&packed, &size, lines, uLong(lines.count), Z_BEST_COMPRESSION)
    precondition(status == Z_OK, "zlib has no memory")

    func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let checked = Array(name.utf8) + content
        return number(content.count) + checked + number(Int(crc32(0, checked, uInt(checked.count))))
    }
    // 8 bits a channel, colours with opacity, not interlaced.
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", number(columns) + number(rows) + [8, 6, 0, 0, 0])
        + chunk("IDAT", Array(packed.prefix(Int(size)))) + chunk("IEND", [])
}

/// An element of a drawing that holds a picture itself, so that nothing is asked for. Pixels stay sharp where they are
/// enlarged.
func svgImage(rows: Int, columns: Int, rgba: [UInt8], in frame: Frame) -> String {
    let file = Data(pngFile(rows: rows, columns: columns, rgba: rgba)).base64EncodedString()
    return "<image class=\"pixels\" x=\"\(svgNumber(frame.left))\" y=\"\(svgNumber(frame.top))\" width=\"\(svgNumber(frame.width))\""
        + " height=\"\(svgNumber(frame.height))\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,\(file)\"/>"
}
