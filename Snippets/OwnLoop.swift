// A training loop of your own: gradients of a loss over a batch, and an optimizer's step on them.

import Rectifier

var settings = DataSettings()
settings.source = "spiral"
let data = try LoadedData(settings, seed: 0)
let network = try Network(input: data.training.sampleShape) {
    Dense(32)
    ReLU()
    Dense(data.training.outputCount, initializer: .glorot)
}

let gradients = try LossGradients(network, loss: data.training.usualLoss)
let optimizer = try OptimizerState(.adam(), for: network)
var parameters = try network.initialParameters(seed: 0)
let batchSize = 50
for epoch in 0..<30 {
    let order = RandomStream(seed: 0, purpose: RandomPurpose.order, epoch: UInt64(epoch)).permutation(data.training.count)
    var total = 0.0, steps = 0
    for start in stride(from: 0, to: order.count, by: batchSize) {
        let rows = Array(order[start..<min(start + batchSize, order.count)])
        let (loss, derivatives) = try gradients(parameters, on: data.training, rows: rows)
        try optimizer.update(&parameters, with: derivatives, learningRate: 0.01)
        (total, steps) = (total + loss, steps + 1)
    }
    if epoch % 10 == 9 { print("epoch \(epoch + 1): loss \(total / Double(steps))") }
}
let model = Model(network: network, loss: data.training.usualLoss, parameters: parameters)
if let heldOut = data.heldOut { print("held-out data:", try model.evaluate(on: heldOut)) }
