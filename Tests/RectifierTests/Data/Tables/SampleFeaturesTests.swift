import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite("Features of one sample")
struct SampleFeaturesTests {
    @Test func `are those of the file that holds it`() throws {
        let folder = try TemporaryFolder()
        let fields = (0..<30).map { ["\(Double($0) / 7)", ["low", "mid", "high"][$0 * $0 % 3], $0 == 4 ? "" : "\($0 % 5)"] }
        let text = "size,kind,rooms,price\n" + fields.enumerated().map { "\($1.joined(separator: ",")),\($0 * 10)\n" }.joined()
        try folder.write(text, to: "t.csv")
        let preparation = try folder.load("t.csv") { $0.missing = .mean }.preparation
        let data = try preparation.dataset(reading: "t.csv", needsTargets: false, relativeTo: folder.url).dataset
        guard case .floats(let expected) = data.features else { throw RectifierError(.data, "features are no floats") }
        let width = data.width
        #expect(try fields.flatMap { try preparation.features(of: $0) } == expected)
        #expect(try preparation.features(of: ["1", "none of them", "2"])[1..<width - 1].allSatisfy { $0 == 0 })
        for wrong in [["1", "low"], ["one", "low", "2"], ["1e999", "low", "2"]] {
            #expect(throws: RectifierError.self) { try preparation.features(of: wrong) }
        }
        #expect(throws: RectifierError.self) { try preparation.features(of: [1, 2, 3]) }
        let strict = try Preparation(input: preparation.input, target: preparation.target, missing: .error)
        #expect(throws: RectifierError.self) { try strict.features(of: fields[4]) }
        #expect(try strict.features(of: fields[5]) == Array(expected[5 * width..<6 * width]))
    }

    @Test func `are those of the file, whatever the columns hold`() throws {
        let folder = try TemporaryFolder()
        let fields = (0..<40).map { row in
            [
                row == 3 ? "NA" : "\(1 + row % 28).\(1 + row % 12).20\(10 + row % 7)", row == 5 ? "-" : "1,\(100 + row * row) €",
                row % 3 == 0 ? "Yes" : "no", row == 7 ? "null" : "c\(row % 4)",
            ]
        }
        let lines = fields.enumerated().map { "\($1.joined(separator: ";"));\($0 * $0 % 17)\n" }
        try folder.write("day;price;member;kind;y\n" + lines.joined(), to: "t.csv")
        let preparation = try folder.load("t.csv") { $0.validation = .share(0) }.preparation
        let data = try preparation.dataset(reading: "t.csv", needsTargets: false, relativeTo: folder.url).dataset
        // Four of the date, one of each other number, five levels, and a mark for the missing date and price.
        #expect(data.width == 4 + 1 + 1 + 1 + 1 + 5)
        #expect(try fields.flatMap { try preparation.features(of: $0) } == data.floats)
        #expect(throws: RectifierError.self) { try preparation.features(of: ["2020-02-01", "1", "no", "c1"]) }
    }

    @Test func `of numbers are standardized, of pixels scaled`() throws {
        let numbers = try Preparation(input: .numbers(shape: [2], mean: 3, deviation: 2), target: .classes(names: ["a", "b"]))
        #expect(try numbers.features(of: [3, 7]) == [0, 2])
        #expect(throws: RectifierError.self) { try numbers.features(of: [3]) }
        #expect(throws: RectifierError.self) { try numbers.features(of: [3, .nan]) }
        #expect(throws: RectifierError.self) { try numbers.features(of: ["3", "7"]) }
        let pixels = try Preparation(input: .bytes(shape: [1, 2]), target: .classes(names: ["a", "b"]))
        #expect(try pixels.features(of: [255, 51]) == [1, Float(51 * Dataset.byteScale)])
    }
}
