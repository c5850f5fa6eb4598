import RectifierInstruments

/// A fresh network of rectifiers, as deep as it is asked for: He's weights, drawn as the library draws them, and biases
/// of 0, which is how its networks begin.
struct FreshNetwork {
    private let seed: UInt64

    /// Number `index` of the networks of one kind.
    init(_ index: Int, kind: UInt64, seed: UInt64) {
        self.seed = RandomStream(seed: seed, purpose: RandomPurpose.deadStudy, epoch: kind)[index]
    }

    /// The outputs of a layer for each of some signals, all of one length.
    func layer(_ number: Int, units: Int, over signals: [[Double]]) -> [[Double]] {
        // A network has a parameter of weights and one of biases in each layer.
        let stream = RandomStream(seed: seed, purpose: RandomPurpose.initialization(2 * number))
        let weights = Initializer.he.values(shape: [signals[0].count, units], stream: stream)
        return weights.withUnsafeBufferPointer { weights in
            signals.map { signal in
                var outputs = [Double](repeating: 0, count: units)
                outputs.withUnsafeMutableBufferPointer { outputs in
                    for (row, x) in signal.enumerated() where x != 0 {
                        for unit in outputs.indices { outputs[unit] += x * weights[row * units + unit] }
                    }
                    for unit in outputs.indices { outputs[unit] = max(0, outputs[unit]) }
                }
                return outputs
            }
        }
    }

    /// Whether the network of one input is dead at 1, and whether at -1 too. Without biases it is at any number what it
    /// is at one of these, times the number's size: dead at both is dead everywhere.
    func deaths(_ kind: DeadStudy.Kind) -> (atOne: Bool, everywhere: Bool) {
        var signals = [[1.0], [-1.0]], isDead = [false, false]
        for number in 0..<kind.hiddenLayers {
            signals = layer(number, units: kind.units, over: signals)
            for place in isDead.indices where !isDead[place] { isDead[place] = signals[place].allSatisfy { $0 == 0 } }
            if isDead == [true, true] { break }
        }
        return (isDead[0], isDead == [true, true])
    }

    /// The logarithm of how much larger |h|² is than |x|² behind each of some numbers of layers, which ascend; `nil`
    /// where the network is dead there.
    func growths(width: Int, depths: [Int]) -> [Double?] {
        var signal = [1.0] + [Double](repeating: 0, count: width - 1), growths: [Double?] = []
        for number in 0..<(depths.last ?? 0) {
            if signal.contains(where: { $0 != 0 }) { signal = layer(number, units: width, over: [signal])[0] }
            if depths.contains(number + 1) {
                let square = signal.reduce(0) { $0 + $1 * $1 }
                growths.append(square > 0 ? logarithm(of: square) : nil)
            }
        }
        return growths
    }
}

extension RandomPurpose {
    static let deadStudy: UInt64 = 65
}
