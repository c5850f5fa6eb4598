import CZlib
import Foundation
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
}
