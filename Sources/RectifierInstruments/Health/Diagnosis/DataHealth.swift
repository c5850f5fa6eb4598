import RectifierText

/// What is wrong with training data before anything is learned from them.
struct DataHealth {
    /// The mean loss of the best constant answer; `nil` where none can be told.
    let trivialLoss: Double?
    /// Found in the data.
    private(set) var findings: [Diagnosis] = []

    private let data: Dataset
    private static let mostSamples = 2000, neighbours = 300

    init(_ run: ProbedRun) throws {
        data = run.data.training
        trivialLoss = try Self.trivialLoss(run)
        guard data.features.areNumbers else { return }
        let samples = min(data.count, Self.mostSamples), width = data.width
        var deviations: [Double] = [], constant: [Int] = [], squares = 0.0, widest = (deviation: 0.0, column: 0)
        for column in 0..<width {
            var sum = 0.0, square = 0.0, isConstant = true
            let first = data.features[column]
            for sample in 0..<samples {
                let x = data.features[sample * width + column]
                sum += x
                square += x * x
                isConstant = isConstant && x == first
            }
            if isConstant, data.count > samples {
                isConstant = (samples..<data.count).allSatisfy { data.features[$0 * width + column] == first }
            }
            squares += square
            let mean = sum / Double(samples)
            if isConstant {
                constant.append(column)
            } else {
                deviations.append(max(0, square / Double(samples) - mean * mean).squareRoot())
                if deviations.last! > widest.deviation { widest = (deviations.last!, column) }
            }
        }
        let size = (squares / Double(samples * width)).squareRoot()
        let sorted = deviations.filter { $0 > 0 }.sorted(), median = sorted.isEmpty ? 1 : sorted[sorted.count / 2]
        let spread = (sorted.last ?? 1) / median
        if size > 10 || spread > 100 {
            let what =
                size > 10
                ? "the numbers that the network is fed have root mean square \(Format.significant(size, 3)), far from 1"
                : "the largest spread of a feature, that of \(run.data.preparation.name(ofFeature: widest.column)), is "
                    + "\(Format.significant(spread, 3)) times the median one"
            findings.append(
                Diagnosis(.unscaledInputs, epoch: 0, step: 0, what, ["rms": size, "largestOverMedian": spread], cures: [.scaledInputs]))
        }
        if data.sampleShape.count == 1, samples > 1, !constant.isEmpty, constant.count < width {
            let one = constant.count == 1
            let names =
                constant.prefix(3).map { run.data.preparation.name(ofFeature: $0) }.joined(separator: ", ")
                + (constant.count > 3 ? ", …" : "")
            findings.append(
                Diagnosis(
                    .constantInputs, epoch: 0, step: 0,
                    "\(one ? "\(names) is" : "\(constant.count) features (\(names)) are") the same for all samples",
                    ["features": Double(constant.count), "first": Double(constant[0] + 1)],
                    cures: [.checkData("leave out \(one ? "the column" : "the columns"), which can tell nothing")]))
        }
        if let trouble = contradictions(samples: samples) { findings.append(trouble) }
    }

    /// Samples that are the same and have different classes.
    private func contradictions(samples: Int) -> Diagnosis? {
        guard case .classes(let labels, _) = data.targets, samples > 10 else { return nil }
        let width = data.width
        var groups: [[Double]: [Int32: Int]] = [:]
        for sample in 0..<samples {
            let features = (0..<width).map { data.features[sample * width + $0] }
            groups[features, default: [:]][labels[sample], default: 0] += 1
        }
        // What no answer can get right: in each group all but its most frequent class.
        let lost = groups.values.reduce(0) { $0 + $1.values.reduce(0, +) - ($1.values.max() ?? 0) }
        let share = Double(lost) / Double(samples)
        guard share > 0.1 else { return nil }
        return Diagnosis(
            .labelTrouble, epoch: 0, step: 0,
            "samples that are the same have different classes: \(Format.percent(share)) cannot be told right by anything",
            ["contradictory": share], cures: [.checkData("look at how the targets were made")])
    }

