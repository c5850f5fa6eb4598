import RectifierReports
import RectifierText

extension ReLUTanhStudyReport {
    /// What the paper says of epochs.
    static let published = 6.0

    /// What was found; what was not measured has no sentence.
    public var findings: [Report.Finding] {
        [epochsFinding, secondsFinding].compactMap { $0 } + grids.compactMap(rateFinding) + [networkFinding].compactMap { $0 }
    }

    /// All findings, one sentence after the other.
    public var conclusion: String { findings.map(\.sentence).joined(separator: " ") }

    private var target: String { "\(Self.percent(settings.targetError)) training error" }

    /// `25 %`, `12.5 %`
    static func percent(_ share: Double) -> String { "\(Format.significant(share * 100, 3)) %" }

    // MARK: Epochs

    private var epochsFinding: Report.Finding? {
        let pairs = pairs, ratios = pairs.map(\.epochs), mean = ratios.mean
        guard let relu = duration(\.relu, \.epochsToTarget, Self.epochs), let tanh = duration(\.tanh, \.epochsToTarget, Self.epochs) else {
            return nil
        }
        var sentence = "ReLU reaches \(target) \(relu), tanh \(tanh). "
        if case .unknown = mean {
            sentence += "Which of them is faster these runs do not tell."
            return Report.Finding(sentence)
        }
        sentence += "tanh takes \(Self.words(mean)) times as many epochs\(Self.spread(ratios)). " + comparison(ratios)
        return Report.Finding(sentence, numbers: Self.numbers("epochs", ratios))
    }

    /// Against the paper's six.
    private func comparison(_ ratios: [Ratio]) -> String {
        let paper = "The paper says six times, of a network whose sizes it does not publish"
        let exact = ratios.exact
        guard exact.count == ratios.count, let low = exact.min(), let high = exact.max() else {
            if case .moreThan(let least) = ratios.mean, least > 1 { return "\(paper); that ReLU is faster is found here too." }
            return "\(paper)."
        }
        let seeds = ratios.count == 1 ? "with one seed" : "with each of \(ratios.count) seeds"
        if low <= Self.published, high >= Self.published { return "\(paper): so it is here." }
        if low > Self.published { return "\(paper); here it is more \(seeds)." }
        if low >= 2 { return "\(paper). Here ReLU is more than twice as fast \(seeds), but not six times." }
        if low > 1 { return "\(paper). Here ReLU is faster \(seeds), but by far less." }
        return high < 1 ? "\(paper). Here tanh is faster \(seeds)." : "\(paper). Here neither is always the faster one."
    }

    private static func epochs(_ value: Double) -> String { Format.fixed(value, 1) }

    /// `after 8.1 epochs (7.9 to 8.4)`, and how many runs did not get there.
    private func duration(
        _ run: KeyPath<Pair, Run>, _ value: KeyPath<Run, Double?>, _ words: (Double) -> String, unit: String = " epochs"
    ) -> String? {
        let runs = pairs.map { $0[keyPath: run] }
        guard !runs.isEmpty else { return nil }
        let values = runs.compactMap { $0[keyPath: value] }
        guard !values.isEmpty else {
            return runs.allSatisfy { $0.end == .diverged } ? "never: it diverges" : "not in \(Format.count(settings.epochs, "epoch"))"
        }
        let range = values.count > 1 ? " (\(words(values.min()!)) to \(words(values.max()!)))" : ""
        let missed = runs.count - values.count
        return "after \(words(values.mean))\(unit)\(range)"
            + (missed == 0 ? "" : ", but not in \(Format.count(settings.epochs, "epoch")) with \(Format.count(missed, "seed"))")
    }

    // MARK: Ratios

