// Trains a network on drawn digits and saves it.

import Foundation
import Rectifier

let digits = try LoadedData(DataSettings(), seed: 0)
let network = try Network(input: [28, 28]) {
    Flatten()
    Dense(512)
    ReLU()
    Dense(10)
}
let trainer = try Trainer(network, data: digits, output: URL(fileURLWithPath: "my-digits.rectifier"))
for try await event in trainer.events() {
    if case .epochEnded(let epoch) = event { print("epoch \(epoch.epoch): accuracy \(epoch.heldOut?.accuracy ?? 0)") }
}
