import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore

/// Tables as people have them: what columns are found to be, and what is said of it.
@Suite struct ColumnTests {
    /// Forty rows of a number, a column, and a target that neither tells.
    private func table(_ name: String = "c", _ field: (Int) -> String, separator: String = ",") -> String {
        let rows = (0..<40).map {
            ["\(Double($0 * 7 % 40) / 8)", field($0), ["a", "b"][$0 * $0 / 3 % 2]].joined(separator: separator) + "\n"
        }
        return ["x", name, "y"].joined(separator: separator) + "\n" + rows.joined()
    }

    private func load(_ text: String, _ change: (inout DataSettings) -> Void = { _ in }) throws -> LoadedData {
        let folder = try TemporaryFolder()
        try folder.write(text, to: "t.csv")
        return try folder.load("t.csv") {
            $0.validation = .share(0)
            change(&$0)
        }
    }

    private func columns(_ data: LoadedData) -> [Preparation.Column] {
        if case .table(let layout) = data.preparation.input { layout.columns } else { [] }
    }

    static let spellings: [(String, ColumnSpelling, Double?)] = [
        ("1,234.5", ColumnSpelling.amount, 1234.5), ("12 345", .amount, 12345), ("$5", .amount, 5), ("-$1,000", .amount, -1000),
        ("$-7.50", .amount, -7.5), ("12 %", .amount, 12), ("1’234’567 CHF", .amount, nil), ("1’234’567", .amount, 1_234_567),
        ("1,23", .amount, nil), ("12,345,67", .amount, nil), ("£1e3", .amount, 1000), ("", .amount, nil), ("$", .amount, nil),
        ("3,14", .decimalComma, 3.14), ("1.234,5 €", .decimalComma, 1234.5), ("3.14", .decimalComma, nil), ("-0,5%", .decimalComma, -0.5),
        ("Yes", .boolean, 1), ("FALSE", .boolean, 0), ("maybe", .boolean, nil), ("1970-01-01", .yearFirst, 0),
        ("2024-02-29", .yearFirst, 19782), ("2023-02-29", .yearFirst, nil), ("20240229", .yearFirst, 19782),
        ("1969/12/31", .yearFirst, -1), ("2024-02-29T12:00:00Z", .yearFirst, 19782.5), ("2024-02-29 18:00", .yearFirst, 19782.75),
        ("2024-02-29 25:00", .yearFirst, nil), ("29.2.2024", .dayFirst, 19782), ("29 Feb 2024", .dayFirst, 19782),
        ("29/02/24", .dayFirst, 19782), ("2/29/2024 6:00 pm", .monthFirst, 19782.75), ("February 29, 2024", .monthFirst, 19782),
        ("29.2.2024", .monthFirst, nil), ("1.2.13", .dayFirst, nil), ("10.0.0.1", .dayFirst, nil),
    ]

    @Test(arguments: spellings) func readsSpellings(_ text: String, _ spelling: ColumnSpelling, _ number: Double?) {
        #expect(spelling.number(text) == number)
    }

    @Test func partsOfADate() throws {
        let days = try #require(ColumnSpelling.yearFirst.number("2024-02-29T06:00"))
        let parts = CalendarDate.Part.allCases.map { $0.value(of: days, earliest: days - 3) }
        // A Thursday.
        #expect(parts == [2024, 2, 4, 3])
        let first = try #require(ColumnSpelling.yearFirst.number("1899-12-31"))
        // A Sunday.
        #expect(CalendarDate.Part.allCases.map { $0.value(of: first, earliest: first) } == [1899, 12, 7, 0])
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var text: String
        /// The features of the column beside x; 0: it is left out.
        var width: Int
        /// What the notes say.
        var note: String
        var testDescription: String { name }
    }

