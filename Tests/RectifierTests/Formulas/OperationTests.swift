import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

struct OperationTests {
    private static let matrix: [Shape] = [[Shape.batch, 5]]

    /// A function of one number, with its reference.
    struct Unary: Sendable, CustomTestStringConvertible {
        var name: String
        var domain: ClosedRange<Double> = -3...3
        var apply: @Sendable (Formula) throws -> Formula
        var reference: @Sendable (Double) -> Double
        var testDescription: String { name }
    }

    static let unary: [Unary] = [
        Unary(name: "relu", apply: { relu($0) }, reference: { $0 > 0 ? $0 : 0 }),
        Unary(name: "leakyReLU", apply: { leakyReLU($0, slope: 0.1) }, reference: { $0 > 0 ? $0 : 0.1 * $0 }),
        Unary(name: "relu6", domain: -2...9, apply: { relu6($0) }, reference: { Swift.min(Swift.max($0, 0), 6) }),
        Unary(name: "abs", apply: { Rectifier.abs($0) }, reference: { Swift.abs($0) }),
        Unary(name: "clip", apply: { clip($0, -1, 0.5) }, reference: { Swift.min(Swift.max($0, -1), 0.5) }),
        Unary(name: "hardSigmoid", domain: -5...5, apply: { try hardSigmoid($0) }, reference: { Swift.min(Swift.max($0 / 6 + 0.5, 0), 1) }),
        Unary(name: "hardTanh", apply: { hardTanh($0) }, reference: { Swift.min(Swift.max($0, -1), 1) }),
        Unary(name: "heaviside", apply: { heaviside($0, below: -2, atZero: 7, above: 3) }, reference: { $0 < 0 ? -2 : 3 }),
        Unary(name: "sigmoid", apply: { sigmoid($0) }, reference: { 1 / (1 + Foundation.exp(-$0)) }),
        Unary(name: "tanh", apply: { Rectifier.tanh($0) }, reference: { Foundation.tanh($0) }),
        Unary(name: "softplus", apply: { try softplus($0) }, reference: { Foundation.log1p(Foundation.exp($0)) }),
        Unary(
            name: "softplus sharp", apply: { try softplus($0, sharpness: 4) }, reference: { Foundation.log1p(Foundation.exp(4 * $0)) / 4 }),
        Unary(name: "elu", apply: { try elu($0, alpha: 0.7) }, reference: { $0 > 0 ? $0 : 0.7 * Foundation.expm1($0) }),
        Unary(name: "gelu", apply: { try gelu($0) }, reference: { $0 * 0.5 * erfc(-$0 / 2.squareRoot()) }),
        Unary(name: "silu", apply: { try silu($0) }, reference: { $0 / (1 + Foundation.exp(-$0)) }),
        Unary(name: "exp", apply: { Rectifier.exp($0) }, reference: { Foundation.exp($0) }),
        Unary(name: "expm1", apply: { Rectifier.expm1($0) }, reference: { Foundation.expm1($0) }),
        Unary(name: "log", domain: 0.2...4, apply: { Rectifier.log($0) }, reference: { Foundation.log($0) }),
        Unary(name: "log1p", domain: -0.6...4, apply: { Rectifier.log1p($0) }, reference: { Foundation.log1p($0) }),
        Unary(name: "sqrt", domain: 0.2...4, apply: { Rectifier.sqrt($0) }, reference: { $0.squareRoot() }),
        Unary(name: "sin", apply: { Rectifier.sin($0) }, reference: { Foundation.sin($0) }),
        Unary(name: "cos", apply: { Rectifier.cos($0) }, reference: { Foundation.cos($0) }),
        Unary(name: "negate", apply: { -$0 }, reference: { -$0 }),
        Unary(name: "cube", apply: { try power($0, 3) }, reference: { $0 * $0 * $0 }),
        Unary(name: "log of softmax's kin", apply: { Rectifier.log(sigmoid($0)) }, reference: { -Foundation.log1p(Foundation.exp(-$0)) }),
        Unary(
            name: "log(1 + exp x)", apply: { Rectifier.log(try 1 + Rectifier.exp($0)) }, reference: { Foundation.log1p(Foundation.exp($0)) }
        ),
        Unary(
            name: "all at once", apply: { try sigmoid($0) * Rectifier.tanh($0) + 0.5 * relu($0 - 0.1) - $0 / 3 },
            reference: {
                Foundation.tanh($0) / (1 + Foundation.exp(-$0)) + 0.5 * Swift.max($0 - 0.1, 0) - $0 / 3
            }),
    ]

