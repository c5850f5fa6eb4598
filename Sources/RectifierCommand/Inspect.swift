import ArgumentParser
import Foundation
import Rectifier
import RectifierInstruments
import RectifierReports

/// `rectifier inspect`
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what is in a model or a recipe: layers, parameters, data, settings.",
        usage: "rectifier inspect <path> [--data <source>] [<options>]",
        discussion: """
            Examples:
              rectifier inspect digits.rectifier
              rectifier inspect digits.rectifier/recipe.json
              rectifier inspect digits.rectifier --data digits
              rectifier inspect cifar.rectifier --data cifar --report cifar.html

            The page of a network whose layers take images shows its first filters
            and, with --data, what each layer makes of a sample.
            """
    )

    @Argument(help: ArgumentHelp("A model folder or a recipe file.", valueName: "path"))
    var path: String

    @Option(help: ArgumentHelp("Data on which to look at the model's units: who is dead, and who sleeps.", valueName: "source"))
    var data: String?

    @Option(help: ReportFile.help)
    var report: ReportFile?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The sample that the report draws, from 0 (default: 0).", valueName: "n"))
    var sample: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if sample != nil, data == nil || report == nil { throw ValidationError("--sample is for a report on data: --data and --report") }
    }

    func run() throws {
        let url = URL(fileURLWithPath: path)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw RectifierError(.file, "\(path): there is no such model or recipe")
        }
        if isFolder.boolValue {
            try report?.check()
            let model = try ModelSource.loadedModel(path)
            let dataset = try data.map { try Self.dataset($0, for: model, path: path) }
            let found = ModelReport(model, name: path, units: try dataset.map { try Self.units(of: model, on: $0) })
            let place = try report?.write(
                found.report(data: data, pictures: try FilterCharts(model, data: dataset, sample: sample ?? 0)))
            if json {
                try StandardOutput.writeLine(found.json.description)
            } else {
                for line in found.lines(width: Terminal.standardOutput().width) { try StandardOutput.writeLine(line) }
                if let place { try StandardOutput.writeLine("report: \(place)") }
            }
        } else {
            guard data == nil else { throw ValidationError("--data is for a model; \(path) is a recipe") }
            guard report == nil else { throw ValidationError("--report is for a model; \(path) is a recipe") }
            let recipe = try Recipe(contentsOf: url)
            try recipe.validate()
            let text = String(decoding: try recipe.json, as: UTF8.self)
            try StandardOutput.write(json ? oneLine(text) + "\n" : text)
        }
    }

    private static func dataset(_ data: String, for model: Model, path: String) throws -> Dataset {
        guard let preparation = model.preparation else {
            throw RectifierError(.data, "\(path): the model was trained in code and does not say how data are prepared for it")
        }
        return try preparation.dataset(
            reading: data, needsTargets: false, header: nil, separator: nil, seed: model.recipe?.training.seed ?? 0,
            precision: model.precision
        ).dataset
    }

    private static func units(of model: Model, on data: Dataset) throws -> ModelReport.Units {
        let census = try UnitCensus(model.network, parameters: model.parameters, data: data, precision: model.precision)
        let bounds = try model.bounds(on: InputBox(of: data))
        return (census, Dictionary(bounds.compactMap { own in own.dead.map { (own.layer, $0) } }, uniquingKeysWith: { $1 }))
    }
}

/// Indented JSON on one line. Its strings hold no line ends, because JSON escapes them.
func oneLine(_ json: String) -> String {
    json.split(separator: "\n").map { $0.drop { $0 == " " } }.joined()
}