    static let cases: [Case] = {
        let own = ColumnTests()
        func make(
            _ name: String, _ width: Int, _ note: String, column: String = "c", separator: String = ",", _ field: (Int) -> String
        ) -> Case {
            Case(name: name, text: own.table(column, field, separator: separator), width: width, note: note)
        }
        return [
            make("row numbers", 0, "column \"c\" is left out: an identifier") { "\($0 + 1)" },
            make("shuffled numbers called id", 0, "column \"user_id\" is left out: an identifier", column: "user_id") { "\($0 * 7 % 40)" },
            make("measurements that differ", 1, "") { "\($0 * 7 % 40)" },
            make("measurements that rise", 1, "") { "\($0 * 3)" },
            make("names", 0, "column \"c\" is left out: an identifier") { "name \($0)" },
            make("a constant", 0, "column \"c\" is left out: the same value in all training rows") { _ in "7" },
            make("a constant text", 0, "column \"c\" is left out: the same value in all training rows") { _ in "red" },
            make("a copy", 0, "column \"c\" is left out: it repeats \"x\"") { "\(Double($0 * 7 % 40) / 8)" },
            make("thousands", 1, "column \"c\": amounts as 1,234.5") { "\"1,\(100 + $0 * $0 % 31)\"" },
            make("some thousands", 1, "column \"c\": amounts as 1,234.5") { $0 == 17 ? "\"1,234\"" : "\($0 * $0 % 31)" },
            make("decimal commas", 1, "column \"c\": numbers with a decimal comma", separator: ";") { "3,\($0 * $0 % 31)" },
            make("percent", 1, "column \"c\": amounts") { "\($0 * $0 % 31)%" },
            make("dollars", 1, "column \"c\": amounts") { "$\($0 * $0 % 31).50" },
            make("two currencies are text", 4, "") { $0 % 2 == 0 ? "$\($0 % 4)" : "€\($0 % 4)" },
            make("yes and no", 1, "column \"c\": yes or no as a number, 1 for yes") { $0 % 3 == 0 ? "Yes" : "no" },
            make("true and false", 1, "column \"c\": yes or no") { $0 % 3 == 0 ? "TRUE" : "false" },
            make("dates", 4, "column \"c\": dates as 2024-01-31 as year, month, weekday") { "20\(10 + $0 % 9)-0\(1 + $0 % 7)-15" },
            make("days first", 4, "column \"c\": dates with the day first") { "\(1 + $0 % 28)/\(1 + $0 % 12)/2020" },
            make("months first", 4, "column \"c\": dates with the month first") { "\(1 + $0 % 12)/\(1 + $0 % 28)/2020" },
            make("unclear dates", 0, "the day or the month of its dates may come first") { "\(1 + $0 % 12)/\(1 + $0 % 11)/2020" },
            make("spellings of missing", 2, "missing values are filled in and marked: \"c\" (12)") {
                $0 < 12 ? ["", "NA", "n/a", "null", "none", "-", "?", "NaN", "nil", "N/A", ".", "unknown"][$0] : "\($0 * $0 % 31)"
            },
            make("missing texts", 3, "missing values are filled in and marked: \"c\" (2)") { $0 == 1 ? "NA" : $0 == 2 ? "" : "c\($0 % 2)" },
            make("none may be a text", 3, "") { ["none", "wood", "stone"][$0 % 3] },
            make("an answer", 1, "column \"c\" alone explains 100 % of the target") { ["1", "2"][$0 * $0 / 3 % 2] },
        ]
    }()

    @Test(arguments: cases) func tellsWhatAColumnIs(_ example: Case) throws {
        let data = try load(example.text)
        #expect(data.training.sampleShape == [1 + example.width], "\(data.notes)")
        let says = example.note.isEmpty ? data.notes.count == 1 : data.notes.contains { $0.contains(example.note) }
        #expect(says, "\(data.notes)")
    }

