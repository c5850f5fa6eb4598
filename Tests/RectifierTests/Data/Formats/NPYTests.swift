import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct NPYTests {
    func array(_ content: [UInt8]) throws -> NumericArray { try NPY.array(ByteReader(bytes(content, name: "a.npy"))) }

    @Test func readsEveryType() throws {
        #expect(try array(npy("|u1", "(2,)", [1, 255])).all == [1, 255])
        #expect(try array(npy("|i1", "(2,)", [1, 255])).all == [1, -1])
        #expect(try array(npy("|b1", "(2,)", [1, 0])).all == [1, 0])
        #expect(try array(npy("<u2", "(1,)", littleEndian(UInt16(65535)))).all == [65535])
        #expect(try array(npy(">i2", "(1,)", bigEndian(Int16(-2)))).all == [-2])
        #expect(try array(npy("<u4", "(1,)", littleEndian(UInt32.max))).all == [4_294_967_295])
        #expect(try array(npy("<i4", "(1,)", littleEndian(Int32(-9)))).all == [-9])
        #expect(try array(npy("<u8", "(1,)", littleEndian(UInt64(1) << 40))).all == [0x1p40])
        #expect(try array(npy(">i8", "(1,)", bigEndian(Int64(-5)))).all == [-5])
        #expect(try array(npy("<f4", "(1,)", littleEndian(Float(0.1).bitPattern))).all == [Double(Float(0.1))])
        #expect(try array(npy(">f8", "(1,)", bigEndian(Double(0.1).bitPattern))).all == [0.1])
        // 1, -2, the smallest subnormal, the largest, infinity.
        let halves: [UInt16] = [0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00]
        #expect(try array(npy("<f2", "(5,)", halves.flatMap { littleEndian($0) })).all == [1, -2, 0x1p-24, 65504, .infinity])
    }

    @Test func readsShapesAndVersions() throws {
        let content = (0..<6).flatMap { littleEndian(Int32($0)) }
        #expect(try array(npy("<i4", "(2, 3)", content)).shape == [2, 3])
        #expect(try array(npy("<i4", "(2L, 3L)", content, version: 2)).all == [0, 1, 2, 3, 4, 5])
        #expect(try array(npy("<i4", "(3, 2)", content, fortran: true, version: 3)).all == [0, 3, 1, 4, 2, 5])
        #expect(try array(npy("<i4", "(1, 2, 3)", content, fortran: true)).all == [0, 2, 4, 1, 3, 5])
        #expect(try array(npy("<i4", "()", littleEndian(Int32(4)))).shape == [1])
        #expect(try array(deflated(npy("<i4", "(6,)", content))).all.last == 5)
    }

    @Test func refusesWhatItCannotRead() {
        #expect(errorText { _ = try array(npy("|O", "(4,)", [0x80, 2])) }.contains("a.npy: holds pickled Python objects"))
        #expect(errorText { _ = try array(npy("|O8", "(4,)", [0x80, 2])) }.contains("pickled"))
        #expect(errorText { _ = try array(npy("<c8", "(1,)", [0, 0, 0, 0, 0, 0, 0, 0])) }.contains("'<c8' are not supported"))
        #expect(errorText { _ = try array(npy("<i4", "(2,)", [1, 2, 3])) }.contains("promises 8 bytes of data, but 3 follow"))
        #expect(errorText { _ = try array(npy("<i4", "(1,)", [1, 2, 3, 4, 5])) }.contains("but 5 follow"))
        #expect(errorText { _ = try array(npy("<i4", "(281474976710655, 281474976710655)", [1])) }.contains("impossible extents"))
        #expect(errorText { _ = try array(npy("<i4", "(-1,)", [1])) }.contains("header cannot be read"))
        #expect(errorText { _ = try array(npy("<i4", "(1", [1])) }.contains("header cannot be read"))
        #expect(errorText { _ = try array(npy("<i4", "(1,)", [1], version: 9)) }.contains("version 9.0 is not supported"))
        #expect(errorText { _ = try array([0x93, 1, 2, 3, 4, 5, 6, 7, 8]) }.contains("magic number"))
    }

    @Test func writesWhatItReads() throws {
        let floats = NPY.encoded(Tensor(shape: [2, 3], [1, 2, 3, 4, 5, -0.5] as [Float]))
        #expect(try array(floats).shape == [2, 3])
        #expect(try array(floats).all == [1, 2, 3, 4, 5, -0.5])
        #expect((floats.count - 24) % 64 == 0)
        let doubles = NPY.encoded(Tensor(shape: [2], [0.1, 1e300]))
        #expect(try array(doubles).all == [0.1, 1e300])
        #expect(String(decoding: doubles[10..<70], as: UTF8.self).hasPrefix("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"))
    }

    @Test func aTableTakesItsLastColumnAsTarget() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<10).map(Float.init).flatMap { (i: Float) -> [Float] in [i, i.truncatingRemainder(dividingBy: 2), 2 * i + 0.5] }
        try folder.write(NPY.encoded(Tensor(shape: [10, 3], rows)), to: "t.npy")
        let data = try folder.load("t.npy")
        #expect(data.training.count == 8 && data.heldOut?.count == 2)
        #expect(data.training.sampleShape == [2])
        #expect(data.preparation.task == .regression)
        let other = try folder.load("t.npy") { $0.target = "1" }
        #expect(other.preparation.classNames == ["0", "1"])

        // Without the target column, a file can be predicted for.
        try folder.write(NPY.encoded(Tensor(shape: [1, 2], [3, 1] as [Float])), to: "x.npy")
        let x = try data.preparation.dataset(reading: "x.npy", needsTargets: false, relativeTo: folder.url).dataset
        #expect(x.count == 1)
        #expect(
            errorText { _ = try data.preparation.dataset(reading: "x.npy", needsTargets: true, relativeTo: folder.url) }.contains(
                "with the target"))
    }
}

