import Rectifier

extension Model {
    /// The model without units that are dead: that give 0, and nothing else, to the layers that read them.
    ///
    /// Terms 0 · b may be left out of this library's products, so the outputs keep their bits. That is not only argued
    /// but tried: both models run on inputs of the box, and on the data where these decided, and one other bit refuses
    /// the new model. Units that are always on another bound than 0 stay: to add what they give to the next bias would
    /// change bits.
    ///
    /// A unit is taken out where a ``Dense`` layer gives it and only ``Dense`` layers read it. Where it feeds a sum, a
    /// concatenation or the network's output it stays, and the report says so. A layer keeps one unit. In bfloat16,
    /// units leave in the pairs that the processor multiplies by. What comes out is a finished model: it has the old
    /// one's recipe and preparation, and no run goes on with it.
    ///
    /// - Parameters:
    ///   - units: Which ones. For ``PrunedUnits/deadOnData`` the model's outputs keep their bits on the data, and
    ///     inputs that wake such a unit may give others: ``PruneReport/onBox`` counts them.
    ///   - box: What inputs the promise is made for.
    ///   - data: Where units are counted as dead, too.
    ///   - multiple: Dead units are left where a layer keeps more than so many, so that its width is a multiple of it:
    ///     what fills whole vectors is fastest. 1 takes out all.
    ///   - comparisons: How many inputs of the box both models are run on, at least 1.
    ///   - seed: What these are drawn from.
    ///   - threads: `nil` for one on each physical core.
    /// - Throws: ``RectifierError`` where the box or the data are not of the network's shape, data are needed and
    ///   missing, a weight is not finite, or the new model gives other bits.
    public func pruned(
        _ units: PrunedUnits = .certified, on box: InputBox, data: Dataset? = nil, multiple: Int = 16, comparisons: Int = 10_000,
        seed: UInt64 = 0, threads: Int? = nil
    ) throws -> PrunedModel {
        guard comparisons > 0 else { throw RectifierError(.setting, "the models must be compared on 1 input or more, not \(comparisons)") }
        guard multiple > 0 else { throw RectifierError(.setting, "widths can be multiples of 1 or more, not of \(multiple)") }
        guard units == .certified || data != nil else { throw RectifierError(.setting, "units are dead on data only where there are data") }
        try data?.requireShape(of: network)
        let pool = try ThreadPool(threads: threads)
        let found = try FoundDeadUnits(in: self, on: box, data: data, pool: pool)
        let plan = try PruningPlan(for: self, found, removing: units, multiple: multiple)
        let pruned = try plan.model()

        let check = try BitComparison(of: self, pruned, pool: pool)
        let onBox = try check.run(on: box, count: comparisons, seed: seed)
        let onData = try data.map(check.run)
        if let kept = units == .certified ? onBox : onData, !kept.areSameBits {
            throw RectifierError(
                .divergence,
                "the pruned model gives other bits for \(kept.differing) of \(kept.samples) samples and is refused; that is a mistake in "
                    + "Rectifier, please report it")
        }
        let summaries = (network.summary, pruned.network.summary)
        return PrunedModel(
            model: pruned,
            report: PruneReport(
                layers: plan.layers,
                parameters: .init(before: summaries.0.parameterCount, after: summaries.1.parameterCount),
                multiplyAdds: .init(before: summaries.0.multiplyAdds, after: summaries.1.multiplyAdds),
                seconds: try secondsOfOneSample(self, pruned, box.sample(0, RandomStream(seed: seed, purpose: RandomPurpose.prunedInputs))),
                onBox: onBox, onData: onData))
    }
}

/// The outputs of a network and of one that should give the same.
struct BitComparison {
    private let walk: BatchWalk
    private let shape: [Int]

    init(of old: Model, _ new: Model, pool: ThreadPool) throws {
        walk = try BatchWalk([old, new].map { ([try $0.network.built(isTraining: false).output], $0) }, pool: pool)
        shape = old.network.inputShape
    }

    func run(on data: Dataset) throws -> PruneReport.Comparison {
        var comparison = PruneReport.Comparison()
        try walk.run(over: data) { values, count in
            let (old, new) = (values[0][0], values[1][0]), width = old.count / count
            for row in 0..<count {
                let range = row * width..<(row + 1) * width
                comparison.add(old[range], new[range])
            }
        }
        return comparison
    }

    func run(on box: InputBox, count: Int, seed: UInt64) throws -> PruneReport.Comparison {
        let stream = RandomStream(seed: seed, purpose: RandomPurpose.prunedInputs)
        var all = PruneReport.Comparison()
        // As many at once as take some megabytes.
        let batch = max(1, min(500, (1 << 20) / box.low.count))
        for start in stride(from: 0, to: count, by: batch) {
            let part = try run(on: box.samples(start..<min(start + batch, count), shape: shape, stream))
            all.samples += part.samples
            all.differing += part.differing
            all.largestDifference = max(all.largestDifference, part.largestDifference)
        }
        return all
    }
}

/// What one sample takes with two models: medians over pairs, of which either one is first in turn, so that what else
/// the machine does meets both.
private func secondsOfOneSample(_ old: Model, _ new: Model, _ sample: [Double]) throws -> PruneReport.BeforeAndAfter<Double> {
    let models = try [old, new].map { try CompiledModel($0, batchSizes: [1]) }
    let sample = sample.map { Float($0) }, clock = ContinuousClock()
    func seconds(_ model: CompiledModel, _ calls: Int) throws -> Double {
        let start = clock.now
        for _ in 0..<calls { _ = try model(sample) }
        return (clock.now - start) / .seconds(1) / Double(calls)
    }
    for model in models { _ = try seconds(model, 3) }
    // Long enough that the clock's own steps do not matter.
    let calls = min(max(1, Int(2e-4 / max(try seconds(models[0], 3), 1e-9))), 1000)
    var times: [[Double]] = [[], []]
    let end = clock.now + .seconds(0.5)
    for pair in 0..<101 where pair < 5 || clock.now < end {
        for place in pair % 2 == 0 ? [0, 1] : [1, 0] { times[place].append(try seconds(models[place], calls)) }
    }
    let medians = times.map { $0.sorted()[$0.count / 2] }
    return .init(before: medians[0], after: medians[1])
}
