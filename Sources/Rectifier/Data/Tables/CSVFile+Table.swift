extension CSVFile {
    /// Reads all rows.
    ///
    /// The file is cut into stretches that threads read side by side. Where a row begins in the middle of the file
    /// depends on the quotes before it; their number tells, unless a quote stands inside an unquoted field. So every
    /// stretch must end where the next was taken to begin, and one that was taken to begin elsewhere is read again.
    ///
    /// - Parameters:
    ///   - readings: how to read each column.
    ///   - stretch: the bytes of a stretch.
    func table(reading readings: [ColumnReading], stretch: Int = 4 << 20) throws -> Table {
        table(try parse(Stretches(self, size: stretch), readings), readings)
    }

    /// Reads all rows and finds out what the columns hold. Those that turn out to be text are read in a second pass,
    /// and those whose texts spell numbers in a third.
    ///
    /// - Parameters:
    ///   - choice: what the settings say of the columns; nil: nothing, and the last one is the target.
    ///   - stretch: the bytes of a stretch.
    func table(choosing choice: ColumnChoice? = nil, stretch: Int = 4 << 20) throws -> Table {
        let choice = choice ?? ColumnChoice(targets: [columnNames.count - 1], columnCount: columnNames.count)
        var readings = likelyReadings()
        for (column, role) in choice.roles.enumerated() {
            switch role {
            case .ignore: readings[column] = .skipped
            case .text, .date: readings[column] = .text
            case .number, nil: break
            }
        }
        var pass = try parse(Stretches(self, size: stretch), readings)
        let mistaken = readings.indices.filter { readings[$0] == .tentative && pass.columns[$0].texts > 0 }
        let tentative = pass.columns
        for column in mistaken { readings[column] = .text }
        try pass.read(mistaken, as: readings, of: self)

        var unclear: [Int] = []
        let spelled = try readings.indices.filter { column in
            guard let levels = pass.columns[column].levels, choice.roles[column] != .text else { return false }
            let finding = ColumnSpelling.finding(
                (0..<levels.count).map(levels.text), separator: separator, among: choice.spellings(of: column))
            switch finding {
            case .spelled(let spelling):
                readings[column] = .spelled(spelling)
                return true
            case .unclearDates: unclear.append(column)
            case .text: break
            }
            try require(choice.roles[column], column, finding)
            if mistaken.contains(column) { try refuseStrayText(column, tentative[column], rowCount: pass.rowCount) }
            return false
        }
        try pass.read(spelled, as: readings, of: self)
        var table = table(pass, readings)
        for column in unclear { table.columns[column].hasUnclearDates = true }
        return table
    }

    private func table(_ pass: Pass, _ readings: [ColumnReading]) -> Table {
        let columns = readings.enumerated().map { column, reading in
            var spelling: ColumnSpelling?
            if case .spelled(let found) = reading { spelling = found }
            guard let levels = pass.columns[column].levels else {
                return Table.Column(name: columnNames[column], content: .numbers, spelling: spelling)
            }
            return .init(name: columnNames[column], content: levels.isFull ? .manyTexts : .text(texts(of: levels, column, pass.blocks)))
        }
        return Table(name: bytes.name, columns: columns, blocks: pass.blocks, rowCount: pass.rowCount, file: self)
    }

    /// Throws where a column's texts cannot have the role that the settings give it.
    private func require(_ role: DataSettings.ColumnRole?, _ column: Int, _ finding: ColumnSpelling.Finding) throws {
        guard role == .number || role == .date else { return }
        throw RectifierError(
            .data,
            "\(bytes.name): column \(quoted(columnNames[column])) "
                + (finding == .unclearDates
                    ? "has dates of which the day or the month may come first; write them as 2024-01-31"
                    : "holds text that spells no \(role == .date ? "dates" : "numbers"); correct it, or leave its role out"),
            setting: "data.columns")
    }

    /// The texts of a column's levels. Different bytes may be the same text: another way to compose `é`, or bytes that
    /// are no UTF-8.
    private func texts(of levels: LevelTable, _ column: Int, _ blocks: [NumberBlock]) -> [String] {
        var texts: [String] = []
        var numbers: [String: Int] = [:]
        let renumbered = (0..<levels.count).map { level -> Int in
            let text = levels.text(level)
            if let known = numbers[text] { return known }
            numbers[text] = texts.count
            texts.append(text)
            return texts.count - 1
        }.map(Double.init)
        if texts.count < levels.count { for block in blocks { block.renumber(column, renumbered) } }
        return texts
    }

    /// A few words among many numbers are a mistake, not a category.
    private func refuseStrayText(_ column: Int, _ found: CSVBlockParser.Outcome.Column, rowCount: Int) throws {
        let filled = rowCount - found.missing
        guard 10 * found.texts <= filled || (found.texts == 1 && filled >= 4) else { return }
        var scanner = CSVScanner(file: bytes.start, position: bytes.start + found.firstText, end: bytes.end, separator: separator)
        let text = (try? scanner.field())?.text ?? ""
        throw RectifierError(
            .data,
            "\(bytes.name) line \(line(at: found.firstText)): \(quoted(text)) in column \(quoted(columnNames[column])), where "
                + "\(filled - found.texts) of \(filled) values are numbers; correct it, or leave it empty if nobody knows it")
    }

    /// Text where most fields of the first rows are.
    private func likelyReadings() -> [ColumnReading] {
        var scanner = CSVScanner(file: bytes.start, position: bytes.start + dataStart, end: bytes.end, separator: separator)
        var texts = [Int](repeating: 0, count: columnNames.count)
        var filled = texts
        for _ in 0..<100 where scanner.startRow() {
            guard let row = try? scanner.row(), row.count == columnNames.count else { break }
            for (column, field) in row.enumerated() where !MissingWords.isMissingNumber(field.bytes) {
                filled[column] += 1
                if Decimal.number(field.bytes) == nil { texts[column] += 1 }
            }
        }
        return zip(texts, filled).map { 2 * $0 > $1 ? .text : .tentative }
    }

    // MARK: Threads

    private struct Pass {
        var blocks: [NumberBlock] = []
        var ranges: [Range<Int>] = []
        var columns: [CSVBlockParser.Outcome.Column]

        var rowCount: Int { blocks.reduce(0) { $0 + $1.rows } }

        /// Reads some columns again, in another way.
        mutating func read(_ columns: [Int], as readings: [ColumnReading], of file: CSVFile) throws {
            if columns.isEmpty { return }
            let others = readings.enumerated().map { columns.contains($0) ? $1 : .skipped }
            let again = try file.parse(ranges, CSVBlockParser(file: file.bytes, separator: file.separator, readings: others), into: blocks)
            for column in columns { self.columns[column] = again.columns[column] }
            blocks = again.blocks
        }
    }

    private func parse(_ stretches: Stretches, _ readings: [ColumnReading]) throws -> Pass {
        // Before anything is taken: what the system would promise and then not have.
        let most = stretches.newlines.multipliedReportingOverflow(by: 8 * columnNames.count)
        if min(most.overflow ? .max : most.partialValue, 8 * bytes.count) > 2 * Bytes.memoryLimit {
            throw RectifierError(.data, "\(bytes.name): is too large for this machine's memory")
        }
        return try parse(stretches.ranges, CSVBlockParser(file: bytes, separator: separator, readings: readings), into: nil)
    }

    private func parse(_ ranges: [Range<Int>], _ parser: CSVBlockParser, into earlier: [NumberBlock]?) throws -> Pass {
        let outcomes = Slots<Result<CSVBlockParser.Outcome, any Error>>(ranges.count)
        sideBySide(ranges.count) { i in
            outcomes[i] = Result { try parser.parse(from: ranges[i].lowerBound, to: ranges[i].upperBound, into: earlier?[i]) }
            bytes.release(ranges[i])
        }

        var pass = Pass(columns: parser.readings.map { .init(levels: $0 == .text ? LevelTable() : nil) })
        var start = ranges.first?.lowerBound ?? 0
        for (i, range) in ranges.enumerated() {
            var outcome = try outcomes[i]!.get()
            outcomes[i] = nil
            if start != range.lowerBound { outcome = try parser.parse(from: start, to: max(start, range.upperBound)) }
            if let problem = outcome.problem { throw error(problem) }
            pass.ranges.append(start..<max(start, range.upperBound))
            start = outcome.end
            for column in outcome.columns.indices { join(outcome.columns[column], to: &pass.columns[column], column, outcome.block) }
            pass.blocks.append(outcome.block)
        }
        return pass
    }

    private func join(
        _ found: CSVBlockParser.Outcome.Column, to total: inout CSVBlockParser.Outcome.Column, _ column: Int, _ block: NumberBlock
    ) {
        total.texts += found.texts
        total.missing += found.missing
        total.firstText = min(total.firstText, found.firstText)
        guard let levels = found.levels, let all = total.levels else { return }
        let numbers = all.merge(levels)
        if all.isFull || numbers.enumerated().allSatisfy({ $0 == $1 }) { return }
        block.renumber(column, numbers.map(Double.init))
    }
}

