/// Whether single columns give the target away: what is known only afterwards, or the target in other words.
///
/// Rows are put into groups by a column's value alone. The share it explains is that of the target's variance between
/// the groups (for classes of their Gini impurity), less what as many groups explain by chance.
struct GiveAway {
    /// Above this share a column is named. Honest features rarely reach it.
    static let limit = 0.98

    private static let mostRows = 20_000
    private static let fewestRows = 20
    private static let mostBins = 50
    private static let fewestInBin = 10

    private let rows: [Int32]
    private let targets: [Double]
    private let areClasses: Bool

    /// - Parameters:
    ///   - targets: a number for each row of the table; of classes that of the class.
    ///   - rows: the training rows, of which some are enough.
    init(targets: [Double], areClasses: Bool, rows: [Int32]) {
        let step = max(1, rows.count / GiveAway.mostRows)
        self.rows = stride(from: 0, to: rows.count, by: step).map { rows[$0] }
        self.targets = self.rows.map { targets[Int($0)] }
        self.areClasses = areClasses
    }

    /// A note for each of some columns that gives the target away.
    func notes(_ features: [Int], of table: borrowing Table) -> [String] {
        // A single column is meant to explain the target.
        guard features.count > 1, rows.count >= GiveAway.fewestRows else { return [] }
        var values = [[Double]](repeating: [], count: features.count)
        table.forEachRow(among: rows) { cells in for (i, column) in features.enumerated() { values[i].append(cells[column]) } }
        return features.enumerated().compactMap { i, column in
            let isText = table.columns[column].content != .numbers
            let share = explained(by: values[i], isText: isText)
            guard share >= GiveAway.limit else { return nil }
            return "column \(quoted(table.columns[column].name)) alone explains \(Int((100 * share).rounded(.down))) % of the target; "
                + "if it is known only afterwards, ignore it"
        }
    }

    /// The share of the target that a column explains, 1 for all; below 0 for less than chance.
    func explained(by values: [Double], isText: Bool) -> Double {
        let grouped = shareBetween(groups(of: values, isText: isText))
        return isText || areClasses ? grouped : max(grouped, linearShare(values))
    }

    /// A group for each value of a text, or for each run of rows in a number's order; missing values are one.
    private func groups(of values: [Double], isText: Bool) -> [[Double]] {
        var groups: [[Double]] = []
        var last = -Double.infinity
        let least = isText ? 0 : max(GiveAway.fewestInBin, values.count / GiveAway.mostBins)
        for row in values.indices.filter({ !values[$0].isNaN }).sorted(by: { values[$0] < values[$1] }) {
            if groups.isEmpty || (values[row] != last && groups[groups.count - 1].count >= least) { groups.append([]) }
            groups[groups.count - 1].append(targets[row])
            last = values[row]
        }
        let missing = values.indices.filter { values[$0].isNaN }.map { targets[$0] }
        return missing.isEmpty ? groups : groups + [missing]
    }

    private func shareBetween(_ groups: [[Double]]) -> Double {
        let count = targets.count
        let total = spread(targets)
        guard total > 0, groups.count < count else { return 0 }
        let within = groups.reduce(0) { $0 + spread($1) }
        return 1 - within / total * Double(count - 1) / Double(count - groups.count)
    }

    /// The sum of squared differences from the mean, or for classes the rows times their Gini impurity.
    private func spread(_ targets: [Double]) -> Double {
        let count = Double(targets.count)
        guard areClasses else {
            let mean = targets.reduce(0, +) / count
            return targets.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        }
        var occurrences: [Double: Double] = [:]
        for target in targets { occurrences[target, default: 0] += 1 }
        return count - occurrences.values.map { $0 * $0 }.sorted().reduce(0, +) / count
    }

    /// The square of the correlation.
    private func linearShare(_ values: [Double]) -> Double {
        guard !values.contains(where: \.isNaN) else { return 0 }
        let count = Double(values.count)
        let (x, y) = (values.reduce(0, +) / count, targets.reduce(0, +) / count)
        var (xx, xy, yy) = (0.0, 0.0, 0.0)
        for (value, target) in zip(values, targets) {
            xx += (value - x) * (value - x)
            xy += (value - x) * (target - y)
            yy += (target - y) * (target - y)
        }
        return xx > 0 && yy > 0 && (xy * xy).isFinite ? xy * xy / xx / yy : 0
    }
}
