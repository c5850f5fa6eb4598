import CZlib
import Foundation

@testable import Rectifier

/// Small PNG and JPEG files and what must come of them, as `Tests/Fixtures/images/make-vectors.py` writes them.
struct ImageVector: Decodable {
    var name: String
    var shape: [Int]
    /// Of the pixels.
    var crc: UInt32
    var file: Data

    var isPNG: Bool { name.hasPrefix("png") }
    var bytes: Bytes { Bytes(file, name: name) }

    static let all: [ImageVector] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../Fixtures/images/images.json").standardizedFileURL
        return try! JSONDecoder().decode([ImageVector].self, from: Data(contentsOf: file))
    }()

    static func named(_ name: String) -> ImageVector { all.first { $0.name == name }! }
}

extension DecodedImage {
    var crc: UInt32 { UInt32(crc32(0, pixels, uInt(pixels.count))) }
}
