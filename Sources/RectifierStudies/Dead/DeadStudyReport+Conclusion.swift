import RectifierInstruments
import RectifierReports
import RectifierText

extension DeadStudyReport {
    private typealias Finding = Report.Finding

    /// What was found; what was not measured has no sentence.
    public var findings: [Report.Finding] {
        [bornDeadFinding, everywhereFinding, growthFinding, ratesFinding, diagnosisFinding].compactMap { $0 } + cureFindings
            + [openingFinding, harmFinding, narrowFinding].compactMap { $0 }
    }

    /// All findings, one sentence after the other.
    public var conclusion: String { findings.map(\.sentence).joined(separator: " ") }

    // MARK: Fresh networks

    /// A row of a kind that most readers know: two units are the famous case, else the one that dies most.
    private var example: BornDeadRow? {
        bornDead.first { $0.units == 2 && $0.hiddenLayers == 9 } ?? bornDead.max { $0.law < $1.law }
    }

    private var bornDeadFinding: Finding? {
        guard let example, let farthest = bornDead.map({ abs($0.deviations) }).filter(\.isFinite).max() else { return nil }
        let outside = bornDead.count { abs($0.deviations) > 3 }
        let agreement =
            outside == 0
            ? "The shares of \(Format.count(bornDead.count, "kind")) of fresh networks that are dead at an input follow 1 - (1 - 2⁻ᴺ)ᴴ: the farthest is "
                + "\(Format.fixed(farthest, 1)) standard errors off."
            : "The share of fresh networks that are dead at an input is more than 3 standard errors off 1 - (1 - 2⁻ᴺ)ᴴ in \(outside) of "
                + "\(Format.count(bornDead.count, "kind"))."
        return Finding(
            agreement
                + " With \(Format.count(example.hiddenLayers, "hidden layer")) of \(Format.count(example.units, "unit")) it is "
                + "\(Format.percent(example.share, digits: 1)) of \(Format.count(example.networks)), by the law \(Format.percent(example.law, digits: 1)).",
            numbers: [("share", example.share), ("law", example.law), ("mostStandardErrors", farthest)])
    }

    private var everywhereFinding: Finding? {
        guard let example else { return nil }
        let compared = bornDead.compactMap { $0.deviationsEverywhere.map(abs) }
        let reference =
            compared.isEmpty
            ? ""
            : " The \(Format.count(compared.count, "share")) that another program counted in \(Format.count(Self.referenceNetworks)) networks "
                + "\(compared.count == 1 ? "is" : "are") met within \(Format.fixed(compared.max()!, 1)) standard errors."
        return Finding(
            "Dead at every input, and so never to learn anything, are fewer: \(Format.percent(example.shareEverywhere, digits: 1)) of the same networks."
                + reference,
            numbers: [("shareEverywhere", example.shareEverywhere), ("mostStandardErrors", compared.max() ?? .nan)].filter { $0.1.isFinite }
        )
    }

    private var growthFinding: Finding? {
        guard let narrow = growth.min(by: { ($0.width, -$0.layers) < ($1.width, -$1.layers) }) else { return nil }
        let farthest = growth.flatMap { [abs($0.meanDeviations), abs($0.varianceDeviations)] }.max()!
        let factor = exponential(of: narrow.mean), law = exponential(of: narrow.lawMean)
        let within = growth.count { abs($0.meanDeviations) <= 3 && abs($0.varianceDeviations) <= 3 }
        return Finding(
            "Signals grow by the law of finite width: mean and variance of ln(|h|²/|x|²) lie within 3 standard errors in \(within) of "
                + "\(Format.count(growth.count, "kind")) (the farthest: \(Format.fixed(farthest, 1))). He's weights keep the mean of |h|², not its middle: "
                + "\(Format.count(narrow.layers, "layer")) of \(Format.count(narrow.width, "unit")) make a typical |h|² \(Format.significant(factor, 2)) "
                + "times as large, by the law \(Format.significant(law, 2)).",
            numbers: [("factor", factor), ("law", law), ("mostStandardErrors", farthest)])
    }

    // MARK: Training

    private var relus: [TrainingRow] { training.filter { $0.isRectifier && !$0.neverOpen.isEmpty } }

    /// `2 × 256`
    static func name(of hiddenUnits: [Int]) -> String {
        Set(hiddenUnits).count == 1
            ? "\(hiddenUnits.count) × \(Format.count(hiddenUnits[0]))" : hiddenUnits.map { Format.count($0) }.joined(separator: ", ")
    }

    /// `9 hidden layers of 5 units`
    static func words(of hiddenUnits: [Int]) -> String {
        let layers = Format.count(hiddenUnits.count, "hidden layer")
        return Set(hiddenUnits).count == 1
            ? "\(layers) of \(Format.count(hiddenUnits[0], "unit"))"
            : "\(layers) of \(hiddenUnits.map { Format.count($0) }.joined(separator: ", ")) units"
    }

