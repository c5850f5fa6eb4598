import RectifierInstruments
import RectifierReports

extension DeadStudyReport {
    /// What `--json` prints: an object for each kind of network, training and comparison, and one at the end. The keys
    /// and their meaning are kept stable.
    package func events(output: String?) -> [JSONLine] {
        var lines = bornDead.map { row -> JSONLine in
            [
                "event": "bornDead", "units": row.units, "hiddenLayers": row.hiddenLayers, "networks": row.networks,
                "deadAtOneInput": row.deadAtOne, "share": row.share, "law": row.law, "standardError": row.standardError,
                "deviations": row.deviations, "deadEverywhere": row.deadEverywhere, "shareEverywhere": row.shareEverywhere,
                "referenceEverywhere": row.referenceEverywhere, "deviationsEverywhere": row.deviationsEverywhere,
            ]
        }
        lines += growth.map { row -> JSONLine in
            [
                "event": "signal", "width": row.width, "layers": row.layers, "networks": row.networks, "alive": row.alive, "mean": row.mean,
                "lawMean": row.lawMean, "meanError": row.meanError, "variance": row.variance, "lawVariance": row.lawVariance,
                "varianceError": row.varianceError,
            ]
        }
        lines += (training + narrow).map { row -> JSONLine in
            [
                "event": "training", "hiddenUnits": row.hiddenUnits, "activation": row.activation, "rate": row.rate,
                "learningRate": row.learningRate,
                "runs": row.runs.map { run -> JSONLine in
                    [
                        "accuracy": run.accuracy, "neverOpen": run.neverOpen, "neverOpenAtStart": run.neverOpenAtStart,
                        "closedLayer": run.hasClosedLayer, "closedLayerAtStart": run.hadClosedLayer,
                        "diagnoses": run.diagnoses.map {
                            ["name": $0.name.rawValue, "layer": $0.layer, "step": $0.step, "epoch": $0.epoch] as JSONLine
                        },
                    ]
                },
            ]
        }
        lines += (cures + narrowCures).map { cure -> JSONLine in
            [
                "event": "cure", "hiddenUnits": cure.hiddenUnits, "rate": cure.rate, "learningRate": cure.learningRate,
                "activation": cure.activation,
                "deadShare": cure.deadShare, "neverOpen": cure.neverOpen, "accuracyOfReLU": cure.accuracyOfReLU, "accuracy": cure.accuracy,
                "differences": cure.differences, "interval95": cure.interval.map { [$0.lowerBound, $0.upperBound] },
            ]
        }
        return lines + [
            ["event": "finished", "stopped": wasStopped, "seconds": seconds, "conclusion": conclusion, "output": output]
        ]
    }
}
