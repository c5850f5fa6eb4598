/// What was learned from the training samples and must be applied to every file that follows: the form of a sample, the
/// scales of its numbers, the levels of its categories, and what is predicted. Saved with the model.
///
/// Everything is computed in `Double` and kept as `Float`. Numbers are standardized (mean 0, standard deviation 1 over
/// the training split), categories become one-hot, byte images stay bytes or are normalized channel by channel.
///
/// Checked when it is made and when it is read, and never changed: shapes are positive, scales finite and above 0, and
/// columns, levels and classes told apart by their names.
public struct Preparation: Codable, Sendable, Equatable {
    public let input: Input
    public let target: Target
    /// What becomes of missing values; nil: they are filled in.
    public let missing: DataSettings.MissingValues?

    /// A preparation that code decides on. What a file needs is learned by ``LoadedData``.
    ///
    /// Throws where no data could be prepared so; the message names what is wrong.
    public init(input: Input, target: Target, missing: DataSettings.MissingValues? = nil) throws {
        (self.input, self.target, self.missing) = (input, target, missing)
        if let flaw { throw RectifierError(.setting, "no data can be prepared so: \(flaw) cannot be right") }
    }

    /// What a sample is made of.
    public enum Input: Codable, Sendable, Equatable {
        /// A byte image; it stays as it is.
        case bytes(shape: [Int])
        /// A byte image of which each channel is normalized.
        case channels(shape: [Int], scales: ChannelScales)
        /// Numbers, of which `mean` is subtracted before they are divided by `deviation`.
        case numbers(shape: [Int], mean: Double, deviation: Double)
        /// The columns of a table.
        case table(layout: Layout)
    }

    /// How a table's fields become features.
    public struct Layout: Codable, Sendable, Equatable {
        /// The columns that are used, in the order of their features.
        public var columns: [Column]
        /// The fields of a row of the training file.
        public var fieldCount: Int
        /// The fields to predict: their numbers from 0, and names.
        public var targetIndices: [Int]
        public var targetNames: [String]
        public var hasHeader: Bool
        public var separator: String
        /// How the training file spells the numbers to predict; nil: plainly.
        public var targetSpelling: ColumnSpelling?
        /// The field that says how much a row counts, and its name.
        public var weightIndex: Int?
        public var weightName: String?

        /// The number of features that the columns give.
        public var width: Int { columns.reduce(0) { $0 + $1.width } }
    }

    /// One column of a table.
    public struct Column: Codable, Sendable, Equatable {
        public var name: String
        /// Its number in the training file, from 0.
        public var index: Int
        public var content: Content
        /// How the training file spells the column's numbers; nil: plainly.
        public var spelling: ColumnSpelling?
        /// Whether a further feature, the column's last, is 1 where a number is missing and else 0; nil: no.
        public var marksMissing: Bool?

        public enum Content: Codable, Sendable, Equatable {
            /// One feature, (x - mean) / deviation; a missing value is the mean. A column that is constant in the
            /// training split has the deviation 1.
            case numbers(mean: Double, deviation: Double)
            /// Several features of a number.
            case shaped(NumberShape)
            /// A feature for each level: 1 for the one that the field holds, else 0. A level that the training split
            /// lacks is the level `other`, or gives zeros where that is nil. A missing value is the level `fill`: the
            /// empty name if values were missing in training, else the most frequent.
            case levels(names: [String], fill: Int, other: Int? = nil)
            /// Features for year, month, weekday (1, Monday, to 7) and days since `earliest`, the earliest date of the
            /// training split in days since 1970. Each is scaled as its part says, which is `numbers`.
            case dates(earliest: Double, parts: [Content])
        }

        public var width: Int {
            let width =
                switch content {
                case .numbers: 1
                case .shaped(let shape): shape.width
                case .levels(let names, _, _): names.count
                case .dates(_, let parts): parts.count
                }
            return marksMissing == true ? width + 1 : width
        }
    }

    /// What is predicted.
    public enum Target: Codable, Sendable, Equatable {
        /// One of these classes, by their names in order.
        case classes(names: [String])
        /// Numbers, standardized.
        case values(columns: [Value])
    }

    /// A number to predict. A network is trained on (x - mean) / deviation, by the training split.
    public struct Value: Codable, Sendable, Equatable {
        public var name: String
        public var mean: Double
        public var deviation: Double

        public init(name: String, mean: Double = 0, deviation: Double = 1) {
            (self.name, self.mean, self.deviation) = (name, mean, deviation)
        }

        /// A network's output in the unit of the file.
        public func original(_ output: Double) -> Double { mean + deviation * output }
    }
}

extension Preparation {
    /// The shape of one sample as a network takes it.
    public var inputShape: [Int] {
        switch input {
        case .bytes(let shape), .channels(let shape, _), .numbers(let shape, _, _): shape
        case .table(let layout): [layout.width]
        }
    }

    /// The numbers that a network gives for a sample: one a class, or one a value.
    public var outputCount: Int {
        switch target {
        case .classes(let names): names.count
        case .values(let columns): columns.count
        }
    }

    /// A feature as people know it: `column "age"`, `"red" of column "colour"`, or `feature 3` where it has no name.
    /// - Parameter feature: From 0.
    package func name(ofFeature feature: Int) -> String {
        guard case .table(let layout) = input else { return "feature \(feature + 1)" }
        var place = feature
        for column in layout.columns {
            if place < column.width {
                guard let part = column.name(ofFeature: place) else { return "column \(quoted(column.name))" }
                return "\(quoted(part)) of column \(quoted(column.name))"
            }
            place -= column.width
        }
        return "feature \(feature + 1)"
    }

