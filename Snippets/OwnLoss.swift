// A loss of your own: the pinball loss, whose least value is at a quantile of the targets instead of their mean.

import Foundation
import Rectifier

/// What lies above the output counts `share`, what lies below 1 - `share`. At the kink between, half of each.
try Loss.register("pinball") { output, target, numbers in
    let miss = try target - output, share = Formula.constant(numbers.first ?? 0.5)
    return try maximum(share * miss, (share - 1) * miss, ties: .split)
}

// Targets that scatter more to the right.
let count = 2000
let inputs = (0..<count).map { Float($0) / Float(count) }
let targets = inputs.indices.map { inputs[$0] * (1 + Float($0 * 7919 % 100) / 100) }
let data = try Dataset(count: count, sampleShape: [1], features: .floats(inputs), targets: .values(targets, width: 1))
let network = try Network(input: [1]) {
    Dense(16)
    ReLU()
    Dense(1)
}
var settings = TrainingSettings()
settings.epochs = 50

for share in ["0.1", "0.9"] {
    let model = try Trainer(network, loss: Loss("pinball:\(share)"), data: data, settings: settings).run().model
    let outputs = try model.predictions(for: data).outputs
    print("of all targets, \(zip(targets, outputs).count { $0 < $1 } * 100 / count) % lie below what pinball:\(share) learned")

    // A program that registers the loss reads the model back.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pinball-\(share).rectifier")
    try model.write(to: folder)
    print("read back:", try Model(contentsOf: folder).loss)
}
