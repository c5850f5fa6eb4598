import RectifierText

/// Reads diagnoses off what health measured. Every limit it uses stands here.
struct Diagnostician {
    let plan: TrainingPlan
    let sites: [HealthSite]
    let law: FlowLaw
    /// The mean loss of the best constant answer.
    let trivialLoss: Double?
    /// Samples of the training data.
    let samples: Int
    /// Samples of the data whose loss is watched.
    let heldOutSamples: Int

    /// Losses of an epoch.
    struct EpochLoss: Codable, Equatable {
        var train: Double
        var heldOut: Double?
    }

    // Limits. A layer has dead units where training killed this share of them, and this many, and more are closed than
    // chance closes; a wholly dead layer always.
    static let deadShare = 0.2, fewestDead = 3
    /// In a network of many layers the worst of them has more by chance.
    static let deadShareOfDeep = 0.4, deepLayers = 10
    /// How far signal or gradient may grow or shrink over the whole network, where the law does not allow more; and
    /// where it does.
    static let flowRatio = 1e3, largestFlowRatio = 1e6
    static let saturatedShare = 0.6
    static let leastVariation = 1e-4
    /// So many looks in a row show what training has made of a network that was drawn well.
    static let trainedLooks = 5
    /// Of the loss of a constant answer.
    static let unstableLoss = 2.0, unlearnedLoss = 0.98, doubtfulLoss = 0.93
    /// How much larger one loss must be that jumps: than the smallest mean of an epoch; than the fresh network's, of
    /// one batch; and than the smallest of a batch.
    static let jump = 1.5, jumpFromStart = 2.0, jumpFromSmallest = 4.0
    /// How much a loss that still falls falls over half of the epochs.
    static let progress = 0.005
    /// Weights that moved by a smaller share of their size are still the fresh ones; and what a fresh network's loss is
    /// at least, by the constant answer's, where chance was kind to it.
    static let leastMovement = 0.01, freshLoss = 0.5
    /// How much higher than its best the held-out loss must be, and by which share of the constant answer's.
    static let overfitRatio = 1.15, overfitShare = 0.05, overfitEpochs = 3

    /// Steps in which a unit without an active sample counts as dead before an epoch has ended: those of 2,000 samples.
    var watchedSteps: Int { max(1, (min(2000, samples) + plan.batchSize - 1) / plan.batchSize) }

    // MARK: Units

    /// - Parameter first: The first look, at the fresh network.
    func units(_ ledgers: [UnitLedger], step: Int, epoch: Int, first: FlowLook?) -> [Diagnosis] {
        guard step >= watchedSteps else { return [] }
        let least = ledgers.count > Self.deepLayers ? Self.deadShareOfDeep : Self.deadShare
        for ledger in ledgers {
            let (closed, born) = ledger.closed(since: step - watchedSteps + 1), units = ledger.tally.count
            if born == units {
                return [
                    Diagnosis(
                        .bornDead, layer: ledger.layer, epoch: epoch, step: step,
                        "no sample has opened any of its \(Format.count(units, "unit")) since they were drawn",
                        ["dead": Double(units), "of": Double(units)],
                        cures: [
                            .leakyReLU(slope: 0.1), .residualSums, .biasLift, .redraw, .usualInitializer, .seed(plan.settings.seed &+ 1),
                        ])
                ]
            }
            let killed = closed - born
            let variation = first?.layers.first { $0.layer == ledger.layer }?.variation ?? 1
            let isMany =
                killed >= Self.fewestDead && Double(killed) >= least * Double(units)
                && Double(closed) >= (least + closedByChance(variation: variation, units: units)) * Double(units)
            guard isMany || closed == units && killed > 0 else { continue }
            let all = closed == units ? "all" : "\(Format.count(closed))"
            return [
                Diagnosis(
                    .deadUnits, layer: ledger.layer, epoch: epoch, step: step,
                    "\(all) of its \(Format.count(units, "unit")) are closed for every sample; training killed \(Format.count(killed))",
                    ["dead": Double(closed), "killed": Double(killed), "of": Double(units)],
                    cures: [
                        .learningRate(plan.learningRate / 10), .learningRate(plan.learningRate / 100), .clipping(1),
                        .leakyReLU(slope: 0.1), .biasLift, .redraw,
                    ])
            ]
        }
        return []
    }

