import RectifierInstruments
import RectifierReports
import RectifierText

extension ZeroStudyReport {
    private typealias Finding = Report.Finding

    /// What was found; what was not measured has no sentence.
    public var findings: [Report.Finding] {
        [countsFinding, sweepFinding, predictionFinding, tiesFinding, zeroBiasFinding, trainingFinding].compactMap { $0 }
    }

    /// All findings, one sentence after the other.
    public var conclusion: String { findings.map(\.sentence).joined(separator: " ") }

    /// The rows of the usual network, one a precision.
    private var usual: [Cell] {
        ElementType.allCases.compactMap { precision in
            cells.first {
                $0.precision == precision && $0.hiddenLayers == ZeroStudy.usualDepth && $0.units == ZeroStudy.usualWidth
                    && $0.batchSize == ZeroStudy.usualBatchSize
            }
        }.sorted { $0.precision.size < $1.precision.size }
    }

    private var countsFinding: Finding? {
        let rows = usual.isEmpty ? Array(cells.prefix(1)) : usual
        guard let first = rows.first else { return nil }
        let kind =
            "\(first.hiddenLayers) hidden \(first.hiddenLayers == 1 ? "layer" : "layers") of \(first.units) units, batches of \(first.batchSize)"
        let parts = rows.map { row in
            let (ours, theirs) = (row.chainRule.firstLayer, row.asPublished.firstLayer)
            let part = row.samples < samples ? " (first \(Format.count(row.samples)) images)" : ""
            let networks = "of \(Format.count(row.networks)) networks\(part)"
            let counts =
                theirs == 0 && ours == 0
                ? "none \(networks)"
                : ours == theirs
                    ? "\(Format.count(ours)) \(networks), by the chain rule and as published alike"
                    : "\(Format.count(ours)) \(networks) by the chain rule and \(Format.count(theirs)) as published"
            return "in \(row.precision.size * 8) bits in \(counts)"
        }
        let sentence =
            "Whether ReLU's derivative at 0 is 0 or 1 changed the first layer's gradient of a freshly drawn network (\(kind), \(Format.count(samples)) images) "
            + parts.joined(separator: "; ") + "."
        return Finding(sentence, numbers: rows.map { ("shareIn\($0.precision.size * 8)Bits", $0.share) })
    }

    /// How the share moves along each sweep, in float32.
    private var sweepFinding: Finding? {
        let parts = Sweep.allCases.compactMap { sweep -> String? in
            let rows = cells.filter { $0.sweep == sweep && $0.precision == .float32 }
            guard rows.count > 1, let first = rows.first, let last = rows.last else { return nil }
            let range = "from \(Format.percent(first.share, digits: 1)) to \(Format.percent(last.share, digits: 1))"
            switch sweep {
            case .depth: return "\(range) with \(first.value) to \(last.value) hidden layers"
            case .width: return "\(range) with \(first.value) to \(last.value) units a layer"
            case .batchSize:
                let shares = rows.map(\.share)
                let batches = "batches of \(Format.count(first.value)) to \(Format.count(last.value))"
                return shares.min() == shares.max()
                    ? "and is \(Format.percent(first.share, digits: 1)) for all \(batches)"
                    : "and lies between \(Format.percent(shares.min()!, digits: 1)) and \(Format.percent(shares.max()!, digits: 1)) for \(batches)"
            }
        }
        return parts.isEmpty ? nil : Finding("In 32 bits the share of such networks goes " + parts.joined(separator: ", ") + ".")
    }

    private var predictionFinding: Finding? {
        // Sweeps meet in one network, which counts once.
        let compared = Set(cells.map { [$0.hiddenLayers, $0.units, $0.batchSize, $0.precision.size] }).count
        let inside = Set(
            cells.filter { $0.interval.contains($0.predictedShare) }.map { [$0.hiddenLayers, $0.units, $0.batchSize, $0.precision.size] }
        )
        .count
        guard compared > 0 else { return nil }
        return Finding(
            "The prediction, in which nothing is fitted, lies in the 99 % interval of \(inside) of \(compared) kinds of networks.",
            numbers: [("inside", Double(inside)), ("compared", Double(compared))]
        )
    }

