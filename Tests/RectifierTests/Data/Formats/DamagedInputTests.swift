import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// No input ends the program: thousands of damaged files, each read or refused in one line. `Fuzz` does the same by
/// coverage, for as long as it is let.
@Suite struct DamagedInputTests {
    typealias Reader = @Sendable ([UInt8]) throws -> Void

    /// Damages seeds in the ways that break readers: other bytes, extreme numbers, pieces cut, doubled and exchanged.
    struct Damage {
        private var numbers: Numbers

        init(seed: Int) { numbers = Numbers(seed: seed) }

        mutating func next(_ count: Int) -> Int { numbers.integer(below: max(count, 1)) }

        mutating func apply(to seed: [UInt8]) -> [UInt8] {
            var bytes = seed
            for _ in 0...next(3) where !bytes.isEmpty {
                let place = next(bytes.count)
                let end = min(place + 1 + next(16), bytes.count)
                switch next(7) {
                case 0: bytes[place] = UInt8(next(256))
                case 1: bytes[place] ^= 1 << UInt8(next(8))
                case 2: bytes.replaceSubrange(place..<end, with: [UInt8](repeating: [0, 0xff, 0x7f, 0x80][next(4)], count: end - place))
                case 3: bytes.removeSubrange(place..<end)
                case 4: bytes.insert(contentsOf: bytes[place..<end], at: next(bytes.count))
                case 5: bytes.removeLast(bytes.count - place)
                default: bytes[place] = Array("\",;\n\r\t'(0-.eN".utf8)[next(13)]
                }
            }
            return bytes
        }
    }

    func run(_ seed: Int, _ times: Int, seeds: [[UInt8]], _ read: ([UInt8]) throws -> Void) {
        var damage = Damage(seed: seed)
        for _ in 0..<times {
            let input = damage.apply(to: seeds[damage.next(seeds.count)])
            do {
                try read(input)
            } catch let error as RectifierError {
                #expect(error.description.split(whereSeparator: \.isNewline).count == 1, "an error is one line")
            } catch {
                Issue.record("\(error) for \(input)")
            }
        }
    }

    @Test func gzip() {
        run(1, 500, seeds: [deflated(Array("some text, some text".utf8)), deflated([1]) + deflated([2, 3])]) {
            _ = try bytes($0).unpacked()
        }
    }

    @Test func idxFiles() {
        run(2, 1000, seeds: [idx([2, 2, 2], Array(0..<8)), idx([1], [0, 0, 0, 0], type: 0x0d), deflated(idx([3, 1], [1, 2, 3]))]) {
            _ = try IDX.array(bytes($0))
        }
    }

    @Test func npyFiles() {
        let seeds = [
            npy("<f4", "(1, 2)", [0, 0, 0, 0, 0, 0, 0x80, 0x3f]), npy(">i2", "(2, 2)", Array(0..<8), fortran: true),
            npy("|u1", "()", [1], version: 2),
        ]
        run(3, 1000, seeds: seeds) { _ = try NPY.array(ByteReader(bytes($0))) }
    }

    @Test func npzFiles() {
        let members = [("x.npy", npy("|u1", "(4, 2)", Array(0..<8))), ("y.npy", npy("|u1", "(4,)", [0, 1, 0, 1]))]
        let seeds = [
            Zip(members: members).file, Zip(members: members, isDeflated: true).file,
            Zip(members: members, isDeflated: true, usesZip64: true).file,
        ]
        run(4, 800, seeds: seeds) { _ = try NPZ(bytes($0)).sources(target: nil, needsTargets: true) }
    }

    @Test func tables() {
        let seeds = [
            "x,c,y\n1,a,p\n2,\"b\"\"b\",q\n3.5e2,\"a\nb\",p\n4,b,q\n", "1;2;0\n3;?;1\n5;6;0\n7;-8.25;1\n",
            "a\tb\r\nNA\t1\r\n1\t2\r\n3\t3\r\n",
            "d,m,b,y\n2024-01-31,\"1,234.5\",yes,1\n2024-02-29T12:30Z,$5,no,2\n1999-12-31,?,true,3\n2000-1-1,12,n,4\n",
        ].map { Array($0.utf8) }
        run(5, 500, seeds: seeds) { input in
            var settings = DataSettings()
            settings.missing = [.mean, .drop, nil][input.count % 3]
            let file = try CSVFile(bytes(input))
            let rows = try? file.rows()
            let choice = ColumnChoice(targets: [file.columnNames.count - 1], columnCount: file.columnNames.count)
            let table = try file.table(choosing: choice, stretch: max(1 + input.count % 40, input.count / 8))
            #expect(rows?.count == table.rowCount, "both readers see the same rows in \(input)")
            let fitted = try table.fitted(choosing: choice, settings: settings, share: 0.3, seed: 1)
            var notes: [String] = []
            _ = try fitted.preparation.dataset(.table(file), needsTargets: false, precision: .float32, into: &notes)
        }
    }

    @Test func images() {
        let names = [
            "png 3x8 5x7", "png 1x1 5x7 interlaced", "png palette 4 transparent", "jpeg 4:2:0 17x23 quality 60",
            "jpeg 4:2:2 17x23 quality 60 progressive", "jpeg restarts, progressive",
        ]
        run(7, 1500, seeds: names.map { [UInt8](ImageVector.named($0).file) }) { _ = try DecodedImage(bytes($0)) }
    }

    /// Behind the checksums, which would refuse nearly all of it.
    @Test func pixelsOfPNG() {
        run(8, 500, seeds: [PNGWriter().file]) { input in
            var writer = PNGWriter()
            writer.depth = input.count % 3 == 0 ? 16 : 8
            writer.rows = Array(input.prefix(24))
            _ = try DecodedImage(bytes(writer.file))
        }
    }

    @Test func models() throws {
        let seed = Array(try JSONEncoder().encode(PreparationTests.preparation))
        run(6, 200, seeds: [seed]) { input in
            guard let preparation = try? JSONDecoder().decode(Preparation.self, from: Data(input)) else { return }
            var notes: [String] = []
            _ = try preparation.dataset(.table(try csv("x,y,c\n1,2,a\n")), needsTargets: true, precision: .float32, into: &notes)
        }
    }
}