    private static let functionsOfOne = unary.map { function in
        OperationCase(
            function.name, shapes: matrix, domain: function.domain, operation: { try function.apply($0[0]) },
            reference: { $0[0].map(function.reference) })
    }

    /// A function of two arrays of one shape and of several that broadcast.
    struct Binary: Sendable, CustomTestStringConvertible {
        var name: String
        var domain: ClosedRange<Double> = -2...2
        var apply: @Sendable (Formula, Formula) throws -> Formula
        var reference: @Sendable (Double, Double) -> Double
        var testDescription: String { name }
    }

    static let binary: [Binary] = [
        Binary(name: "add", apply: { try $0 + $1 }, reference: { $0 + $1 }),
        Binary(name: "subtract", apply: { try $0 - $1 }, reference: { $0 - $1 }),
        Binary(name: "multiply", apply: { try $0 * $1 }, reference: { $0 * $1 }),
        Binary(name: "divide", domain: 0.5...2, apply: { try $0 / $1 }, reference: { $0 / $1 }),
        Binary(name: "power", domain: 0.5...2, apply: { try power($0, $1) }, reference: { pow($0, $1) }),
        Binary(name: "maximum", apply: { try maximum($0, $1) }, reference: { Swift.max($0, $1) }),
        Binary(name: "minimum", apply: { try minimum($0, $1) }, reference: { Swift.min($0, $1) }),
        Binary(name: "prelu", apply: { try prelu($0, slope: $1) }, reference: { $0 > 0 ? $0 : $1 * $0 }),
        Binary(name: "greater", apply: { try $0 > $1 }, reference: { $0 > $1 ? 1 : 0 }),
        Binary(name: "equal", apply: { try equal($0, $1) }, reference: { $0 == $1 ? 1 : 0 }),
        Binary(name: "less or equal", apply: { try $0 <= $1 }, reference: { $0 <= $1 ? 1 : 0 }),
        Binary(name: "select", apply: { try select($0 > 0.3, $0 * $1, $1) }, reference: { $0 > 0.3 ? $0 * $1 : $1 }),
    ]

    @OperationCases private static func cases(of function: Binary) -> [OperationCase] {
        OperationCase(
            function.name, shapes: [[Shape.batch, 4], [Shape.batch, 4]], domain: function.domain,
            operation: { try function.apply($0[0], $0[1]) },
            reference: { zip($0[0], $0[1]).map(function.reference) })
        // A row, a column, a scalar and the odd middle axis, on either side.
        OperationCase(
            function.name + " by row", shapes: [[Shape.batch, 4], [4]], domain: function.domain,
            operation: { try function.apply($0[0], $0[1]) },
            reference: { x in (0..<12).map { function.reference(x[0][$0], x[1][$0 % 4]) } })
        OperationCase(
            function.name + " by column", shapes: [[Shape.batch, 1], [Shape.batch, 4]], domain: function.domain,
            operation: { try function.apply($0[0], $0[1]) },
            reference: { x in (0..<12).map { function.reference(x[0][$0 / 4], x[1][$0]) } })
        OperationCase(
            function.name + " by middle axis", shapes: [[2, 3, 2], [2, 1, 2]], domain: function.domain,
            operation: { try function.apply($0[0], $0[1]) },
            reference: { x in (0..<12).map { function.reference(x[0][$0], x[1][$0 / 6 * 2 + $0 % 2]) } })
        OperationCase(
            function.name + " outer", shapes: [[3, 1], [1, 4]], domain: function.domain, operation: { try function.apply($0[0], $0[1]) },
            reference: { x in (0..<12).map { function.reference(x[0][$0 / 4], x[1][$0 % 4]) } })
    }

