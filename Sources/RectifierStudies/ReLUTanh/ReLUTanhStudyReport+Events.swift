import RectifierReports

extension ReLUTanhStudyReport {
    /// What `--json` prints: an object for each run and each seed, and one at the end. The keys and their meaning are
    /// kept stable.
    package func events(output: String?) -> [JSONLine] {
        var lines = grids.flatMap { grid in
            (grid.tried + grid.repeats).map { run -> JSONLine in
                [
                    "event": "run", "activation": run.activation.rawValue, "rate": run.rate, "seed": run.seed + 1,
                    "isBestRate": run.rate == grid.best?.rate, "end": run.end.rawValue, "epochs": run.epochsToTarget,
                    "seconds": run.secondsToTarget, "errors": run.errors, "secondsByEpoch": run.seconds,
                ]
            }
        }
        lines += pairs.map { pair -> JSONLine in
            ["event": "seed", "seed": pair.seed + 1, "epochsRatio": pair.epochs.json, "secondsRatio": pair.seconds.json]
        }
        return lines + [
            [
                "event": "finished", "stopped": wasStopped, "seconds": seconds, "epochsRatio": pairs.map(\.epochs).mean.json,
                "secondsRatio": pairs.map(\.seconds).mean.json, "conclusion": conclusion, "output": output,
            ]
        ]
    }
}

extension ReLUTanhStudyReport.Ratio {
    /// A number, or an object with a bound; nothing where nothing is known.
    fileprivate var json: JSONLine {
        switch self {
        case .exactly(let value): ["is": value]
        case .moreThan(let value): ["moreThan": value.isFinite ? value : nil]
        case .lessThan(let value): ["lessThan": value]
        case .unknown: [:]
        }
    }
}
