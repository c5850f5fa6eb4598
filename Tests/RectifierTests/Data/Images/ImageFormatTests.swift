import CZlib
import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore

@Suite struct ImageFormatTests {
    /// PNG's pixels are known; JPEG's are those of libjpeg-turbo, byte by byte.
    @Test func everyKindOfFile() throws {
        #expect(ImageVector.all.count > 150)
        for vector in ImageVector.all {
            let image = try DecodedImage(vector.bytes)
            #expect(image.shape == vector.shape, "\(vector.name)")
            #expect(image.crc == vector.crc, "\(vector.name)")
        }
    }

    @Test func aPNGByHand() throws {
        let writer = PNGWriter()
        let image = try DecodedImage(bytes(writer.file))
        #expect(image.shape == [2, 3, 3] && image.pixels == writer.pixels)
    }

    /// Each in a line that names the file and says what is wrong.
    @Test func damagedPNG() {
        let whole = PNGWriter().file
        func message(_ file: [UInt8]) -> String { errorText { _ = try DecodedImage(bytes(file, name: "a.png")) } }
        func message(_ change: (inout PNGWriter) -> Void) -> String {
            var writer = PNGWriter()
            change(&writer)
            return message(writer.file)
        }
        func flipped(_ place: Int) -> [UInt8] {
            var file = whole
            file[place] ^= 1
            return file
        }
        #expect(message(flipped(5)) == "a.png: its signature is wrong; the PNG file is damaged")
        #expect(message(flipped(19)).contains("the checksum of chunk \"IHDR\" does not match"))
        #expect(message(flipped(whole.count - 20)).contains("the checksum of chunk \"IDAT\" does not match"))
        // Every byte behind the signature is under a checksum or is a length.
        for place in 8..<whole.count { #expect(message(flipped(place)).hasSuffix("; the PNG file is damaged"), "byte \(place)") }
        for count in 8..<whole.count {
            #expect(message(Array(whole.prefix(count))).hasSuffix("; the PNG file is damaged"), "\(count) bytes")
        }
        #expect(message { $0.rows = [5, 0, 0, 0, 0, 0, 0, 0, 0, 0] }.contains("there is no filter 5"))
        #expect(message { $0.rows = [UInt8](repeating: 0, count: 19) }.contains("its data end in row 1 of 2"))
        #expect(message { $0.rows = [UInt8](repeating: 0, count: 21) }.contains("it holds more data than its size takes"))
        #expect(message { $0.kind = 3 }.contains("its palette is missing"))
        #expect(message { $0.depth = 4 }.contains("there are no colours of type 2 with 4 bits"))
        #expect(message { $0.width = 0 }.contains("its size is 2 × 0 pixels"))
        #expect(message { $0.more = PNGWriter.chunk("ABCD", []) }.contains("chunk \"ABCD\" is of no kind that is known"))
        #expect(message { $0.more = PNGWriter.chunk("tRNS", [1]) }.contains("\"tRNS\" cannot have 1 bytes"))
        #expect(
            message {
                ($0.kind, $0.more, $0.rows) = (3, PNGWriter.chunk("PLTE", [1, 2, 3]), [0, 0, 0, 1, 0, 0, 0, 0])
            }.contains("a pixel has the colour 1, of 1 in its palette"))
        // A few bytes that say they are an image of many gigabytes.
        let large = message { ($0.width, $0.height, $0.rows) = (1 << 20, 1 << 20, [0]) }
        #expect(large.contains("memory") || large.contains("zip bomb"), "\(large)")
    }

    @Test func damagedJPEG() throws {
        func message(_ file: [UInt8]) -> String { errorText { _ = try DecodedImage(bytes(file, name: "a.jpg")) } }
        let whole = [UInt8](ImageVector.named("jpeg 4:2:0 17x23 quality 97").file)
        let restarts = [UInt8](ImageVector.named("jpeg a restart a unit").file)
        func place(of marker: UInt8, in file: [UInt8]) throws -> Int {
            try #require(file.indices.first { $0 + 1 < file.count && file[$0] == 0xff && file[$0 + 1] == marker })
        }
        func changed(_ marker: UInt8, _ distance: Int, to byte: UInt8) throws -> [UInt8] {
            var file = whole
            file[try place(of: marker, in: whole) + distance] = byte
            return file
        }
        #expect(message(whole) == "no error")
        for count in 3..<whole.count { #expect(message(Array(whole.prefix(count))).hasPrefix("a.jpg: "), "\(count) bytes") }
        #expect(message(Array(whole.dropLast(2))) == "a.jpg: its pixels end at no marker, cut short; the JPEG file is damaged")
        #expect(message(Array(whole.dropLast(200)) + [0xff, 0xd9]).contains("its pixels end in row"))
        #expect(message(Array(whole.dropLast(2)) + [1, 2, 3, 0xff, 0xd9]).contains("more pixels follow than its size takes"))
        #expect(try message(changed(0xc0, 1, to: 0xc9)).contains("a JPEG with arithmetic codes is not supported"))
        #expect(try message(changed(0xc0, 1, to: 0xc3)).contains("a lossless JPEG is not supported"))
        #expect(try message(changed(0xc0, 1, to: 0xc5)).contains("a hierarchical JPEG is not supported"))
        #expect(try message(changed(0xc0, 4, to: 12)).contains("a JPEG of 12 bits is not supported"))
        #expect(try message(changed(0xc0, 9, to: 4)).contains("a JPEG in four colours (CMYK) is not supported"))
        #expect(try message(changed(0xc0, 5, to: 0xff)).contains("pixels"), "a height of 65,000")
        #expect(try message(changed(0xc0, 11, to: 0x55)).contains("a colour's sampling is impossible"))
        #expect(try message(changed(0xdb, 1, to: 0xfe)).contains("a quantization table is missing"))
        #expect(try message(changed(0xc4, 1, to: 0xfe)).contains("a Huffman table is missing"))
        var lost = restarts
        lost[try place(of: 0xd1, in: restarts) + 1] = 0xd2
        #expect(message(lost).contains("restart marker 1 is missing"))
        #expect(message([0xff, 0xd8, 0xff, 0xd9]).contains("it holds no image"))
    }

    @Test func fullOpacityIsDropped() throws {
        var writer = PNGWriter(kind: 6)
        writer.pixel = { _, x, channel in channel == 3 ? 255 : UInt8(x) }
        #expect(try DecodedImage(bytes(writer.file)).shape == [2, 3, 3])
        writer.pixel = { _, x, channel in channel == 3 ? 254 : UInt8(x) }
        #expect(try DecodedImage(bytes(writer.file)).shape == [2, 3, 4])
    }

    @Test func widening() {
        let grey = DecodedImage(name: "a", height: 1, width: 2, channels: 1, pixels: [3, 4])
        #expect(grey.widened(to: 3).pixels == [3, 3, 3, 4, 4, 4])
        #expect(grey.widened(to: 2).pixels == [3, 255, 4, 255])
        #expect(grey.widened(to: 4).pixels == [3, 3, 3, 255, 4, 4, 4, 255])
        let veiled = DecodedImage(name: "b", height: 1, width: 1, channels: 2, pixels: [9, 7])
        #expect(veiled.widened(to: 4).pixels == [9, 9, 9, 7])
        let colour = DecodedImage(name: "c", height: 1, width: 1, channels: 3, pixels: [1, 2, 3])
        #expect(colour.widened(to: 4).pixels == [1, 2, 3, 255])
    }
}