    /// `3.1`, `more than 4.2`
    static func words(_ ratio: Ratio) -> String {
        switch ratio {
        case .exactly(let value): Format.fixed(value, value < 10 ? 2 : 1)
        case .moreThan(let value): value.isFinite ? "more than \(Format.fixed(value, 1))" : "without end"
        case .lessThan(let value): value > 0 ? "less than \(Format.fixed(value, 2))" : "no"
        case .unknown: "-"
        }
    }

    /// ` (2.9 to 3.3 over 3 seeds)`
    private static func spread(_ ratios: [Ratio]) -> String {
        guard ratios.count > 1 else { return " (one seed)" }
        let exact = ratios.exact
        guard exact.count == ratios.count else { return " (seed by seed: \(ratios.map(words).joined(separator: ", ")))" }
        return " (\(Format.fixed(exact.min()!, 2)) to \(Format.fixed(exact.max()!, 2)) over \(ratios.count) seeds)"
    }

    private static func numbers(_ name: String, _ ratios: [Ratio]) -> [(String, Double)] {
        let exact = ratios.exact
        switch ratios.mean {
        case .exactly(let mean):
            return [("\(name)Ratio", mean), ("\(name)RatioLowest", exact.min()!), ("\(name)RatioHighest", exact.max()!)]
        case .moreThan(let bound) where bound.isFinite: return [("\(name)RatioAtLeast", bound)]
        case .lessThan(let bound): return [("\(name)RatioAtMost", bound)]
        default: return []
        }
    }

    // MARK: Seconds

    private var secondsFinding: Report.Finding? {
        let ratios = pairs.map(\.seconds)
        guard let relu = duration(\.relu, \.secondsToTarget, Format.duration, unit: ""),
            let tanh = duration(\.tanh, \.secondsToTarget, Format.duration, unit: "")
        else { return nil }
        if case .unknown = ratios.mean { return nil }
        let speed = [\Pair.relu, \Pair.tanh].map { run in
            pairs.map { $0[keyPath: run] }.filter { $0.epochs > 0 }.map { $0.seconds.last! / Double($0.epochs) }.mean
        }
        return Report.Finding(
            "By the clock of this machine ReLU is there \(relu), tanh \(tanh): \(Self.words(ratios.mean)) times\(Self.spread(ratios)). An epoch "
                + "takes \(Format.significant(speed[0], 2)) s with ReLU and \(Format.significant(speed[1], 2)) s with tanh.",
            numbers: Self.numbers("seconds", ratios) + [("secondsPerEpochReLU", speed[0]), ("secondsPerEpochTanh", speed[1])])
    }

    // MARK: Rates

    private func rateFinding(_ grid: Grid) -> Report.Finding? {
        guard let best = grid.best else { return nil }
        let name = grid.activation.name, tried = Format.count(grid.tried.count, "rate")
        let rate = Run.words(ofRate: best.rate)
        var sentence =
            best.wasReached
            ? "Of \(tried) \(rate) is the fastest for \(name)."
            : "\(name) reaches the error with none of \(tried) in \(Format.count(settings.epochs, "epoch")); \(rate) comes closest, with "
                + "\(Format.percent(best.lowestError, digits: 1))."
        if let edge = grid.edge {
            sentence += " It is the \(edge.rawValue) that was tried: one beyond it may be faster."
        }
        return Report.Finding(sentence, numbers: [("\(grid.activation.rawValue)Rate", best.rate)])
    }

    private var networkFinding: Report.Finding? {
        guard !pairs.isEmpty else { return nil }
        return Report.Finding("The layers, the batch size and the rates are this study's own choice. The ratio changes with them.")
    }
}

extension ReLUTanhStudyReport.Run {
    /// Infinite where none was measured.
    var lowestError: Double { errors.filter(\.isFinite).min() ?? .infinity }
}

extension ReLUTanhStudyReport.Activation {
    /// As people write it.
    var name: String { self == .relu ? "ReLU" : "tanh" }
    /// Colour, marker and dash in charts.
    var look: Int { self == .relu ? 0 : 1 }
}
