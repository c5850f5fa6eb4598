import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct CSVTests {
    @Test(arguments: [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
        ("a,b\r1,2\r", [["a", "b"], ["1", "2"]]),
        ("\u{FEFF}a,b\n1,2\n\n\n", [["a", "b"], ["1", "2"]]),
        ("a,b\n\"x,\"\"y\"\"\nz\",2\n", [["a", "b"], ["x,\"y\"\nz", "2"]]),
        ("a, b ,c\n 1 , \" 2 \" ,\t3\n", [["a", "b", "c"], ["1", " 2 ", "3"]]),
        ("a,b\n\"\",\n", [["a", "b"], ["", ""]]),
        ("a;b\n1,5;2\n", [["a", "b"], ["1,5", "2"]]),
        ("a\tb\n\t2\n", [["a", "b"], ["", "2"]]),
        ("a|b\nʤ|ü\n", [["a", "b"], ["ʤ", "ü"]]),
        ("5'10\",x\n6'\",y\n", [["5'10\"", "x"], ["6'\"", "y"]]),
        ("a\nb\n", [["a"], ["b"]]),
    ]) func readsRows(_ text: String, _ rows: [[String]]) throws {
        #expect(try CSV.rows(text) == rows)
    }

    @Test func takesAnySeparator() throws {
        #expect(try CSV.rows("a b\n1 2", separator: " ") == [["a", "b"], ["1", "2"]])
        #expect(try CSV.rows("a:b\n1: 2", separator: ":") == [["a", "b"], ["1", "2"]])
        #expect(try CSV.rows("a\tb", separator: "tab") == [["a", "b"]])
        for separator in ["", ",,", "\"", "\n", "é", "7", "a", ".", "-"] {
            #expect(errorText { _ = try CSV.rows("a,b", separator: separator) }.contains("must be one character"))
        }
    }

    @Test func namesFileLineAndFieldsOfARaggedRow() throws {
        #expect(
            errorText { _ = try CSV.rows("a,b\n\"1\n1\",2\n\n1,2,3\n", name: "x.csv") }
                == "x.csv line 5: 3 fields where the first row has 2; every row needs as many")
        #expect(
            errorText { _ = try csv("a,b\r\n1,2\r\n1\r\n").table() }
                == "test.csv line 3: 1 field where the first row has 2; every row needs as many")
        #expect(
            errorText { _ = try csv("1,2\n3,\"4\n5,6\n").table() }.hasPrefix("test.csv line 2: a quoted field begins here and never ends"))
        #expect(errorText { _ = try csv("1,2\n3,\"4\" 5\n5,6\n").table() }.hasPrefix("test.csv line 2: text follows the closing quote"))
    }

    @Test(arguments: [
        ("a,b\n1,2\n", true), ("1,2\n3,4\n", false), ("x,2\nx,4\n", false), ("a,b\nx,y\nx,z\n", true), ("x,y\nx,y\nx,z\n", false),
        (",b\n0,2\n", true), ("?,b\n1,2\n", false), ("0,1,2\n7,8,9\n", true), ("1990,1991\n7,8\n", false), ("NA,x\n1,y\n", false),
        ("a,b\n", true),
    ]) func tellsAHeaderFromData(_ text: String, _ hasHeader: Bool) throws {
        #expect(try csv(text).hasHeader == hasHeader)
        #expect(try csv(text, header: !hasHeader).hasHeader == !hasHeader)
    }

    @Test func typesColumnsByContent() throws {
        let table = try csv("n,t,m,q\n1,a,?,\"2\"\n-2.5e3,b,NA,3\n +4. ,,7,null\n.5,?,NaN, 4 \n").table()
        #expect(table.columns.map(\.content) == [.numbers, .text(["a", "b", "?"]), .numbers, .numbers])
        var cells: [[Double]] = []
        table.forEachRow { _, row in cells.append((0..<4).map { row[$0] }) }
        #expect(cells.map { $0[0] } == [1, -2500, 4, 0.5])
        #expect(cells.map { $0[1].isNaN ? -1 : $0[1] } == [0, 1, -1, 2])
        #expect(cells.map { $0[2].isNaN } == [true, true, false, true])
        #expect(cells.map { $0[3].isNaN ? -1 : $0[3] } == [2, 3, -1, 4])
    }

    @Test func aStrayWordAmongNumbersIsAnError() {
        let text = "a,b\n" + (0..<30).map { "\($0),\($0 == 17 ? "abc" : "1")\n" }.joined()
        #expect(
            errorText { _ = try csv(text).table() }.hasPrefix(
                "test.csv line 19: \"abc\" in column \"b\", where 29 of 30 values are numbers"))
        #expect(errorText { _ = try csv(text.replacing("abc", with: "inf")).table() }.contains("\"inf\" in column"))
        #expect(
            errorText { _ = try csv(text).table(reading: [.numeric, .numeric]) }
                == "test.csv line 19: \"abc\" in column \"b\", which holds numbers; correct it")
    }

    /// Text that becomes clear only late, or only in some stretches.
    @Test func aColumnMayTurnOutToBeText() throws {
        let text = (0..<400).map { "\($0),\($0 < 250 ? "\($0 % 3)" : "c\($0 % 2)")\n" }.joined()
        for stretch in [7, 100, 1000, 1 << 20] {
            let table = try csv(text).table(stretch: stretch)
            #expect(table.columns.map(\.content) == [.numbers, .text(["0", "1", "2", "c0", "c1"])])
            table.forEachRow { row, cells in
                #expect(cells[0] == Double(row))
                #expect(cells[1] == Double(row < 250 ? row % 3 : 3 + row % 2))
            }
        }
    }

    /// The fast reader, cut at every place, gives what the simple one gives.
    @Test func stretchesMeetWhereRowsDo() throws {
        var numbers = Numbers(seed: 1)
        let fields = ["1", "-2.5", "", "abc", "\"q,uo\nted\"", "\"dou\"\"ble\"", "5'\"", "\"\r\n\"", " x ", "\"\"", "1e3", "?"]
        for file in 0..<60 {
            let columns = 1 + file % 4
            let end = ["\n", "\r\n", "\r"][file % 3]
            var text = ""
            for _ in 0..<numbers.integer(in: 1...30) {
                let cells = (0..<columns).map { $0 == 0 && columns == 1 ? "v\(numbers.integer(below: 9))" : numbers.pick(fields) }
                text += cells.joined(separator: ",") + end
                if numbers.chance(1.0 / 8) { text += end }
            }
            let opened = try csv(text, header: false, separator: ",")
            let rows = try opened.rows()
            for stretch in [1, 2, 3, 5, 11, 64] {
                let table = try opened.table(reading: [ColumnReading](repeating: .text, count: columns), stretch: stretch)
                let levels = table.columns.map { column in if case .text(let levels) = column.content { levels } else { [String]() } }
                var read: [[String]] = []
                table.forEachRow { _, cells in read.append((0..<columns).map { cells[$0].isNaN ? "" : levels[$0][Int(cells[$0])] }) }
                #expect(read == rows, "stretches of \(stretch) bytes in \(text.debugDescription)")
            }
        }
    }

    @Test func differentBytesOfOneTextAreOneLevel() throws {
        let table = try csv("c,y\ne\u{301},1\n\u{e9},2\nx,3\n").table(stretch: 6)
        #expect(table.columns[0].content == .text(["\u{e9}", "x"]))
        var codes: [Double] = []
        table.forEachRow { _, cells in codes.append(cells[0]) }
        #expect(codes == [0, 0, 1])
        // Bytes that are no UTF-8 are Latin-1.
        let latin = try CSVFile(bytes(Array("c,y\nA,1\n".utf8) + [0xe9, 44, 50, 10, 0xe8, 44, 51, 10])).table()
        #expect(latin.columns[0].content == .text(["A", "\u{e9}", "\u{e8}"]))
        #expect(latin.file?.notes == ["test: is no UTF-8 text; it is read as Latin-1 (Windows-1252)"])
    }

    @Test func namesMustDiffer() throws {
        #expect(try csv("a,b,,c\n1,2,3,4\n").columnNames == ["a", "b", "2", "c"])
        #expect(
            errorText { _ = try csv("a,b,a\n1,2,3\n") }
                == "test.csv: two columns are called \"a\"; give each a name of its own in the first line")
    }

    @Test func refusesWhatIsNoText() {
        #expect(errorText { _ = try csv("a,b\n1\u{0},2") }.contains("is not text"))
        #expect(errorText { _ = try CSVFile(bytes([0xff, 0xfe, 65, 0])) }.contains("UTF-16"))
        #expect(errorText { _ = try csv("") }.contains("is empty"))
        #expect(errorText { _ = try csv("\n \n\r\n") }.contains("is empty"))
    }

    @Test func readsPackedText() throws {
        let file = try CSVFile(bytes(deflated(Array("a,b\n1,2\n".utf8))))
        #expect(try file.rows() == [["1", "2"]])
    }
}