    /// `×10`
    static func times(_ rate: Double) -> String { "×\(Format.significant(rate, 3))" }

    private var ratesFinding: Finding? {
        guard let first = relus.first, let data else { return nil }
        let start = first.runs.compactMap(\.neverOpenAtStart).mean
        let shares = relus.map { "\(Format.percent($0.neverOpen.mean, digits: 1)) at \(Self.times($0.rate))" }
        return Finding(
            "Of ReLU's units \(Format.percent(start, digits: 1)) open for none of \(Format.count(data.samples, "sample")) before training. After it these "
                + "are dead: \(shares.joined(separator: ", ")) (×1 is the usual rate, \(Format.significant(first.learningRate / first.rate))).",
            numbers: [("deadAtStart", start)] + relus.map { ("dead\(Self.times($0.rate))", $0.neverOpen.mean) })
    }

    /// The share of dead units from which the reference calls a rate too high.
    static let manyDead = 0.2

    private var diagnosisFinding: Finding? {
        guard !relus.isEmpty else { return nil }
        let hit = relus.flatMap(\.runs).filter { $0.neverOpen ?? 0 >= Self.manyDead }
        guard !hit.isEmpty else {
            return Finding("No ReLU run lost a fifth of its units, so that there was no death to diagnose.")
        }
        let found = hit.compactMap(\.foundDead)
        let missed = hit.count - found.count
        let others = hit.filter { $0.foundDead == nil && !$0.diagnoses.isEmpty }.count
        let rest =
            missed == 0
            ? "" : " Of the other \(missed) it found something else first in \(others)."
        let firstEpoch = found.count { $0.epoch == 1 }
        let inFirst = firstEpoch == found.count ? "always" : firstEpoch == 0 ? "never" : "\(firstEpoch) times"
        let when =
            found.isEmpty ? "" : ", at the latest after step \(Format.count(found.map(\.step).max()!)), and \(inFirst) in the first epoch"
        return Finding(
            "\(Format.count(hit.count, "ReLU run")) ended with a fifth of the units dead or more. The health probe told of dead units in \(found.count)"
                + when + "." + rest,
            numbers: [("runs", Double(hit.count)), ("found", Double(found.count))])
    }

    // MARK: The cure

    /// A difference of accuracies in points.
    static func points(_ difference: Double) -> String { (difference < 0 ? "-" : "+") + Format.fixed(abs(difference) * 100, 1) }

    private func sentence(of cure: Cure) -> String {
        let interval = cure.interval.map { ", 95 % interval \(Self.points($0.lowerBound)) to \(Self.points($0.upperBound))" } ?? ""
        return "\(cure.activation) \(Format.percent(cure.accuracy, digits: 1)) (\(Self.points(cure.difference)) points\(interval))"
    }

    private var cureFindings: [Finding] {
        var rates: [Double] = []
        for cure in cures where !rates.contains(cure.rate) { rates.append(cure.rate) }
        return rates.map { rate in
            let own = cures.filter { $0.rate == rate }, relu = relus.first { $0.rate == rate }!
            let diverged = training.filter { $0.rate == rate && $0.diverged > 0 }.map { "\($0.activation) diverged in \($0.diverged)" }
            return Finding(
                "At \(Self.times(rate)) ReLU reaches \(Format.percent(relu.accuracies.mean, digits: 1)) with "
                    + "\(Format.percent(relu.neverOpen.mean, digits: 1)) of its units dead; from the same seeds "
                    + own.map(sentence).joined(separator: ", ") + ". " + verdict(relu, own)
                    + (diverged.isEmpty ? "" : " Of \(relu.runs.count) runs " + diverged.joined(separator: ", ") + "."),
                numbers: [("rate", rate), ("dead", relu.neverOpen.mean), ("accuracy", relu.accuracies.mean)]
                    + own.map { ("difference \($0.activation)", $0.difference) })
        }
    }

    /// Accuracy up to which a network has learned nothing to speak of.
    private var leastAccuracy: Double { 1.5 * (data?.trivialAccuracy ?? 0) }

    private func verdict(_ relu: TrainingRow, _ cures: [Cure]) -> String {
        let better = cures.filter(\.isBetter), dead = relu.neverOpen.mean
        guard cures.contains(where: { $0.interval != nil }) else { return "One seed tells no difference from chance." }
        if relu.accuracies.mean < leastAccuracy, cures.allSatisfy({ $0.accuracy < leastAccuracy }) {
            return "None of them learns: death is not all that is wrong."
        }
        if dead < 0.02 {
            return better.isEmpty
                ? "Hardly a unit is dead, and there is nothing to cure." : "Hardly a unit is dead: the gain has other reasons."
        }
        if better.isEmpty {
            let worse = cures.filter(\.isWorse).map(\.activation)
            return "No other wins beyond chance: the dead units did no harm that these seeds show."
                + (worse.isEmpty ? "" : " Worse beyond chance: \(worse.joined(separator: ", ")).")
        }
        return "\(better.map(\.activation).joined(separator: " and ")) \(better.count == 1 ? "wins" : "win") beyond chance."
    }

