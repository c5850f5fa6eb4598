extension ZeroStudyReport {
    /// What was found, in sentences whose numbers are all computed.
    public var conclusion: String {
        [countsSentence, sweepSentence, predictionSentence, tiesSentence, zeroBiasSentence, trainingSentence].compactMap { $0 }
            .joined(separator: " ")
    }

    /// The rows of the usual network, one a precision.
    private var usual: [Cell] {
        ElementType.allCases.compactMap { precision in
            cells.first {
                $0.precision == precision && $0.hiddenLayers == ZeroStudy.usualDepth && $0.units == ZeroStudy.usualWidth
                    && $0.batchSize == ZeroStudy.usualBatchSize
            }
        }.sorted { $0.precision.size < $1.precision.size }
    }

    private var countsSentence: String? {
        let rows = usual.isEmpty ? Array(cells.prefix(1)) : usual
        guard let first = rows.first else { return nil }
        let kind =
            "\(first.hiddenLayers) hidden \(first.hiddenLayers == 1 ? "layer" : "layers") of \(first.units) units, batches of \(first.batchSize)"
        let parts = rows.map { row in
            let (ours, theirs) = (row.chainRule.firstLayer, row.asPublished.firstLayer)
            let part = row.samples < samples ? " (first \(grouped(row.samples)) images)" : ""
            let networks = "of \(grouped(row.networks)) networks\(part)"
            let counts =
                theirs == 0 && ours == 0
                ? "none \(networks)"
                : ours == theirs
                    ? "\(grouped(ours)) \(networks), by the chain rule and as published alike"
                    : "\(grouped(ours)) \(networks) by the chain rule and \(grouped(theirs)) as published"
            return "in \(row.precision.size * 8) bits in \(counts)"
        }
        return
            "Whether ReLU's derivative at 0 is 0 or 1 changed the first layer's gradient of a freshly drawn network (\(kind), \(grouped(samples)) images) "
            + parts.joined(separator: "; ") + "."
    }

    /// How the share moves along each sweep, in float32.
    private var sweepSentence: String? {
        let parts = Sweep.allCases.compactMap { sweep -> String? in
            let rows = cells.filter { $0.sweep == sweep && $0.precision == .float32 }
            guard rows.count > 1, let first = rows.first, let last = rows.last else { return nil }
            let range = "from \(percent(first.share)) to \(percent(last.share))"
            switch sweep {
            case .depth: return "\(range) with \(first.value) to \(last.value) hidden layers"
            case .width: return "\(range) with \(first.value) to \(last.value) units a layer"
            case .batchSize:
                let shares = rows.map(\.share)
                let batches = "batches of \(grouped(first.value)) to \(grouped(last.value))"
                return shares.min() == shares.max()
                    ? "and is \(percent(first.share)) for all \(batches)"
                    : "and lies between \(percent(shares.min()!)) and \(percent(shares.max()!)) for \(batches)"
            }
        }
        return parts.isEmpty ? nil : "In 32 bits the share of such networks goes " + parts.joined(separator: ", ") + "."
    }

    private var predictionSentence: String? {
        // Sweeps meet in one network, which counts once.
        let compared = Set(cells.map { [$0.hiddenLayers, $0.units, $0.batchSize, $0.precision.size] }).count
        let inside = Set(
            cells.filter { $0.interval.contains($0.predictedShare) }.map { [$0.hiddenLayers, $0.units, $0.batchSize, $0.precision.size] }
        )
        .count
        return compared == 0
            ? nil : "The prediction, in which nothing is fitted, lies in the 99 % interval of \(inside) of \(compared) kinds of networks."
    }

    private var tiesSentence: String? {
        guard let row = usual.first(where: { $0.precision == .float32 }) ?? usual.first else { return nil }
        let ties = row.accidentalTies + row.structuralTies
        guard ties > 0 else { return nil }
        let structural = row.structuralTies == 0 ? "all by rounding" : "\(grouped(row.structuralTies)) of them structural"
        return
            "\(grouped(ties)) of its \(grouped(row.evaluations)) pre-activations in \(row.precision.size * 8) bits were exactly 0, \(structural)."
    }

    private var zeroBiasSentence: String? {
        let parts = zeroBiases.filter { $0.precision == .float32 }.map { row -> String in
            var text = "\(row.units) units a layer have "
            text +=
                row.structuralTies == 0
                ? "no structural ties"
                : "\(grouped(row.structuralTies)) structural ties in \(row.networksWithStructuralTies) of \(row.networks) networks"
            if let equal = row.networksWithEqualStructure, row.structuralTies > 0 {
                text +=
                    equal == row.networks ? ", in 32 and 64 bits at the same places" : ", at the same places in 32 and 64 bits for \(equal)"
            }
            text += ", and \(row.accidentalTies == 0 ? "none" : grouped(row.accidentalTies)) by rounding"
            if let usual = cells.first(where: { $0.sweep == .width && $0.value == row.units && $0.precision == .float32 }),
                row.evaluations > 0
            {
                // For the same number of pre-activations.
                let expected = usual.tiesPerNetwork * Double(row.networks)
                text += " (\(oneDecimal(expected)) with biases as PyTorch draws them)"
            }
            return text
        }
        return parts.isEmpty ? nil : "With biases of 0, three layers of " + parts.joined(separator: "; ") + "."
    }

    private var trainingSentence: String? {
        guard let zero = training.first, let control = training.first(where: \.isControl), let epochs = settings.training?.epochs else {
            return nil
        }
        let runs = zero.accuracies.count
        let sound = training.filter { !$0.isInjected && !$0.isControl }
        let gap = sound.map(\.mean).max()! - sound.map(\.mean).min()!
        var text =
            "Trained for \(epochs) \(epochs == 1 ? "epoch" : "epochs") from \(runs) \(runs == 1 ? "seed" : "seeds"), the accuracies with "
            + sound.map { "\(plain($0.derivative)) (\(percent($0.mean, 2)))" }.joined(separator: ", ") + " "
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
            text += "; with \(plain(injected.derivative)) injected as published the accuracy is \(percent(injected.mean, 2)), "
            text +=
                difference > 0
                ? "\(points(difference)) better than with 0" : difference < 0 ? "\(points(-difference)) worse than with 0" : "as with 0"
        }
        text +=
            control.identicalToZero == runs
            ? "; the control, 0 against 0, is bit-identical in \(runs == 1 ? "the one" : "all \(runs)")."
            : "; the control, 0 against 0, is bit-identical in only \(control.identicalToZero)."
        return text
    }
}