@Suite struct NPZTests {
    let x = npy("<f4", "(4, 2)", (0..<8).flatMap { littleEndian(Float($0).bitPattern) })
    let y = npy("<i8", "(4,)", [0, 1, 0, 1].flatMap { littleEndian(Int64($0)) })

    func load(_ zip: Zip, _ change: (inout DataSettings) -> Void = { $0.validation = .share(0) }) throws -> LoadedData {
        let folder = try TemporaryFolder()
        try folder.write(zip.file, to: "a.npz")
        return try folder.load("a.npz", change)
    }

    @Test(arguments: [false, true], [false, true]) func readsArchives(isDeflated: Bool, usesZip64: Bool) throws {
        let data = try load(Zip(members: [("x.npy", x), ("y.npy", y)], isDeflated: isDeflated, usesZip64: usesZip64))
        #expect(data.training.labels == [0, 1, 0, 1])
        let scale = Float(1 / 5.0.squareRoot())
        #expect(data.training.floats.map { ($0 / scale).rounded() } == [-3, -3, -1, -1, 1, 1, 3, 3])
    }

    @Test func findsTestArraysAndNamedTargets() throws {
        let data = try load(Zip(members: [("x_train.npy", x), ("y_train.npy", y), ("x_test.npy", x), ("y_test.npy", y)])) { _ in }
        #expect(data.heldOut?.count == 4 && data.training.count == 4)
        let named = try load(Zip(members: [("X.npy", x), ("z.npy", y)])) {
            $0.target = "z"
            $0.validation = .share(0)
        }
        #expect(named.preparation.classNames == ["0", "1"])
        #expect(
            errorText { _ = try load(Zip(members: [("X.npy", x), ("z.npy", y)])) }.contains(#"it holds "X", "z"; set target to one"#))
        #expect(errorText { _ = try load(Zip(members: [("a.npy", x), ("b.npy", y)])) }.contains("no array is named x"))
        #expect(
            errorText { _ = try load(Zip(members: [("x.npy", x), ("y.npy", npy("|u1", "(3,)", [0, 1, 0]))])) }.contains(
                "3 targets for the 4 samples"))
    }

