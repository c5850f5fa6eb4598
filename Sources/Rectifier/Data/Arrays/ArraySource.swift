/// Samples of a binary file: features and, unless they were not asked for, targets.
struct ArraySource {
    var features: NumericArray
    var targets: NumericArray?
    /// Whether the file's form says that the targets are classes.
    var areLabels: Bool
    /// The names of the classes that the targets are numbers of; nil: the numbers are the names.
    var classNames: [String]?
    /// Images are taken whole; what has one axis a sample and is no image is a table.
    var isTable: Bool

    init(features: NumericArray, targets: NumericArray?, areLabels: Bool = false, isImage: Bool = false) {
        self.features = features
        self.areLabels = areLabels
        isTable = features.shape.count <= 2 && !isImage
        self.targets = targets
        guard let targets, targets.shape.count == 2 else { return }
        if let labels = ArraySource.labels(oneHot: targets) {
            self.targets = labels
            self.areLabels = true
        } else if targets.shape[1] == 1 {
            self.targets?.shape = [targets.shape[0]]
        }
    }

    /// Images of named classes.
    ///
    /// - Parameter labels: nil: without.
    init(images: NumericArray, labels: [Int]?, classNames: [String]?) {
        features = images
        targets = labels.map { NumericArray(name: images.name, shape: [$0.count], elements: .doubles($0.map(Double.init))) }
        (areLabels, self.classNames, isTable) = (true, classNames, false)
    }

    /// The place of the only 1 of each row; nil where a row holds anything else but zeros.
    private static func labels(oneHot targets: NumericArray) -> NumericArray? {
        let (rows, width) = (targets.shape[0], targets.shape[1])
        guard width > 1, width <= 256 else { return nil }
        var labels: [UInt8] = []
        labels.reserveCapacity(rows)
        for row in 0..<rows {
            var label: Int?
            for column in 0..<width {
                let value = targets.element(row * width + column)
                if value == 1, label == nil { label = column } else if value != 0 { return nil }
            }
            guard let label else { return nil }
            labels.append(UInt8(label))
        }
        return NumericArray(name: targets.name, shape: [rows], elements: .bytes(labels))
    }

    /// As a table, the targets in its last columns.
    func table() throws -> Table {
        try requireSamples(finite: false)
        guard features.columnCount <= CSVFile.columnLimit else {
            throw RectifierError(.data, "\(features.name): has \(features.columnCount) columns, more than \(CSVFile.columnLimit)")
        }
        if let targets, targets.shape.count > 2 {
            throw RectifierError(
                .shape, "\(targets.name): targets need one number or one row a sample; their shape is \(describe(targets.shape))")
        }
        return try Table(features, appending: targets)
    }

    /// Prepares images to train on.
    func fitted(settings: DataSettings, share: Double, seed: UInt64, precision: ElementType = .float32) throws -> Table.Fitted {
        try requireSamples()
        let values = try targetValues()
        let rows = (0..<Int32(features.count)).map { $0 }
        let split = try Split(rows, stratum: values.stratum(task: settings.task, rows: rows), share: share, seed: seed, name: features.name)
        let target = try values.fitted(task: settings.task, rows: rows, training: split.training)
        let input: Preparation.Input
        if settings.normalize == true, features.isBytes, 2...3 ~= features.sampleShape.count {
            input = .channels(
                shape: features.sampleShape, scales: Preparation.ChannelScales(of: features, rows: split.training))
        } else if features.isBytes {
            input = .bytes(shape: features.sampleShape)
        } else {
            let width = features.width
            let scale = Scale.of(
                split.training.lazy.flatMap { row in (Int(row) * width..<(Int(row) + 1) * width).lazy.map(features.element) })
            let checked = try scale.checked(features.name)
            input = .numbers(shape: features.sampleShape, mean: checked.mean, deviation: checked.deviation)
        }
        let preparation = try Preparation(input: input, target: target)
        let isSplit = !split.heldOut.isEmpty
        return .init(
            training: try prepared(preparation, targets: values, rows: isSplit ? split.training : nil, precision: precision),
            heldOut: isSplit ? try prepared(preparation, targets: values, rows: split.heldOut, precision: precision) : nil,
            preparation: preparation,
            notes: isSplit ? [split.note] : [])
    }

