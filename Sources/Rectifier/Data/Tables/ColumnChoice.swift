/// What the settings say of a table's columns, by their places.
struct ColumnChoice {
    var targets: [Int]
    /// The column that says how much rows count.
    var weights: Int?
    /// nil: from the content. The targets have none.
    var roles: [DataSettings.ColumnRole?]
    /// Whether a column is used whatever it looks like, because the settings name it.
    var isAsked: [Bool]

    /// - Throws: ``RectifierError`` where a column does not exist, or would be two things.
    init(_ settings: DataSettings, names: [String], targets: [Int], source: String) throws {
        func place(_ name: String, _ setting: String, besides weights: Int? = nil) throws -> Int {
            guard let place = names.place(ofColumn: name) else {
                throw RectifierError(
                    .setting, "\(source): no column \(quoted(name)); the columns are \(TargetValues.listed(names))", setting: setting)
            }
            guard !targets.contains(place) else {
                throw RectifierError(.setting, "\(source): column \(quoted(name)) is the target, and nothing else", setting: setting)
            }
            guard place != weights else {
                throw RectifierError(.setting, "\(source): column \(quoted(name)) has the weights, and nothing else", setting: setting)
            }
            return place
        }
        self.targets = targets
        weights = try settings.weights.map { try place($0, "data.weights") }
        roles = [DataSettings.ColumnRole?](repeating: settings.features == nil ? nil : .ignore, count: names.count)
        isAsked = [Bool](repeating: false, count: names.count)
        for column in targets + (weights.map { [$0] } ?? []) { roles[column] = nil }
        for name in settings.features ?? [] {
            let place = try place(name, "data.features", besides: weights)
            (roles[place], isAsked[place]) = (nil, true)
        }
        for (name, role) in (settings.columns ?? [:]).sorted(by: { $0.key < $1.key }) {
            let place = try place(name, "data.columns", besides: weights)
            (roles[place], isAsked[place]) = (role, role != .ignore)
        }
    }

    /// For a table of numbers alone, or one where the content says everything.
    init(targets: [Int], columnCount: Int) {
        self.targets = targets
        roles = [DataSettings.ColumnRole?](repeating: nil, count: columnCount)
        isAsked = [Bool](repeating: false, count: columnCount)
    }

    /// What the texts of a column may spell.
    func spellings(of column: Int) -> [ColumnSpelling] {
        // What is predicted keeps its words: a yes is a class, and so is a date.
        if targets.contains(column) { return [.amount, .decimalComma] }
        if column == weights { return [] }
        return switch roles[column] {
        case .number: ColumnSpelling.allCases.filter { !$0.isDate }
        case .date: ColumnSpelling.allCases.filter(\.isDate)
        case .ignore, .text: []
        case nil: ColumnSpelling.allCases
        }
    }

    /// The columns that may be features.
    var features: [Int] { roles.indices.filter { roles[$0] != .ignore && !targets.contains($0) && $0 != weights } }
}

extension [String] {
    /// A column, by its name, else by its number from 0.
    func place(ofColumn name: String) -> Int? {
        firstIndex(of: name) ?? Int(name).flatMap { indices.contains($0) ? $0 : nil }
    }
}
