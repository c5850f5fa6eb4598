// What happens at zero: the examples of the article of that name, in its order.

import Rectifier
import RectifierInstruments

let x = Formula.input("x", shape: [Shape.batch, 1])

/// The derivative of a formula with respect to x, at x = 0.
func slopeAtZero(_ y: Formula) throws -> Double {
    let program = try Program(gradients(of: y.sum(), withRespectTo: [x]), batchSize: 1, elementType: .float64)
    if program.hasInput("x") { try program.setInput("x", to: [0]) }
    program.run()
    return program.values(ofOutput: 0)[0]
}

print("declared:", try [0, 0.5, 1].map { try slopeAtZero(relu(x, atZero: $0)) })

print("spelled:", try [maximum(x, 0), select(x > 0, x, 0), x * (x > 0), (x + abs(x)) / 2].map(slopeAtZero))

print("relu(x) - relu(-x):", try [0, 0.5, 1].map { try slopeAtZero(relu(x, atZero: $0) - relu(-x, atZero: $0)) })

for hasBias in [false, true] {
    let unit = try Network(input: [1]) {
        Dense(1, initializer: .zeros, hasBias: hasBias)
        ReLU(atZero: 1)
    }
    let report = try unit.kinkReport(
        loss: .squaredError, parameters: unit.initialParameters(seed: 0), features: [1, -1], targets: [-1, 1])
    print(hasBias ? "with a bias:" : "without:", report.summary)
    for line in report.details { print("  \(line)") }
}

let network = try Network(input: [2]) {
    Dense(16)
    ReLU()
    Dense(16)
    ReLU()
    Dense(1)
}
let parameters = try network.initialParameters(seed: 1)

let piece = try LinearPieces(of: network, parameters).piece(at: [0.25, -0.5])
if let kink = piece.nearestKink(in: .l2) {
    print("linear for", kink.distance, "around the point, as far as", kink.unit)
}

let check = try network.gradientCheck(loss: .squaredError)
print(check)