    private var tiesFinding: Finding? {
        guard let row = usual.first(where: { $0.precision == .float32 }) ?? usual.first else { return nil }
        let ties = row.accidentalTies + row.structuralTies
        guard ties > 0 else { return nil }
        let structural = row.structuralTies == 0 ? "all by rounding" : "\(Format.count(row.structuralTies)) of them structural"
        return Finding(
            "\(Format.count(ties)) of the usual network's \(Format.count(row.evaluations)) pre-activations in \(row.precision.size * 8) bits were exactly 0, "
                + "\(structural).",
            numbers: [("ties", Double(ties)), ("structuralTies", Double(row.structuralTies)), ("evaluations", Double(row.evaluations))]
        )
    }

    private var zeroBiasFinding: Finding? {
        let parts = zeroBiases.filter { $0.precision == .float32 }.map { row -> String in
            var text = "\(row.units) units a layer have "
            text +=
                row.structuralTies == 0
                ? "no structural ties"
                : "\(Format.count(row.structuralTies)) structural ties in \(row.networksWithStructuralTies) of \(row.networks) networks"
            if let equal = row.networksWithEqualStructure, row.structuralTies > 0 {
                text +=
                    equal == row.networks ? ", in 32 and 64 bits at the same places" : ", at the same places in 32 and 64 bits for \(equal)"
            }
            text += ", and \(row.accidentalTies == 0 ? "none" : Format.count(row.accidentalTies)) by rounding"
            if let usual = cells.first(where: { $0.sweep == .width && $0.value == row.units && $0.precision == .float32 }),
                row.evaluations > 0
            {
                // For the same number of pre-activations.
                let expected = usual.tiesPerNetwork * Double(row.networks)
                text += " (\(Format.fixed(expected, 1)) with biases as PyTorch draws them)"
            }
            return text
        }
        return parts.isEmpty ? nil : Finding("With biases of 0, three layers of " + parts.joined(separator: "; ") + ".")
    }

    private var trainingFinding: Finding? {
        guard let zero = training.first, let control = training.first(where: \.isControl), let epochs = settings.training?.epochs else {
            return nil
        }
        let runs = zero.accuracies.count
        let sound = training.filter { !$0.isInjected && !$0.isControl }
        let gap = sound.map(\.mean).max()! - sound.map(\.mean).min()!
        var text =
            "Trained for \(Format.count(epochs, "epoch")) from \(Format.count(runs, "seed")), the accuracies with "
            + sound.map { "\(plain($0.derivative)) (\(Format.percent($0.mean)))" }.joined(separator: ", ") + " "
        if gap == 0 {
            text += "are the same"
        } else if let error = sound.compactMap(\.standardError).max() {
            text += "differ by at most \(points(gap)), "
            text +=
                gap <= error
                ? "less than their standard error" : gap <= 2 * error ? "less than two standard errors" : "more than two standard errors"
            text += " (\(points(error)))"
        } else {
            text += "differ by at most \(points(gap))"
        }
        let others = sound.dropFirst()
        text +=
            "; \(others.reduce(0) { $0 + $1.identicalToZero }) of \(others.count * runs) runs with another derivative than 0 end with its very weights"
        if let injected = training.first(where: \.isInjected) {
            let difference = injected.mean - zero.mean
            text += "; with \(plain(injected.derivative)) injected as published the accuracy is \(Format.percent(injected.mean)), "
            text +=
                difference > 0
                ? "\(points(difference)) better than with 0" : difference < 0 ? "\(points(-difference)) worse than with 0" : "as with 0"
        }
        text +=
            control.identicalToZero == runs
            ? "; the control, 0 against 0, is bit-identical in \(runs == 1 ? "the one" : "all \(runs)")."
            : "; the control, 0 against 0, is bit-identical in only \(control.identicalToZero)."
        return Finding(text, numbers: sound.map { ("accuracyWith\(plain($0.derivative))", $0.mean) } + [("gap", gap)])
    }
}

// MARK: - Numbers

private func plain(_ value: Double) -> String { KinkValue(value).description }

/// `0.012 points`, of a hundred.
private func points(_ share: Double) -> String { Format.fixed(share * 100, 3) + " points" }
