/// A fraction, for geometry without rounding.
struct Rational: Comparable {
    let numerator: Int, denominator: Int

    init(_ numerator: Int, _ denominator: Int = 1) {
        precondition(denominator != 0)
        var (a, b) = (numerator.magnitude, denominator.magnitude)
        while b != 0 { (a, b) = (b, a % b) }
        let divisor = Int(max(a, 1)) * denominator.signum()
        (self.numerator, self.denominator) = (numerator / divisor, denominator / divisor)
    }

    /// A multiple of 1/1024.
    init(_ value: Double) {
        precondition((value * 1024).rounded() == value * 1024)
        self.init(Int(value * 1024), 1024)
    }

    static func + (a: Self, b: Self) -> Self {
        Rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
    }
    static func - (a: Self, b: Self) -> Self {
        Rational(a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator)
    }
    static func * (a: Self, b: Self) -> Self { Rational(a.numerator * b.numerator, a.denominator * b.denominator) }
    static func / (a: Self, b: Self) -> Self { Rational(a.numerator * b.denominator, a.denominator * b.numerator) }
    static func < (a: Self, b: Self) -> Bool { a.numerator * b.denominator < b.numerator * a.denominator }
    var isZero: Bool { numerator == 0 }
}

/// Whether there are numbers λ ≥ 0 with `rows` · λ = `values`: the first phase of the simplex method, with Bland's rule
/// against cycling.
func hasNonNegativeSolution(_ rows: [[Rational]], _ values: [Rational]) -> Bool {
    let zero = Rational(0), columns = rows.first?.count ?? 0
    // Each row with a value of 0 or more, and a variable of its own that is to vanish. Last the value.
    var tableau = zip(rows, values).map { row, value in value < zero ? row.map { zero - $0 } + [zero - value] : row + [value] }
    var basis: [Int?] = rows.map { _ in nil }
    while true {
        // What is left of the artificial variables falls along the first column in which it can.
        let left = tableau.indices.filter { basis[$0] == nil }
        guard left.contains(where: { !tableau[$0][columns].isZero }) else { return true }
        guard let entering = (0..<columns).first(where: { column in left.reduce(zero) { $0 + tableau[$1][column] } > zero }) else {
            return false
        }
        var leaving: Int?
        for row in tableau.indices where tableau[row][entering] > zero {
            guard let best = leaving else { leaving = row; continue }
            let a = tableau[row][columns] / tableau[row][entering], b = tableau[best][columns] / tableau[best][entering]
            if a < b || (a == b && (basis[row] ?? columns + row) < (basis[best] ?? columns + best)) { leaving = row }
        }
        let pivot = leaving!
        let scale = tableau[pivot][entering]
        tableau[pivot] = tableau[pivot].map { $0 / scale }
        for row in tableau.indices where row != pivot && !tableau[row][entering].isZero {
            let factor = tableau[row][entering]
            tableau[row] = zip(tableau[row], tableau[pivot]).map { $0.isZero && $1.isZero ? $0 : $0 - factor * $1 }
        }
        basis[pivot] = entering
    }
}

/// Whether a point lies in the convex hull of others.
func isInHull(_ point: [Rational], of vertices: [[Rational]]) -> Bool {
    if vertices.contains(point) { return true }
    // Coordinates in which all agree say nothing.
    let axes = point.indices.filter { axis in vertices.contains { $0[axis] != point[axis] } }
    var rows: [[Rational]] = [], values: [Rational] = []
    for axis in axes {
        let row = vertices.map { $0[axis] }
        if !rows.contains(row) || values[rows.firstIndex(of: row)!] != point[axis] {
            rows.append(row)
            values.append(point[axis])
        }
    }
    return hasNonNegativeSolution(rows + [vertices.map { _ in Rational(1) }], values + [Rational(1)])
}

/// Whether there is a direction along which all of these are positive.
func hasCommonDirection(_ functionals: [[Int]]) -> Bool {
    guard let width = functionals.first?.count else { return true }
    // f · (v⁺ - v⁻) - slack = 1
    let rows = functionals.enumerated().map { index, f in
        f.map { Rational($0) } + f.map { Rational(-$0) } + functionals.indices.map { Rational($0 == index ? -1 : 0) }
    }
    precondition(functionals.allSatisfy { $0.count == width })
    return hasNonNegativeSolution(rows, functionals.map { _ in Rational(1) })
}
