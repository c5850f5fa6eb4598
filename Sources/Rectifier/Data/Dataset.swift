/// Samples with their targets, row by row, in memory. Checked when it is made, and never changed.
public struct Dataset: Sendable {
    /// The features of all samples, one after another.
    public enum Features: Sendable {
        /// Byte images; a network is fed each byte times ``Dataset/byteScale``.
        case bytes([UInt8])
        case floats([Float])
        case doubles([Double])

        /// An element as a network is fed it.
        public subscript(index: Int) -> Double {
            switch self {
            case .bytes(let values): values[index].asFed
            case .floats(let values): values[index].asFed
            case .doubles(let values): values[index].asFed
            }
        }

        /// The number of elements of all samples.
        public var count: Int {
            switch self {
            case .bytes(let values): values.count
            case .floats(let values): values.count
            case .doubles(let values): values.count
            }
        }
    }

    /// What is to be predicted.
    public enum Targets: Sendable {
        /// A class number per sample, and the names of the classes.
        case classes([Int32], names: [String])
        /// `width` numbers a sample.
        case values([Float], width: Int)
        /// The same in double precision.
        case doubleValues([Double], width: Int)
        /// Features only, as `predict` takes them.
        case none
    }

    /// What byte features are multiplied by.
    public static let byteScale = 1.0 / 255.0

    /// The number of samples, 1 to 2,147,483,647.
    public let count: Int
    /// The shape of one sample: `[28, 28]`, `[13]`.
    public let sampleShape: [Int]
    public let features: Features
    public let targets: Targets
    /// How much each sample counts in the loss of a ``TrainingSession``, at least 0 and not all 0. `nil`: all the same.
    public let weights: [Float]?

    /// Throws where counts contradict one another, a label is out of range, or a number is not finite. Samples are
    /// counted from 0 in messages.
    public init(count: Int, sampleShape: [Int], features: Features, targets: Targets, weights: [Float]? = nil) throws {
        self.init(unchecked: count, sampleShape, features, targets, weights)
        guard count > 0 else { throw RectifierError(.data, "the data set is empty; at least one sample is needed") }
        // Samples are numbered with 32 bits.
        guard count <= Int32.max else { throw RectifierError(.data, "\(count) samples are more than \(Int32.max); take fewer") }
        guard sampleShape.allSatisfy({ $0 > 0 }), let elements = Shape.elementCount([count] + sampleShape) else {
            throw RectifierError(.shape, "the shape \(describe(sampleShape)) of a sample is impossible")
        }
        guard features.count == elements else {
            throw RectifierError(.shape, "\(features.count) features do not make \(count) samples of the shape \(describe(sampleShape))")
        }
        try checkFeatures()
        try checkTargets()
        try checkWeights()
    }

    /// The same for what came of a file, which messages then begin with.
    init(count: Int, sampleShape: [Int], features: Features, targets: Targets, weights: [Float]? = nil, source: String) throws {
        do {
            try self.init(count: count, sampleShape: sampleShape, features: features, targets: targets, weights: weights)
        } catch let error as RectifierError {
            throw error.prefixed(by: source)
        }
    }

    private init(unchecked count: Int, _ sampleShape: [Int], _ features: Features, _ targets: Targets, _ weights: [Float]? = nil) {
        (self.count, self.sampleShape, self.features, self.targets, self.weights) = (count, sampleShape, features, targets, weights)
    }

    /// The same samples without what is to be predicted.
    var withoutTargets: Dataset { Dataset(unchecked: count, sampleShape, features, .none) }

    /// The same samples, which count otherwise.
    func weighted(_ weights: [Float]) throws -> Dataset {
        let result = Dataset(unchecked: count, sampleShape, features, targets, weights)
        try result.checkWeights()
        return result
    }

    /// Elements in a sample.
    public var width: Int { sampleShape.reduce(1, *) }

    private func checkFeatures() throws {
        let place: Int?
        switch features {
        case .bytes: place = nil
        case .floats(let values): place = firstNotFinite(values)
        case .doubles(let values): place = firstNotFinite(values)
        }
        if let place {
            throw RectifierError(.data, "sample \(place / width): feature \(place % width) is not a finite number")
        }
    }

