import Rectifier
import RectifierReports
import RectifierText

extension ModelReport {
    /// The model as a page, with pictures of what it makes of an image.
    ///
    /// - Parameter data: What the data are called; `nil` where there are none.
    func report(data: String?, pictures: FilterCharts) -> Report {
        var facts = [
            Report.Fact("parameters", Format.count(summary.parameterCount)), Report.Fact("precision", model.precision.rawValue),
            Report.Fact("loss", "\(model.loss)"),
        ]
        if let layers { facts.insert(Report.Fact("network", layers), at: 0) }
        if let data { facts.append(Report.Fact("data", data)) }
        facts.append(Report.Fact("weights", String(model.weightsSHA256.prefix(16)) + "…"))
        let what = pictures.charts.isEmpty ? "" : " Pictures show what its first filters look for, and what its layers make of a sample."
        return Report(
            title: "The model \(name)",
            summary: "Layers, parameters\(units == nil ? "" : " and units") of a model.\(data == nil ? "" : what)",
            facts: facts, findings: pictures.leftOut.map { [Report.Finding($0)] } ?? [], charts: pictures.charts,
            tables: [layerTable, parameterTable] + (units.map { [unitTable($0)] } ?? []))
    }

    private var layerTable: Report.Table {
        Report.Table(
            "layers", title: "Layers", rows: summary.rows,
            fields: [
                .init("layer", key: "name") { .text($0.name) }, .init(nil, key: "layer") { .text($0.layer) },
                .init("output", key: "output") { .text($0.output.description) },
                .init("at kinks", key: "atKinks") { $0.atKinks.map { .text($0) } ?? .none },
                .init("parameters", key: "parameters") { .count($0.parameters) },
                .init("multiply-adds", key: "multiplyAdds") { .count($0.multiplyAdds) },
            ])
    }

    private var parameterTable: Report.Table {
        func number(_ value: Double) -> Report.Cell { .number(value.isFinite ? value : nil) { Format.significant($0, 3) } }
        return Report.Table(
            "parameters", title: "Parameters", rows: statistics,
            fields: [
                .init("parameter", key: "name") { .text($0.name) }, .init("shape", key: "shape") { .text(Format.shape($0.shape)) },
                .init("mean", key: "mean") { number($0.mean) }, .init("sd", key: "sd") { number($0.deviation) },
                .init("min", key: "min") { number($0.minimum) }, .init("max", key: "max") { number($0.maximum) },
                .init("zeros", key: "zeros") { .count($0.zeros) }, .init("not finite", key: "nonFinite") { .count($0.nonFinite) },
            ])
    }

    private func unitTable(_ units: Units) -> Report.Table {
        Report.Table(
            "units", title: "Units on the data", note: Self.unitNote(units), rows: units.census.layers,
            fields: [
                .init("units", key: "layer") { .text($0.layer) }, .init("of", key: "units") { .count($0.units) },
                .init("active", key: "active") { .share($0.activeShare) },
                .init("certified", key: "certifiedDead") { .count(units.certified[$0.layer]?.count) },
                .init("dead", key: "dead") { .count($0.isRectifier ? $0.dead.count : nil) },
                .init("2,000", key: "closedFor2000") { .count($0.isRectifier ? $0.closedFor2000.count { $0 } : nil) },
                .init("dormant", key: "dormant") { .count($0.dormant(tau: 0.1).count) },
                .init("rank", key: "rank") { .number($0.rank, digits: 1) },
            ])
    }
}