    /// Prepares images in a way that was learned before.
    ///
    /// - Parameter targets: nil: without.
    func dataset(_ preparation: Preparation, targets: TargetValues?, precision: ElementType) throws -> Dataset {
        try requireSamples()
        guard features.sampleShape == preparation.inputShape else {
            throw RectifierError(
                .shape,
                "\(features.name): its samples have the shape \(describe(features.sampleShape)), "
                    + "the model takes \(describe(preparation.inputShape))")
        }
        return try prepared(preparation, targets: targets, rows: nil, precision: precision)
    }

    /// Some samples, prepared in one pass over what was read.
    ///
    /// - Parameter rows: nil: all, of which bytes are not copied.
    private func prepared(_ preparation: Preparation, targets: TargetValues?, rows: [Int32]?, precision: ElementType) throws -> Dataset {
        let width = features.width, count = rows?.count ?? features.count
        let prepared: Dataset.Features
        /// Numbers that are computed of a file's and their places in a sample, in the run's precision.
        func scaled(_ scale: (Double, Int) -> Double) throws -> Dataset.Features {
            func all<Number: BinaryFloatingPoint>() throws -> [Number] {
                try requireDataMemory([count, width, MemoryLayout<Number>.size])
                return [Number](unsafeUninitializedCapacity: count * width) { space, filled in
                    for sample in 0..<count {
                        let first = (rows.map { Int($0[sample]) } ?? sample) * width
                        for place in 0..<width {
                            space.initializeElement(at: filled, to: Number(scale(features.element(first + place), place)))
                            filled += 1
                        }
                    }
                }
            }
            return precision == .float64 ? .doubles(try all()) : .floats(try all())
        }
        func requireBytes() throws {
            guard features.isBytes else {
                throw RectifierError(
                    .data, "\(features.name): holds no bytes, but the model was trained on bytes from 0 to 255; save it as uint8")
            }
        }
        switch preparation.input {
        case .bytes:
            try requireBytes()
            prepared = try rows.map { try features.elements.selecting($0, width: width) } ?? features.elements
        case .channels(_, let scales):
            try requireBytes()
            prepared = try scaled { scales.scaled($0, at: $1) }
        case .numbers(_, let mean, let deviation): prepared = try scaled { number, _ in (number - mean) / deviation }
        case .table: throw RectifierError(.shape, "\(features.name): holds images, the model takes the columns of a table")
        }
        return try Dataset(
            count: count, sampleShape: features.sampleShape, features: prepared,
            targets: targets?.encoded(preparation.target, rows: rows ?? (0..<Int32(count)).map { $0 }, precision: precision) ?? .none,
            source: features.name)
    }

    private func requireSamples(finite: Bool = true) throws {
        guard features.count > 0, features.width > 0 else {
            throw RectifierError(
                .data, "\(features.name): is empty (its shape is \(describe(features.shape))); at least one sample is needed")
        }
        guard features.count <= Int32.max else { throw RectifierError(.data, "\(features.name): has more than 2147483647 samples") }
        guard finite, !features.isBytes else { return }
        for i in 0..<features.elements.count where !features.element(i).isFinite {
            throw RectifierError(
                .data, "\(features.name): sample \(i / features.width) holds \(features.element(i)), which is not a finite number")
        }
    }

    func targetValues() throws -> TargetValues {
        guard let targets else {
            throw RectifierError(.data, "\(features.name): has no targets; put features and targets into one .npz file, as x and y")
        }
        guard targets.shape.count <= 2, targets.width > 0 else {
            throw RectifierError(
                .shape, "\(targets.name): targets need one number or one row a sample; their shape is \(describe(targets.shape))")
        }
        let numbers = targets.doubles
        if let place = numbers.firstIndex(where: { !$0.isFinite }) {
            throw RectifierError(.data, "\(targets.name): the target of sample \(place / targets.width) is not a finite number")
        }
        let names = targets.width == 1 ? ["target"] : (0..<targets.width).map { "target \($0)" }
        return TargetValues(
            numbers: numbers, names: names, levels: classNames, source: targets.name, place: { "sample \($0)" },
            areLabels: areLabels || targets.isBytes)
    }
}
