import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct DatasetTests {
    @Test func refusesContradictions() {
        func check(_ count: Int, _ shape: [Int], _ features: Dataset.Features, _ targets: Dataset.Targets) -> String {
            errorText { _ = try Dataset(count: count, sampleShape: shape, features: features, targets: targets) }
        }
        #expect(check(0, [1], .floats([]), .none).contains("empty"))
        #expect(check(2, [2], .floats([1, 2, 3]), .none).contains("3 features do not make 2 samples of the shape 2"))
        #expect(check(1, [0], .floats([]), .none).contains("impossible"))
        #expect(check(1, [Int.max, 3], .floats([]), .none).contains("impossible"))
        #expect(check(2, [2], .floats([1, 2, 3, .nan]), .none) == "sample 1: feature 1 is not a finite number")
        #expect(check(1, [1], .doubles([.infinity]), .none) == "sample 0: feature 0 is not a finite number")
        #expect(check(2, [1], .bytes([1, 2]), .classes([0], names: ["a"])).contains("1 labels for 2 samples"))
        #expect(
            check(2, [1], .bytes([1, 2]), .classes([0, 2], names: ["a", "b"]))
                == "sample 1: the label 2 is out of range; there are 2 classes, from 0")
        #expect(check(2, [1], .bytes([1, 2]), .classes([0, -1], names: ["a", "b"])).contains("label -1 is out of range"))
        #expect(check(2, [1], .bytes([1, 2]), .values([1, 2, 3], width: 2)).contains("3 target values"))
        #expect(check(2, [1], .bytes([1, 2]), .values([1, -.infinity], width: 1)) == "sample 1: its target is not a finite number")
        #expect(check(1, [1], .bytes([1]), .doubleValues([.nan], width: 1)).contains("not a finite"))
        #expect(check(2, [1], .bytes([1, 2]), .values([1, 2], width: 1)) == "no error")
    }

    @Test func selectsSamples() throws {
        let set = try Dataset(
            count: 3, sampleShape: [2], features: .bytes([1, 2, 3, 4, 5, 6]), targets: .classes([0, 1, 0], names: ["a", "b"]))
        let some = try set.selecting([2, 1])
        #expect(some.floats == [5, 6, 3, 4] && some.labels == [0, 1])
        #expect(errorText { _ = try set.selecting([3]) }.contains("no sample 3"))
    }
}

@Suite struct PreparationTests {
    static let preparation = try! Preparation(
        input: .table(
            layout: .init(
                columns: [
                    .init(name: "x", index: 0, content: .numbers(mean: 0.1, deviation: 1 / 3)),
                    .init(name: "c", index: 2, content: .levels(names: ["a", "b"], fill: 1)),
                ], fieldCount: 3, targetIndices: [1], targetNames: ["y"], hasHeader: true, separator: ";")),
        target: .values(columns: [.init(name: "y", mean: 1e-300, deviation: 5)]), missing: .mean)

    @Test func survivesJSON() throws {
        let encoded = try JSONEncoder().encode(PreparationTests.preparation)
        #expect(!String(decoding: encoded, as: UTF8.self).contains("\"_0\""))
        let decoded = try JSONDecoder().decode(Preparation.self, from: encoded)
        #expect(decoded == PreparationTests.preparation)
        #expect(decoded.inputShape == [3] && decoded.outputCount == 1 && decoded.task == .regression)
    }

    @Test func refusesDamage() {
        func damage(_ change: (inout Preparation.Layout) -> Void) -> String {
            let sound = PreparationTests.preparation
            guard case .table(var layout) = sound.input else { return "" }
            change(&layout)
            return errorText { _ = try Preparation(input: .table(layout: layout), target: sound.target, missing: sound.missing) }
        }
        #expect(damage { _ in } == "no error")
        #expect(damage { $0.columns[0].index = 3 }.contains("its columns"))
        #expect(damage { $0.columns[0].index = 1 }.contains("its columns"))
        #expect(damage { $0.columns[0].index = -1 }.contains("its columns"))
        #expect(damage { $0.columns[0].content = .numbers(mean: .nan, deviation: 1) }.contains("column \"x\""))
        #expect(damage { $0.columns[0].content = .numbers(mean: 0, deviation: 0) }.contains("column \"x\""))
        #expect(damage { $0.columns[1].content = .levels(names: ["a"], fill: 1) }.contains("column \"c\""))
        #expect(damage { $0.columns[1].content = .levels(names: ["a", "a"], fill: 1) }.contains("column \"c\""))
        #expect(damage { $0.columns = [] }.contains("its columns"))
        #expect(errorText { _ = try Preparation(input: .bytes(shape: [-1]), target: .classes(names: ["a"])) }.contains("its shape"))
        #expect(errorText { _ = try Preparation(input: .bytes(shape: [2]), target: .classes(names: [])) }.contains("its classes"))
    }

    /// What a file holds is checked as it is read: no such value comes into being.
    @Test func refusesDamageInFiles() throws {
        let sound = String(decoding: try JSONEncoder().encode(PreparationTests.preparation), as: UTF8.self)
        func damage(_ part: String, _ other: String) throws -> String {
            #expect(sound.contains(part), "\(sound)")
            let damaged = sound.replacing(part, with: other)
            return errorText { _ = try JSONDecoder().decode(Preparation.self, from: Data(damaged.utf8)) }
        }
        #expect(try damage("\"fill\":1", "\"fill\":2") == "the model's description of its data is damaged: column \"c\"")
        #expect(try damage("\"deviation\":5", "\"deviation\":-5").hasSuffix("damaged: its targets"))
        #expect(try damage("\"index\":2", "\"index\":-2").hasSuffix("damaged: its columns"))
        #expect(try damage("\"fieldCount\":3", "\"fieldCount\":1").hasSuffix("damaged: its columns"))
        #expect(try damage("[1]", "[1,0]").hasSuffix("damaged: its targets"))
    }
}
