import Rectifier
import RectifierInstruments
import RectifierReports
import RectifierText

/// What `inspect` tells of a model.
struct ModelReport {
    let model: Model
    let name: String
    let summary: NetworkSummary
    let statistics: [ParameterStatistics]
    /// In the layer language, as a recipe and `--network` take it.
    let layers: String?

    /// What its units do on some data, where that was asked.
    let units: Units?

    /// Beside what units do on data, those that are certified dead on the data's box, by layer.
    typealias Units = (census: UnitCensus, certified: [String: [Int]])

    init(_ model: Model, name: String, units: Units? = nil) {
        self.model = model
        self.units = units
        self.name = name
        summary = model.network.summary
        layers = try? LayerList(model.network.layers).spelling
        statistics = model.parameters.map { ParameterStatistics(name: $0.name, tensor: $0.tensor) }
    }

    /// In lines of at most `width` columns: names and what the recipe holds are shortened, the table of parameters is
    /// folded.
    func lines(width: Int) -> [String] {
        let title = "\(name): \(Format.count(summary.parameterCount, "parameter")), \(model.precision.rawValue), loss \(model.loss)"
        var lines = wrapped(title, width: width) + [""]
        if let layers { lines += Format.wrapped("network  ", layers, separator: ", ", width: width) + [""] }
        lines += layerLines(width: width) + [""] + parameterLines(width: width) + [""]
        if let units, !units.census.layers.isEmpty { lines += unitLines(units, width: width) + [""] }
        if let preparation = model.preparation { lines += PreparationReport(preparation).lines(width: width) + [""] }
        if let threshold = model.threshold {
            lines += wrapped("threshold: \(MetricTable.decision(threshold, model.preparation?.classNames))", width: width) + [""]
        }
        lines += ["SHA-256 of the weights:", "  \(model.weightsSHA256)"]
        if let recipe = model.recipe, let json = try? recipe.json {
            lines += ["recipe:"] + String(decoding: json, as: UTF8.self).split(separator: "\n").map { shortened("  " + $0, to: width) }
        }
        return lines
    }

    /// How many networks an ensemble has, if they are all alike: the first stands for them in tables. 1 for others.
    private var alike: Int {
        guard model.network.layers.count == 1, let ensemble = model.network.layers[0] as? any LayerOfLayers,
            let spellings = try? ensemble.branches.map(LayerCatalog.spelling), Set(spellings).count == 1
        else { return 1 }
        return spellings.count
    }

    private func layerLines(width: Int) -> [String] {
        func lines(_ summary: NetworkSummary) -> [String] { summary.description.split(separator: "\n").map(String.init) }
        var shown = summary
        shown.rows.removeLast(summary.rows.count - summary.rows.count / alike)
        let excess = (lines(shown).map(terminalColumns).max() ?? 0) - width
        if excess > 0 {
            let room = max(Self.leastName, (shown.rows.map { terminalColumns($0.name) }.max() ?? 0) - excess)
            for row in shown.rows.indices { shown.rows[row].name = shortenedInside(shown.rows[row].name, to: room) }
        }
        guard alike > 1 else { return lines(shown) }
        let ensemble = "This is the first of \(alike) such networks, whose \(model.network.layers[0].name) the model gives; --json has all."
        return lines(shown) + wrapped(ensemble, width: width)
    }

    private func parameterLines(width: Int) -> [String] {
        let areFinite = statistics.allSatisfy { $0.nonFinite == 0 }
        let headings = ["parameter", "shape", "mean", "sd", "min", "max", "zeros"] + (areFinite ? [] : ["not finite"])
        var table = TextTable(headings, alignments: headings.indices.map { $0 < 2 ? .left : .right })
        for entry in statistics.prefix(statistics.count / alike) {
            table.addRow(
                [entry.name, Format.shape(entry.shape)]
                    + [entry.mean, entry.deviation, entry.minimum, entry.maximum].map { Format.significant($0, 3) }
                    + [Format.count(entry.zeros)] + (areFinite ? [] : [Format.count(entry.nonFinite)]))
        }
        return table.lines(width: width, shorteningTo: Self.leastName)
    }

