/// What a model says of rows whose targets are numbers. Errors of several targets count as if they were of one.
struct NumberAnswers: Answers {
    let count: Int
    private let width: Int
    /// Sums over a row: squared errors as trained and in the targets' units, sizes of errors in those units, targets
    /// less the first one, their squares, and squared errors of the training rows' mean.
    private let squares: [Double], squaresInUnits: [Double], sizes: [Double], targetSums: [Double], targetSquares: [Double]
    private let meanSquares: [Double]
    /// All errors in their units by size, with their rows.
    private let sorted: [(size: Double, row: Int32)]

    /// - Parameters:
    ///   - outputs: Row by row, as trained.
    ///   - targets: The same numbers as they are.
    ///   - units: What each target's differences are multiplied by to be in its own unit.
    ///   - means: Of the training rows' targets; `nil` where they are not known.
    init(outputs: [Double], targets: [Double], units: [Double], means: [Double]?) {
        let width = units.count, count = targets.count / width, shift = targets[0]
        (self.width, self.count) = (width, count)
        func sums(_ value: (Int) -> Double) -> [Double] {
            (0..<count).map { row in (row * width..<(row + 1) * width).reduce(0) { $0 + value($1) } }
        }
        func square(_ x: Double) -> Double { x * x }
        func size(_ place: Int) -> Double { abs(outputs[place] - targets[place]) * units[place % width] }
        squares = sums { square(outputs[$0] - targets[$0]) }
        squaresInUnits = sums { square(size($0)) }
        sizes = sums(size)
        targetSums = sums { targets[$0] - shift }
        targetSquares = sums { square(targets[$0] - shift) }
        meanSquares = means.map { means in sums { square(means[$0 % width] - targets[$0]) } } ?? []
        sorted = targets.indices.map { (size($0), Int32($0 / width)) }.sorted { $0.size < $1.size }
    }

    /// What always predicting the same gives.
    init(means: [Double], targets: [Double], units: [Double]) {
        let outputs = targets.indices.map { means[$0 % units.count] }
        self.init(outputs: outputs, targets: targets, units: units, means: means)
    }

    var work: Int { count * (1 + width) }

    /// Those of ``Metric/ofNumbers``.
    func scores(_ weights: UnsafeBufferPointer<Double>) -> [Double] {
        var square = 0.0, squareInUnits = 0.0, size = 0.0, target = 0.0, targetSquare = 0.0, meanSquare = 0.0, total = 0.0
        for row in 0..<count {
            let weight = weights[row]
            square += weight * squares[row]
            squareInUnits += weight * squaresInUnits[row]
            size += weight * sizes[row]
            target += weight * targetSums[row]
            targetSquare += weight * targetSquares[row]
            if !meanSquares.isEmpty { meanSquare += weight * meanSquares[row] }
            total += weight * Double(width)
        }
        let deviation = targetSquare - target * target / total
        return [
            (squareInUnits / total).squareRoot(), size / total, median(weights, total: total),
            // Of targets that are all equal, any error explains nothing; what is left then is rounding.
            deviation > 1e-12 * targetSquare ? 1 - square / deviation : 0,
            meanSquares.isEmpty || meanSquare == 0 ? .nan : 1 - square / meanSquare,
        ]
    }

    /// Half the weight lies on each side; between two errors, their mean.
    private func median(_ weights: UnsafeBufferPointer<Double>, total: Double) -> Double {
        var below = 0.0, lower: Double?
        for (size, row) in sorted where weights[Int(row)] > 0 {
            if let lower { return (lower + size) / 2 }
            below += weights[Int(row)]
            if below > total / 2 { return size }
            if below == total / 2 { lower = size }
        }
        return lower ?? sorted.last?.size ?? .nan
    }
}
