import Foundation

/// Small PNG and JPEG files and what must come of them, as `Tests/Fixtures/images/make-vectors.py` writes them.
public struct ImageVector: Decodable, Sendable {
    public var name: String
    /// Height × width × channels.
    public var shape: [Int]
    /// Of the pixels.
    public var crc: UInt32
    public var file: Data { Data(base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/"))! }
    private var text: String

    private enum CodingKeys: String, CodingKey {
        case name, shape, crc
        case text = "file"
    }

    public static let all: [ImageVector] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/images/images.json").standardizedFileURL
        return try! JSONDecoder().decode([ImageVector].self, from: Data(contentsOf: file))
    }()

    public static func named(_ name: String) -> ImageVector { all.first { $0.name == name }! }
}
