/// The largest value of `objective · x` over all `x ≥ 0` with `rows[i] · x ≤ limits[i]`, where no limit is negative, so
/// that `x = 0` is a start.
///
/// A dense simplex on a dictionary of the variables that are not in the basis (Chvátal 1983). It takes the steepest
/// column, and after a step that led nowhere the first one, by Bland's rule, so that it never cycles. For problems of
/// at most some hundred rows.
struct LinearProgram {
    private let variables: Int
    private let rowCount: Int
    /// `rowCount + 1` rows of `variables + 1`: coefficients and, last, the value of the basic variable; the last row is
    /// the objective.
    private var table: [Double]
    /// Which variable each column and row stands for; those from `variables` on are the rows' slacks.
    private var columns: [Int]
    private var basis: [Int]

    /// What is taken for 0 among coefficients of about 1.
    private static let tolerance = 1e-12

    init(objective: [Double], rows: [[Double]], limits: [Double]) {
        precondition(rows.count == limits.count && rows.allSatisfy { $0.count == objective.count } && limits.allSatisfy { $0 >= 0 })
        variables = objective.count
        rowCount = rows.count
        table = zip(rows, limits).flatMap { $0 + [$1] } + objective + [0]
        columns = Array(0..<variables)
        basis = Array(variables..<variables + rowCount)
    }

    /// The best `x` and its value; `nil` where there is no end to it. `isBest` is false where rounding kept it from
    /// being found: `x` is allowed then, no more.
    mutating func maximum() -> (x: [Double], value: Double, isBest: Bool)? {
        let width = variables + 1
        var stalled = false, isBest = false
        // Rounding could defeat Bland's rule, so there is an end in any case.
        for _ in 0..<200 * (width + rowCount) {
            guard let column = entering(byIndex: stalled) else {
                isBest = true
                break
            }
            guard let row = leaving(column) else { return nil }
            stalled = table[row * width + variables] <= LinearProgram.tolerance
            pivot(row, column)
        }
        var x = [Double](repeating: 0, count: variables)
        for (row, variable) in basis.enumerated() where variable < variables { x[variable] = table[row * width + variables] }
        return (x, -table[rowCount * width + variables], isBest)
    }

    /// A column that raises the objective.
    private func entering(byIndex: Bool) -> Int? {
        let start = rowCount * (variables + 1)
        var best: Int?
        for column in 0..<variables where table[start + column] > LinearProgram.tolerance {
            guard let chosen = best else { best = column; continue }
            if byIndex ? columns[column] < columns[chosen] : table[start + column] > table[start + chosen] { best = column }
        }
        return best
    }

    /// The row that a column reaches first; of several the one whose variable comes first.
    private func leaving(_ column: Int) -> Int? {
        let width = variables + 1
        var best: (row: Int, ratio: Double)?
        for row in 0..<rowCount where table[row * width + column] > LinearProgram.tolerance {
            let ratio = table[row * width + variables] / table[row * width + column]
            guard let chosen = best else { best = (row, ratio); continue }
            if ratio < chosen.ratio || (ratio == chosen.ratio && basis[row] < basis[chosen.row]) { best = (row, ratio) }
        }
        return best?.row
    }

    /// Lets a column's variable take a row's place in the basis.
    private mutating func pivot(_ row: Int, _ column: Int) {
        let width = variables + 1, height = rowCount + 1, last = variables
        table.withUnsafeMutableBufferPointer { table in
            let pivot = table[row * width + column]
            table[row * width + column] = 1
            for j in 0..<width { table[row * width + j] /= pivot }
            for i in 0..<height where i != row {
                let factor = table[i * width + column]
                guard factor != 0 else { continue }
                table[i * width + column] = 0
                for j in 0..<width { table[i * width + j] -= factor * table[row * width + j] }
                // A basic variable never is negative; only rounding makes it so.
                if i < height - 1, table[i * width + last] < 0 { table[i * width + last] = 0 }
            }
        }
        swap(&columns[column], &basis[row])
    }
}

/// The points on one side of a plane: `normal · x + offset ≥ 0`, with a normal of length 1.
struct HalfSpace: Hashable, Sendable {
    var normal: [Double]
    var offset: Double

    /// How far inside a point lies; negative outside.
    func depth(of x: [Double]) -> Double {
        var sum = offset
        for i in normal.indices { sum += normal[i] * x[i] }
        return sum
    }

    /// The least and the largest depth inside a box, whose sides may be infinite.
    func depths(in box: [ClosedRange<Double>]) -> (least: Double, largest: Double) {
        var (least, largest) = (offset, offset)
        for i in normal.indices where normal[i] != 0 {
            let ends = (normal[i] * box[i].lowerBound, normal[i] * box[i].upperBound)
            least += min(ends.0, ends.1)
            largest += max(ends.0, ends.1)
        }
        return (least, largest)
    }

    var opposite: HalfSpace { HalfSpace(normal: normal.map { -$0 }, offset: -offset) }
}

/// The centre and radius of the largest ball inside some half-spaces, or of one of `radiusLimit` if a larger one fits.
/// The radius is negative where they have no point in common.
///
/// - Parameter start: Any point; close to the centre it saves steps.
func largestBall(in halfSpaces: [HalfSpace], from start: [Double], radiusLimit: Double) -> (centre: [Double], radius: Double) {
    // Unknowns: x = start + u - w·1 with u, w ≥ 0, and radius = r - lift with r ≥ 0, which makes u = w = r = 0 a point
    // that is allowed.
    let depths = halfSpaces.map { $0.depth(of: start) }
    let lift = max(0, -(depths.min() ?? 0))
    var rows = halfSpaces.map { halfSpace in halfSpace.normal.map { -$0 } + [halfSpace.normal.reduce(0, +), 1] }
    var limits = depths.map { $0 + lift }
    let n = start.count
    rows.append([Double](repeating: 0, count: n + 1) + [1])
    limits.append(radiusLimit + lift)
    var program = LinearProgram(objective: [Double](repeating: 0, count: n + 1) + [1], rows: rows, limits: limits)
    // The limit of the radius is an end to it.
    guard let best = program.maximum() else { return (start, -lift) }
    let centre = start.indices.map { start[$0] + best.x[$0] - best.x[n] }
    return (centre, best.value - lift)
}

/// The smallest box around what some half-spaces have in common; infinite where that has no end.
///
/// - Parameter start: A point inside all of them.
func boundingBox(of halfSpaces: [HalfSpace], around start: [Double]) -> [ClosedRange<Double>] {
    // Unknowns as above, without the radius.
    let rows = halfSpaces.map { halfSpace in halfSpace.normal.map { -$0 } + [halfSpace.normal.reduce(0, +)] }
    let limits = halfSpaces.map { max(0, $0.depth(of: start)) }
    func reach(_ axis: Int, _ sign: Double) -> Double {
        var objective = [Double](repeating: 0, count: start.count) + [-sign]
        objective[axis] = sign
        var program = LinearProgram(objective: objective, rows: rows, limits: limits)
        guard let best = program.maximum(), best.isBest else { return .infinity }
        return best.value
    }
    return start.indices.map { start[$0] - reach($0, -1)...start[$0] + reach($0, 1) }
}