/// Where to cut a file so that, as far as its quotes tell, each stretch begins with a row.
private struct Stretches {
    var ranges: [Range<Int>] = []
    var newlines = 0

    init(_ file: CSVFile, size: Int) {
        let bytes = file.bytes
        let start = file.dataStart
        let count = max(1, (bytes.count - start + size - 1) / size)
        let counts = Slots<ByteCounts>(count)
        let edges = (0...count).map { min(start + $0 * size, bytes.count) }
        sideBySide(count) { i in
            counts[i] = ByteCounts(UnsafeBufferPointer(start: bytes.start + edges[i], count: edges[i + 1] - edges[i]))
            bytes.release(edges[i]..<edges[i + 1])
        }

        var isQuoted = false
        var starts = [start]
        for i in 1..<max(count, 2) where i < count {
            newlines += counts[i - 1]!.newlines
            if counts[i - 1]!.quotes % 2 == 1 { isQuoted.toggle() }
            var place = edges[i]
            var isInside = isQuoted
            while place < bytes.count {
                let byte = bytes.start[place]
                place += 1
                if byte == UInt8(ascii: "\"") {
                    isInside.toggle()
                } else if !isInside, byte == UInt8(ascii: "\n") {
                    break
                } else if !isInside, byte == UInt8(ascii: "\r"), place < bytes.count, bytes.start[place] != UInt8(ascii: "\n") {
                    break
                }
            }
            starts.append(max(place, starts[i - 1]))
        }
        newlines += counts[count - 1]!.newlines + 1
        ranges = zip(starts, starts.dropFirst() + [bytes.count]).map { $0..<$1 }
    }
}
