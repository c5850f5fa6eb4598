import ArgumentParser
import Foundation
import Rectifier

/// `rectifier inspect`
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what is in a model or a recipe: layers, parameters, data, settings.",
        discussion: """
            Examples:
              rectifier inspect digits.rectifier
              rectifier inspect digits.rectifier/recipe.json
            """
    )

    @Argument(help: ArgumentHelp("A model folder or a recipe file.", valueName: "path"))
    var path: String

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
            let report = ModelReport(model, name: path)
            if json {
                try StandardOutput.writeLine(report.json.description)
            } else {
                for line in report.lines(width: Terminal.standardOutput().width) { try StandardOutput.writeLine(line) }
            }
        } else {
            let recipe = try Recipe(contentsOf: url)
            try recipe.validate()
            let text = String(decoding: try recipe.json, as: UTF8.self)
            try StandardOutput.write(json ? oneLine(text) + "\n" : text)
        }
    }
}

/// Indented JSON on one line. Its strings hold no line ends, because JSON escapes them.
func oneLine(_ json: String) -> String {
    json.split(separator: "\n").map { $0.drop { $0 == " " } }.joined()
}
