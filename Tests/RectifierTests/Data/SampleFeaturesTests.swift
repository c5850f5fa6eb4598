import Foundation
import Testing

@testable import Rectifier

@Suite("Features of one sample")
struct SampleFeaturesTests {
    @Test func `are those of the file that holds it`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "rectifier-test-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        let fields = (0..<30).map { ["\(Double($0) / 7)", ["low", "mid", "high"][$0 * $0 % 3], $0 == 4 ? "" : "\($0 % 5)"] }
        let text = "size,kind,rooms,price\n" + fields.enumerated().map { "\($1.joined(separator: ",")),\($0 * 10)\n" }.joined()
        try Data(text.utf8).write(to: file)
        var settings = DataSettings()
        settings.source = file.path
        settings.missing = .mean
        let preparation = try LoadedData(settings, seed: 0).preparation
        let data = try preparation.dataset(reading: file.path, needsTargets: false).dataset
        guard case .floats(let expected) = data.features else { throw RectifierError(.data, "features are no floats") }
        let width = data.width
        #expect(try fields.flatMap { try preparation.features(of: $0) } == expected)
        #expect(try preparation.features(of: ["1", "none of them", "2"])[1..<width - 1].allSatisfy { $0 == 0 })
        for wrong in [["1", "low"], ["one", "low", "2"], ["1e999", "low", "2"]] {
            #expect(throws: RectifierError.self) { try preparation.features(of: wrong) }
        }
        #expect(throws: RectifierError.self) { try preparation.features(of: [1, 2, 3]) }
        var strict = preparation
        strict.missing = nil
        #expect(throws: RectifierError.self) { try strict.features(of: fields[4]) }
        #expect(try strict.features(of: fields[5]) == Array(expected[5 * width..<6 * width]))
    }

    @Test func `of numbers are standardised, of pixels scaled`() throws {
        let numbers = Preparation(input: .numbers(shape: [2], mean: 3, deviation: 2), target: .classes(names: ["a", "b"]), missing: nil)
        #expect(try numbers.features(of: [3, 7]) == [0, 2])
        #expect(throws: RectifierError.self) { try numbers.features(of: [3]) }
        #expect(throws: RectifierError.self) { try numbers.features(of: [3, .nan]) }
        #expect(throws: RectifierError.self) { try numbers.features(of: ["3", "7"]) }
        let pixels = Preparation(input: .bytes(shape: [1, 2]), target: .classes(names: ["a", "b"]), missing: nil)
        #expect(try pixels.features(of: [255, 51]) == [1, Float(51 * Dataset.byteScale)])
    }
}
