/// Which dead units may open again, and by what.
///
/// A unit that is closed for a sample passes on nothing of the sample's gradient. One that is closed for all samples of
/// an epoch gets a gradient of exactly 0, and its weights and bias stay as they are, so that each sample would find it
/// as it did before. It opens again only where something else moves what it computes:
///
/// - *Feeders.* Before it is a trained parameter that the gradient still reaches: through living units of its layer, or
///   by a sum that goes around the layer. A unit of the first layer has no feeders: data stay.
/// - *Penalty.* Weight decay, L1 or L2 move its own weights, or others before it. Where they only scale the weights of
///   a layer without biases, its units keep their sides. With a bias b, z = s · (w · a) + b for an s that falls to 0
///   ends at b: where nothing else moves, the unit opens only if b > 0, which is not looked at here.
/// - *Momentum.* The optimizer goes on in the direction of gradients that are past, less with each step. What is left
///   after some steps is counted until it is below 2⁻³² of what it was, which moves hardly a bit of a weight.
/// - *Kink.* The unit may be at exactly 0 for a sample, and the recipe lets ReLU pass a part of the gradient there.
/// - *Dropout.* What it takes is drawn anew for every sample and epoch.
///
/// A layer without a unit that is alive or may reopen is shut: what only it separates from the loss is at rest.
///
/// So a unit without a way back is dead for good, as long as the run goes on with the same data and settings. A way
/// back is no promise.
struct WaysBack {
    /// Of one rectifying layer.
    private struct Layer {
        /// What its activation gives.
        var output: Int
        /// What its units take, without their own weights.
        var input: Int
        /// Whether a gate passes some of the gradient at exactly 0.
        var isOpenAtZero: Bool
        /// Whether its own weights and biases are trained.
        var isTrained: Bool
        /// Whether penalties can carry its own weights to the other side.
        var isPenalized: Bool
    }

    private let layers: [Layer]
    /// The losses and all that they are made of, operands first.
    private let order: [Formula]
    private let losses: Int
    private let trained: Set<Int>
    private let hasPenalties: Bool
    /// What a step leaves of the momentum before it.
    private let momentum: Double

    private static let leastMomentum = 0x1p-32

    init(_ run: ProbedRun, _ gates: [HealthSite]) {
        let settings = run.plan.settings, optimizer = settings.optimizer
        let changed = settings.changes.flatMap { [$0.weightDecay, $0.l1, $0.l2] }.compactMap(\.self)
        let penalties = run.plan.penalties, hasChanges = changed.contains { $0 > 0 }
        let hasPenalties = hasChanges || penalties != Penalties()
        let onlyScales =
            switch optimizer {
            case .sgd(0, _): !hasChanges && penalties.l1 == 0
            case .adamW: !hasChanges && penalties.l1 == 0 && penalties.l2 == 0
            default: false
            }
        momentum =
            switch optimizer {
            case .sgd(let momentum, _), .rmsProp(_, let momentum, _): momentum
            // The root of the mean square falls too, more slowly.
            case .adam(let beta1, let beta2, _), .adamW(let beta1, let beta2, _): beta1 / beta2.squareRoot()
            }
        let trainedNames = Set(run.trained.map { $0.parameter!.name })
        layers = gates.map { site in
            let own = site.dense.map { ["\($0.name).weights", "\($0.name).bias"] } ?? []
            let operation = site.output.operation
            return Layer(
                output: site.output.id, input: (site.dense?.input ?? site.input).id,
                isOpenAtZero: operation.kinks(of: site.output.operands).contains {
                    $0.slopes.map { $0.below == 0 && $0.at.value != 0 } ?? true
                },
                isTrained: own.contains { trainedNames.contains($0) },
                isPenalized: hasPenalties && own.first.map { trainedNames.contains($0) } ?? false
                    && !(onlyScales && !run.network.parameters.contains { $0.parameter!.name == own[1] }))
        }
        order = topologicalOrder(of: [run.losses])
        losses = run.losses.id
        trained = Set(run.trained.map(\.id))
        self.hasPenalties = hasPenalties
    }

    /// Writes into each dead unit what may open it.
    ///
    /// - Parameters:
    ///   - reports: Of the gates, in their order.
    ///   - step: The last one of the epoch.
    func note(in reports: inout [UnitReport], step: Int) {
        guard reports.contains(where: { !$0.dead.isEmpty }) else { return }
        // Layers of which no unit is left pass no gradient. One that may reopen passes some again later: without it
        // there may be more ways, until all that is taken for shut stays so.
        var shut = Set(layers.indices.filter { reports[$0].dead.count == reports[$0].units && !layers[$0].isOpenAtZero })
        while true {
            write(into: &reports, shut: shut, step: step)
            let reopening = shut.filter { reports[$0].dead.contains(where: \.mayReopen) }
            if reopening.isEmpty { return }
            shut.subtract(reopening)
        }
    }

    /// - Parameter shut: Layers that pass no gradient, by their numbers.
    private func write(into reports: inout [UnitReport], shut: Set<Int>, step: Int) {
        let lastShut = shut.flatMap { reports[$0].dead.map(\.killedByStep) }.max() ?? 0
        let isShut = Set(shut.map { layers[$0].output })
        var isReached: Set<Int> = [losses]
        for formula in order.reversed() where isReached.contains(formula.id) && !isShut.contains(formula.id) {
            isReached.formUnion(formula.operands.map(\.id))
        }
        // What each formula's value follows from.
        var moved = Set<Int>(), penalized = Set<Int>(), drawn = Set<Int>(), learned = Set<Int>()
        for formula in order {
            func follows(from set: Set<Int>) -> Bool { formula.operands.contains { set.contains($0.id) } }
            let isTrained = trained.contains(formula.id)
            if isTrained && isReached.contains(formula.id) || follows(from: moved) { moved.insert(formula.id) }
            if isTrained && hasPenalties && formula.parameter!.decays || follows(from: penalized) { penalized.insert(formula.id) }
            if formula.isDrawnAnew || follows(from: drawn) { drawn.insert(formula.id) }
            if isTrained || follows(from: learned) { learned.insert(formula.id) }
        }
        for (place, layer) in layers.enumerated() {
            for number in reports[place].dead.indices {
                // When it, or what is before it, had a gradient last.
                let last = max(reports[place].dead[number].killedByStep, lastShut)
                let isCoasting =
                    last > 0 && momentum > 0 && (layer.isTrained || learned.contains(layer.input))
                    && Double(step - last) * logarithm(of: momentum) > logarithm(of: Self.leastMomentum)
                reports[place].dead[number].waysBack = [
                    moved.contains(layer.input) ? .feeders : nil, layer.isPenalized || penalized.contains(layer.input) ? .penalty : nil,
                    isCoasting ? .momentum : nil, layer.isOpenAtZero ? .kink : nil, drawn.contains(layer.input) ? .dropout : nil,
                ].compactMap { $0 }
            }
        }
    }
}
