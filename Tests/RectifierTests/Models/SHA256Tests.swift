import CRectifierKernels
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct SHA256Tests {
    /// The examples that NIST publishes for FIPS 180-4, and the empty message.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ])
    func publishedVectors(message: String, hash: String) {
        #expect(SHA256.hex(of: Array(message.utf8)) == hash)
    }

    @Test func millionTimesA() {
        var hash = SHA256()
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
        for _ in 0..<1000 { hash.update(piece) }
        #expect(hash.finalized() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    /// Lengths around the block and the padding, fed whole and in pieces of every size.
    @Test func piecesDoNotMatter() {
        for length in [1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 300] {
            let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
            let whole = SHA256.hex(of: message)
            for size in [1, 3, 63, 64, 65, 100] {
                var hash = SHA256()
                for start in stride(from: 0, to: length, by: size) { hash.update(Array(message[start..<min(start + size, length)])) }
                #expect(hash.finalized() == whole, "\(length) bytes in pieces of \(size)")
            }
        }
    }

    /// What processors without instructions for it compute.
    @Test func portableIsTheSame() {
        let blocks = (0..<64 * 9).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 37 &+ 11) }
        var (state, portable) = ([UInt32](0..<8), [UInt32](0..<8))
        for count in [1, 3, 5] as [Int64] {
            rk_sha256(&state, blocks, count)
            rk_sha256_portable(&portable, blocks, count)
            #expect(state == portable)
        }
    }
}
