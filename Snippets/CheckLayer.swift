// Checks the gradient of a layer of your own.

import Rectifier
import RectifierInstruments

/// x · tanh(softplus(x)), with a learned scale for each element (Misra 2019).
struct ScaledMish: Layer {
    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let scale = try build.parameter("scale", shape: [x.shape[1]], initializer: .constant(1))
        return try x * tanh(softplus(x)) * scale
    }
}

let network = try Network(input: [6]) {
    Dense(5)
    ScaledMish()
    Dense(3)
}
let report = try network.gradientCheck(loss: .softmaxCrossEntropy)
for row in report.rows { print(row.layer, row.parameter, row.analytic, row.numeric, row.bound, row.verdict.rawValue) }
print(report)
