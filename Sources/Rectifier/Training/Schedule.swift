extension Schedule {
    /// What the learning rate is multiplied by.
    /// - Parameters:
    ///   - progress: Epochs done, with fractions.
    ///   - epochs: In the whole run.
    func factor(progress: Double, epochs: Double) -> Double {
        func halfCosine(_ share: Double) -> Double { 0.5 + 0.5 * RectifierCore.cosine(of: Double.pi * min(1, share)) }
        switch self {
        case .constant: return 1
        case .staircase(let every, let factor): return powerOf(factor, (progress / Double(every)).rounded(.down))
        case .warmUp(let rise): return progress < rise ? progress / rise : 1
        case .cosine(let rise, let floor):
            if progress < rise { return progress / rise }
            return floor + (1 - floor) * halfCosine((progress - rise) / max(epochs - rise, .leastNormalMagnitude))
        case .oneCycle:
            let share = progress / epochs, peak = 0.3
            if share < peak { return 1.0 / 25 + (1 - 1.0 / 25) * (1 - halfCosine(share / peak)) }
            return 1.0 / 250_000 + (1 - 1.0 / 250_000) * halfCosine((share - peak) / (1 - peak))
        }
    }
}