@Suite struct DecimalTests {
    @Test func agreesWithTheStandardLibrary() {
        var numbers = Numbers(seed: 3)
        func next() -> UInt64 { numbers.next() }
        for i in 0..<4000 {
            let text =
                switch i % 6 {
                case 0: String(Double(next()) / 0x1p60 - 8)
                case 1: String(Double(bitPattern: next() >> 2))
                case 2: "\(next())e\(Int(next() % 61) - 30)"
                case 3: "-\(next() >> (next() % 60)).\(next() >> (next() % 60))"
                case 4: "0.0000\(next())\(next())"
                default: "\(next() % 1000).\(next() % 100)"
                }
            #expect(Decimal.number(text) == Double(text), "\(text)")
        }
        // Halfway between two doubles, and just above.
        for text in [
            "9007199254740993", "9007199254740993.00000000000000000001", "1.7976931348623157e308", "4.9e-324", "2.4703282292062327e-324",
        ] {
            #expect(Decimal.number(text) == Double(text), "\(text)")
        }
    }

    @Test func knowsWhatIsNoNumber() {
        for text in ["", ".", "-", "+.", "1e", "1e+", "e5", "0x10", "inf", "nan", "1_000", "1,5", "1 2", "--1", "1e400", "١"] {
            #expect(Decimal.number(text) == nil, "\(text)")
        }
        #expect(Decimal.number("1.") == 1)
        #expect(Decimal.number(".5") == 0.5)
        #expect(Decimal.number("-0")?.sign == .minus)
        #expect(Decimal.number("1e-400") == 0)
        #expect(Decimal.number("0e99999999999999999999") == 0)
        #expect(Decimal.number(String(repeating: "0", count: 400) + "12.5") == 12.5)
    }
}
