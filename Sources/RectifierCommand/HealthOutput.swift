import RectifierInstruments
import RectifierReports

extension JSONLine {
    /// `{"event": "diagnosis", "name": "dead-units", "layer": "relu1", …}`.
    init(_ diagnosis: Diagnosis) {
        self.init()
        add("event", "diagnosis")
        add("name", diagnosis.name.rawValue)
        add("layer", diagnosis.layer)
        add("epoch", diagnosis.epoch)
        add("step", diagnosis.step)
        add("sentence", diagnosis.sentence)
        var evidence = JSONLine()
        for entry in diagnosis.evidence { evidence.add(entry.name, entry.value) }
        add("evidence", evidence)
        add("cures", diagnosis.cures.map(\.words))
    }

    /// Layer by layer: units, and the last look.
    init(_ report: HealthReport) {
        self.init()
        if !report.units.isEmpty {
            add(
                "units",
                report.units.map { layer -> JSONLine in
                    [
                        "layer": layer.layer, "units": layer.units, "active": layer.activeShare, "dead": layer.dead.count,
                        "bornDead": layer.dead.count(where: \.isBornDead), "mayReopen": layer.dead.count(where: \.mayReopen),
                        "closedFor2000": layer.closedFor2000,
                    ]
                })
            add("pathsAlive", report.units.pathsAlive)
        }
        if let look = report.looks.last {
            add("step", look.step)
            add(
                "layers",
                look.layers.map { layer -> JSONLine in
                    [
                        "layer": layer.layer, "signal": layer.signal, "gradient": layer.gradient, "passed": layer.passed,
                        "saturated": layer.saturated, "zeros": layer.zeros, "variation": layer.variation, "rank": layer.rank,
                        "dormant": layer.dormant,
                    ]
                })
            add(
                "parameters",
                look.parameters.map { own -> JSONLine in
                    ["name": own.name, "weight": own.weight, "gradient": own.gradient, "update": own.update, "zeros": own.zeros]
                })
        }
    }
}
