import Foundation
import TestSupport
import Testing

/// Mistakes that people make with tables and with the command line, and files that are not what they seem. Each is
/// answered with one line that says what to do.
@Suite struct TableMistakeTests {
    struct Mistake: CustomTestStringConvertible, Sendable {
        var arguments: String
        /// What the line must say.
        var says: String
        var code: Int32 = 1
        var testDescription: String { arguments }
    }

    private static let rows = (0..<12).map { "\($0 * 5 % 12),\($0 * $0 % 7),\($0 % 2)\n" }.joined()

    private static let texts: [(name: String, content: String)] = [
        ("good.csv", "a,b,y\n" + rows), ("twice.csv", "a,a,y\n" + rows), ("one.csv", "a,b,y\n1,2,3\n"), ("header.csv", "a,b,y\n"),
        ("empty.csv", ""), ("ragged.csv", "a,b,y\n1,2,3\n1,2\n"), ("quote.csv", "a,b,y\n1,\"2,3\n"),
        ("word.csv", "a,b,y\n" + rows + "x,1,0\n"), ("same.csv", "a,b,y\n1,2,3\n4,5,3\n7,9,3\n"),
        ("constant.csv", "a,y\n1,0\n1,1\n1,0\n1,1\n"), ("gap.csv", "a,b,y\n1,,0\n2,3,1\n4,4,0\n5,6,1\n"),
        ("text.csv", "a,b,y\n1,red,0\n2,blue,1\n3,red,0\n4,red,1\n"), ("names.csv", "y\nanna\nberta\n"),
        ("people.json", "[{\"a\": 1, \"y\": 2}]"), ("rows", "{\"a\": 1}\n{\"a\": 2}\n"), ("page.csv", "<!DOCTYPE html><html></html>"),
        ("t.parquet", "PAR1...."), ("t.feather", "ARROW1.."), ("t.db", "SQLite format 3"), ("t.pkl", "x"), ("t.pdf", "%PDF-1.7"),
        ("t.csv.bz2", "BZh91AY"),
    ]

    private static let binaries: [(name: String, content: [UInt8])] = [
        ("t.h5", [0x89, 0x48, 0x44, 0x46, 13, 10]), ("t.xls", [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1]), ("wide.csv", [0xff, 0xfe, 97, 0]),
        ("zeros.csv", [97, 44, 0, 10]), ("t.xlsx", zip(naming: "xl/workbook.xml")), ("t.zip", zip(naming: "t.csv")),
        ("t.ods", zip(naming: "content.xml")),
    ]

