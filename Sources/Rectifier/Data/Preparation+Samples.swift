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
            return try zip(layout.columns, numbers).map { column, number in
                guard case .numbers(let mean, let deviation) = column.content else {
                    throw RectifierError(.data, "column \(quoted(column.name)) holds text: hand in the fields as strings")
                }
                return try feature(number.isNaN ? nil : number, mean, deviation, column.name)
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
            switch column.content {
            case .numbers(let mean, let deviation):
                let number = Decimal.number(field)
                guard number != nil || field.isEmpty else {
                    throw RectifierError(.data, "column \(quoted(column.name)): \(quoted(field)) is not a number")
                }
                features.append(try feature(number, mean, deviation, column.name))
            case .levels(let names, let fill):
                if field.isEmpty { try requireFilling(column.name) }
                let level = field.isEmpty ? fill : names.firstIndex(of: field)
                features += names.indices.map { $0 == level ? 1 : 0 }
            }
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
        guard missing == .mean else {
            throw RectifierError(
                .data, "column \(quoted(column)): a value is missing, which takes a model trained with missing set to mean")
        }
    }

    /// - Parameter number: `nil` where it is missing.
    private func feature(_ number: Double?, _ mean: Double, _ deviation: Double, _ column: String) throws -> Float {
        guard let number else {
            try requireFilling(column)
            return 0
        }
        guard number.isFinite else { throw RectifierError(.data, "column \(quoted(column)): \(number) is not a finite number") }
        return Float((number - mean) / deviation)
    }
}
