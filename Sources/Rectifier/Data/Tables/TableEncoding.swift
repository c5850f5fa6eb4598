/// Turns the rows of a file into features, by a layout that was learned before.
struct TableEncoding {
    /// What becomes of one field.
    private struct Step {
        /// Of the layout.
        var column: Int
        var source: Int
        var destination: Int
        var kind = Kind.number
        var mean = 0.0
        var deviation = 1.0
        /// Text: where the file's levels begin among `levels`.
        var firstLevel = 0
        var fill = 0
        /// Dates: days since 1970.
        var earliest = 0.0

        enum Kind { case number, shaped(Int), level, date(CalendarDate.Part), missing }
    }

    private var steps: [Step] = []
    /// For each level of each text column of the file, its number in the layout; -1 where the layout lacks it.
    private var levels: [Int] = []
    private var shapes: [NumberShape] = []
    private let width: Int
    private let columns: [Preparation.Column]

    /// - Parameter indices: where the layout's columns are in the file.
    init(_ layout: Preparation.Layout, of table: borrowing Table, indices: [Int]) {
        width = layout.width
        columns = layout.columns
        var destination = 0
        for (number, (column, source)) in zip(layout.columns, indices).enumerated() {
            var step = Step(column: number, source: source, destination: destination)
            switch column.content {
            case .numbers(let mean, let deviation):
                (step.mean, step.deviation) = (mean, deviation)
                steps.append(step)
            case .shaped(let shape):
                step.kind = .shaped(shapes.count)
                shapes.append(shape)
                steps.append(step)
            case .levels(let names, let fill, let other):
                step.kind = .level
                step.firstLevel = levels.count
                step.fill = fill
                let known = Dictionary(uniqueKeysWithValues: zip(names, 0...))
                if case .text(let found) = table.columns[source].content { levels += found.map { known[$0] ?? other ?? -1 } }
                steps.append(step)
            case .dates(let earliest, let parts):
                step.earliest = earliest
                for (part, scale) in zip(CalendarDate.Part.allCases, parts) {
                    step.kind = .date(part)
                    if case .numbers(let mean, let deviation) = scale { (step.mean, step.deviation) = (mean, deviation) }
                    steps.append(step)
                    step.destination += 1
                }
            }
            destination += column.width
            if column.marksMissing == true {
                steps.append(Step(column: number, source: source, destination: destination - 1, kind: .missing))
            }
        }
    }

    /// The features of some rows, and of others; both in ascending order. The table's blocks are given up on the way,
    /// so that the memory of both is never needed at once.
    ///
    /// A missing value becomes the mean or its column's level for it.
    /// - Parameter precision: What a network will compute in: float64 has doubles.
    func features(
        takingBlocksOf table: inout Table, first: [Int32], second: [Int32] = [], precision: ElementType
    ) throws -> (first: Dataset.Features, second: Dataset.Features) {
        var ignored: [Int] = []
        return try features(takingBlocksOf: &table, first: first, second: second, precision: precision, unknown: &ignored)
    }

    /// - Parameter unknown: becomes the number of unknown levels in each column.
    func features(
        takingBlocksOf table: inout Table, first: [Int32], second: [Int32] = [], precision: ElementType, unknown: inout [Int]
    ) throws -> (first: Dataset.Features, second: Dataset.Features) {
        if precision == .float64 {
            let numbers: (first: [Double], second: [Double]) = try numbers(takingBlocksOf: &table, first, second, &unknown)
            return (.doubles(numbers.first), .doubles(numbers.second))
        }
        let numbers: (first: [Float], second: [Float]) = try numbers(takingBlocksOf: &table, first, second, &unknown)
        return (.floats(numbers.first), .floats(numbers.second))
    }

    private func numbers<Number: BinaryFloatingPoint>(
        takingBlocksOf table: inout Table, _ first: [Int32], _ second: [Int32], _ unknown: inout [Int]
    ) throws -> (first: [Number], second: [Number]) {
        try MachineMemory.require(
            Shape.elementCount([first.count + second.count, width, MemoryLayout<Number>.size]), kind: .data,
            for: "\(table.name): \(first.count + second.count) rows of \(width) features (text takes one a level)",
            advice: "leave out rows, or columns of text")
        unknown = [Int](repeating: 0, count: columns.count)
        var blocks = Array(table.blocks.reversed())
        table.blocks = []
        var secondFeatures: [Number] = []
        let firstFeatures = [Number](unsafeUninitializedCapacity: first.count * width) { firstSpace, firstFilled in
            secondFeatures = [Number](unsafeUninitializedCapacity: second.count * width) { secondSpace, secondFilled in
                var (nextFirst, nextSecond, number) = (0, 0, 0)
                while let block = blocks.popLast() {
                    withExtendedLifetime(block) {
                        for row in 0..<block.rows {
                            if nextFirst < first.count, first[nextFirst] == number {
                                encode(block.row(row), firstSpace.baseAddress! + nextFirst * width, &unknown)
                                nextFirst += 1
                            } else if nextSecond < second.count, second[nextSecond] == number {
                                encode(block.row(row), secondSpace.baseAddress! + nextSecond * width, &unknown)
                                nextSecond += 1
                            }
                            number += 1
                        }
                    }
                }
                firstFilled = nextFirst * width
                secondFilled = nextSecond * width
            }
        }
        return (firstFeatures, secondFeatures)
    }

    @inline(__always)
    private func encode<Number: BinaryFloatingPoint>(
        _ cells: UnsafeMutablePointer<Double>, _ features: UnsafeMutablePointer<Number>, _ unknown: inout [Int]
    ) {
        if !levels.isEmpty || width != steps.count { features.initialize(repeating: 0, count: width) }
        steps.withUnsafeBufferPointer { steps in
            for i in 0..<steps.count {
                let value = cells[steps[i].source]
                switch steps[i].kind {
                case .number:
                    features[steps[i].destination] = value.isNaN ? 0 : Number((value - steps[i].mean) / steps[i].deviation)
                case .shaped(let shape): shapes[shape].encode(value, to: features + steps[i].destination)
                case .level:
                    let level = value.isNaN ? steps[i].fill : levels[steps[i].firstLevel + Int(value)]
                    if level >= 0 { features[steps[i].destination + level] = 1 } else { unknown[steps[i].column] += 1 }
                case .date(let part):
                    let number = value.isNaN ? steps[i].mean : part.value(of: value, earliest: steps[i].earliest)
                    features[steps[i].destination] = Number((number - steps[i].mean) / steps[i].deviation)
                case .missing: features[steps[i].destination] = value.isNaN ? 1 : 0
                }
            }
        }
    }

    /// What to say of levels that the layout lacks.
    func notes(unknown: [Int], in name: String) -> [String] {
        zip(columns, unknown).filter { $0.1 > 0 }.map { column, count in
            "\(name): \(count) \(count == 1 ? "value" : "values") in column \(quoted(column.name)) "
                + "did not occur in training and count as none of its levels"
        }
    }
}