    private func unitLines(_ units: Units, width: Int) -> [String] {
        let census = units.census
        let headings = ["units", "of", "active", "certified", "dead", "2,000", "dormant", "rank"]
        var table = TextTable(headings, alignments: headings.indices.map { $0 == 0 ? .left : .right })
        for layer in census.layers {
            table.addRow([
                layer.layer, Format.count(layer.units), Format.percent(layer.activeShare, digits: 1),
                units.certified[layer.layer].map { Format.count($0.count) } ?? "-",
                layer.isRectifier ? Format.count(layer.dead.count) : "-",
                layer.isRectifier ? Format.count(layer.closedFor2000.count { $0 }) : "-", Format.count(layer.dormant(tau: 0.1).count),
                Format.fixed(layer.rank, 1),
            ])
        }
        return table.lines(width: width, shorteningTo: Self.leastName) + wrapped(Self.unitNote(units), width: width)
    }

    static func unitNote(_ units: Units) -> String {
        // Layers on images count positions.
        let samples = units.census.layers.map(\.samples).min() ?? 0
        return "Certified: closed for every input between the data's extremes. Dead: closed for all "
            + "\(Format.count(samples, "sample")). 2,000: closed for so many drawn at random. Dormant: mean size at most a tenth of "
            + "the layer's. Rank: effective, of 128 samples."
    }

    /// Columns of a terminal that a name is not shortened below.
    private static let leastName = 16

    var json: JSONLine {
        [
            "model": name, "parameters": summary.parameterCount, "multiplyAdds": summary.multiplyAdds,
            "precision": model.precision.rawValue, "loss": model.loss.spelling, "network": layers,
            "layers": summary.rows.map { row -> JSONLine in
                [
                    "name": row.name, "layer": row.layer, "output": row.output.description, "atKinks": row.atKinks,
                    "parameters": row.parameters, "multiplyAdds": row.multiplyAdds,
                ]
            },
            "tensors": statistics.map(\.json), "classes": model.preparation?.classNames, "threshold": model.threshold,
            "recipe": RawJSON(jsonText: model.recipe.flatMap { try? $0.json }.map { oneLine(String(decoding: $0, as: UTF8.self)) }),
            "units": units?.census.layers.map { layer -> JSONLine in
                [
                    "layer": layer.layer, "units": layer.units, "samples": layer.samples, "active": layer.activeShare,
                    "certifiedDead": units?.certified[layer.layer],
                    "dead": layer.isRectifier ? layer.dead : nil,
                    "closedFor2000": layer.isRectifier ? layer.closedFor2000.count { $0 } : nil,
                    "dormant": layer.dormant(tau: 0.1), "rank": layer.rank,
                ]
            },
            "weightsSHA256": model.weightsSHA256,
        ]
    }
}

/// Mean, spread, extremes, zeros and damage of one tensor. The moments are those of its finite numbers.
struct ParameterStatistics {
    var name: String
    var shape: [Int]
    var mean = Double.nan
    var deviation = Double.nan
    var minimum = Double.nan
    var maximum = Double.nan
    var zeros = 0
    var nonFinite = 0

    init(name: String, tensor: Tensor) {
        self.name = name
        shape = tensor.shape
        let numbers = tensor.doubles
        let finite = numbers.filter(\.isFinite)
        nonFinite = numbers.count - finite.count
        guard !finite.isEmpty else { return }
        let mean = finite.reduce(0, +) / Double(finite.count)
        self.mean = mean
        deviation = (finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(finite.count)).squareRoot()
        minimum = finite.min()!
        maximum = finite.max()!
        zeros = finite.count { $0 == 0 }
    }

    var json: JSONLine {
        [
            "name": name, "shape": shape, "mean": mean, "sd": deviation, "min": minimum, "max": maximum, "zeros": zeros,
            "nonFinite": nonFinite,
        ]
    }
}
