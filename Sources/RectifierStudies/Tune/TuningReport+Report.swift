import RectifierInstruments
import RectifierReports
import RectifierText

extension Report {
    /// What a search found.
    ///
    /// - Parameter advice: What to do with the recipe that was found, in a sentence.
    public init(_ search: TuningReport, advice: String) {
        let stopped = search.wasStopped ? " It was stopped early: this covers what was finished." : ""
        let judged =
            search.folds.map { "Each row is judged by the one of \($0) networks that has not learned it." }
            ?? "Trials are judged on rows that they have not learned."
        self.init(
            title: "Search for a recipe",
            summary: """
                Trials were drawn from ranges around a recipe. Of nine that train for a ninth of their epochs three go on \
                to a third, and one to the end. Trial 0 is the unchanged recipe. \(judged) Test data are not looked at.\(stopped)
                """,
            facts: [
                Fact("data", "\(search.recipe.data.source): \(Format.count(search.rows, "row"))"),
                Fact("score", "\(search.metric.rawValue), \(search.metric.isHigherBetter ? "more" : "less") is better"),
                Fact("trials", Format.count(search.trials.count)),
                Fact("seed", "\(search.recipe.training.seed)"), Fact("time", Format.duration(search.seconds)),
            ],
            findings: search.findings(advice), charts: search.charts, tables: [search.table])
    }
}

extension TuningReport {
    fileprivate func findings(_ advice: String) -> [Report.Finding] {
        guard let best, let unchanged else {
            return [Report.Finding("The unchanged recipe has not trained to its end, so that nothing is known yet.")]
        }
        var sentence: String
        if best.trial == 0 {
            sentence =
                "The unchanged recipe is kept, with \(words(best.cost)): no trial is better by more than the "
                + "\(Format.fixed(margin, 1)) standard errors that luck alone may give the best of so many."
        } else {
            sentence = "Trial \(best.trial) is the best, with \(words(best.cost)) against \(words(unchanged.cost)) of the unchanged recipe"
            if let gain = gain(of: best, over: unchanged) {
                sentence += ": better by \(Format.significant(gain.mean, 2)), with a standard error of \(Format.significant(gain.error, 2))"
            }
            sentence += ". It has \(Self.words(best.changes)). The best of many was lucky, too: expect less of it on new rows."
        }
        return [
            Report.Finding(sentence, numbers: [("trial", Double(best.trial)), ("score", score(best.cost) ?? .nan)]), Report.Finding(advice),
        ]
    }

    /// `dropout 0.1, learningRate 0.003`
    private static func words(_ changes: [String: JSONValue]) -> String {
        changes.sorted { $0.key < $1.key }.map { "\(name($0.key)) \($0.value)" }.joined(separator: ", ")
    }

    private static func name(_ key: String) -> String { key.split(separator: ".").last.map(String.init) ?? key }

    /// A row for each trial: the best first, of those that came furthest.
    fileprivate var table: Report.Table {
        let best = best?.trial
        let rows = trials.sorted { (-$0.rung, $0.cost, $0.trial) < (-$1.rung, $1.cost, $1.trial) }
        let settings = (recipe.tune ?? [:]).keys.sorted().map { key in
            Report.Table.Field<Result>(Self.name(key), key: key) { result in
                result.changes[key].map { .text($0.description) } ?? .none
            }
        }
        return Report.Table(
            "trials", title: "Trials",
            note: "*: the one that is kept. -: as the recipe has it. A line lies between those that came equally far.",
            rows: rows, rules: { "\($0.rung)" },
            fields: [
                .init("trial") { .figures("\($0.trial)\($0.trial == best ? " *" : "")") }, .init(nil, key: "trial") { .count($0.trial) },
                .init("epochs") { .figures("\($0.epochs)") }, .init(nil, key: "epochs") { .count($0.epochs) },
                .init(nil, key: "epochsInAll") { .count($0.epochsInAll) },
                .init(metric.rawValue) { .figures(self.words($0.cost)) }, .init(nil, key: "score") { .number(self.score($0.cost)) },
                .init(nil, key: "standardError") { .number($0.costs.standardError) },
            ] + settings)
    }

    /// Scores of the trials that trained to their end.
    fileprivate var charts: [Report.Chart] {
        func series(_ name: String, _ trials: [Int]) -> Report.Chart.Series {
            let points = results.filter { trials.contains($0.trial) && $0.isFinished }.compactMap { result in
                score(result.cost).map { Report.Chart.Point(Double(result.trial), $0) }
            }
            return Report.Chart.Series(name, .points, points)
        }
        let chosen = best?.trial ?? 0
        let others = Set(trials.map(\.trial)).subtracting([chosen, 0]).sorted()
        let all = [series("unchanged", [0]), series("others", others)] + (chosen > 0 ? [series("best", [chosen])] : [])
        let shown = all.filter { !$0.points.isEmpty }
        guard shown.reduce(0, { $0 + $1.points.count }) > 1 else { return [] }
        return [
            Report.Chart(
                "trials", title: "Trials that trained to their end", caption: "\(metric.rawValue) on rows that were not learned.",
                .plot(.init(x: .init("trial", unit: .whole), y: .init(metric.rawValue), series: shown)))
        ]
    }
}

extension TuningReport {
    /// What `--json` prints: an object for each trial at the end of each rung, and one at the end. The keys and their
    /// meaning are kept stable.
    package func events(output: String?) -> [JSONLine] {
        let lines = results.map { result -> JSONLine in
            var settings = JSONLine()
            for (key, value) in result.changes.sorted(by: { $0.key < $1.key }) { settings.add(key, value.description) }
            return [
                "event": "trial", "trial": result.trial, "epochs": result.epochs, "epochsInAll": result.epochsInAll,
                "diverged": result.isDiverged, "score": score(result.cost), "parts": result.costs.compactMap { score($0) },
                "settings": settings,
            ]
        }
        return lines + [
            [
                "event": "finished", "stopped": wasStopped, "seconds": seconds, "trials": trials.count, "metric": metric.rawValue,
                "best": best?.trial, "score": best.flatMap { score($0.cost) }, "unchangedScore": unchanged.flatMap { score($0.cost) },
                "output": output,
            ]
        ]
    }
}