    @Test func oneHotRowsAreClassesAndOthersSeveralTargets() throws {
        let oneHot = npy("|u1", "(4, 3)", [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0])
        #expect(try load(Zip(members: [("x.npy", x), ("y.npy", oneHot)])).training.labels == [0, 1, 2, 0])
        let two = npy("<f4", "(4, 2)", (0..<8).flatMap { littleEndian(Float($0 * $0).bitPattern) })
        let data = try load(Zip(members: [("x.npy", x), ("y.npy", two)]))
        #expect(data.preparation.outputCount == 2)
        #expect(data.training.values.count == 8)
        guard case .values(let columns) = data.preparation.target else {
            Issue.record("regression is expected")
            return
        }
        #expect(columns.map(\.mean) == [14, 21])
        #expect(abs(columns[1].original(Double(data.training.values[7])) - 49) < 1e-4)
    }

    @Test func byteImagesStayBytes() throws {
        let images = npy("|u1", "(4, 2, 2)", Array(0..<16))
        let data = try load(Zip(members: [("x.npy", images), ("y.npy", y)]))
        #expect(data.preparation.input == .bytes(shape: [2, 2]))
        let numbers = npy("<f4", "(4, 2, 2)", (0..<16).flatMap { littleEndian(Float($0).bitPattern) })
        let scaled = try load(Zip(members: [("x.npy", numbers), ("y.npy", y)]))
        guard case .numbers([2, 2], 7.5, let deviation) = scaled.preparation.input else {
            Issue.record("\(scaled.preparation.input)")
            return
        }
        #expect(abs(deviation - 4.6097722286464435) < 1e-12)
    }

    @Test func refusesDamage() throws {
        let members = [("x.npy", x), ("y.npy", y)]
        #expect(
            errorText { _ = try load(Zip(members: members, checksumChange: 1)) }
                == "a.npz/x.npy: the checksum does not match; the file is damaged")
        #expect(errorText { _ = try load(Zip(members: members, headerName: "z.npy")) }.contains("contradicts the directory"))
        #expect(errorText { _ = try load(Zip(members: members, declaredCount: 7)) }.contains("two different sizes"))
        #expect(
            errorText { _ = try load(Zip(members: members, isDeflated: true, declaredCount: 100)) }.contains("promises 32 bytes of data"))
        let folder = try TemporaryFolder()
        try folder.write(Array(Zip(members: members).file.dropLast(30)), to: "a.npz")
        #expect(errorText { _ = try folder.load("a.npz") }.contains("has no directory"))
    }

    @Test func refusesBombs() throws {
        // Declares the gigabytes that its few bytes would unpack to.
        let header = npy("|u1", "(1000000, 10000)", [])
        let bomb = Zip(
            members: [("x.npy", header + [UInt8](repeating: 0, count: 1 << 20)), ("y.npy", y)], isDeflated: true, usesZip64: true,
            declaredCount: header.count + 10_000_000_000)
        #expect(errorText { _ = try load(bomb) }.contains("zip bomb"))
        // Declares little and unpacks to more.
        let liar = Zip(
            members: [("x.npy", npy("|u1", "(4, 2)", [UInt8](repeating: 0, count: 1 << 20))), ("y.npy", y)], isDeflated: true,
            declaredCount: npy("|u1", "(4, 2)", []).count + 8)
        #expect(errorText { _ = try load(liar) }.contains("more data follows"))
        // Tight, but honest and small.
        let honest = Zip(
            members: [("x.npy", npy("|u1", "(4, 100000)", [UInt8](repeating: 0, count: 400_000))), ("y.npy", y)], isDeflated: true)
        #expect(try load(honest).training.count == 4)
    }

    @Test func refusesPickles() {
        #expect(
            errorText { _ = try load(Zip(members: [("x.npy", npy("|O", "(4,)", [1])), ("y.npy", y)])) }.contains(
                "a.npz/x.npy: holds pickled"))
    }
}
