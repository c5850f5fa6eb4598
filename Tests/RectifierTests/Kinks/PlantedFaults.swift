@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// What a gradient rule becomes by a mistake.
protocol PlantedMistake: Hashable, Sendable {
    func gradient(_ right: [Formula?], _ g: Formula, _ x: [Formula], _ y: Formula) throws -> [Formula?]
}

/// Mistakes in gradient rules, as people make them.
enum PlantedFault: String, CaseIterable, PlantedMistake {
    case wrongSign, missingFactor, wrongTranspose, gateOnTheWrongSide, droppedBroadcastSum, scaledByBatch, tanhDerivativeOneMinusY,
        crossEntropyPlusTarget, forgottenOperand, shiftedSlice, shiftedBias, missingDropoutMask, anotherValueAtZero, forgottenSoftmaxSum

    /// What a rule becomes.
    func gradient(_ right: [Formula?], _ g: Formula, _ x: [Formula], _ y: Formula) throws -> [Formula?] {
        switch self {
        case .wrongSign: return [right[0], right[1].map { -$0 }]
        case .missingFactor: return [try g.broadcast(to: x[0].shape)]
        case .wrongTranspose: return [try matmul(g, x[1]), right[1]]
        case .gateOnTheWrongSide: return [try g * heaviside(x[0], below: 1, atZero: 0, above: 0)]
        case .droppedBroadcastSum: return [right[0], try g.sliced(axis: 1, 0..<1).summed(to: x[1].shape)]
        case .scaledByBatch: return [right[0], try g.mean(over: [0])]
        case .tanhDerivativeOneMinusY: return [try g * (1 - y)]
        case .crossEntropyPlusTarget: return [try g * (softmax(x[0]) + x[1]), right[1]]
        case .forgottenOperand: return [right[0], nil]
        case .shiftedSlice:
            let zeros = try Formula.constant(0).broadcast(to: [Shape.batch, 1])
            return [try concatenated([zeros, zeros, g], axis: 1)]
        case .shiftedBias:
            let sum = right[1]!, count = sum.shape[0]
            return [right[0], try concatenated([sum.sliced(axis: 0, 1..<count), sum.sliced(axis: 0, 0..<1)], axis: 0)]
        case .missingDropoutMask: return [g, nil]
        case .anotherValueAtZero: return [try g * heaviside(x[0], below: 0, atZero: 1, above: 1)]
        case .forgottenSoftmaxSum: return [try y * g]
        }
    }

    /// The operation the fault is in, applied to what a layer of 4 units gave.
    func layer() -> Function {
        Function("planted") { x, build in
            func elementwise(_ base: some Elementwise, _ operands: Formula...) throws -> Formula {
                try Formula(PlantedElementwise(base: base, fault: self), operands)
            }
            func other(_ base: some Operation, _ operands: Formula...) throws -> Formula {
                try Formula(PlantedOperation(base: base, fault: self), operands)
            }
            func parameter(_ shape: Shape) throws -> Formula { try build.parameter("b", shape: shape, initializer: .uniform(1)) }
            switch self {
            case .wrongSign: return try elementwise(Subtract(), x, parameter([4]))
            case .missingFactor: return try other(Reduction(kind: .mean, axes: 1..<2), x)
            case .wrongTranspose: return try other(MatrixProduct(), x, parameter([4, 4]))
            case .gateOnTheWrongSide, .anotherValueAtZero: return try elementwise(ReLUOperation(atZero: 0), x)
            case .droppedBroadcastSum:
                return try elementwise(Add(), x.reshaped(to: [Shape.batch, 2, 2]), parameter([2])).reshaped(to: [Shape.batch, 4])
            case .scaledByBatch, .shiftedBias: return try elementwise(Add(), x, parameter([4]))
            case .tanhDerivativeOneMinusY: return try elementwise(HyperbolicTangent(), x)
            case .crossEntropyPlusTarget:
                return try other(SoftmaxCrossEntropy(), x, Formula.constant(0.25).broadcast(to: [Shape.batch, 4]))
            case .forgottenOperand: return try elementwise(Multiply(), x, sigmoid(x))
            case .shiftedSlice: return try other(Slice(axis: 1, range: 1..<3), x)
            case .missingDropoutMask:
                return try elementwise(Multiply(), x, Formula(leaf: DropoutMask(rate: 0.5, stream: 0), shape: x.shape))
            case .forgottenSoftmaxSum: return try other(Softmax(), x)
            }
        }
    }
}

/// An operation whose gradient rule has a fault, and everything else is right.
struct PlantedOperation<Base: Operation, Fault: PlantedMistake>: Operation {
    var base: Base
    var fault: Fault
    var name: String { base.name }

    func shape(of operands: [Shape]) throws -> Shape { try base.shape(of: operands) }
    func kinks(of x: [Formula]) -> [Kink] { base.kinks(of: x) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        try fault.gradient(base.gradient(upstream: g, operands: x, result: y), g, x, y)
    }
    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? { try base.rounding(of: y, batchSize: batchSize) }
    func lower(_ result: Formula, in lowering: inout Lowering) throws { try base.lower(result, in: &lowering) }
}

struct PlantedElementwise<Base: Elementwise>: Elementwise {
    var base: Base
    var fault: PlantedFault
    var name: String { base.name }

    func instruction(batchSize: Int) -> Instruction { base.instruction(batchSize: batchSize) }
    func kinks(of x: [Formula]) -> [Kink] { base.kinks(of: x) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        try fault.gradient(base.gradient(upstream: g, operands: x, result: y), g, x, y)
    }
}
