import TestSupport

@testable import Rectifier
@testable import RectifierInstruments

/// The rules of hosted debuggers, on the same looks: dying ReLU from 70 % zeros on, vanishing where the gradient of a
/// layer is below a thousandth of the next one's and below 1e-4, exploding above 70, any loss that is not finite.
enum FixedThresholds {
    static func findings(_ looks: [FlowLook], diverged: Bool) -> Set<Diagnosis.Name> {
        var found: Set<Diagnosis.Name> = diverged ? [.diverged] : []
        for look in looks {
            for (place, layer) in look.layers.enumerated() {
                if layer.zeros >= 0.7 { found.formUnion([.deadUnits, .bornDead]) }
                if layer.saturated > 0.5 { found.insert(.saturated) }
                guard place + 1 < look.layers.count else { continue }
                let ratio = layer.gradient / look.layers[place + 1].gradient
                if ratio < 1e-3, layer.gradient < 1e-4 { found.insert(.vanishing) }
                if ratio > 70 { found.insert(.exploding) }
            }
        }
        return found
    }
}

/// A run drawn at random: sick in a way that is known, or well.
struct RandomPatient {
    let patient: Patient

    init(_ number: Int) {
        var random = Numbers(seed: 1_000_003 * (number + 1))
        let depth = random.integer(in: 2...6), width = random.pick([16, 24, 32, 48, 64]), features = random.integer(in: 2...10)
        let samples = random.pick([400, 600, 1000]), batch = random.pick([16, 32, 64]), isClasses = random.chance(0.5)
        let isReLU = random.chance(0.7), kind = random.integer(below: 3)
        let weights = (0..<features).map { _ in random.uniform() }
        let target: @Sendable ([Double], inout Numbers) -> Double = { x, _ in
            let sum = zip(x, weights).reduce(0) { $0 + $1.0 * $1.1 } / 1.5
            return kind == 0 ? sum : kind == 1 ? sum * sum - 0.5 : sum + 0.5 * x[0] * x[1]
        }
        func made(
            _ name: String, _ names: Set<Diagnosis.Name>, scale: Double = 1, samples count: Int? = nil, heldOut: Int = 0, noise: Double = 0,
            layers: @escaping @Sendable () -> String,
            change: @escaping @Sendable (LoadedData, inout Numbers) throws -> LoadedData = { data, _ in data },
            _ edit: @escaping @Sendable (inout TrainingSettings) -> Void
        ) -> Patient {
            Patient("\(name), \(depth)×\(width), \(features) features, \(isClasses ? "classes" : "numbers")", names) { seed in
                var data = try madeData(count ?? samples, features: features, seed: seed, scale: scale, heldOut: heldOut) {
                    target($0, &$1) + (noise > 0 ? $1.uniform(in: -noise...noise) : 0)
                }
                if isClasses { data = try data.asClasses() }
                var own = Numbers(seed: seed)
                data = try change(data, &own)
                return try madeTrainer(layers() + ", dense \(isClasses ? 2 : 1)", data, seed: seed) {
                    ($0.batchSize, $0.epochs, $0.learningRate) = (.samples(batch), 8, 0.002)
                    edit(&$0)
                }
            }
        }
        // Deeper ones of sigmoid are sick.
        let activation = isReLU ? "relu" : random.pick(["tanh", "leaky-relu 0.1", "gelu"] + (depth <= 3 ? ["sigmoid"] : []))
        let plain: @Sendable () -> String = { deep(depth, width, activation) }
        let fault = random.chance(0.5) ? random.integer(in: 1...9) : 0
        let factor = random.uniform(in: 0...1)
        switch fault {
        case 1:
            let rate = 0.25 * (1 + 3 * factor)
            patient = made("rate \(rate) on ReLU", [.deadUnits, .unstableRate, .diverged], layers: { deep(depth, max(width, 32), "relu") })
            {
                ($0.optimizer, $0.learningRate, $0.epochs) = (.adam(), rate, 8)
            }
        case 2:
            let many = 12 + depth * 4, limit = 0.25 * (1 + factor) / Double(width).squareRoot()
            patient = made(
                "weights too small, \(many) layers", [.vanishing], layers: { deep(many, width, "relu", options: " init=uniform:\(limit)") }
            ) { _ in }
        case 3:
            let many = 12 + depth * 4, limit = (4.5 + 3 * factor) / Double(width).squareRoot()
            patient = made(
                "weights too large, \(many) layers", [.exploding], layers: { deep(many, width, "relu", options: " init=uniform:\(limit)") }
            ) {
                $0.learningRate = 1e-5
            }
        case 4:
            let limit = 8 + 20 * factor
            patient = made(
                "tanh with large weights", [.saturated, .exploding], layers: { deep(2, width, "tanh", options: " init=uniform:\(limit)") }
            ) { _ in }
        case 5:
            let scale = powerOf(10, 1.3 + 2 * factor)
            patient = made("inputs times \(Int(scale))", [.unscaledInputs], scale: scale, layers: plain) { _ in }
        case 6:
            let rate = 30 * (1 + 20 * factor)
            patient = made("rate \(rate)", [.diverged, .deadUnits, .unstableRate], layers: { deep(depth, width, "leaky-relu 0.1") }) {
                ($0.optimizer, $0.learningRate) = (.sgd(momentum: factor > 0.5 ? 0.9 : 0), rate)
            }
        case 7:
            patient = made(
                "shuffled targets", [.labelTrouble], samples: 400, heldOut: 200, layers: { deep(2, width, "relu") },
                change: { data, random in try data.withShuffledTargets(using: &random) }
            ) { ($0.epochs, $0.batchSize) = (12, .samples(32)) }
        case 8:
            patient = made("rate far too small", [.notLearning], layers: plain) {
                ($0.learningRate, $0.epochs, $0.batchSize) = (1e-7 * (1 + factor), 16, .samples(16))
            }
        case 9:
            patient = made(
                "a layer that starts closed", [.bornDead],
                layers: {
                    "dense \(width), relu, dense \(width) init=constant:-\(0.05 + 0.2 * factor), relu, dense \(width), relu"
                }
            ) { _ in }
        default:
            // In 8 epochs of so few samples some learn nothing, which is not well.
            patient = made("well", [], layers: plain) { ($0.learningRate, $0.epochs) = (0.0005 * (1 + 3 * factor), 24) }
        }
    }
}

extension LoadedData {
    fileprivate func withShuffledTargets(using random: inout Numbers) throws -> LoadedData {
        let order = (0..<Int32(training.count)).shuffled(using: &random)
        let targets = try training.selecting(order).targets
        return try LoadedData(
            training: Dataset(count: training.count, sampleShape: training.sampleShape, features: training.features, targets: targets),
            heldOut: heldOut)
    }
}
