/// The targets of a file's rows as they stand there.
struct TargetValues {
    /// `width` numbers a row; those of levels if there are `levels`.
    var numbers: [Double]
    var names: [String]
    /// Where they are labels: all classes that the form knows, in its order, used or not.
    var levels: [String]?
    /// The file, and a row's place in it, for messages.
    var source: String
    var place: (Int) -> String
    /// Whether the file's form says that the numbers are classes.
    var areLabels = false

    var width: Int { names.count }

    private var shownName: String { names.count == 1 ? "column \(quoted(names[0]))" : "the targets" }

    /// Chooses the task and learns the classes from all rows, and the scale of numbers from the training rows.
    func fitted(task: DataSettings.Task?, rows: [Int32], training: [Int32]) throws -> Preparation.Target {
        if let levels {
            guard task != .regression else {
                throw RectifierError(
                    .data, "\(source): \(shownName) holds text (\(quoted(levels.first ?? ""))), and regression needs numbers")
            }
            if areLabels {
                guard levels.count > 1 else {
                    throw RectifierError(
                        .data, "\(source): holds one class, \(TargetValues.listed(levels)); classification needs at least two classes")
                }
                return .classes(names: levels)
            }
            let used = Set(rows.map { Int(numbers[Int($0)]) })
            return try classes(used.map { levels[$0] }.sorted(), rows.count)
        }
        if areClasses(task, rows) {
            let distinct = Set(rows.map { numbers[Int($0)] })
            return try classes(distinct.sorted().map(TargetValues.name(ofClass:)), rows.count)
        }
        if task == .classification {
            throw RectifierError(
                .data, "\(source): \(width) numbers a sample are not a class; give one label, or rows with a single 1 among zeros")
        }
        return .values(
            columns: try names.indices.map { column in
                let scale = try Scale.of(training.lazy.map { numbers[Int($0) * width + column] }).checked(
                    "\(source): target \(quoted(names[column]))")
                let first = numbers[Int(rows[0]) * width + column]
                if rows.allSatisfy({ numbers[Int($0) * width + column] == first }) {
                    throw RectifierError(
                        .data, "\(source): every row has the same value in column \(quoted(names[column])); there is nothing to learn")
                }
                return .init(name: names[column], mean: scale.mean, deviation: scale.deviation)
            })
    }

    /// The class of a row, where classes are what is predicted.
    func stratum(task: DataSettings.Task?, rows: [Int32]) -> ((Int32) -> Double)? {
        levels != nil || areClasses(task, rows) ? { numbers[Int($0) * width] } : nil
    }

    /// Whether numbers stand for classes.
    private func areClasses(_ task: DataSettings.Task?, _ rows: [Int32]) -> Bool {
        width == 1 && (task == .classification || (task == nil && (areLabels || looksLikeClasses(rows))))
    }

    private func classes(_ names: [String], _ rowCount: Int) throws -> Preparation.Target {
        guard names.count > 1 else {
            throw RectifierError(
                .data,
                "\(source): every row has the class \(quoted(names.first ?? "")) in \(shownName); classification needs at least two classes"
            )
        }
        guard names.count <= 20 || (2 * names.count <= rowCount && names.count <= 10_000) else {
            throw RectifierError(
                .data,
                "\(source): \(shownName) has \(names.count) different values in \(rowCount) rows, which are no classes; "
                    + "choose another target"
                    + (levels == nil ? " or regression" : ""))
        }
        return .classes(names: names)
    }

    /// Few different whole numbers, each of which occurs twice on average.
    private func looksLikeClasses(_ rows: [Int32]) -> Bool {
        var distinct: Set<Double> = []
        for row in rows {
            let number = numbers[Int(row)]
            guard number.rounded() == number else { return false }
            distinct.insert(number)
            if distinct.count > 20 { return false }
        }
        return 2 * distinct.count <= rows.count
    }

    /// `1` rather than `1.0`.
    static func name(ofClass number: Double) -> String {
        if let whole = Int(exactly: number) { String(whole) } else { String(number) }
    }

    /// The rows' targets as a network learns them, which computes in `precision`.
    func encoded(_ target: Preparation.Target, rows: [Int32], precision: ElementType) throws -> Dataset.Targets {
        var expected = 1
        if case .values(let columns) = target { expected = columns.count }
        guard width == expected else {
            throw RectifierError(
                .shape,
                "\(source): \(width) numbers a sample to predict, the model gives \(expected == 1 ? "one value" : "\(expected) values")")
        }
        switch target {
        case .classes(let names):
            let codes: [Double: Int32]
            if let levels {
                let known = Dictionary(uniqueKeysWithValues: zip(names, Int32(0)...))
                codes = Dictionary(
                    uniqueKeysWithValues: levels.indices.compactMap { level in known[levels[level]].map { (Double(level), $0) } })
            } else {
                codes = Dictionary(zip(names, Int32(0)...).compactMap { name, code in Decimal.number(name).map { ($0, code) } }) {
                    first, _ in first
                }
            }
            return .classes(
                try rows.map { row in
                    let row = Int(row)
                    guard let code = codes[numbers[row]] else {
                        let name = levels.map { $0[Int(numbers[row])] } ?? TargetValues.name(ofClass: numbers[row])
                        throw RectifierError(
                            .data,
                            "\(source) \(place(row)): the class \(quoted(name)) is out of range; "
                                + "the training data has \(TargetValues.listed(names))"
                        )
                    }
                    return code
                }, names: names)
        case .values(let columns):
            func standardized<Number: BinaryFloatingPoint>() -> [Number] {
                var values: [Number] = []
                values.reserveCapacity(rows.count * width)
                for row in rows {
                    for (column, scale) in columns.enumerated() {
                        values.append(Number((numbers[Int(row) * width + column] - scale.mean) / scale.deviation))
                    }
                }
                return values
            }
            return precision == .float64 ? .doubleValues(standardized(), width: width) : .values(standardized(), width: width)
        }
    }

    /// `"a", "b", … (17 in all)`
    static func listed(_ names: [String]) -> String { joined(names.map(quoted)) }

    static func joined(_ names: [String]) -> String {
        names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", … (\(names.count) in all)" : "")
    }
}