    /// The share of a layer's units that chance alone may close for every sample, where its samples differ by a share
    /// of their mean square: at depth all samples look alike, and a unit is open for all or for none.
    private func closedByChance(variation: Double, units: Int) -> Double {
        let variation = min(max(variation, 1e-6), 1 - 1e-6)
        // A pre-activation is a normal number common to all samples and one of its own, the largest of which, among
        // thousands, is three deviations.
        let common = 3 * (variation / (1 - variation)).squareRoot()
        let share = 0.5 * (1 - errorFunction(of: common / 2.0.squareRoot()))
        return share + 3 * (share * (1 - share) / Double(units)).squareRoot()
    }

    // MARK: Flow

    /// - Parameter looks: The last one, and those before it.
    func flow(_ looks: [FlowLook]) -> [Diagnosis] {
        guard let look = looks.last, let first = looks.first else { return [] }
        var found: [Diagnosis] = []
        if let finding = growth(look) {
            let isFresh = growth(first)?.name == finding.name, recent = looks.suffix(Self.trainedLooks)
            if isFresh
                ? isSudden(look) || looks.count > 1
                : recent.count == Self.trainedLooks && recent.allSatisfy({ growth($0)?.name == finding.name })
            {
                found.append(finding)
            } else if !isFresh, finding.name == .exploding, isSudden(look) {
                // The network was drawn well; what made its gradients explode is training.
                found.append(
                    Diagnosis(
                        .unstableRate, epoch: look.epoch, step: look.step,
                        "steps make the gradients explode, which the fresh network's did not: \(finding.sentence)",
                        ["ratio": finding[evidence: "ratio"] ?? 0, "learningRate": plan.learningRate], cures: cheaperRates))
            }
        }
        for (place, layer) in look.layers.enumerated() where layer.saturated >= Self.saturatedShare {
            let before = looks.dropLast().last?.layers[place].saturated
            guard before ?? 0 >= Self.saturatedShare || layer.saturated > 0.9 else { continue }
            found.append(
                Diagnosis(
                    .saturated, layer: layer.layer, epoch: look.epoch, step: look.step,
                    "\(Format.percent(layer.saturated)) of its outputs lie where it is flat; it passes \(Format.percent(layer.passed)) of the gradient",
                    ["saturated": layer.saturated, "passed": layer.passed], cures: [.scaledInputs, .usualInitializer, .relu]))
            break
        }
        // All samples are one: in a fresh network, or for several looks where training made it so. What an activation
        // that flattens out gives lies around a number that is not 0, and varies little without harm.
        if found.isEmpty {
            func isCollapsed(_ look: FlowLook, _ place: Int) -> Bool {
                look.layers[place].signal > 0 && look.layers[place].variation < Self.leastVariation
            }
            let place = look.layers.indices.first { place in
                guard sites[place].largestSlope == nil, isCollapsed(look, place) else { return false }
                let recent = looks.suffix(Self.trainedLooks)
                return isCollapsed(first, place) && looks.count > 1
                    || recent.count == Self.trainedLooks && recent.allSatisfy { isCollapsed($0, place) }
            }
            if let place {
                let layer = look.layers[place]
                found.append(
                    Diagnosis(
                        .rankCollapse, layer: layer.layer, epoch: look.epoch, step: look.step,
                        "it gives all samples the same: \(Format.percent(layer.variation, digits: 4)) of its mean square differs between them",
                        ["variation": layer.variation, "rank": layer.rank],
                        cures: [.residualSums, .usualInitializer, .leakyReLU(slope: 0.1), .learningRate(plan.learningRate / 10)]))
            }
        }
        if let trivialLoss, look.step >= 32, looks.count > 2 {
            // A fresh network's loss may be anything, but it falls.
            let smallest = looks.dropLast(3).reduce(.infinity) { min($0, $1.loss) }
            let limit = max(Self.unstableLoss * trivialLoss, Self.jumpFromStart * first.loss, Self.jumpFromSmallest * smallest)
            if looks.suffix(3).allSatisfy({ $0.loss > limit }) {
                found.append(unstable(look.loss, epoch: look.epoch, step: look.step))
            }
        }
        return found
    }

