import RectifierInstruments
import RectifierReports
import RectifierText

/// What `prune` tells.
struct PruneSummary {
    private let report: PruneReport
    private let data: ModelSource.Samples
    private let deadOnData: Bool
    private let model: String
    private let output: String?

    init(_ report: PruneReport, data: ModelSource.Samples, deadOnData: Bool, model: String, output: String?) {
        (self.report, self.data, self.deadOnData, self.model, self.output) = (report, data, deadOnData, model, output)
    }

    func lines(width: Int) -> [String] {
        let title = "\(model): the box of \(Format.count(data.samples.count, "sample")) of \(data.name)"
        var lines = wrapped(title, width: width) + [""]
        if report.layers.isEmpty {
            lines += wrapped("no layer has a side that gives 0, as ReLU has: no unit can be dead", width: width)
        } else {
            lines += layerLines(width: width)
        }
        lines += [""] + sizeLines + [""] + wrapped(bits, width: width, indent: "  ")
        return lines + wrapped(output.map { "the pruned model is in \($0)" } ?? "nothing is written; --output names a folder", width: width)
    }

    private func layerLines(width: Int) -> [String] {
        var table = TextTable(
            ["layer", "units", "certified dead", "dead on data", "removed"], alignments: [.left, .right, .right, .right, .right])
        for layer in report.layers {
            table.addRow(
                [layer.name]
                    + [layer.units, layer.certified, layer.deadOnData ?? 0, layer.removed].map { Format.count($0) })
        }
        return table.lines(width: width, shorteningTo: 16)
            + report.layers.flatMap { layer in
                layer.obstacle.map { reason in
                    let dead = deadOnData ? layer.deadOnData ?? 0 : layer.certified
                    let staying = Format.count(dead - layer.removed, "dead unit stays", plural: "dead units stay")
                    return wrapped("\(layer.name): \(staying): \(reason)", width: width, indent: "  ")
                } ?? []
            }
    }

    private var sizeLines: [String] {
        var table = TextTable(["", "before", "after"], alignments: [.left, .right, .right])
        table.addRow(["parameters", Format.count(report.parameters.before), Format.count(report.parameters.after)])
        table.addRow(["multiply-adds", Format.count(report.multiplyAdds.before), Format.count(report.multiplyAdds.after)])
        let times = [report.seconds.before, report.seconds.after].map { "\(Format.significant($0 * 1e6, 3)) µs" }
        table.addRow(["one sample"] + times)
        return table.lines
    }

    private var bits: String {
        let inputs = "\(Format.count(report.onBox.samples)) inputs of the box"
        let samples = report.onData.map { "the \(Format.count($0.samples, "sample")) of the data" }
        if report.onBox.areSameBits { return "same bits on \(inputs)" + (samples.map { " and on \($0)" } ?? "") }
        return "same bits on \(samples ?? "nothing"); other bits for \(Format.count(report.onBox.differing)) of \(inputs), "
            + "outputs differ by at most \(Format.significant(report.onBox.largestDifference))"
    }

    var json: JSONLine {
        [
            "model": model, "data": data.name, "samples": data.samples.count, "units": deadOnData ? "deadOnData" : "certified",
            "layers": report.layers.map { layer -> JSONLine in
                [
                    "name": layer.name, "units": layer.units, "certified": layer.certified, "deadOnData": layer.deadOnData,
                    "removed": layer.removed, "obstacle": layer.obstacle,
                ]
            },
            "parameters": pair(report.parameters), "multiplyAdds": pair(report.multiplyAdds), "seconds": pair(report.seconds),
            "onBox": comparison(report.onBox), "onData": report.onData.map(comparison), "output": output,
        ]
    }

    private func pair<Value: JSONWritable>(_ values: PruneReport.BeforeAndAfter<Value>) -> JSONLine {
        ["before": values.before, "after": values.after]
    }

    private func comparison(_ comparison: PruneReport.Comparison) -> JSONLine {
        ["samples": comparison.samples, "differing": comparison.differing, "largestDifference": comparison.largestDifference]
    }
}
