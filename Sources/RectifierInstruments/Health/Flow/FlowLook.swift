/// How signals and gradients passed through a network at one step.
public struct FlowLook: Sendable, Codable, Equatable {
    /// From 1, over the whole run.
    public var step: Int
    /// From 1.
    public var epoch: Int
    /// Mean loss of the batch.
    public var loss: Double
    /// Of the step, schedule included.
    public var learningRate: Double
    /// Activations, from the input on.
    public var layers: [Layer]
    /// In the network's order.
    public var parameters: [Parameter]

    /// An activation, over the first samples of the batch.
    public struct Layer: Sendable, Codable, Equatable {
        /// As in ``NetworkSummary``: `relu1`.
        public var layer: String
        /// The root mean square of what comes out.
        public var signal: Double
        /// And of what goes in.
        public var preActivation: Double
        /// The root mean square of the derivative of a sample's loss by what goes in.
        public var gradient: Double
        /// How much of the gradient the activation passes on: the sum of sizes behind it over that before it. What a
        /// rectifier blocks is the rest.
        public var passed: Double
        /// The share of elements whose derivative is so small that next to nothing passes (below 1/400 of what comes);
        /// 0 for rectifiers.
        public var saturated: Double
        /// The share of outputs that are exactly 0.
        public var zeros: Double
        /// How much outputs differ from sample to sample: the share of their mean square that is variance over samples.
        public var variation: Double
        /// The effective rank of the outputs of 16 samples: the exponential of the entropy of their singular values as
        /// shares; 1 to 16, and 0 where all are 0.
        public var rank: Double
        /// The share of gates that the step's update opened or closed; 0 for layers that are no rectifiers.
        public var flipped: Double
        /// Units whose mean size is at most a tenth of the layer's mean (Sokar et al. 2023, τ = 0.1); all of a layer
        /// that gives only zeros.
        public var dormant: Int
    }

    /// A weight matrix or bias.
    public struct Parameter: Sendable, Codable, Equatable {
        public var name: String
        /// Root mean squares.
        public var weight: Double
        public var gradient: Double
        /// The length of the step's update over that of the weights before it; 0 where all of those are 0.
        public var update: Double
        /// The share of exact zeros among the weights.
        public var zeros: Double
    }
}

/// Measures flow beside a step.
final class FlowMeter {
    private let sites: [HealthSite]
    /// Of each site input, output, and the derivatives of the mean loss by both; then the losses.
    private var program: LookProgram
    /// The inputs of those that are gates.
    private var gates: LookProgram
    private var record: WeightRecord?
    /// By site, the pre-activations before the update.
    private var inputs: [[Double]] = []
    private var look: FlowLook?

    /// So many samples of a batch are looked at.
    static let mostSamples = 64, rankSamples = 16
    /// Fewer of large images, at least two.
    static let mostElements = 1 << 18

    init(_ sites: [HealthSite], losses: Formula) throws {
        self.sites = sites
        let values = sites.flatMap { [$0.input, $0.output] }
        let derivatives = try gradients(of: losses.mean(), withRespectTo: values)
        var formulas: [Formula] = []
        for place in sites.indices {
            let own = 2 * place...2 * place + 1
            formulas += values[own]
            formulas += derivatives[own]
        }
        program = LookProgram(formulas + [losses])
        gates = LookProgram(sites.filter(\.isGate).map(\.input))
    }

    /// After the gradient, before the update.
    func begin(_ step: ProbedStep) throws {
        inputs = []
        let looked = sites.map { samples(of: $0, in: step.batchSize) }
        let wanted = Dictionary(uniqueKeysWithValues: (0..<4 * sites.count).map { ($0, looked[$0 / 4]) })
        let (layers, losses) = try program.run(batchSize: step.batchSize, compile: { try step.compile($0, samples: wanted) }) { program in
            let layers = zip(sites, looked).enumerated().map { index, look in
                let (site, samples) = look
                func values(_ place: Int) -> [Double] { program.values(ofOutput: 4 * index + place) }
                let input = values(0)
                if site.isGate { inputs.append(input) }
                return site.look(
                    input: input, output: values(1), inputGradient: values(2), outputGradient: values(3), samples: samples,
                    // Of the mean of the losses, so that a sample has its share of the batch.
                    scale: Double(step.batchSize))
            }
            return (layers, program.values(ofOutput: 4 * sites.count))
        }
        if let record { record.take() } else { record = try step.weightRecord() }
        look = FlowLook(
            step: step.number, epoch: step.epoch, loss: finite(losses.reduce(0, +) / Double(losses.count)),
            learningRate: step.learningRate, layers: layers,
            parameters: record!.moments().map { own in
                FlowLook.Parameter(
                    name: own.name, weight: finite(own.weights.rootMeanSquare), gradient: finite(own.gradients.rootMeanSquare), update: 0,
                    zeros: Double(own.weights.zeros) / Double(max(1, own.count)))
            })
    }

    /// How many samples of a batch are looked at.
    private func samples(of site: HealthSite, in batchSize: Int) -> Int {
        min(batchSize, Self.mostSamples, max(2, Self.mostElements / max(1, site.elements)))
    }