    /// Over all runs of ReLU: where dead units did not hurt.
    private var harmFinding: Finding? {
        let harmless = relus.filter { row in
            row.neverOpen.mean >= 0.05 && !cures.contains { $0.rate == row.rate && $0.isBetter }
                && cures.contains { $0.rate == row.rate && $0.interval != nil }
        }
        guard let most = harmless.max(by: { $0.neverOpen.mean < $1.neverOpen.mean }), most.accuracies.mean > leastAccuracy else {
            return nil
        }
        return Finding(
            "Dead units need not hurt: at \(Self.times(most.rate)) \(Format.percent(most.neverOpen.mean, digits: 1)) were dead, and no activation "
                + "that keeps them alive was more accurate beyond chance.",
            numbers: [("dead", most.neverOpen.mean), ("accuracy", most.accuracies.mean)])
    }

    /// What a slope below 0 does to units that are closed: less than one may think.
    private var openingFinding: Finding? {
        guard let relu = relus.max(by: { $0.neverOpen.mean < $1.neverOpen.mean }), relu.neverOpen.mean >= 0.05 else { return nil }
        let others = training.filter { !$0.isRectifier && $0.rate == relu.rate && !$0.neverOpen.isEmpty }
        guard !others.isEmpty else { return nil }
        return Finding(
            "A slope below 0 keeps a gradient, and need not open a unit: at \(Self.times(relu.rate)) no sample opens \(Format.percent(relu.neverOpen.mean, digits: 1)) "
                + "of ReLU's units, "
                + others.map { "\(Format.percent($0.neverOpen.mean, digits: 1)) of \($0.activation)'s" }.joined(separator: ", ")
                + ". Those are not dead.",
            numbers: others.map { ("neverOpen \($0.activation)", $0.neverOpen.mean) })
    }

    /// What the probe told of runs in which a layer died. Of a network through which nothing passes it says so, and not
    /// what follows for its units.
    private func told(of runs: [Run]) -> String {
        let dead = runs.count { $0.foundDead != nil }
        let others = runs.filter { $0.foundDead == nil && !$0.diagnoses.isEmpty }
        var names: [Diagnosis.Name] = []
        for run in others { if let name = run.diagnoses.first?.name, !names.contains(name) { names.append(name) } }
        let silent = runs.count - dead - others.count
        return "the probe told of dead units in \(dead)"
            + (others.isEmpty ? "" : ", of \(names.sorted().map(\.words).joined(separator: " or ")) in \(others.count)")
            + (silent == 0 ? "" : ", of nothing in \(silent)")
    }

    /// Where whole layers die.
    private var narrowFinding: Finding? {
        guard let relu = narrow.first(where: \.isRectifier), !relu.accuracies.isEmpty else { return nil }
        let runs = relu.runs.count, before = relu.runs.count(where: \.hadClosedLayer), after = relu.runs.filter(\.hasClosedLayer)
        let best = after.compactMap(\.accuracy).max(), living = relu.runs.filter { !$0.hasClosedLayer }.compactMap(\.accuracy)
        let closed =
            best.map {
                "these reach \(Format.percent($0, digits: 1)) at most, and \(told(of: after))"
            } ?? "none is lost"
        // Whole layers are not all of it where the others fall short too.
        let others = living.isEmpty || after.isEmpty ? "" : "The others reach \(Format.percent(living.mean, digits: 1)). "
        let cures = narrowCures, better = cures.filter(\.isBetter)
        let verdict =
            better.isEmpty
            ? "No other wins beyond chance."
            : "\(better.map(\.activation).joined(separator: " and ")) \(better.count == 1 ? "wins" : "win") beyond chance."
        return Finding(
            "In \(Self.words(of: relu.hiddenUnits)) layers can die whole: of \(Format.count(runs, "ReLU network")) \(before) had a layer before training that no sample "
                + "opens, \(after.count) after it; \(closed). \(others)All together reach \(Format.percent(relu.accuracies.mean, digits: 1)); from the same seeds "
                + cures.map(sentence).joined(separator: ", ") + ". " + verdict,
            numbers: [("closedBefore", Double(before)), ("closedAfter", Double(after.count)), ("accuracy", relu.accuracies.mean)]
                + cures.map { ("difference \($0.activation)", $0.difference) })
    }
}