    private func isSudden(_ look: FlowLook) -> Bool {
        growth(look)?[evidence: "ratio"].map { $0 > Self.largestFlowRatio || $0 < 1 / Self.largestFlowRatio } ?? false
    }

    private func growth(_ look: FlowLook) -> Diagnosis? {
        guard let first = look.layers.first, let last = look.layers.last, look.layers.count > 2 else { return nil }
        // Nothing passes a dead layer, which is another finding.
        guard look.layers.allSatisfy({ $0.signal > 0 }), last.gradient > 0 else { return nil }
        guard first.gradient > 0 || !sites.contains(where: \.isGate) else { return nil }
        let steps = Double(look.layers.count - 1)
        let smallest = Double.leastNonzeroMagnitude
        let gradient = logarithm(of: max(first.gradient, smallest) / last.gradient), signal = logarithm(of: last.signal / first.signal)
        let usual = law.usualMean, room = FlowLaw.deviations * law.deviation
        func isSmall(_ x: Double) -> Bool {
            x < min(-logarithm(of: Self.flowRatio), usual - room) || x < -logarithm(of: Self.largestFlowRatio)
        }
        func isLarge(_ x: Double) -> Bool {
            x > max(logarithm(of: Self.flowRatio), usual + room) || x > logarithm(of: Self.largestFlowRatio)
        }
        let isGradient = isSmall(gradient) || isLarge(gradient)
        let ratio = isGradient ? gradient : signal
        guard isSmall(ratio) || isLarge(ratio) else { return nil }
        let factor = exponential(of: ratio / steps), what = isGradient ? "the gradient" : "the signal"
        let slope = sites.compactMap(\.largestSlope).max(),
            isBound = slope.map { $0 < 1 } ?? false && sites.allSatisfy { $0.largestSlope != nil }
        let bound = isBound ? "; its activations pass at most \(Format.significant(slope!, 3)) of what comes" : ""
        let predicted = law.layers > 0 ? exponential(of: law.mean / Double(law.layers)) : nil
        let law = predicted.map { "; the initializer predicts \(Format.significant($0, 3)), He's gives about 1" } ?? bound
        let layer = sites.first?.dense?.name ?? first.layer
        let evidence: KeyValuePairs<String, Double> = [
            "ratio": exponential(of: ratio), "factor": factor, "predictedFactor": predicted ?? (isBound ? slope! : 1),
            "layers": Double(look.layers.count), "gradient": first.gradient, "signal": last.signal, "falseAlarm": 1e-6,
        ]
        if isSmall(ratio) {
            return Diagnosis(
                .vanishing, layer: layer, epoch: look.epoch, step: look.step,
                "\(what) shrinks by a factor of \(Format.significant(factor, 3)) a layer, to \(Format.significant(exponential(of: ratio), 2)) "
                    + "over \(look.layers.count) layers" + law,
                evidence, cures: [.usualInitializer, .relu, .residualSums])
        }
        return Diagnosis(
            .exploding, layer: layer, epoch: look.epoch, step: look.step,
            "\(what) grows by a factor of \(Format.significant(factor, 3)) a layer, to \(Format.significant(exponential(of: ratio), 2)) "
                + "over \(look.layers.count) layers" + law,
            evidence, cures: [.usualInitializer, .clipping(1), .learningRate(plan.learningRate / 100)])
    }