// MARK: - Comma-separated values

extension ZeroStudyReport {
    /// The counts: a line for each kind of network and precision. Shares lie between 0 and 1.
    public var cellsCSV: String {
        csv(
            "sweep,value,bits,hiddenLayers,units,batchSize,samples,networks,chainRuleFirstLayer,chainRuleAnyLayer,publishedFirstLayer,publishedAnyLayer,"
                + "share,low99,high99,predictedShare,shareForMNIST,structuralTies,accidentalTies,evaluations,tiesPerNetwork,predictedTiesPerNetwork",
            cells.map { row in
                [
                    row.sweep.rawValue, "\(row.value)", "\(row.precision.size * 8)", "\(row.hiddenLayers)", "\(row.units)",
                    "\(row.batchSize)",
                    "\(row.samples)", "\(row.networks)", "\(row.chainRule.firstLayer)", "\(row.chainRule.anyLayer)",
                    "\(row.asPublished.firstLayer)",
                    "\(row.asPublished.anyLayer)", "\(row.share)", "\(row.interval.lowerBound)", "\(row.interval.upperBound)",
                    "\(row.predictedShare)",
                    row.publishedShare.map { "\($0)" } ?? "", "\(row.structuralTies)", "\(row.accidentalTies)", "\(row.evaluations)",
                    "\(row.tiesPerNetwork)", "\(row.prediction)",
                ]
            })
    }

    /// The ties of networks with biases of 0.
    public var zeroBiasesCSV: String {
        csv(
            "bits,hiddenLayers,units,samples,networks,structuralTies,accidentalTies,evaluations,networksWithStructuralTies,networksWithEqualStructure",
            zeroBiases.map { row in
                [
                    "\(row.precision.size * 8)", "\(row.hiddenLayers)", "\(row.units)", "\(row.samples)", "\(row.networks)",
                    "\(row.structuralTies)",
                    "\(row.accidentalTies)", "\(row.evaluations)", "\(row.networksWithStructuralTies)",
                    row.networksWithEqualStructure.map { "\($0)" } ?? "",
                ]
            })
    }

    /// The trainings: a line for each run.
    public var trainingCSV: String {
        csv(
            "derivative,mode,run,accuracy,weightsSHA256",
            training.flatMap { row in
                row.accuracies.indices.map { run in
                    [
                        plain(row.derivative), row.isInjected ? "injected" : row.isControl ? "control" : "chain rule", "\(run + 1)",
                        "\(row.accuracies[run])", row.weightsSHA256[run],
                    ]
                }
            })
    }

    private func csv(_ heading: String, _ rows: [[String]]) -> String {
        ([heading] + rows.map { $0.joined(separator: ",") }).map { $0 + "\n" }.joined()
    }
}

// MARK: - Numbers

private func plain(_ value: Double) -> String { KinkValue(value).description }

private func oneDecimal(_ value: Double) -> String { decimal(value, 1) }

/// `41.5 %`
private func percent(_ share: Double, _ digits: Int = 1) -> String { decimal(share * 100, digits) + " %" }

/// `0.012 points`, of a hundred.
private func points(_ share: Double) -> String { decimal(share * 100, 3) + " points" }

private func decimal(_ value: Double, _ digits: Int) -> String {
    let scale = Int(powerOf(10, Double(digits)))
    let whole = Int((Swift.abs(value) * Double(scale)).rounded())
    let fraction = String(whole % scale)
    return (value < 0 && whole > 0 ? "-" : "") + "\(whole / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
}
