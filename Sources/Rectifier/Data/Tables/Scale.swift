/// Mean and standard deviation of numbers as they come, in two passes: first ``add(_:)``, then ``addSquare(_:)``.
struct Scale {
    private var sum = 0.0
    private var squares = 0.0
    private var lowest = Double.infinity
    private var highest = -Double.infinity
    private(set) var count = 0

    @inline(__always)
    mutating func add(_ value: Double) {
        sum += value
        lowest = min(lowest, value)
        highest = max(highest, value)
        count += 1
    }

    /// - Precondition: every number was added before.
    @inline(__always)
    mutating func addSquare(_ value: Double, mean: Double) {
        let difference = value - mean
        squares += difference * difference
    }

    /// Exactly the value where all are the same: a sum of many rounds.
    var mean: Double { isConstant ? lowest : sum / Double(count) }
    var isConstant: Bool { lowest == highest }

    /// 1 where all are the same, so that they become 0.
    var deviation: Double {
        let deviation = (squares / Double(count)).squareRoot()
        return isConstant || deviation == 0 ? 1 : deviation
    }

    /// Of all elements.
    static func of(_ values: some Sequence<Double>) -> Scale {
        var scale = Scale()
        for value in values { scale.add(value) }
        let mean = scale.mean
        for value in values { scale.addSquare(value, mean: mean) }
        return scale
    }

    /// Throws where sums left the range of numbers.
    func checked(_ place: @autoclosure () -> String) throws -> Scale {
        guard count == 0 || (mean.isFinite && deviation.isFinite) else {
            throw RectifierError(.data, "\(place()): the numbers are too large to be standardized; use a larger unit")
        }
        return self
    }
}