    /// After the update.
    func end(_ step: ProbedStep) throws -> FlowLook? {
        guard var look, let record else { return nil }
        for (index, change) in record.changes().enumerated() {
            let weight = look.parameters[index].weight
            look.parameters[index].update = weight > 0 ? finite(change / weight) : 0
        }
        let places = sites.indices.filter { sites[$0].isGate }
        let wanted = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($0, samples(of: sites[$1], in: step.batchSize)) })
        try gates.run(batchSize: step.batchSize, compile: { try step.compile($0, samples: wanted) }) { program in
            for (index, (place, old)) in zip(places, inputs).enumerated() {
                look.layers[place].flipped = Double(signChanges(old, program.values(ofOutput: index))) / Double(max(1, old.count))
            }
        }
        (self.look, inputs) = (nil, [])
        return look
    }
}

/// A number that JSON can hold.
func finite(_ x: Double) -> Double {
    x.isNaN ? .greatestFiniteMagnitude : min(max(x, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
}

extension HealthSite {
    /// - Parameter scale: What the derivatives are multiplied by.
    fileprivate func look(
        input z: [Double], output h: [Double], inputGradient gz: [Double], outputGradient gh: [Double], samples: Int, scale: Double
    ) -> FlowLook.Layer {
        let signal = Moments(h), below = Moments(gz), above = Moments(gh), columns = ColumnMoments(h, columns: elements)
        let sizes = (0..<units).map { unit in stride(from: unit, to: elements, by: units).reduce(0) { $0 + columns.sizes[$1] } }
        let mean = sizes.reduce(0, +) / Double(max(1, units))
        return FlowLook.Layer(
            layer: layer, signal: finite(signal.rootMeanSquare), preActivation: finite(Moments(z).rootMeanSquare),
            gradient: finite(below.rootMeanSquare * scale), passed: above.sizes > 0 ? finite(below.sizes / above.sizes) : 0,
            saturated: isGate ? 0 : blockedShare(gz, of: gh, limit: isPiecewiseLinear ? 0 : 1.0 / 400),
            zeros: Double(signal.zeros) / Double(max(1, h.count)), variation: finite(columns.variation),
            rank: effectiveRank(of: h.prefix(min(samples, FlowMeter.rankSamples) * elements).map { $0 }, width: elements), flipped: 0,
            dormant: sizes.reduce(0) { $0 + ($1 <= 0.1 * mean ? 1 : 0) })
    }
}

/// The exponential of the entropy of a matrix's singular values as shares of their sum (Roy and Vetterli 2007); 0 where
/// all is 0 or something is not finite.
func effectiveRank(of values: [Double], width: Int) -> Double {
    let rows = values.count / max(1, width)
    var gram = [Double](repeating: 0, count: rows * rows)
    // Scaled, so that squares neither overflow nor vanish.
    let largest = values.reduce(0) { max($0, abs($1)) }
    guard largest > 0, largest.isFinite else { return 0 }
    let scaled = values.map { $0 / largest }
    scaled.withUnsafeBufferPointer { scaled in
        for i in 0..<rows {
            for j in 0...i {
                var sum = 0.0
                for k in 0..<width { sum += scaled[i * width + k] * scaled[j * width + k] }
                gram[i * rows + j] = sum
                gram[j * rows + i] = sum
            }
        }
    }
    let singular = eigenvalues(ofSymmetric: gram, count: rows).map { max(0, $0).squareRoot() }, sum = singular.reduce(0, +)
    guard sum > 0, sum.isFinite else { return 0 }
    return exponential(of: singular.reduce(0) { $1 > 0 ? $0 - $1 / sum * logarithm(of: $1 / sum) : $0 })
}

/// By Jacobi's rotations.
func eigenvalues(ofSymmetric matrix: [Double], count n: Int) -> [Double] {
    var a = matrix
    let scale = (0..<n).reduce(0) { max($0, abs(a[$1 * n + $1])) }
    a.withUnsafeMutableBufferPointer { a in
        for _ in 0..<30 {
            var off = 0.0
            for i in 0..<n {
                for j in 0..<i {
                    off = max(off, abs(a[i * n + j]))
                    guard abs(a[i * n + j]) > 1e-15 * scale else { continue }
                    let theta = (a[j * n + j] - a[i * n + i]) / (2 * a[i * n + j])
                    let t = (theta < 0 ? -1.0 : 1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
                    let c = 1 / (t * t + 1).squareRoot(), s = t * c
                    for k in 0..<n {
                        let x = a[i * n + k], y = a[j * n + k]
                        a[i * n + k] = c * x - s * y
                        a[j * n + k] = s * x + c * y
                    }
                    for k in 0..<n {
                        let x = a[k * n + i], y = a[k * n + j]
                        a[k * n + i] = c * x - s * y
                        a[k * n + j] = s * x + c * y
                    }
                }
            }
            if off <= 1e-13 * scale { break }
        }
    }
    return (0..<n).map { a[$0 * n + $0] }
}