    /// The classes, if that is what is predicted.
    public var classNames: [String]? {
        if case .classes(let names) = target { names } else { nil }
    }

    /// The numbers, if that is what is predicted.
    public var targetValues: [Value]? {
        if case .values(let columns) = target { columns } else { nil }
    }

    /// Whether samples may be given as bytes: they are byte images, or numbers that are taken as they are.
    public var takesPixels: Bool {
        switch input {
        case .bytes: true
        case .numbers(_, let mean, let deviation): mean == 0 && deviation == 1
        case .channels, .table: false
        }
    }

    public var task: DataSettings.Task { classNames == nil ? .regression : .classification }
}

// MARK: Making one

extension Preparation {
    /// For data that comes prepared: bytes stay bytes, numbers and targets are taken as they are.
    public init(of dataset: Dataset) throws {
        let input: Input
        if case .bytes = dataset.features {
            input = .bytes(shape: dataset.sampleShape)
        } else {
            input = .numbers(shape: dataset.sampleShape, mean: 0, deviation: 1)
        }
        let target: Target
        switch dataset.targets {
        case .classes(_, let names): target = .classes(names: names)
        case .values(_, let width), .doubleValues(_, let width):
            target = .values(columns: (0..<width).map { Value(name: width == 1 ? "target" : "target \($0)") })
        case .none: throw RectifierError(.data, "the data set has no targets to learn")
        }
        try self.init(input: input, target: target)
    }

    /// Throws where what was read can be no preparation.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        input = try fields.decode(Input.self, forKey: .input)
        target = try fields.decode(Target.self, forKey: .target)
        missing = try fields.decodeIfPresent(DataSettings.MissingValues.self, forKey: .missing)
        if let flaw { throw RectifierError(.file, "the model's description of its data is damaged: \(flaw)") }
    }

    /// The first part that cannot be right.
    private var flaw: String? { inputFlaw ?? targetFlaw }

    private static func isShape(_ shape: [Int]) -> Bool {
        shape.count <= Network.mostAxes && shape.allSatisfy { $0 > 0 } && Shape.elementCount(shape) != nil
    }
    fileprivate static func isScale(_ mean: Double, _ deviation: Double) -> Bool { mean.isFinite && deviation.isFinite && deviation > 0 }

    private var inputFlaw: String? {
        switch input {
        case .bytes(let shape): return Preparation.isShape(shape) ? nil : "its shape"
        case .channels(let shape, let scales):
            guard Preparation.isShape(shape), 2...3 ~= shape.count else { return "its shape" }
            let count = ChannelScales.count(of: shape)
            let areScales = scales.means.count == count && scales.deviations.count == count
            return areScales && zip(scales.means, scales.deviations).allSatisfy(Preparation.isScale) ? nil : "its scales"
        case .numbers(let shape, let mean, let deviation):
            guard Preparation.isShape(shape) else { return "its shape" }
            return Preparation.isScale(mean, deviation) ? nil : "its scale"
        case .table(let layout):
            guard (1...(1 << 32)).contains(layout.fieldCount), !layout.columns.isEmpty else { return "its columns" }
            guard layout.targetNames.count == layout.targetIndices.count else { return "its targets" }
            let places = layout.columns.map(\.index) + layout.targetIndices + (layout.weightIndex.map { [$0] } ?? [])
            guard places.allSatisfy({ (0..<layout.fieldCount).contains($0) }), Set(places).count == places.count else {
                return "its columns"
            }
            let names = layout.columns.map(\.name) + layout.targetNames
            guard Set(names).count == names.count else { return "its columns' names" }
            return layout.columns.first { !$0.isPossible }.map { "column \(quoted($0.name))" }
        }
    }

    private var targetFlaw: String? {
        switch target {
        case .classes(let names): if names.isEmpty || Set(names).count < names.count { return "its classes" }
        case .values(let columns):
            if columns.isEmpty || !columns.allSatisfy({ Preparation.isScale($0.mean, $0.deviation) }) { return "its targets" }
        }
        guard case .table(let layout) = input else { return nil }
        return layout.targetIndices.count == (classNames == nil ? outputCount : 1) ? nil : "its targets"
    }
}

extension Preparation.Target {
    var isClass: Bool { if case .classes = self { true } else { false } }
}

extension Preparation.Column {
    fileprivate var isPossible: Bool {
        switch content {
        case .numbers(let mean, let deviation): Preparation.isScale(mean, deviation)
        case .shaped(let shape): shape.isPossible
        case .levels(let names, let fill, let other):
            names.indices.contains(fill) && names.indices.contains(other ?? 0) && Set(names).count == names.count
                && spelling == nil && marksMissing != true
        case .dates(let earliest, let parts):
            abs(earliest) < 1e7 && parts.count == CalendarDate.Part.allCases.count && spelling?.isDate == true
                && parts.allSatisfy {
                    if case .numbers(let mean, let deviation) = $0 { Preparation.isScale(mean, deviation) } else { false }
                }
        }
    }

    /// What a feature is within its column; nil: the column's number.
    /// - Parameter feature: From 0.
    fileprivate func name(ofFeature feature: Int) -> String? {
        switch content {
        case .levels(let names, _, _): return names[feature].isEmpty ? "missing" : names[feature]
        case .dates(_, let parts) where feature < parts.count: return CalendarDate.Part.allCases[feature].rawValue
        case .shaped(let shape) where 1..<shape.width ~= feature: return "from \(shape.edges[feature - 1]) to \(shape.edges[feature])"
        case .numbers where feature == 0, .shaped where feature == 0: return nil
        case .numbers, .shaped, .dates: return "missing"
        }
    }
}
