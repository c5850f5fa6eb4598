@testable import Rectifier
@testable import RectifierCore

/// Mistakes in the gradient rules of what works on images, as people make them.
enum PlantedImageFault: String, CaseIterable, PlantedMistake {
    /// The window on the way back not turned around; its weights given to a neighbouring tap.
    case convolutionNotTurned, filtersShifted
    /// The same of the way back itself, which second derivatives go through.
    case transposedNotTurned, transposedFiltersShifted
    case filterGradientOfImages, filterGradientOfOutputs
    case pickShifted, spreadForgotten, meanNotDivided, transposedMeanNotDivided
    /// The batch's mean and variance taken for constants.
    case constantMean, constantVariance

    func gradient(_ right: [Formula?], _ g: Formula, _ x: [Formula], _ y: Formula) throws -> [Formula?] {
        switch self {
        case .convolutionNotTurned, .transposedNotTurned:
            let weights = x[1], rows = weights.shape[0], columns = weights.shape[1]
            let turned = try concatenated(
                (0..<rows).reversed().map { try weights.sliced(axis: 0, $0..<$0 + 1) }, axis: 0)
            let both = try concatenated(
                (0..<columns).reversed().map { try turned.sliced(axis: 1, $0..<$0 + 1) }, axis: 1)
            return [try Formula(right[0]!.operation, [g, both.transposed([0, 1, 3, 2])]), right[1]]
        case .filtersShifted, .transposedFiltersShifted: return [right[0], try right[1]!.rotated(axis: 1)]
        case .filterGradientOfImages: return [try right[0]!.rotated(axis: 2), right[1]]
        case .filterGradientOfOutputs: return [right[0], try right[1]!.rotated(axis: 2)]
        case .pickShifted: return [nil, try right[1]!.rotated(axis: 2)]
        case .spreadForgotten: return [nil, nil]
        case .meanNotDivided, .transposedMeanNotDivided: return [try right[0]! * 4]
        case .constantMean, .constantVariance: return [nil]
        }
    }

    /// The operation the fault is in, applied to images of 4×4 pixels with 2 channels, or to what is pooled from them.
    func layer() -> Function {
        Function("planted") { x, build in
            func planted(_ base: some Operation, _ operands: Formula...) throws -> Formula {
                try Formula(PlantedOperation(base: base, fault: self), operands)
            }
            func weights() throws -> Formula {
                try build.parameter("w", shape: [3, 3, 2, 2], initializer: .uniform(1))
            }
            let around = try Windows(image: Windows.Pair(4, 4), kernel: Windows.Pair(3, 3), padding: .same)
            let apart = try Windows(image: Windows.Pair(4, 4), kernel: Windows.Pair(2, 2), stride: Windows.Pair(2, 2))
            let convolution = Convolution(windows: around, groups: 1)
            switch self {
            case .convolutionNotTurned, .filtersShifted: return try planted(convolution, x, weights())
            case .transposedNotTurned, .transposedFiltersShifted:
                return try planted(Convolution(windows: around, groups: 1, isTransposed: true), x, weights())
            case .filterGradientOfImages, .filterGradientOfOutputs:
                // Such as a layer would use that makes its own weights from its images.
                let own = try planted(FilterGradient(windows: around, groups: 1, isTransposed: false), x, tanh(x))
                return try Formula(convolution, x, own)
            case .pickShifted: return try planted(WindowPick(windows: apart, ties: .first), x, x)
            case .spreadForgotten:
                let largest = try Formula(WindowPick(windows: apart, ties: .first), x, x)
                return try planted(WindowSpread(windows: apart, ties: .first), x, largest * largest)
            case .meanNotDivided: return try planted(WindowMean(windows: apart), x)
            case .transposedMeanNotDivided:
                return try planted(WindowMean(windows: apart, isTransposed: true), x.mean(in: apart))
            case .constantMean, .constantVariance:
                func mean(_ y: Formula, _ isPlanted: Bool) throws -> Formula {
                    let reduction = Reduction(kind: .mean, axes: 0..<3)
                    return try isPlanted ? planted(reduction, y) : Formula(reduction, y)
                }
                let centered = try x - mean(x, self == .constantMean)
                let variance = try mean(centered * centered, self == .constantVariance)
                return try centered / positiveRoot(variance + 1e-5)
            }
        }
    }
}

extension Formula {
    /// Everything one place further along an axis, the first at the end.
    fileprivate func rotated(axis: Int) throws -> Formula {
        try concatenated([sliced(axis: axis, 1..<shape[axis]), sliced(axis: axis, 0..<1)], axis: axis)
    }
}
