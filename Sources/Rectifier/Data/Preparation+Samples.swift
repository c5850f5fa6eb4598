extension Preparation {
    /// One sample as a network takes it, from the numbers in a file's units: standardized as the training data were,
    /// pixels from 0 to 255 scaled to 1.
    ///
    /// Of a table, the columns that the model uses, in the order of ``Layout/columns``; NaN is a missing value.
    ///
    /// Throws where there are too few or too many numbers, where one is not finite, and where a column holds text.
    public func features(of numbers: [Double]) throws -> [Float] {
        switch input {
        case .table(let layout):
            try require(numbers.count, of: layout)
            return try zip(layout.columns, numbers).flatMap { column, number in
                switch column.content {
                case .numbers, .shaped: break
                case .levels, .dates:
                    throw RectifierError(
                        .data, "column \(quoted(column.name)) holds \(column.spelling?.what ?? "text"): hand in the fields as strings")
                }
                return try features(number.isNaN ? nil : number, column)
            }
        case .bytes(let shape): return try features(of: numbers, shape) { number, _ in number * UInt8.scale }
        case .channels(let shape, let scales): return try features(of: numbers, shape) { scales.scaled($0, at: $1) }
        case .numbers(let shape, let mean, let deviation):
            return try features(of: numbers, shape) { number, _ in (number - mean) / deviation }
        }
    }

    /// One sample as a network takes it, from the fields of a table's row as text: numbers standardized, categories
    /// one-hot, as the training data were.
    ///
    /// - Parameter fields: Of the columns that the model uses, in the order of ``Layout/columns``. An empty one is a
    ///   missing value. A category that the training data lack counts as none of its column's.
    ///
    /// Throws where the model takes no table, where there are too few or too many fields, where a field is no number
    /// and its column holds numbers, and where a value is missing and the model was not trained to fill it in.
    public func features(of fields: [String]) throws -> [Float] {
        guard case .table(let layout) = input else {
            throw RectifierError(.shape, "the model takes samples of the shape \(describe(inputShape)), not the fields of a table")
        }
        try require(fields.count, of: layout)
        var features: [Float] = []
        features.reserveCapacity(layout.width)
        for (column, field) in zip(layout.columns, fields) {
            guard case .levels(let names, let fill, let other) = column.content else {
                let number = column.spelling.map { $0.number(field) } ?? Decimal.number(field)
                guard number != nil || MissingWords.isMissingNumber(field) else {
                    throw RectifierError(
                        .data, "column \(quoted(column.name)): \(quoted(field)) is not \(column.spelling?.what ?? "a number")")
                }
                features += try self.features(number, column)
                continue
            }
            var level = field.isEmpty ? nil : names.firstIndex(of: field)
            if level == nil, MissingWords.isMissing(field) {
                try requireFilling(column.name)
                level = fill
            }
            features += names.indices.map { $0 == level ?? other ? 1 : 0 }
        }
        return features
    }

    private func features(of numbers: [Double], _ shape: [Int], _ scaled: (Double, Int) -> Double) throws -> [Float] {
        guard numbers.count == shape.reduce(1, *) else {
            throw RectifierError(
                .shape, "the model takes samples of the shape \(describe(shape)), \(shape.reduce(1, *)) numbers, not \(numbers.count)")
        }
        if let place = firstNotFinite(numbers) { throw RectifierError(.data, "feature \(place) is not a finite number") }
        return numbers.enumerated().map { Float(scaled($1, $0)) }
    }

    private func require(_ count: Int, of layout: Layout) throws {
        guard count == layout.columns.count else {
            throw RectifierError(.shape, "the model takes \(layout.columns.count) columns, not \(count)")
        }
    }

    private func requireFilling(_ column: String) throws {
        guard missing == nil || missing == .mean else {
            throw RectifierError(
                .data, "column \(quoted(column)): a value is missing, and the model was trained with missing set to \(missing!.rawValue)")
        }
    }

    /// What a number's column gives for it.
    ///
    /// - Parameter number: `nil` where it is missing; of a date its days since 1970.
    private func features(_ number: Double?, _ column: Column) throws -> [Float] {
        if number == nil { try requireFilling(column.name) }
        if let number, !number.isFinite {
            throw RectifierError(.data, "column \(quoted(column.name)): \(number) is not a finite number")
        }
        var features = column.content.numbers(of: number).map { Float($0) }
        if column.marksMissing == true { features.append(number == nil ? 1 : 0) }
        return features
    }
}

extension Preparation.Column.Content {
    /// Numbers as a network takes them, a missing one as the mean; none of a text.
    fileprivate func numbers(of value: Double?) -> [Double] {
        switch self {
        case .numbers(let mean, let deviation): [value.map { ($0 - mean) / deviation } ?? 0]
        case .dates(let earliest, let parts):
            zip(CalendarDate.Part.allCases, parts).flatMap { part, scale in
                scale.numbers(of: value.map { part.value(of: $0, earliest: earliest) })
            }
        case .shaped(let shape):
            [Double](unsafeUninitializedCapacity: shape.width) { features, filled in
                shape.encode(value ?? .nan, to: features.baseAddress!)
                filled = shape.width
            }
        case .levels: []
        }
    }
}
