import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct TableTests {
    /// Loads a file that holds the text, with nothing held out unless the settings say otherwise.
    func load(_ text: String, _ files: [String: String] = [:], _ change: (inout DataSettings) -> Void = { _ in }) throws -> LoadedData {
        let folder = try TemporaryFolder()
        try folder.write(text, to: "t.csv")
        for (name, text) in files { try folder.write(text, to: name) }
        return try folder.load("t.csv") { settings in
            settings.validation = .share(0)
            change(&settings)
        }
    }

    @Test func standardizesNumbersAndSpreadsCategories() throws {
        let data = try load("x,colour,y\n1,red,a\n2,blue,b\n3,red,a\n6,green,b\n")
        let deviation = Float(3.5.squareRoot())
        #expect(data.training.sampleShape == [4])
        // blue, green, red in that order after the number.
        let expected: [Float] = [-2 / deviation, 0, 0, 1, -1 / deviation, 1, 0, 0, 0, 0, 0, 1, 3 / deviation, 0, 1, 0]
        #expect(zip(data.training.floats, expected).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(data.training.labels == [0, 1, 0, 1])
        #expect(data.preparation.classNames == ["a", "b"])
        #expect(data.preparation.inputShape == [4])
        #expect(data.notes[0].hasPrefix("classification, 2 classes"))
    }

    @Test func choosesTheTargetByNameAndNumber() throws {
        let text = "x,y,z\n" + (0..<8).map { "\($0),\($0 % 2),\(Double($0) / 4)\n" }.joined()
        #expect(try load(text) { $0.target = "y" }.preparation.classNames == ["0", "1"])
        #expect(try load(text) { $0.target = "1" }.preparation.classNames == ["0", "1"])
        #expect(try load(text).preparation.task == .regression)
        #expect(errorText { _ = try load(text) { $0.target = "w" } } == #"t.csv: no column "w" to predict; the columns are "x", "y", "z""#)
        #expect(errorText { _ = try load(text) { $0.target = "3" } }.contains(#"no column "3""#))
    }

    @Test func choosesTheTask() throws {
        func preparation(_ targets: [String], _ task: DataSettings.Task? = nil) throws -> Preparation {
            try load("x,y\n" + targets.enumerated().map { "\($0),\($1)\n" }.joined()) { $0.task = task }.preparation
        }
        #expect(try preparation(["0", "1", "1", "0"]).classNames == ["0", "1"])
        #expect(try preparation(["10", "9", "2", "10", "9", "2"]).classNames == ["2", "9", "10"])
        #expect(try preparation(["1.0", "2.0", "1.0", "2.0"]).classNames == ["1", "2"])
        #expect(try preparation(["1", "2", "3", "4"]).task == .regression)
        #expect(try preparation(["0.5", "1", "0.5", "1"]).task == .regression)
        #expect(try preparation(["0", "1", "1", "0"], .regression).task == .regression)
        #expect(try preparation(["0.5", "1", "0.5", "1"], .classification).classNames == ["0.5", "1"])
        #expect(
            errorText { _ = try preparation(["a", "b", "a", "b"], .regression) }.contains(
                "holds text (\"a\"), and regression needs numbers"))
        #expect(errorText { _ = try preparation(["a", "a", "a"]) }.contains("every row has the class \"a\" in column \"y\""))
        #expect(errorText { _ = try preparation(["2.5", "2.5", "2.5"]) }.contains("every row has the same value in column \"y\""))
        #expect(errorText { _ = try preparation((0..<30).map { "name\($0)" }) }.contains("30 different values in 30 rows"))
    }

    @Test func scalesTheTargetAndKeepsItsUnit() throws {
        let data = try load("x,y\n1,100\n2,200\n3,600\n4,700.5\n")
        guard case .values(let columns) = data.preparation.target else {
            Issue.record("regression is expected")
            return
        }
        #expect(columns[0].name == "y")
        #expect(columns[0].mean == 400.125)
        #expect(zip(data.training.values, [100, 200, 600, 700.5]).allSatisfy { abs(columns[0].original(Double($0)) - $1) < 1e-3 })
        #expect(abs(data.training.values.reduce(0, +)) < 1e-6)
    }

    @Test func learnsFromTheTrainingSplitAlone() throws {
        let rows = (0..<50).map { i in "\(i * i),\(i % 5 == 0 ? "rare\(i)" : "usual"),\(Double(i) + 0.5)\n" }
        let data = try load("x,c,y\n" + rows.joined()) { $0.validation = .share(0.2) }
        let heldOut = try #require(data.heldOut)
        #expect(data.training.count == 40 && heldOut.count == 10)
        guard case .table(let layout) = data.preparation.input, case .numbers(let mean, let deviation) = layout.columns[0].content,
            case .levels(let names, _, _) = layout.columns[1].content
        else {
            Issue.record("\(data.preparation)")
            return
        }
        let width = layout.width
        let column = (0..<40).map { Double(data.training.floats[$0 * width]) }
        #expect(abs(column.reduce(0, +)) < 1e-4)
        let squares = column.reduce(0.0) { $0 + $1 * $1 }
        #expect(abs(squares - 40) < 1e-3)
        // The whole file has another mean.
        let original = (0..<40).map { (Double(data.training.floats[$0 * width]) * deviation + mean).rounded() }
        let wholeMean = (0..<50).reduce(0.0) { $0 + Double($1 * $1) } / 50
        #expect(original.reduce(0, +) / 40 != wholeMean)
        // What occurs only among the rows held out is no level, and all zeros there.
        #expect(names.count < 11)
        #expect((1..<width).allSatisfy { level in (0..<40).contains { row in data.training.floats[row * width + level] == 1 } })
        let areUnknown = (0..<10).map { row in heldOut.floats[(row * width + 1)..<((row + 1) * width)].allSatisfy { $0 == 0 } }
        #expect(areUnknown.contains(true))
    }

    @Test func drawsTheSplitByTheSeed() throws {
        func heldOut(_ seed: UInt64, _ share: Double) throws -> Split {
            try Split((0..<100).map { Int32($0) }, share: share, seed: seed, name: "t")
        }
        #expect(try heldOut(1, 0.2).heldOut == heldOut(1, 0.2).heldOut)
        #expect(try heldOut(1, 0.2).heldOut != heldOut(2, 0.2).heldOut)
        let split = try heldOut(1, 0.25)
        #expect(split.heldOut.count == 25)
        #expect((split.heldOut + split.training).sorted() == (0..<100).map { Int32($0) })
        #expect(try heldOut(1, 0.0001).heldOut.count == 1)
        #expect(try heldOut(1, 0.9999).training.count == 1)
        #expect(try heldOut(1, 0).heldOut.isEmpty)
        for share in [-0.1, 1, .nan] { #expect(errorText { _ = try heldOut(1, share) }.contains("must be a share from 0 to below 1")) }
        #expect(errorText { _ = try Split([0], share: 0.5, seed: 0, name: "t") }.contains("a single row cannot be split"))
        // Every row is held out equally often.
        var times = [Int](repeating: 0, count: 100)
        for seed in 0..<2000 { for row in try heldOut(UInt64(seed), 0.2).heldOut { times[Int(row)] += 1 } }
        #expect(times.allSatisfy { abs($0 - 400) < 90 })
    }

    static let gaps = "x,c,y\n1,a,p\n,b,q\n3,,p\n5,b,q\n"

    @Test func refusesMissingValuesWhereThatIsAsked() {
        #expect(
            errorText { _ = try load(TableTests.gaps) { $0.missing = .error } }
                == #"t.csv: 1 missing value in column "x" (first on line 3) and 1 in "c"; "#
                + "correct it, or leave the setting out and they are filled in")
        #expect(
            errorText { _ = try load("x,y\n1,p\n2,\n3,q\n") { $0.missing = .error } }.contains(
                #"1 missing value in column "y" (first on line 3)"#))
    }

    @Test func fillsAndMarksMissingValuesByDefault() throws {
        let data = try load(TableTests.gaps)
        // x, whether x is missing, and c, whose levels are the missing one, a and b.
        #expect(data.training.sampleShape == [5])
        #expect(Array(data.training.floats[5..<7]) == [0, 1])
        #expect(data.training.floats[1] == 0)
        #expect(
            (0..<4).map { Array(data.training.floats[(5 * $0 + 2)..<(5 * $0 + 5)]) } == [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 0, 1]])
        #expect(data.notes.contains(#"missing values are filled in and marked: "x" (1), "c" (1)"#))
        // Rows without a target are left out.
        #expect(try load("x,y\n1,p\n2,\n3,q\n").training.count == 2)
        // Nothing was missing in training: the mean is all that is left.
        let whole = try load("x,y\n1,p\n2,q\n3,p\n5,q\n", ["n.csv": "x,y\nN/A,p\n"]) { $0.test = "n.csv" }
        #expect(whole.heldOut.map { $0.floats } == [0] && whole.training.sampleShape == [1])
    }

    @Test func moreTextsThanAreKeptAreNotCalledMissing() {
        let rows = (0..<70_000).map { "\($0),n\($0)\n" }.joined()
        let message = errorText { _ = try load("x,y\n" + rows) { $0.task = .classification } }
        #expect(message.contains(#"column "y" has more than 65536 different values, which are no classes"#), "\(message)")
    }

    @Test func fillsOrDropsMissingValues() throws {
        let filled = try load(TableTests.gaps) { $0.missing = .mean }
        #expect(filled.training.count == 4)
        // The mean is 3, the most frequent level b.
        #expect(filled.training.floats[3] == 0)
        #expect(Array(filled.training.floats[6...8]) == [0, 0, 1])
        let dropped = try load(TableTests.gaps) { $0.missing = .drop }
        #expect(dropped.training.count == 2)
        #expect(dropped.notes.contains("t.csv: 2 of 4 rows are left out for missing values"))
        // A target cannot be made up.
        let target = try load("x,y\n1,p\n2,\n3,q\n") { $0.missing = .mean }
        #expect(target.training.count == 2)
    }

    @Test func leavesOutColumnsThatSayNothing() throws {
        let text = "id,empty,x,y\n" + (0..<60).map { "name \($0),,\($0),\($0 % 2)\n" }.joined()
        let data = try load(text)
        #expect(data.training.sampleShape == [1])
        #expect(data.notes.contains(#"column "id" is left out: an identifier, another value in each row"#))
        #expect(data.notes.contains(#"column "empty" is left out: no values"#))
        #expect(errorText { _ = try load("y\na\nb\n") }.contains("no column to learn from"))
    }

    @Test func constantColumnsBecomeZerosWhereTheyAreKept() throws {
        let text = "x,k,y\n1,0.1,a\n2,0.1,b\n3,0.1,a\n"
        let data = try load(text) { $0.columns = ["k": .number] }
        #expect((0..<3).allSatisfy { data.training.floats[2 * $0 + 1] == 0 })
        let without = try load(text)
        #expect(without.training.sampleShape == [1])
        #expect(without.notes.contains(#"column "k" is left out: the same value in all training rows"#))
    }

    @Test func readsATestFile() throws {
        let training = "x,c,y\n1,a,p\n2,b,q\n3,a,p\n4,b,q\n"
        let data = try load(training, ["test.csv": "y,c,x\nq,z,2.5\np,a,1\n"]) {
            $0.test = "test.csv"
            $0.validation = nil
        }
        #expect(data.training.count == 4)
        #expect(data.validation == nil)
        #expect(data.heldOut?.labels == [1, 0])
        #expect(data.heldOut.map { Array($0.floats[0..<3]) } == [0, 0, 0])
        #expect(data.notes.contains(#"test.csv: 1 value in column "c" did not occur in training and count as none of its levels"#))
        #expect(
            errorText { _ = try load(training, ["t2.csv": "x,c,y\n1,a,r\n"]) { $0.test = "t2.csv" } }.contains(
                #"t2.csv line 2: the class "r" is out of range"#))
        #expect(
            errorText { _ = try load(training, ["t2.csv": "x,c,y\nabc,a,p\n"]) { $0.test = "t2.csv" } }
                == #"t2.csv line 2: "abc" in column "x", which holds numbers; correct it"#)
        #expect(
            errorText { _ = try load(training, ["t2.csv": "x,d,y\n1,a,p\n"]) { $0.test = "t2.csv" } }.contains(
                #"no column "c", which the model needs"#))
        let strict: (inout DataSettings) -> Void = {
            $0.test = "t2.csv"
            $0.missing = .error
        }
        #expect(
            errorText { _ = try load(training, ["t2.csv": "x,c,y\n,a,p\n"], strict) }.contains(
                #"t2.csv: 1 missing value in column "x" (first on line 2)"#))
        #expect(errorText { _ = try load(training, ["t2.csv": "x,c,y\n"]) { $0.test = "t2.csv" } }.contains("t2.csv: has no rows of data"))
        #expect(errorText { _ = try load(training, [:]) { $0.test = "t3.csv" } }.hasPrefix("t3.csv: no such file"))
    }

    @Test func validatesOnAShareOrAFileBesideATest() throws {
        let training = "x,y\n" + (0..<10).map { "\($0),\($0 % 2 == 0 ? "p" : "q")\n" }.joined()
        let files = ["a.csv": "x,y\n1,p\n", "b.csv": "x,y\n1,p\n2,q\n"]
        let share = try load(training, files) {
            $0.test = "a.csv"
            $0.validation = .share(0.3)
        }
        #expect(share.training.count == 7 && share.validation?.count == 3 && share.heldOut?.count == 1)
        let file = try load(training, files) {
            $0.test = "a.csv"
            $0.validation = .source("b.csv")
        }
        #expect(file.training.count == 10 && file.validation?.count == 2 && file.heldOut?.count == 1)
        let alone = try load(training, files) { $0.validation = .source("b.csv") }
        #expect(alone.training.count == 10 && alone.validation == nil && alone.heldOut?.count == 2)
        #expect(try load(training) { $0.validation = nil }.heldOut?.count == 2)
    }

    @Test func predictsForFilesWithAndWithoutTarget() throws {
        let folder = try TemporaryFolder()
        try folder.write("y,x,c\n" + (0..<9).map { "\($0 % 2),\($0),\($0 % 3 == 0 ? "a" : "b")\n" }.joined(), to: "t.csv")
        let model = try folder.load("t.csv") {
            $0.target = "y"
            $0.validation = .share(0)
        }
        try folder.write("c,x\nb,4\n", to: "names.csv")
        try folder.write("4,b\n", to: "places.csv")
        try folder.write("junk,4,b\n", to: "all.csv")
        func features(_ file: String, header: Bool? = nil) throws -> [Float] {
            try model.preparation.dataset(reading: file, needsTargets: false, header: header, relativeTo: folder.url).dataset.floats
        }
        #expect(try features("names.csv") == [0, 0, 1])
        #expect(try features("places.csv", header: false) == [0, 0, 1])
        #expect(try features("all.csv", header: false) == [0, 0, 1])
        #expect(errorText { _ = try features("places.csv") }.contains("no column"))
        try folder.write("1,2,3,4\n", to: "wide.csv")
        #expect(
            errorText { _ = try features("wide.csv", header: false) }
                == "wide.csv: has 4 columns, the model takes 3 (or 2 without the target)")
        #expect(
            errorText { _ = try model.preparation.dataset(reading: "names.csv", needsTargets: true, relativeTo: folder.url) }.contains(
                #"no column "y""#))
        try folder.write(idx([1, 2, 2], [1, 2, 3, 4]), to: "tiny-images-idx3-ubyte")
        #expect(
            errorText { _ = try features("tiny-images-idx3-ubyte") }.contains(
                "its samples have the shape 2 × 2, the model takes rows of 2 columns"))
    }

    /// What is standardized for a network of doubles is no float on the way.
    @Test func float64KeepsDoubles() throws {
        let folder = try TemporaryFolder()
        let x: [Double] = (0..<12).map { 0.1 * Double($0 * $0) }, y: [Double] = (0..<12).map { 1.1 - 0.37 * Double($0) }
        let lines: [String] = zip(x, y).map { (x: Double, y: Double) -> String in "\(x),\(x > 2 ? "a" : "b"),\(y)\n" }
        try folder.write("x,t,y\n" + lines.joined(), to: "t.csv")
        var settings = DataSettings()
        settings.source = "t.csv"
        settings.validation = .share(0)
        let data = try LoadedData(settings, seed: 0, precision: .float64, relativeTo: folder.url)
        let again = try data.preparation.dataset(reading: "t.csv", needsTargets: true, precision: .float64, relativeTo: folder.url).dataset
        guard case .table(let layout) = data.preparation.input, case .numbers(let mean, let deviation) = layout.columns[0].content else {
            Issue.record("no table of numbers")
            return
        }
        let target = try #require(data.preparation.targetValues)[0]
        for set in [data.training, again] {
            guard case .doubles(let features) = set.features, case .doubleValues(let targets, width: 1) = set.targets else {
                Issue.record("no doubles")
                return
            }
            let prepared: [[Double]] = x.map { (x: Double) -> [Double] in [(x - mean) / deviation, x > 2 ? 1 : 0, x > 2 ? 0 : 1] }
            #expect(features == prepared.flatMap { $0 })
            let scaled: [Double] = y.map { ($0 - target.mean) / target.deviation }
            #expect(targets == scaled)
        }
        let floats = try LoadedData(settings, seed: 0, relativeTo: folder.url)
        #expect(floats.training.floats == data.training.floats && floats.preparation == data.preparation)
        guard case .floats = floats.training.features, case .values = floats.training.targets else {
            Issue.record("float32 takes no doubles")
            return
        }
    }

    @Test func generatedSetsComePrepared() throws {
        let name = GeneratedData.names[0]
        let folder = try TemporaryFolder()
        let data = try folder.load(name) { $0.samples = 50 }
        #expect(data.training.count == 50)
        #expect(data.heldOut != nil)
        let held = try folder.load(name) {
            $0.samples = 50
            $0.validation = .share(0.2)
        }
        #expect(held.training.count == 40 && held.validation?.count == 10 && held.heldOut != nil)
        let again = try data.preparation.dataset(reading: name, needsTargets: true)
        #expect(again.dataset.count > 0)
        #expect(errorText { _ = try folder.load("digts") }.contains("no such file or folder, and no generated set"))
    }
}
