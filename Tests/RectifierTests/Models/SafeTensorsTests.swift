import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct SafeTensorsTests {
    /// A file of this header and these bytes of numbers.
    static func file(_ header: String, _ data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
        let header = Array(header.utf8)
        return withUnsafeBytes(of: (length ?? UInt64(header.count)).littleEndian, Array.init) + header + data
    }

    static func littleEndian<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.littleEndian, Array.init) }
    }

    @Test func roundTrip() throws {
        let values: [Float] = [0, -0.0, 1, -1.5, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .pi]
        let original = SafeTensors(
            metadata: ["b": "plain", "a": "quotes \" \\ / é 🙂 \n\u{1} end"],
            tensors: [
                ("zeta", Tensor(shape: [2, 4], values)), ("scalar", Tensor(shape: [], [2.5])), ("none", Tensor(shape: [3, 0], [Float]())),
                ("also none", Tensor(shape: [0], [Double]())), ("alpha \"é\"", Tensor(shape: [3], [0.1, -0.2, 1e300])),
            ])
        let bytes = original.encoded()
        let length = UInt64(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        #expect(length % 8 == 0)
        #expect(bytes.count == 8 + Int(length) + 8 * 4 + 8 + 3 * 8)

        let read = try SafeTensors(bytes, name: "test")
        #expect(read.metadata == original.metadata)
        #expect(read.tensors.map(\.name) == original.tensors.map(\.name))
        #expect(read.tensors.map(\.tensor) == original.tensors.map(\.tensor))
        #expect(read.tensors[0].tensor.floats[1].sign == .minus)
        #expect(read.encoded() == bytes)
    }

    @Test func emptyFile() throws {
        let empty = try SafeTensors(SafeTensors().encoded(), name: "test")
        #expect(empty.tensors.isEmpty && empty.metadata.isEmpty)
    }

    /// Each type with its extremes.
    @Test func numberTypes() throws {
        let halves: [UInt16] = [0, 0x8000, 0x0001, 0x83ff, 0x0400, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00]
        let halfValues: [Float] = [0, -0.0, 0x1p-24, -1023 * 0x1p-24, 0x1p-14, 1, -2, 65504, .infinity, -.infinity]
        let cases: [(type: String, data: [UInt8], values: [Double])] = [
            ("F64", Self.littleEndian([Double(0.1).bitPattern, Double(-2.5).bitPattern]), [0.1, -2.5]),
            ("F32", Self.littleEndian([Float(0.1).bitPattern]), [Double(Float(0.1))]),
            ("F16", Self.littleEndian(halves), halfValues.map(Double.init)),
            ("BF16", Self.littleEndian([UInt16(0x3f80), 0xc040]), [1, -3]),
            ("I8", [0x80, 0x7f], [-128, 127]), ("U8", [0, 255], [0, 255]), ("BOOL", [0, 1], [0, 1]),
            ("I16", Self.littleEndian([Int16.min, .max]), [-32768, 32767]), ("U16", Self.littleEndian([UInt16.max]), [65535]),
            ("I32", Self.littleEndian([Int32.min, .max]), [-2_147_483_648, 2_147_483_647]),
            ("U32", Self.littleEndian([UInt32.max]), [4_294_967_295]),
            ("I64", Self.littleEndian([Int64.min, 1 << 53]), [-0x1p63, 0x1p53]), ("U64", Self.littleEndian([UInt64.max]), [0x1p64]),
        ]
        for (type, data, values) in cases {
            let header = #"{"t":{"dtype":"\#(type)","shape":[\#(values.count)],"data_offsets":[0,\#(data.count)]}}"#
            let tensor = try SafeTensors(Self.file(header, data), name: "test").tensors[0].tensor
            #expect(tensor.doubles == values, "\(type)")
            #expect(tensor.doubles.map(\.sign) == values.map(\.sign), "\(type)")
            if case .float64 = tensor.storage {
                #expect(["F64", "I32", "U32", "I64", "U64"].contains(type))
            } else {
                #expect(!["F64", "I32", "U32", "I64", "U64"].contains(type))
            }
        }
        let nan = Self.file(#"{"t":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#, [0x01, 0x7e])
        #expect(try SafeTensors(nan, name: "test").tensors[0].tensor.floats[0].isNaN)
    }

    /// Numbers decide the order, not names; spaces and any escapes are fine.
    @Test func readsWhatOthersWrite() throws {
        let header = """
            {"b" : {"data_offsets":[1, 2],"dtype":"U8","shape":[]},
            \t"\\u0061\\ud83d\\ude42":{ "dtype":"U8","shape":[ 1 ],"data_offsets":[0,1]}} \n \u{20}
            """
        let read = try SafeTensors(Self.file(header, [7, 8]), name: "test")
        #expect(read.tensors.map(\.name) == ["a🙂", "b"])
        #expect(read.tensors.map(\.tensor.floats) == [[7], [8]])
    }

    @Test(arguments: [
        ("too short", [UInt8](repeating: 0, count: 7), "fewer than the 8"),
        ("length beyond the end", file("{}", length: 3), "ends inside its header"),
        ("length beyond reason", file("{}", length: .max), "too many to be true"),
        ("no header", file(""), "begin with {"),
        ("leading space", file(" {}"), "begin with {"),
        ("not closed", file("{"), "lacks"),
        ("text after it", file("{}x"), "lacks its end"),
        ("bytes of no tensor", file("{}", [0]), "belong to none"),
        ("unknown type", file(#"{"t":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}"#, [0]), "\"F4\""),
        ("size differs", file(#"{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, [0, 0, 0, 0]), "not the size"),
        ("beyond the end", file(#"{"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, [0]), "cut short"),
        ("backwards", file(#"{"t":{"dtype":"U8","shape":[0],"data_offsets":[1,0]}}"#, [0]), "comes next"),
        ("gap", file(#"{"t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, [0, 0]), "where 0 comes next"),
        (
            "overlap",
            file(#"{"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"u":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#, [0, 0, 0]),
            "where 2 comes next"
        ),
        (
            "name twice",
            file(#"{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#), "twice"
        ),
        ("metadata twice", file(#"{"__metadata__":{},"__metadata__":{}}"#), "twice"),
        ("key twice", file(#"{"__metadata__":{"k":"1","k":"2"}}"#), "repeat \"k\""),
        ("metadata not text", file(#"{"__metadata__":{"k":1}}"#), "lacks"),
        ("product overflows", file(#"{"t":{"dtype":"U8","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}"#), "not the size"),
        (
            "product overflows before 0", file(#"{"t":{"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}"#),
            "not the size"
        ),
        ("size overflows", file(#"{"t":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}"#), "not the size"),
        ("number overflows", file(#"{"t":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,0]}}"#), "beyond 64 bits"),
        ("negative", file(#"{"t":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}"#), "whole number"),
        ("fraction", file(#"{"t":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#, [0]), "lacks ]"),
        ("leading zero", file(#"{"t":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}"#, [0]), "whole number"),
        ("three offsets", file(#"{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}"#), ", not 2"),
        ("no shape", file(#"{"t":{"dtype":"U8","data_offsets":[0,0]}}"#), "no shape"),
        ("field twice", file(#"{"t":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#), "repeated field"),
        ("extra field", file(#"{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":[[[]]]}}"#), "unknown"),
        ("lone surrogate", file(#"{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#), "Unicode"),
        ("raw line break", file("{\"a\nb\":{}}"), "control"),
    ])
    func refuses(what: String, bytes: [UInt8], message: String) {
        let error = #expect(throws: RectifierError.self, "\(what)") { try SafeTensors(bytes, name: "model.safetensors") }
        #expect(error?.kind == .file)
        let text = error?.description ?? ""
        #expect(text.hasPrefix("model.safetensors: "))
        #expect(text.contains(message), "\(what): \(text)")
        #expect(!text.contains("\n"))
    }

    @Test func notUTF8() {
        var bytes = Self.file(#"{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#)
        bytes[10] = 0xff
        #expect(throws: RectifierError.self) { try SafeTensors(bytes, name: "test") }
    }

    /// Messages stay short and on one line, whatever a file calls its tensors.
    @Test func longNames() {
        let name = String(repeating: "x", count: 100_000)
        let error = #expect(throws: RectifierError.self) {
            try SafeTensors(Self.file(#"{"\#(name)\n":{"dtype":"U8","shape":[1],"data_offsets":[0,0]}}"#), name: "test")
        }
        #expect((error?.description ?? name).count < 300)
    }

    /// Changed, cut, doubled and inserted bytes either read or are refused; what reads can be written and read again.
    @Test func survivesMutations() throws {
        let original = SafeTensors(
            metadata: ["m": "é\n"], tensors: [("a", Tensor(shape: [2, 2], [1, 2, 3, 4] as [Float])), ("b", Tensor(shape: [1], [5.0]))]
        ).encoded()
        let interesting = Array("{}[]\",:\\u0129-.e \u{e9}".utf8) + [0, 0xff, 0x80]
        var random = Numbers(seed: 1)
        var readable = 0
        for _ in 0..<3000 {
            var bytes = original
            for _ in 0..<random.integer(in: 1...4) where !bytes.isEmpty {
                let i = random.integer(below: bytes.count)
                switch random.integer(below: 6) {
                case 0: bytes[i] = UInt8(random.integer(in: 0...255))
                case 1: bytes[i] = random.pick(interesting)
                case 2: bytes.insert(random.pick(interesting), at: i)
                case 3: bytes.remove(at: i)
                case 4: bytes.removeSubrange(i...)
                default: bytes.insert(contentsOf: bytes[i..<min(i + 20, bytes.count)], at: i)
                }
            }
            guard let read = try? SafeTensors(bytes, name: "mutated") else { continue }
            readable += 1
            let again = try SafeTensors(read.encoded(), name: "again")
            #expect(again.tensors.map(\.name) == read.tensors.map(\.name))
            #expect(again.metadata == read.metadata)
        }
        // Mostly those that changed numbers only.
        #expect(readable > 0)
    }

    @Test func missingFile() {
        let error = #expect(throws: RectifierError.self) { try SafeTensors(contentsOf: URL(filePath: "/nowhere/model.safetensors")) }
        #expect(error?.description == "/nowhere/model.safetensors: cannot be read: no such file or folder")
        #expect(throws: RectifierError.self) { try SafeTensors(contentsOf: FileManager.default.temporaryDirectory) }
        #expect(throws: RectifierError.self) { try SafeTensors(contentsOf: URL(filePath: "/dev/zero")) }
    }

    /// Files of another implementation, one of each number type.
    @Test(.needsDataFolder, arguments: ["f16", "f32", "f64", "i8", "i16", "i32", "u8", "u16", "u32", "overall"])
    func foreignFiles(name: String) throws {
        let read = try SafeTensors(contentsOf: #require(dataFolder).appending(path: "spec/safetensors/\(name).safetensors"))
        #expect(read.metadata == ["test": "a"])
        #expect(read.tensors.count == (name == "overall" ? 9 : 1))
        for (_, tensor) in read.tensors {
            #expect(tensor.shape == [6])
            #expect(tensor.doubles.allSatisfy { $0.isFinite })
        }
        let again = try SafeTensors(read.encoded(), name: "again")
        #expect(again.tensors.map(\.tensor) == read.tensors.map(\.tensor))
    }
}