    /// An archive with one empty member.
    private static func zip(naming name: String) -> [UInt8] {
        let name = Array(name.utf8), length = [UInt8(name.count), 0], zeros = [UInt8](repeating: 0, count: 12)
        var local: [UInt8] = [0x50, 0x4b, 3, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        local += zeros + length
        local += [0, 0] + name
        var entry: [UInt8] = [0x50, 0x4b, 1, 2, 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        entry += zeros + length
        entry += [UInt8](repeating: 0, count: 16)
        entry += name
        let end: [UInt8] = [0x50, 0x4b, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, UInt8(entry.count), 0, 0, 0, UInt8(local.count), 0, 0, 0, 0, 0]
        return local + entry + end
    }

    static let data: [Mistake] = [
        Mistake(arguments: "twice.csv", says: "two columns are called \"a\"; give each a name of its own"),
        Mistake(arguments: "one.csv", says: "has a single row of data, which is too few to learn from"),
        Mistake(arguments: "header.csv", says: "has no rows of data"),
        Mistake(arguments: "empty.csv", says: "empty.csv: is empty"),
        Mistake(arguments: "ragged.csv", says: "ragged.csv line 3: 2 fields where the first row has 3; every row needs as many"),
        Mistake(arguments: "quote.csv", says: "quote.csv line 2: a quoted field begins here and never ends; close the quote"),
        Mistake(arguments: "word.csv", says: "word.csv line 14: \"x\" in column \"a\", where 12 of 13 values are numbers; correct it"),
        Mistake(arguments: "same.csv --task regression", says: "every row has the same value in column \"y\"; there is nothing to learn"),
        Mistake(arguments: "constant.csv", says: "has no column to learn from beside the target"),
        Mistake(arguments: "names.csv", says: "has no column to learn from beside the target"),
        Mistake(arguments: "gap.csv --missing error", says: "1 missing value in column \"b\" (first on line 2); correct it, or leave"),
        Mistake(arguments: "text.csv --task regression --target b", says: "holds text (\"red\"), and regression needs numbers"),
        Mistake(arguments: "good.csv --target z", says: "no column \"z\" to predict; the columns are \"a\", \"b\", \"y\""),
        Mistake(arguments: "good.csv --ignore z", says: "no column \"z\"; the columns are \"a\", \"b\", \"y\""),
        Mistake(arguments: "good.csv --features a,z", says: "no column \"z\"; the columns are \"a\", \"b\", \"y\""),
        Mistake(arguments: "good.csv --ignore y", says: "column \"y\" is the target, and nothing else"),
        Mistake(arguments: "good.csv --ignore a,b", says: "has no column to learn from beside the target"),
        Mistake(arguments: "good.csv --weights a --features a,b", says: "column \"a\" has the weights, and nothing else"),
        Mistake(arguments: "good.csv --target b --threshold 0.3", says: "a threshold tells two classes apart, and the data"),
        Mistake(arguments: "good.csv --threshold 1.5", says: "a threshold must be a probability above 0 and below 1, not 1.5"),
        Mistake(arguments: "digits --ignore a", says: "columns is for tables; the data is the generated set 'digits'"),
        Mistake(arguments: "people.json", says: "is JSON, which is not read; save it as CSV"),
        Mistake(arguments: "rows", says: "is JSON, which is not read; save it as CSV"),
        Mistake(arguments: "page.csv", says: "is a page or XML, which is not read"),
        Mistake(arguments: "t.parquet", says: "is a Parquet file, which is not read; save it as CSV"),
        Mistake(arguments: "t.feather", says: "is an Arrow file, which is not read; save it as CSV"),
        Mistake(arguments: "t.db", says: "is an SQLite database, which is not read; export a table as CSV"),
        Mistake(arguments: "t.pkl", says: "is a pickle, which is not read; save it as CSV"),
        Mistake(arguments: "t.pdf", says: "is a PDF file, which is not read"),
        Mistake(arguments: "t.csv.bz2", says: "is packed in another way than gzip, which is not read; unpack it first"),
        Mistake(arguments: "t.h5", says: "is an HDF5 file, which is not read; save its arrays as .npy or .npz"),
        Mistake(arguments: "t.xls", says: "is a spreadsheet, which is not read; open it and save the sheet as CSV"),
        Mistake(arguments: "t.xlsx", says: "is a spreadsheet, which is not read; open it and save the sheet as CSV"),
        Mistake(arguments: "t.ods", says: "is a spreadsheet, which is not read; open it and save the sheet as CSV"),
        Mistake(arguments: "t.zip", says: "is a zip archive, which is not read; unpack it, or pack"),
        Mistake(arguments: "wide.csv", says: "is UTF-16 text; save it as UTF-8"),
        Mistake(arguments: "zeros.csv", says: "is not text, so it cannot be read as a table"),
        Mistake(arguments: "nowhere.csv", says: "nowhere.csv: no such file or folder"),
    ].map { Mistake(arguments: "train --epochs 1 --data " + $0.arguments, says: $0.says, code: $0.code) }

    static let words: [Mistake] = [
        Mistake(arguments: "fit good.csv", says: "did you mean 'RECTIFIER train --data good.csv'?"),
        Mistake(arguments: "train good.csv --epochs 3", says: "did you mean 'RECTIFIER train --data good.csv --epochs 3'?"),
        Mistake(arguments: "tune --trials 3 good.csv", says: "did you mean 'RECTIFIER tune --trials 3 --data good.csv'?"),
        Mistake(arguments: "fit --data good.csv", says: "there is no command 'fit'; did you mean 'RECTIFIER train --data good.csv'?"),
        Mistake(arguments: "trian", says: "there is no command 'trian'; did you mean 'RECTIFIER train'?"),
        Mistake(arguments: "score model", says: "did you mean 'RECTIFIER evaluate model'?"),
        Mistake(arguments: "good.csv", says: "a command comes first; did you mean 'RECTIFIER train --data good.csv'?"),
        Mistake(arguments: "good.csv --target y", says: "did you mean 'RECTIFIER train --data good.csv --target y'?"),
        Mistake(arguments: "--data good.csv", says: "did you mean 'RECTIFIER train --data good.csv'?"),
        Mistake(arguments: "digits.rectifier", says: "did you mean 'RECTIFIER inspect digits.rectifier'?"),
        Mistake(arguments: "nonsense", says: "there is no command 'nonsense'; there are train, tune"),
        Mistake(arguments: "train --lr 0.1", says: "there is no --lr; did you mean --learning-rate?"),
        Mistake(arguments: "train --gpu", says: "there is no --gpu: Rectifier computes on the CPU; leave it out"),
        Mistake(arguments: "train --plot", says: "there is no --plot: train --tensorboard FOLDER draws curves"),
        Mistake(arguments: "train --cv 5", says: "there is no --cv: train --folds N trains a network"),
        Mistake(arguments: "train --random_state=1", says: "there is no --random_state; did you mean --seed?"),
        Mistake(arguments: "evaluate model --proba", says: "evaluate has no --proba; predict has --probabilities"),
        Mistake(arguments: "evaluate model --epochs 3", says: "evaluate has no --epochs; train has --epochs"),
    ].map { Mistake(arguments: $0.arguments, says: $0.says, code: 64) }

    @Test(arguments: data + words) func isAnsweredInALine(_ mistake: Mistake) throws {
        let folder = try TemporaryFolder()
        for file in TableMistakeTests.texts { try folder.write(file.content, to: file.name) }
        for file in TableMistakeTests.binaries { try folder.write(file.content, to: file.name) }
        let run = try CommandRun(mistake.arguments.split(separator: " ").map(String.init), in: folder)
        #expect(run.code == mistake.code)
        #expect(run.errorLines.count == 1 && run.output.isEmpty, "\(run.errors)")
        let line = run.errors.replacing(commandURL.path, with: "RECTIFIER")
        #expect(line.hasPrefix("rectifier: error: ") && line.contains(mistake.says), "\(line)")
    }

    // MARK: What is no mistake

    @Test func aFolderBehindALinkIsRead() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(at: folder.url("images"), withIntermediateDirectories: false)
        try folder.write(
            [0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0, 2] + (0..<48).map { UInt8($0) }, to: "images/train-images-idx3-ubyte")
        try folder.write([0, 0, 8, 1, 0, 0, 0, 12] + (0..<12).map { UInt8($0 % 2) }, to: "images/train-labels-idx1-ubyte")
        try FileManager.default.createSymbolicLink(at: folder.url("link"), withDestinationURL: folder.url("images"))
        let run = try CommandRun(["train", "--data", "link", "--validation", "0", "--epochs", "1", "--layers", "2", "--quiet"], in: folder)
        #expect(run.code == 0, "\(run.errors)")
    }

    @Test func aRecipesFilesAreBesideIt() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(at: folder.url("study"), withIntermediateDirectories: false)
        try folder.write("a,b,y\n" + TableMistakeTests.rows, to: "study/good.csv")
        try folder.write(#"{"data": {"source": "good.csv"}, "training": {"epochs": 1}}"#, to: "study/recipe.json")
        let run = try CommandRun(["train", "--recipe", "study/recipe.json", "--quiet", "--output", "model"], in: folder)
        #expect(run.code == 0, "\(run.errors)")
        // Where the model's recipe is read, its file is found from the working directory.
        let again = try CommandRun(["train", "--recipe", "model/recipe.json", "--quiet", "--output", "second"], in: folder)
        #expect(again.code == 0, "\(again.errors)")
    }

    @Test func predictionsStandBesideWhatIsKept() throws {
        let folder = try TemporaryFolder()
        let lines = (0..<20).map { "\"n, \($0)\",\($0 * 7 % 20),\($0 % 2 == 0 ? "no" : "yes")\n" }.joined()
        try folder.write("name,x,y\n" + lines, to: "t.csv")
        let trained = try CommandRun(["train", "--data", "t.csv", "--epochs", "1", "--quiet", "--output", "model"], in: folder)
        #expect(trained.code == 0, "\(trained.errors)")
        let piped = try CommandRun(shell: "cat t.csv | \"$RECTIFIER\" predict model --data - --keep name,x --probabilities", in: folder)
        #expect(piped.code == 0 && piped.errors.isEmpty, "\(piped.errors)")
        #expect(piped.outputLines.count == 21 && piped.outputLines[0] == "name,x,prediction,no,yes")
        #expect(piped.outputLines[2].hasPrefix("\"n, 1\",7,"))
        let all = try CommandRun(shell: "\"$RECTIFIER\" predict model --data - --keep all < t.csv", in: folder)
        #expect(all.outputLines[0] == "name,x,y,prediction,probability")
        let objects = try CommandRun(["predict", "model", "--data", "t.csv", "--keep", "name", "--json"], in: folder).objects()
        #expect(objects.count == 20 && objects[3]["name"] as? String == "n, 3")
        let unknown = try CommandRun(["predict", "model", "--data", "t.csv", "--keep", "id"], in: folder)
        #expect(unknown.code == 1 && unknown.errors.contains("no column \"id\" to keep; the columns are \"name\", \"x\", \"y\""))
    }

    @Test func anotherRecipesModelIsKept() throws {
        let folder = try TemporaryFolder()
        try folder.write("a,b,y\n" + TableMistakeTests.rows, to: "t.csv")
        func train(_ flags: String...) throws -> CommandRun {
            try CommandRun(["train", "--data", "t.csv", "--epochs", "1", "--quiet", "--output", "model"] + flags, in: folder)
        }
        #expect(try train().code == 0)
        let refused = try train("--ignore", "b")
        #expect(
            refused.code == 1 && refused.errors.contains("holds the model of another recipe") && refused.errors.contains("(--overwrite)"))
        #expect(try train("--ignore", "b", "--overwrite").code == 0)
    }
}
