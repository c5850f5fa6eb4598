import Foundation

@testable import Rectifier

// The first byte of an input chooses the reader, the second its options, the rest is the file. An error that is thrown
// is what should happen; everything else (a crash, a hang, memory without end, an error of more than a line) is a find.

let readerCount: UInt8 = 13

/// `FUZZ_READER=2` keeps to one reader.
let onlyReader = ProcessInfo.processInfo.environment["FUZZ_READER"].flatMap { UInt8($0) }

func read(_ reader: UInt8, options: UInt8, _ input: [UInt8]) throws {
    let bytes = Bytes(input, name: "input")
    switch reader % readerCount {
    case 0: _ = try bytes.unpacked()
    case 1: _ = try IDX.array(bytes)
    case 2:
        // Behind a record separator stands a second file, read as the first one is understood.
        let parts = input.split(separator: 0x1e, maxSplits: 1, omittingEmptySubsequences: false)
        try readTable(Bytes(parts[0], name: "input"), second: parts.dropFirst().first.map { Bytes($0, name: "second") }, options)
    case 3: _ = try NPY.array(ByteReader(bytes))
    case 4:
        let needsTargets = options & 1 == 0
        let sources = try NPZ(bytes).sources(target: options & 2 == 0 ? nil : "z", needsTargets: needsTargets)
        guard let arrays = sources.training, needsTargets, arrays.targets != nil else { return }
        if arrays.isTable {
            let table = try arrays.table()
            let targets = Array(arrays.features.columnCount..<table.columns.count)
            let choice = ColumnChoice(targets: targets, columnCount: table.columns.count)
            _ = try table.fitted(choosing: choice, areLabels: arrays.areLabels, settings: settings(options), share: 0.2, seed: 1)
        } else {
            _ = try arrays.fitted(settings: settings(options), share: 0.2, seed: 1)
        }
    case 5:
        let file = try SafeTensors(input, name: "input")
        // What was read can be written and read again.
        _ = try SafeTensors(file.encoded(), name: "again")
    case 7:
        let recipe = try Recipe(json: Data(input))
        try recipe.validate()
        let again = try Recipe(json: recipe.json)
        precondition(again == recipe, "what is written is read back")
    case 8: try readModel(input, isCheckpoint: false)
    case 9: try readModel(input, isCheckpoint: true)
    case 10: _ = try DecodedImage(Bytes(withChecksums(input), name: "input"))
    case 11: _ = try JPEG.image(bytes)
    case 12: try readBatch(input, options)
    default:
        try JSONText.check(Data(input))
        let preparation = try JSONDecoder().decode(Preparation.self, from: Data(input))
        var notes: [String] = []
        _ = try preparation.dataset(.table(CSVFile(Bytes(Array("x,y,c\n1,2,a\n".utf8), name: "t"))), needsTargets: true, into: &notes)
    }
}

/// The fast reader, cut into small stretches, must see what the simple one sees.
private func readTable(_ bytes: Bytes, second: Bytes?, _ options: UInt8) throws {
    let separators = [nil, ",", ";", "tab", "|", " ", ":", "_"]
    let headers: [Bool?] = [nil, true, false]
    let file = try CSVFile(bytes, separator: separators[Int(options & 7)], header: headers[Int(options >> 3) % 3])
    var rowCount: Int?
    do { rowCount = try file.rows().count } catch is RectifierError {}
    let choice = ColumnChoice(targets: [Int(options) % file.columnNames.count], columnCount: file.columnNames.count)
    let table: Table
    do {
        table = try file.table(choosing: choice, stretch: max(1 + Int(options) * 3 % 61, bytes.count / 8))
    } catch let error as RectifierError {
        precondition(
            rowCount == nil || error.description.contains("values are numbers"), "only the fast reader refuses: \(error.description)")
        throw error
    }
    precondition(rowCount == table.rowCount, "\(rowCount ?? -1) rows, and \(table.rowCount) by the fast reader")
    let fitted = try table.fitted(choosing: choice, settings: settings(options), share: options & 16 == 0 ? 0.2 : 0, seed: 1)
    var notes: [String] = []
    _ = try fitted.preparation.dataset(.table(file), needsTargets: options & 32 == 0, into: &notes)
    guard let second, case .table(let layout) = fitted.preparation.input else { return }
    let next = try CSVFile(second, separator: layout.separator, header: layout.hasHeader)
    _ = try fitted.preparation.dataset(.table(next), needsTargets: options & 32 == 0, into: &notes)
}

private func settings(_ options: UInt8) -> DataSettings {
    var settings = DataSettings()
    settings.missing = [nil, .mean, .drop][Int(options >> 4) % 3]
    settings.task = [nil, .classification, .regression][Int(options >> 6) % 3]
    return settings
}