    private func checkWeights() throws {
        guard let weights else { return }
        guard weights.count == count else { throw RectifierError(.shape, "\(weights.count) weights for \(count) samples") }
        if let sample = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
            throw RectifierError(.data, "sample \(sample): its weight \(weights[sample]) is not a finite number of at least 0")
        }
        guard weights.contains(where: { $0 > 0 }) else { throw RectifierError(.data, "all samples have the weight 0; give some more") }
    }

    private func checkTargets() throws {
        func check(_ found: Int, _ width: Int, _ notFinite: Int?) throws {
            guard width > 0, Shape.elementCount([count, width]) == found else {
                throw RectifierError(.shape, "\(found) target values do not make \(width) for each of \(count) samples")
            }
            if let notFinite { throw RectifierError(.data, "sample \(notFinite / width): its target is not a finite number") }
        }
        switch targets {
        case .none: break
        case .values(let values, let width): try check(values.count, width, firstNotFinite(values))
        case .doubleValues(let values, let width): try check(values.count, width, firstNotFinite(values))
        case .classes(let labels, let names):
            guard labels.count == count else { throw RectifierError(.shape, "\(labels.count) labels for \(count) samples") }
            if let sample = labels.firstIndex(where: { $0 < 0 || $0 >= names.count }) {
                throw RectifierError(
                    .data, "sample \(sample): the label \(labels[sample]) is out of range; there are \(names.count) classes, from 0")
            }
        }
    }

    /// Some of the samples, in the order given. Throws where there is none of a number, or no number is given.
    public func selecting(_ rows: [Int32]) throws -> Dataset {
        guard !rows.isEmpty else { throw RectifierError(.data, "the data set is empty; at least one sample is needed") }
        guard rows.count <= Int32.max else { throw RectifierError(.data, "\(rows.count) samples are more than \(Int32.max); take fewer") }
        if let row = rows.first(where: { $0 < 0 || $0 >= count }) {
            throw RectifierError(.setting, "there is no sample \(row) among \(count)")
        }
        let chosen: Targets =
            switch targets {
            case .classes(let labels, let names): .classes(try rowsSelected(labels, width: 1, rows), names: names)
            case .values(let values, let width): .values(try rowsSelected(values, width: width, rows), width: width)
            case .doubleValues(let values, let width): .doubleValues(try rowsSelected(values, width: width, rows), width: width)
            case .none: .none
            }
        return Dataset(
            unchecked: rows.count, sampleShape, try features.selecting(rows, width: width), chosen,
            try weights.map { try rowsSelected($0, width: 1, rows) })
    }
}

extension Dataset.Features {
    /// The elements of some samples of `width` elements, all of which there are.
    func selecting(_ rows: [Int32], width: Int) throws -> Dataset.Features {
        switch self {
        case .bytes(let values): .bytes(try rowsSelected(values, width: width, rows))
        case .floats(let values): .floats(try rowsSelected(values, width: width, rows))
        case .doubles(let values): .doubles(try rowsSelected(values, width: width, rows))
        }
    }
}

/// Some rows of an array.
private func rowsSelected<Element>(_ values: [Element], width: Int, _ rows: [Int32]) throws -> [Element] {
    try requireDataMemory([rows.count, width, MemoryLayout<Element>.size])
    return values.withUnsafeBufferPointer { values in
        [Element](unsafeUninitializedCapacity: rows.count * width) { space, filled in
            for (i, row) in rows.enumerated() {
                let row = Int(row)
                _ = UnsafeMutableBufferPointer(rebasing: space[(i * width)...])
                    .initialize(from: UnsafeBufferPointer(rebasing: values[(row * width)..<((row + 1) * width)]))
            }
            filled = rows.count * width
        }
    }
}

/// Throws where an array of samples does not fit into memory.
/// - Parameter factors: Their product is the number of bytes.
func requireDataMemory(_ factors: [Int]) throws {
    try MachineMemory.require(Shape.elementCount(factors), kind: .data, for: "the data set", advice: "take fewer samples")
}

/// The place of the first infinite or NaN number.
func firstNotFinite(_ values: [Float]) -> Int? {
    let exponent: UInt32 = 0x7f80_0000
    var carries: UInt32 = 0
    values.withUnsafeBufferPointer { values in
        // An exponent of ones, and only that, carries into the top bit. Without an exit, so that many are looked at
        // side by side.
        for value in values { carries |= (value.bitPattern & exponent) &+ 0x0080_0000 }
    }
    return carries >> 31 == 1 ? values.firstIndex { !$0.isFinite } : nil
}

/// The place of the first infinite or NaN number.
func firstNotFinite(_ values: [Double]) -> Int? { values.firstIndex { !$0.isFinite } }