    private func unstable(_ loss: Double, epoch: Int, step: Int) -> Diagnosis {
        Diagnosis(
            .unstableRate, epoch: epoch, step: step,
            "the loss is \(Format.significant(loss, 3)); answering the same for all samples gives \(Format.significant(trivialLoss ?? 0, 3))",
            ["loss": loss, "trivialLoss": trivialLoss ?? 0, "learningRate": plan.learningRate],
            cures: cheaperRates)
    }

    private var cheaperRates: [Cure] { plan.lowerRates + [.clipping(1)] }

    // MARK: Epochs

    /// - Parameters:
    ///   - losses: Of all epochs so far.
    ///   - looks: Those so far.
    ///   - isExplained: Whether something graver is known already.
    func epochs(_ losses: [EpochLoss], looks: [FlowLook], step: Int, isExplained: Bool, data: inout DataHealth) -> [Diagnosis] {
        guard let last = losses.last, let trivialLoss else { return [] }
        let epoch = losses.count
        var found: [Diagnosis] = []
        let smallest = losses.dropLast().reduce(.infinity) { min($0, $1.train) }
        if step >= 32, last.train > 1.2 * trivialLoss, last.train > Self.jump * smallest {
            found.append(unstable(last.train, epoch: epoch, step: step))
        }
        let overfit = overfitting(losses, step: step)
        guard step >= 100 || !overfit.isEmpty, epoch >= 2, !isExplained, found.isEmpty else { return found + overfit }
        // What weights that stand still do not fit says nothing of the data.
        if let movement = movement(looks, step: step), movement < Self.leastMovement {
            guard step >= 200, last.train > Self.freshLoss * trivialLoss else { return overfit }
            let moved = "the weights have moved by at most \(Format.percent(movement, digits: 2)) of their size"
            return [notLearning(last.train, trivialLoss, epoch: epoch, step: step, because: moved)] + overfit
        }
        if let trouble = labelTrouble(losses, trivialLoss, isOverfit: !overfit.isEmpty, step: step, data: &data) { return [trouble] }
        // No epoch was better, none is getting better, and half of the run is over.
        let isUnlearned = losses.allSatisfy { $0.train > Self.unlearnedLoss * trivialLoss }
        if isUnlearned, step >= 200, isLate(epoch), stands(losses.map(\.train)) {
            found.append(notLearning(last.train, trivialLoss, epoch: epoch, step: step))
        }
        return found + overfit
    }

    /// Whether what was not learned by now is late: half of the run is over, or it may soon be stopped.
    private func isLate(_ epoch: Int) -> Bool { 2 * epoch >= plan.epochs || epoch >= plan.settings.earlyStopping?.patience ?? .max }

    /// Whether a loss falls no longer.
    private func stands(_ losses: [Double]) -> Bool {
        losses.count >= 4 && losses.last! > (1 - Self.progress) * losses[losses.count / 2]
    }

    /// How far the weights have moved at most, as a share of their size: as if all steps had gone one way. Those that
    /// began at 0 tell nothing.
    private func movement(_ looks: [FlowLook], step: Int) -> Double? {
        guard let first = looks.first else { return nil }
        return first.parameters.indices.filter { first.parameters[$0].weight > 0 }.map { place in
            looks.indices.reduce(0) { sum, look in
                let isLast = look + 1 == looks.count
                let next = isLast ? step + 1 : looks[look + 1].step
                let update = max(looks[look].parameters[place].update, isLast ? 0 : looks[look + 1].parameters[place].update)
                return sum + update * Double(next - looks[look].step)
            }
        }.max()
    }

    private func notLearning(_ loss: Double, _ trivialLoss: Double, epoch: Int, step: Int, because reason: String? = nil) -> Diagnosis {
        let isStill = reason != nil
        return Diagnosis(
            .notLearning, epoch: epoch, step: step,
            "after \(Format.count(step, "step")) the loss is \(Format.significant(loss, 4)), that of a constant answer "
                + Format.significant(trivialLoss, 4) + (reason.map { "; \($0)" } ?? ""),
            ["trainLoss": loss, "trivialLoss": trivialLoss, "learningRate": plan.learningRate],
            cures: isStill
                ? [.learningRate(plan.learningRate * 100), .learningRate(plan.optimizer.usualLearningRate)]
                : [
                    .learningRate(plan.learningRate * 10), .learningRate(plan.learningRate * 100),
                    .learningRate(plan.learningRate / 10), .usualInitializer,
                ])
    }