    @Test func manyTextsKeepTheFrequentOnes() throws {
        // Ten texts occur ten times, and a hundred once.
        let rows = (0..<200).map { "\($0 * 7 % 31),\($0 < 100 ? "common\($0 % 10)" : "rare\($0)"),\($0 * $0 % 3)\n" }
        let data = try load("x,c,y\n" + rows.joined())
        guard case .levels(let names, _, let other) = columns(data)[1].content else { throw RectifierError(.data, "no levels") }
        #expect(names == (0..<10).map { "common\($0)" } + ["other"] && other == 10)
        #expect(data.notes.contains { $0.hasPrefix("column \"c\": the 10 most frequent of its 110 texts are levels, \"other\" stands") })
        #expect(try data.preparation.features(of: ["1", "never seen"]).suffix(11) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    }

    @Test func settingsSayWhatColumnsAre() throws {
        let text = "id,zip,x,when,y\n" + (0..<30).map { "\($0),0\(2000 + $0 % 3),\($0 * 7 % 30),202401\(10 + $0 % 9),\($0 % 2)\n" }.joined()
        #expect(columns(try load(text)).map(\.name) == ["zip", "x", "when"])
        let data = try load(text) { $0.columns = ["id": .number, "zip": .text, "x": .ignore, "3": .date] }
        #expect(columns(data).map(\.name) == ["id", "zip", "when"])
        guard case .levels(names: ["02000", "02001", "02002"], _, _) = columns(data)[1].content, case .dates = columns(data)[2].content
        else {
            throw RectifierError(.data, "\(columns(data))")
        }
        #expect(columns(try load(text) { $0.features = ["x", "0"] }).map(\.name) == ["id", "x"])
        #expect(errorText { _ = try load(text) { $0.features = ["age"] } }.hasPrefix("t.csv: no column \"age\"; the columns are \"id\""))
        #expect(errorText { _ = try load(text) { $0.columns = ["y": .ignore] } }.contains("\"y\" is the target"))
        #expect(errorText { _ = try load(text) { $0.columns = ["x": .date] } }.contains("spells no dates"))
    }

    @Test func testFilesAreSpelledAlike() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<20).map { "\"$1,\(100 + $0 * 3 % 50)\",\($0 % 3 == 0 ? "yes" : "no"),2020-0\(1 + $0 % 9)-01,\"€2,\(200 + $0)\"\n" }
        try folder.write("a,b,d,y\n" + rows.joined(), to: "t.csv")
        try folder.write("y,d,b,a\n€5,2021-01-01,NO,7\n", to: "good.csv")
        try folder.write("a,b,d,y\n1,yes,01.02.2020,5\n", to: "bad.csv")
        let data = try folder.load("t.csv") { $0.validation = .source("good.csv") }
        #expect(data.heldOut?.count == 1 && data.preparation.task == .regression)
        let again = try JSONDecoder().decode(Preparation.self, from: JSONEncoder().encode(data.preparation))
        #expect(again == data.preparation)
        let message = errorText { _ = try data.preparation.dataset(reading: "bad.csv", needsTargets: false, relativeTo: folder.url) }
        #expect(message == "bad.csv line 2: \"01.02.2020\" in column \"d\", which holds dates as 2024-01-31; correct it")
    }

    @Test func honestColumnsGiveNothingAway() {
        let rows = (0..<Int32(500)).map { $0 }
        let target = rows.map { Double($0 % 97) }
        let noise = rows.map { Double($0 * 31 % 17) * 6 }
        let linear = GiveAway(targets: target, areClasses: false, rows: rows)
        #expect(linear.explained(by: target.map { 3 - 2 * $0 }, isText: false) > 0.999)
        #expect(linear.explained(by: zip(target, noise).map { $0 + $1 }, isText: false) < 0.7)
        #expect(linear.explained(by: noise, isText: false) < 0.1)
        // As many texts as rows explain nothing.
        #expect(linear.explained(by: rows.map(Double.init), isText: true) == 0)
    }
}