    @OperationCases private static func product(_ ta: Bool, _ tb: Bool) -> [OperationCase] {
        let m = 3, k = 5, n = 4
        OperationCase(
            "matmul \(ta) \(tb)", shapes: [ta ? [k, Shape.batch] : [Shape.batch, k], tb ? [n, k] : [k, n]],
            operation: { try matmul($0[0], $0[1], transposingA: ta, transposingB: tb) },
            reference: { x in
                (0..<m * n).map { index in
                    let (i, j) = (index / n, index % n)
                    return (0..<k).reduce(0) { $0 + x[0][ta ? $1 * m + i : i * k + $1] * x[1][tb ? j * k + $1 : $1 * n + j] }
                }
            })
    }

    /// Sums over windows, and their transposes, in plain loops.
    private static func convolutions() -> [OperationCase] {
        var cases: [OperationCase] = []
        for (name, image, kernel, stride, dilation, padding, channels, filters, groups) in convolutionShapes {
            let windows = try! Windows(image: image, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
            let (inside, outside) = (image.rows * image.columns, windows.outputs.rows * windows.outputs.columns)
            /// The sum over all places where a window's tap meets a pixel.
            func sum(_ x: [Double], _ w: [Double], transposed: Bool) -> [Double] {
                let (from, to) = transposed ? (outside, inside) : (inside, outside)
                let own = channels / groups, size = filters / groups
                var y = [Double](repeating: 0, count: OperationCase.batch * to * filters)
                for sample in 0..<OperationCase.batch {
                    for (index, place) in windows.places.enumerated() where place >= 0 {
                        let (output, tap) = (index / windows.taps, index % windows.taps)
                        let (a, b) = transposed ? (output, Int(place)) : (Int(place), output)
                        for channel in 0..<channels {
                            for filter in channel / own * size..<(channel / own + 1) * size {
                                y[(sample * to + b) * filters + filter] +=
                                    x[(sample * from + a) * channels + channel] * w[(tap * own + channel % own) * filters + filter]
                            }
                        }
                    }
                }
                return y
            }
            let weights = Shape([kernel.rows, kernel.columns, channels / groups, filters])
            cases += [
                OperationCase(
                    "convolution \(name)", shapes: [[Shape.batch, image.rows, image.columns, channels], weights],
                    operation: { try convolution($0[0], $0[1], windows: windows, groups: groups) },
                    reference: { sum($0[0], $0[1], transposed: false) }),
                OperationCase(
                    "transposed convolution \(name)",
                    shapes: [[Shape.batch, windows.outputs.rows, windows.outputs.columns, channels], weights],
                    operation: { try transposedConvolution($0[0], $0[1], windows: windows, groups: groups) },
                    reference: { sum($0[0], $0[1], transposed: true) }),
            ]
        }
        // Bias and activation become one step with it, whatever is added pixel by pixel besides.
        cases.append(
            OperationCase(
                "convolution, bias and activation",
                shapes: [[Shape.batch, 3, 3, 2], [1, 1, 2, 3], [3], [Shape.batch, 3, 3, 3], [3, 3, 3]],
                operation: { x in
                    let windows = try Windows(image: .init(3, 3), kernel: .init(1, 1))
                    return try Rectifier.tanh(convolution(x[0], x[1], windows: windows) + x[2]) * x[3] + x[4]
                },
                reference: { x in
                    (0..<81).map { index in
                        let (pixel, filter) = (index / 3, index % 3)
                        let sum = x[0][2 * pixel] * x[1][filter] + x[0][2 * pixel + 1] * x[1][3 + filter]
                        return Foundation.tanh(sum + x[2][filter]) * x[3][index] + x[4][index % 27]
                    }
                }))
        return cases
    }

    private typealias Pair = Windows.Pair
    private static let convolutionShapes: [(String, Pair, Pair, Pair, Pair, Windows.Padding, channels: Int, filters: Int, groups: Int)] = [
        ("3x3", Pair(4, 5), Pair(3, 3), Pair(1, 1), Pair(1, 1), .same, 2, 3, 1),
        ("valid", Pair(4, 3), Pair(2, 3), Pair(1, 1), Pair(1, 1), .valid, 1, 2, 1),
        ("strided", Pair(5, 6), Pair(3, 2), Pair(2, 3), Pair(1, 1), .same, 2, 2, 1),
        ("dilated", Pair(5, 5), Pair(2, 2), Pair(1, 1), Pair(3, 2), .explicit(Pair(1, 2)), 1, 2, 1),
        ("in groups", Pair(3, 3), Pair(2, 2), Pair(1, 1), Pair(1, 1), .same, 4, 6, 2),
        ("depthwise", Pair(3, 3), Pair(3, 3), Pair(2, 2), Pair(1, 1), .explicit(Pair(1, 1)), 3, 6, 3),
    ]

    /// Product, bias and activation, which become one step.
    @OperationCases private static func denseLayer() -> [OperationCase] {
        OperationCase(
            "dense", shapes: [[Shape.batch, 5], [5, 4], [4], [Shape.batch, 4]],
            operation: { x in try Rectifier.tanh(matmul(x[0], x[1]) + x[2]) * x[3] },
            reference: { x in
                (0..<12).map { index in
                    let (i, j) = (index / 4, index % 4)
                    return Foundation.tanh((0..<5).reduce(x[2][j]) { $0 + x[0][i * 5 + $1] * x[1][$1 * 4 + j] }) * x[3][index]
                }
            })
    }

    @OperationCases private static func reductions() -> [OperationCase] {
        let sum: @Sendable ([Double]) -> Double = { $0.reduce(0, +) }
        let shape: [Shape] = [[Shape.batch, 4]]
        OperationCase("sum", shapes: shape, operation: { try $0[0].sum() }, reference: { [sum($0[0])] })
        OperationCase("sum rows", shapes: shape, operation: { try $0[0].sum(over: [1]) }, reference: { rows($0[0], 4).map(sum) })
        OperationCase("sum columns", shapes: shape, operation: { try $0[0].sum(over: [0]) }, reference: { columns($0[0], 4).map(sum) })
        OperationCase("mean", shapes: shape, operation: { try $0[0].mean() }, reference: { [sum($0[0]) / 12] })
        OperationCase(
            "mean columns", shapes: shape, operation: { try $0[0].mean(over: [0]) }, reference: { columns($0[0], 4).map { sum($0) / 3 } })
        OperationCase(
            "maximum rows", shapes: shape, operation: { try $0[0].maximum(over: [-1]) }, reference: { rows($0[0], 4).map { $0.max()! } })
        OperationCase(
            "minimum columns", shapes: shape, operation: { try $0[0].minimum(over: [0]) },
            reference: { columns($0[0], 4).map { $0.min()! } })
        OperationCase(
            "mean of channels", shapes: [[Shape.batch, 2, 4]], operation: { try $0[0].mean(over: [0, 1]) },
            reference: { columns($0[0], 4).map { sum($0) / 6 } })
        OperationCase(
            "sum of outer axes", shapes: [[2, 3, 2]], operation: { try $0[0].sum(over: [0, 2]) }, reference: { outerSums($0[0]) })
    }

    @OperationCases private static func rowFunctions() -> [OperationCase] {
        let shape: [Shape] = [[Shape.batch, 4]]
        OperationCase(
            "softmax", shapes: shape, operation: { try softmax($0[0]) },
            reference: {
                rows($0[0], 4).flatMap { row in row.map { Foundation.exp($0 - logSum(row)) } }
            })
        OperationCase(
            "logSoftmax", shapes: shape, operation: { try logSoftmax($0[0]) },
            reference: {
                rows($0[0], 4).flatMap { row in row.map { $0 - logSum(row) } }
            })
        OperationCase(
            "log(softmax)", shapes: shape, operation: { Rectifier.log(try softmax($0[0])) },
            reference: {
                rows($0[0], 4).flatMap { row in row.map { $0 - logSum(row) } }
            })
        OperationCase("logSumExp", shapes: shape, operation: { try logSumExp($0[0]) }, reference: { rows($0[0], 4).map(logSum) })
        // Targets that are distributions.
        OperationCase(
            "softmaxCrossEntropy", shapes: shape,
            operation: { try Loss.softmaxCrossEntropy($0[0], .constant(0.25).broadcast(to: [Shape.batch, 4])) },
            reference: { rows($0[0], 4).map { row in row.reduce(0) { $0 - 0.25 * ($1 - logSum(row)) } } })
    }

    @OperationCases private static func losses() -> [OperationCase] {
        let pair: [Shape] = [[Shape.batch, 2], [Shape.batch, 2]]
        OperationCase(
            "squared", shapes: pair, operation: { try Loss.squaredError($0[0], $0[1]) }, reference: mean { ($0 - $1) * ($0 - $1) })
        OperationCase(
            "half", shapes: pair, operation: { try Loss.halfSquaredError($0[0], $0[1]) }, reference: mean { ($0 - $1) * ($0 - $1) / 2 })
        OperationCase(
            "absolute", shapes: pair, operation: { try Loss.absoluteError($0[0], $0[1]) }, reference: mean { Swift.abs($0 - $1) })
        OperationCase(
            "huber", shapes: pair, operation: { try Loss.huber(delta: 0.8)($0[0], $0[1]) },
            reference: mean { Swift.abs($0 - $1) <= 0.8 ? ($0 - $1) * ($0 - $1) / 2 : 0.8 * (Swift.abs($0 - $1) - 0.4) })
        OperationCase(
            "hinge", shapes: pair, operation: { try Loss.hinge($0[0], $0[1]) }, reference: mean { Swift.max(0, 1 - $0 * $1) })
        OperationCase(
            "sigmoidCrossEntropy", shapes: pair, domain: 0.1...0.9, operation: { try Loss.sigmoidCrossEntropy($0[0], $0[1]) },
            reference: mean { Foundation.log1p(Foundation.exp($0)) - $0 * $1 })
    }

    @OperationCases private static func layout() -> [OperationCase] {
        OperationCase(
            "reshape", shapes: [[Shape.batch, 4]], operation: { try Rectifier.tanh($0[0].reshaped(to: [Shape.batch, 2, 2])) * 2 },
            reference: { $0[0].map { 2 * Foundation.tanh($0) } })
        OperationCase(
            "transpose", shapes: [[2, 3, 4]], operation: { try $0[0].transposed([2, 0, 1]) },
            reference: gathered(24) { place -> Int in
                let outer: Int = place / 6, inner: Int = place % 6
                return inner / 3 * 12 + inner % 3 * 4 + outer
            })
        OperationCase(
            "slice", shapes: [[Shape.batch, 5]], operation: { try $0[0].sliced(axis: 1, 1..<3) },
            reference: gathered(6) { $0 / 2 * 5 + 1 + $0 % 2 })
        OperationCase(
            "concatenate", shapes: [[Shape.batch, 2], [Shape.batch, 3]], operation: { try concatenated([$0[0], $0[1] * 2], axis: 1) },
            reference: joined)
        OperationCase(
            "broadcast", shapes: [[Shape.batch, 1]], operation: { try $0[0].broadcast(to: [2, Shape.batch, 4]) },
            reference: gathered(24) { $0 % 12 / 4 })
    }

    /// A pooling of images, whose reference makes a number of the pixels of each window.
    private static func pooling(
        _ name: String, over image: Windows.Pair, channels: Int, kernel: Windows.Pair, stride: Windows.Pair,
        dilation: Windows.Pair = Windows.Pair(1, 1), padding: Windows.Padding = .valid,
        _ apply: @escaping (Formula, Windows) throws -> Formula, _ reference: @escaping ([Double]) -> Double
    ) -> OperationCase {
        let windows = try! Windows(image: image, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
        return OperationCase(
            name, shapes: [[Shape.batch, image.rows, image.columns, channels]], operation: { try apply($0[0], windows) },
            reference: { x in
                PoolingTests.Trial(windows: windows, samples: 3, channels: channels, x: x[0], g: []).pixels.map { pixels in
                    reference(pixels.map { x[0][$0] })
                }
            })
    }

    @OperationCases private static func poolings() -> [OperationCase] {
        let two = Windows.Pair(2, 2)
        pooling(
            "maximum in windows", over: Windows.Pair(4, 5), channels: 2, kernel: two, stride: two, { try $0.maximum(in: $1) },
            { $0.max()! })
        pooling(
            "maximum in windows that overlap", over: Windows.Pair(3, 4), channels: 2, kernel: Windows.Pair(3, 2),
            stride: Windows.Pair(1, 2), padding: .same, { try $0.maximum(in: $1, ties: .split) }, { $0.max()! })
        pooling(
            "maximum in windows with gaps", over: Windows.Pair(5, 1), channels: 3, kernel: Windows.Pair(2, 1),
            stride: Windows.Pair(3, 1), dilation: Windows.Pair(2, 1), padding: .explicit(Windows.Pair(1, 0)),
            { try $0.maximum(in: $1, ties: .second) }, { $0.max()! })
        pooling(
            "mean in windows", over: Windows.Pair(3, 4), channels: 2, kernel: Windows.Pair(3, 2), stride: two, padding: .same,
            { try $0.mean(in: $1) }, { $0.reduce(0, +) / Double($0.count) })
    }

    /// A layer as a function of its input and its parameters, in their order.
    private static func apply(_ layer: any Layer, isTraining: Bool = true, _ x: [Formula]) throws -> Formula {
        var build = NetworkBuild(isTraining: isTraining)
        let result = try build.apply(layer, to: x[0])
        return try rebuilt([result]) { original, _ in build.parameters.firstIndex(of: original).map { x[$0 + 1] } }[0]
    }

    /// Normalized by mean and variance over `count` numbers of each channel, or as given; then scaled and shifted.
    private static func normalized(_ values: [Double], mean: [Double], variance: [Double], _ scale: [Double], _ shift: [Double]) -> [Double]
    {
        values.enumerated().map { place, value in
            let channel = place % scale.count, row = mean.count == scale.count ? channel : place / scale.count
            return (value - mean[row]) / (variance[row] + 1e-5).squareRoot() * scale[channel] + shift[channel]
        }
    }
    private static func moments(_ lines: [[Double]]) -> (mean: [Double], variance: [Double]) {
        let mean = lines.map { $0.reduce(0, +) / Double($0.count) }
        return (mean, zip(lines, mean).map { line, mean in line.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(line.count) })
    }

    @OperationCases private static func normalizations() -> [OperationCase] {
        let channels: [Shape] = [[2], [2], [2], [2]]
        OperationCase(
            "batchnorm", shapes: [[Shape.batch, 2]] + channels, domain: 0.25...3, operation: { try apply(BatchNorm(), $0) },
            reference: { x in
                let (mean, variance) = moments(columns(x[0], 2))
                return normalized(x[0], mean: mean, variance: variance, x[3], x[4])
            })
        OperationCase(
            "batchnorm of channels", shapes: [[Shape.batch, 2, 2, 2]] + channels, domain: 0.25...3,
            operation: { try apply(BatchNorm(), $0) },
            reference: { x in
                let (mean, variance) = moments(columns(x[0], 2))
                return normalized(x[0], mean: mean, variance: variance, x[3], x[4])
            })
        OperationCase(
            "batchnorm in use", shapes: [[Shape.batch, 2]] + channels, domain: 0.25...3,
            operation: { try apply(BatchNorm(), isTraining: false, $0) },
            reference: { x in normalized(x[0], mean: x[1], variance: x[2], x[3], x[4]) })
        OperationCase(
            "layernorm", shapes: [[Shape.batch, 5], [5], [5]], domain: 0.25...3, operation: { try apply(LayerNorm(), $0) },
            reference: { x in
                let (mean, variance) = moments(rows(x[0], 5))
                return normalized(x[0], mean: mean, variance: variance, x[1], x[2])
            })
        OperationCase(
            "statistic of one", shapes: [[4], [4]],
            operation: { try $0[0] * Formula(StatisticOrElse(counted: [1]), $0[0], $0[1]) * varianceCorrection([1]) },
            reference: { x in zip(x[0], x[1]).map { $0 * $1 } })
    }

    /// Operations that no function of the library applies by itself.
    @OperationCases private static func watches() -> [OperationCase] {
        let counters = KinkCounters(count: 2)
        OperationCase(
            "watch", shapes: matrix, operation: { $0[0].watched(at: 0, KinkCounter(0, of: counters)) }, reference: { $0[0] })
        OperationCase(
            "watchTie", shapes: matrix + matrix,
            operation: { try $0[0].watched(meeting: $0[1], KinkCounter(1, of: counters)) }, reference: { $0[0] })
        OperationCase(
            "tally", shapes: matrix, operation: { try $0[0].tallied(UnitTally(count: $0[0].shape[1], threads: 1)) }, reference: { $0[0] })
        OperationCase(
            "injectedReLU", shapes: matrix, operation: { Formula(InjectedReLU(value: 1), of: $0[0]) },
            reference: { $0[0].map { Swift.max($0, 0) } })
    }

    // What references are made of.

    private static func columns(_ x: [Double], _ n: Int) -> [[Double]] {
        (0..<n).map { j in stride(from: j, to: x.count, by: n).map { x[$0] } }
    }
    private static func rows(_ x: [Double], _ n: Int) -> [[Double]] { stride(from: 0, to: x.count, by: n).map { Array(x[$0..<$0 + n]) } }
    private static func outerSums(_ x: [Double]) -> [Double] {
        var sums = [0.0, 0, 0]
        for (place, value) in x.enumerated() { sums[place / 2 % 3] += value }
        return sums
    }
    private static func logSum(_ row: [Double]) -> Double { Foundation.log(row.reduce(0) { $0 + Foundation.exp($1) }) }
    private static func mean(_ f: @escaping (Double, Double) -> Double) -> ([[Double]]) -> [Double] {
        { x in (0..<3).map { i in (f(x[0][2 * i], x[1][2 * i]) + f(x[0][2 * i + 1], x[1][2 * i + 1])) / 2 } }
    }
    /// `count` elements, each taken from where `source` says.
    private static func gathered(_ count: Int, _ source: @escaping (Int) -> Int) -> ([[Double]]) -> [Double] {
        { x in (0..<count).map { x[0][source($0)] } }
    }
    private static func joined(_ x: [[Double]]) -> [Double] {
        (0..<3).flatMap { row -> [Double] in Array(x[0][2 * row..<2 * row + 2]) + x[1][3 * row..<3 * row + 3].map { 2 * $0 } }
    }

    static let all: [OperationCase] =
        functionsOfOne + binary.flatMap(cases) + [false, true].flatMap { product($0, false) + product($0, true) } + denseLayer()
        + convolutions()
        + reductions() + rowFunctions() + losses() + layout() + poolings() + normalizations() + watches()

    @Test(arguments: all) func matchesReference(_ operation: OperationCase) throws {
        try checkOperation(
            operation.name, shapes: operation.shapes, domain: operation.domain, operation: operation.operation,
            reference: operation.reference)
    }

    @Test func wrongShapesAreNamed() {
        func message(_ body: () throws -> Formula) -> String {
            do { return "made \(try body().shape)" } catch { return "\(error)" }
        }
        let a = Formula.input("a", shape: [Shape.batch, 3]), b = Formula.input("b", shape: [4, 5])
        #expect(message { try a + b } == "add: the shapes [batch, 3] and [4, 5] do not match")
        #expect(message { try matmul(a, b) } == "matmul: [batch, 3] times [4, 5] has inner extents that differ")
        #expect(message { try a.reshaped(to: [3]) } == "reshape: [batch, 3] and [3] have different counts")
        #expect(message { try a.sum(over: [2]) } == "sum: [batch, 3] has no axis 2")
    }
}
