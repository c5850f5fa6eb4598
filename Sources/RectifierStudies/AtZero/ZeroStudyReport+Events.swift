import RectifierInstruments
import RectifierReports

extension ZeroStudyReport {
    /// What `--json` prints: an object for each kind of network and training, and one at the end. The keys and their
    /// meaning are kept stable.
    package func events(output: String?) -> [JSONLine] {
        var lines = cells.map { row -> JSONLine in
            [
                "event": "networks", "sweep": row.sweep.rawValue, "value": row.value, "bits": row.precision.bits,
                "hiddenLayers": row.hiddenLayers, "units": row.units, "batchSize": row.batchSize, "samples": row.samples,
                "networks": row.networks, "chainRuleFirstLayer": row.chainRule.firstLayer, "chainRuleAnyLayer": row.chainRule.anyLayer,
                "publishedFirstLayer": row.asPublished.firstLayer, "publishedAnyLayer": row.asPublished.anyLayer, "share": row.share,
                "interval99": [row.interval.lowerBound, row.interval.upperBound], "predictedShare": row.predictedShare,
                "shareForMNIST": row.publishedShare, "structuralTies": row.structuralTies, "accidentalTies": row.accidentalTies,
                "evaluations": row.evaluations, "tiesPerNetwork": row.tiesPerNetwork, "predictedTiesPerNetwork": row.prediction,
            ]
        }
        lines += zeroBiases.map { row -> JSONLine in
            [
                "event": "zeroBiases", "bits": row.precision.bits, "units": row.units, "samples": row.samples,
                "networks": row.networks, "structuralTies": row.structuralTies, "accidentalTies": row.accidentalTies,
                "evaluations": row.evaluations, "networksWithStructuralTies": row.networksWithStructuralTies,
                "networksWithEqualStructure": row.networksWithEqualStructure,
            ]
        }
        lines += training.map { row -> JSONLine in
            [
                "event": "training", "derivative": row.derivative, "injected": row.isInjected, "control": row.isControl,
                "accuracies": row.accuracies, "mean": row.mean, "standardError": row.standardError,
                "identicalToZero": row.identicalToZero, "weightsSHA256": row.weightsSHA256,
            ]
        }
        return lines + [
            [
                "event": "finished", "stopped": wasStopped, "seconds": seconds, "conclusion": conclusion, "output": output,
            ]
        ]
    }
}
