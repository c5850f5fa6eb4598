import Foundation
import Rectifier

/// Predicts the test images one after the other, each by a call of its own.
///
/// An epoch is a pass over all images, as bytes; its loss is the mean of -log of the right class's probability, which
/// is computed after the clock has stopped.
func infer(_ workload: Workload) throws {
    let description = workload.description
    guard let folder = description.model else { throw RectifierError(.setting, "inference needs a model") }
    let model = try CompiledModel(Model(contentsOf: URL(fileURLWithPath: folder)))
    guard let test = try workload.data().test, case .classes(let labels, _) = test.targets, case .bytes(let pixels) = test.features else {
        throw RectifierError(.data, "inference needs test images with classes")
    }
    let samples = (0..<test.count).map { Array(pixels[$0 * test.width..<($0 + 1) * test.width]) }
    let clock = ContinuousClock()
    Reply(ready: true, version: rectifierVersion).send()
    while let epochs = try Command.next()?.epochs {
        var turn = Reply(seconds: [], losses: [])
        for _ in 0..<epochs {
            var outputs: [[Float]] = []
            outputs.reserveCapacity(samples.count)
            let began = clock.now
            for sample in samples { outputs.append(try model(pixels: sample)) }
            turn.seconds?.append((clock.now - began) / .seconds(1))
            let loss = zip(outputs, labels).reduce(0.0) { $0 - log(max(Double($1.0[Int($1.1)]), .leastNormalMagnitude)) }
            turn.losses?.append(loss / Double(samples.count))
        }
        turn.send()
    }
}