    /// Targets that follow from nothing are learned by heart, if at all.
    private func labelTrouble(
        _ losses: [EpochLoss], _ trivialLoss: Double, isOverfit: Bool, step: Int, data: inout DataHealth
    ) -> Diagnosis? {
        let last = losses.last!, heldOut = losses.compactMap(\.heldOut), limit = Self.doubtfulLoss * trivialLoss
        // A loss that still falls says nothing yet; how it falls to the constant answer's says nothing of the data.
        func standsBelow(_ losses: [Double]) -> Bool { stands(losses.map { min($0, trivialLoss) }) }
        let isUnlearned = last.train > limit && standsBelow(losses.map(\.train))
        let doesNotGeneralize = heldOut.count == losses.count && heldOut.min()! > limit && standsBelow(heldOut)
        guard isOverfit || isLate(losses.count) && (isUnlearned || doesNotGeneralize),
            let agreement = data.neighbourAgreement, agreement.deviations < 3,
            // Among a few samples neighbours are far apart, and a network may well know more than they.
            !isOverfit || agreement.samples >= 200
        else { return nil }
        let isClass = plan.recipe.data.task == .classification
        let seen = isClass ? "\(Format.percent(agreement.seen)) of samples" : "a correlation of \(Format.significant(agreement.seen, 2))"
        return Diagnosis(
            .labelTrouble, epoch: losses.count, step: step,
            "targets do not follow from inputs: \(isClass ? "the nearest neighbour has the same class for" : "targets of nearest neighbours have") \(seen), "
                + "by chance \(isClass ? Format.percent(agreement.chance) : "0")",
            [
                "agreement": agreement.seen, "chance": agreement.chance, "deviations": agreement.deviations,
                "trainLoss": last.train, "heldOutLoss": last.heldOut ?? last.train, "trivialLoss": trivialLoss,
            ],
            cures: [.checkData("look at how the targets were made, and whether their rows belong to those of the inputs")])
    }

    private func overfitting(_ losses: [EpochLoss], step: Int) -> [Diagnosis] {
        let heldOut = losses.compactMap(\.heldOut)
        guard heldOut.count == losses.count, let best = heldOut.min(), let last = losses.last, let loss = last.heldOut, let trivialLoss
        else { return [] }
        let place = heldOut.firstIndex(of: best)!, recent = heldOut.suffix(Self.overfitEpochs)
        // Of few samples the loss goes up and down by chance.
        let least = max(Self.overfitShare, 1 / Double(max(1, heldOutSamples)).squareRoot()) * trivialLoss
        guard losses.count - place > Self.overfitEpochs,
            recent.allSatisfy({ $0 > Self.overfitRatio * best && $0 - best > least }),
            last.train < 0.9 * losses[place].train
        else { return [] }
        return [
            Diagnosis(
                .overfitting, epoch: losses.count, step: step,
                "the held-out loss rose from \(Format.significant(best, 3)) in epoch \(place + 1) to \(Format.significant(loss, 3)), "
                    + "the training loss fell to \(Format.significant(last.train, 3))",
                ["best": best, "bestEpoch": Double(place + 1), "heldOutLoss": loss, "trainLoss": last.train],
                cures: [.earlyStopping(patience: 5), .weightDecay(max(0.1, 10 * plan.penalties.weightDecay))])
        ]
    }
}

extension TrainingPlan {
    /// Lower learning rates to try, the highest first: parts of the run's, and what is usual for inputs of size 1 and
    /// for larger ones.
    var lowerRates: [Cure] {
        let usual = optimizer.usualLearningRate
        return Set([learningRate / 10, learningRate / 100, usual, usual / 10]).filter { $0 < learningRate }.sorted(by: >)
            .map { .learningRate($0) }
    }
}
