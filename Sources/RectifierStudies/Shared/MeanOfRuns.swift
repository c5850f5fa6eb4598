import RectifierInstruments

extension [Double] {
    /// NaN of none.
    var mean: Double { reduce(0, +) / Double(count) }

    /// Of the mean; `nil` for fewer than two numbers.
    var standardError: Double? {
        guard count > 1 else { return nil }
        let mean = mean, squares = reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(count - 1) / Double(count)).squareRoot()
    }

    /// Where the mean of all that might have been drawn lies, with 95 % confidence, by Student's law: few numbers say
    /// little. `nil` for fewer than two.
    var interval95: ClosedRange<Double>? {
        guard let standardError else { return nil }
        // The 97.5 % points for 1 to 12 degrees of freedom; beyond, the normal number and what Cornish and Fisher add.
        let points = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179]
        let freedom = count - 1
        let point = freedom <= points.count ? points[freedom - 1] : 1.96 + 2.37 / Double(freedom) + 2.8 / Double(freedom * freedom)
        return mean - point * standardError...mean + point * standardError
    }
}
