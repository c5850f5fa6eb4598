import ArgumentParser
import Foundation
import Rectifier
import RectifierInstruments

/// `rectifier inspect`
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what is in a model or a recipe: layers, parameters, data, settings.",
        discussion: """
            Examples:
              rectifier inspect digits.rectifier
              rectifier inspect digits.rectifier/recipe.json
              rectifier inspect digits.rectifier --data digits
            """
    )

    @Argument(help: ArgumentHelp("A model folder or a recipe file.", valueName: "path"))
    var path: String

    @Option(help: ArgumentHelp("Data on which to look at the model's units: who is dead, and who sleeps.", valueName: "source"))
    var data: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let url = URL(fileURLWithPath: path)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw RectifierError(.file, "\(path): there is no such model or recipe")
        }
        if isFolder.boolValue {
            let model = try ModelSource.loadedModel(path)
            let report = ModelReport(model, name: path, units: try data.map { try Self.units(of: model, path: path, on: $0) })
            if json {
                try StandardOutput.writeLine(report.json.description)
            } else {
                for line in report.lines(width: Terminal.standardOutput().width) { try StandardOutput.writeLine(line) }
            }
        } else {
            guard data == nil else { throw ValidationError("--data is for a model; \(path) is a recipe") }
            let recipe = try Recipe(contentsOf: url)
            try recipe.validate()
            let text = String(decoding: try recipe.json, as: UTF8.self)
            try StandardOutput.write(json ? oneLine(text) + "\n" : text)
        }
    }

    private static func units(of model: Model, path: String, on data: String) throws -> ModelReport.Units {
        guard let preparation = model.preparation else {
            throw RectifierError(.data, "\(path): the model was trained in code and does not say how data are prepared for it")
        }
        let read = try preparation.dataset(
            reading: data, needsTargets: false, header: nil, separator: nil, seed: model.recipe?.training.seed ?? 0,
            precision: model.precision)
        let census = try UnitCensus(model.network, parameters: model.parameters, data: read.dataset, precision: model.precision)
        let bounds = try model.bounds(on: InputBox(of: read.dataset))
        return (census, Dictionary(bounds.compactMap { own in own.dead.map { (own.layer, $0) } }, uniquingKeysWith: { $1 }))
    }
}

/// Indented JSON on one line. Its strings hold no line ends, because JSON escapes them.
func oneLine(_ json: String) -> String {
    json.split(separator: "\n").map { $0.drop { $0 == " " } }.joined()
}