    /// Whether targets follow from inputs at all: how often a sample's nearest neighbour has its class, against chance,
    /// in standard deviations; for numbers how the two targets correlate.
    lazy var neighbourAgreement: (seen: Double, chance: Double, deviations: Double, samples: Int)? = {
        let count = min(data.count, Self.neighbours), width = data.width
        guard count >= 30 else { return nil }
        // Spread over the set, which may be sorted.
        let rows = (0..<count).map { $0 * (data.count / count) }
        let features = rows.flatMap { row in (0..<width).map { data.features[row * width + $0] } }
        var nearest = [Int](repeating: 0, count: count)
        features.withUnsafeBufferPointer { features in
            for i in 0..<count {
                var best = Double.infinity
                for j in 0..<count where j != i {
                    var distance = 0.0
                    for k in 0..<width {
                        let difference = features[i * width + k] - features[j * width + k]
                        distance += difference * difference
                    }
                    if distance < best { (best, nearest[i]) = (distance, j) }
                }
            }
        }
        // Two samples that are each other's neighbours agree, or not, both at once.
        let mutual = (0..<count).reduce(0) { $0 + (nearest[nearest[$1]] == $1 ? 1 : 0) }
        let deviation = Double(count + mutual).squareRoot() / Double(count)
        switch data.targets {
        case .classes(let labels, let names):
            let own = rows.map { Int(labels[$0]) }
            var counts = [Double](repeating: 0, count: names.count)
            for label in own { counts[label] += 1 }
            let chance = counts.reduce(0) { $0 + $1 / Double(count) * max(0, $1 - 1) / Double(count - 1) }
            let seen = Double((0..<count).reduce(0) { $0 + (own[$1] == own[nearest[$1]] ? 1 : 0) }) / Double(count)
            guard chance < 1 else { return nil }
            return (seen, chance, (seen - chance) / ((chance * (1 - chance)).squareRoot() * deviation), count)
        case .values, .doubleValues:
            guard let values = data.targets.firstColumn else { return nil }
            let own = rows.map { values($0) }, other = nearest.map { own[$0] }
            let correlation = correlation(own, other)
            return (correlation, 0, correlation / deviation, count)
        case .none: return nil
        }
    }()

    /// The mean loss over some samples of the answer that is best for all of them alike: for classes the logarithms of
    /// their shares, for numbers their means.
    private static func trivialLoss(_ run: ProbedRun) throws -> Double? {
        let data = run.data.training, count = min(data.count, mostSamples)
        let width = data.outputCount
        var targets = [Double](repeating: 0, count: count * width), answer = [Double](repeating: 0, count: width)
        switch data.targets {
        case .classes(let labels, _):
            for row in 0..<count { targets[row * width + Int(labels[row * (data.count / count)])] = 1 }
        case .values(let values, _): for place in targets.indices { targets[place] = Double(values[place]) }
        case .doubleValues(let values, _): for place in targets.indices { targets[place] = values[place] }
        case .none: return nil
        }
        for place in targets.indices { answer[place % width] += targets[place] / Double(count) }
        if case .classes = data.targets {
            let isSigmoid = run.plan.loss == .sigmoidCrossEntropy
            answer = answer.map { share in
                let share = min(max(share, 1e-6), 1 - 1e-6)
                return isSigmoid ? logarithm(of: share / (1 - share)) : logarithm(of: share)
            }
        }
        let output = Formula.input(Network.inputName, shape: [Shape.batch, width])
        let target = Formula.input(Network.targetName, shape: [Shape.batch, width])
        let program = try Program([run.plan.loss(output, target)], batchSize: count, elementType: .float64)
        if program.hasInput(Network.inputName) {
            try program.setInput(Network.inputName, to: (0..<count * width).map { answer[$0 % width] })
        }
        if program.hasInput(Network.targetName) { try program.setInput(Network.targetName, to: targets) }
        program.run()
        let loss = program.values(ofOutput: 0).reduce(0, +) / Double(count)
        return loss.isFinite && loss > 0 ? loss : nil
    }
}

private func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let n = Double(a.count), meanA = a.reduce(0, +) / n, meanB = b.reduce(0, +) / n
    let products = zip(a, b).reduce(0) { $0 + ($1.0 - meanA) * ($1.1 - meanB) }
    let squaresA = a.reduce(0) { $0 + ($1 - meanA) * ($1 - meanA) }, squaresB = b.reduce(0) { $0 + ($1 - meanB) * ($1 - meanB) }
    return squaresA > 0 && squaresB > 0 ? products / (squaresA * squaresB).squareRoot() : 0
}

extension Dataset.Features {
    fileprivate var areNumbers: Bool { if case .bytes = self { false } else { true } }
}

extension Dataset.Targets {
    /// The first number of a sample's targets.
    fileprivate var firstColumn: ((Int) -> Double)? {
        switch self {
        case .values(let values, let width): { Double(values[$0 * width]) }
        case .doubleValues(let values, let width): { values[$0 * width] }
        default: nil
        }
    }
}
