extension Schedule {
    /// What the learning rate is multiplied by in a step.
    /// - Parameters:
    ///   - progress: Epochs done before it, with fractions.
    ///   - step: The share of an epoch that the step is. A rise counts the step itself, as those of Vaswani et al.
    ///     (2017) do: step k of n has k/n of the rate. Otherwise the first would have none.
    ///   - epochs: In the whole run.
    func factor(progress: Double, step: Double, epochs: Double) -> Double {
        func halfCosine(_ share: Double) -> Double { 0.5 + 0.5 * RectifierCore.cosine(of: Double.pi * min(1, share)) }
        func rising(_ rise: Double) -> Double { min(1, (progress + step) / rise) }
        switch self {
        case .constant: return 1
        case .staircase(let every, let factor): return powerOf(factor, (progress / Double(every)).rounded(.down))
        case .warmUp(let rise): return progress < rise ? rising(rise) : 1
        case .cosine(let rise, let floor):
            if progress < rise { return rising(rise) }
            return floor + (1 - floor) * halfCosine((progress - rise) / max(epochs - rise, .leastNormalMagnitude))
        case .oneCycle:
            let share = progress / epochs, peak = 0.3
            if share < peak { return 1.0 / 25 + (1 - 1.0 / 25) * (1 - halfCosine(share / peak)) }
            return 1.0 / 250_000 + (1 - 1.0 / 250_000) * halfCosine((share - peak) / (1 - peak))
        }
    }

    /// Whether the rate of a step depends on how many epochs the run has in all.
    var spansTheRun: Bool {
        switch self {
        case .constant, .staircase, .warmUp: false
        case .cosine, .oneCycle: true
        }
    }
}
