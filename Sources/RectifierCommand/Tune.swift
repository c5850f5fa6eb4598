import ArgumentParser
import Foundation
import Rectifier
import RectifierReports
import RectifierStudies
import RectifierText

/// `rectifier tune`
struct Tune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Search for a better recipe.",
        discussion: """
            Draws trials from ranges around a recipe and trains them on rows without
            those they are judged by: in folds, or without held-out data. Of nine
            trials three go on, and one of these to the end. Trial 0 is the unchanged
            recipe; another one replaces it only where it is better by more than luck
            would make the best of so many. Test data are never looked at.

            A recipe's "tune" says what is searched, by the setting's key:
              "tune": {
                "training.learningRate": {"from": 0.0003, "to": 0.03, "scale": "log"},
                "network.layers": [[32], [64, 64], [128, 64]]
              }
            Without it: learning rate, weight decay, batch size, hidden layers, dropout
            and activation.

            Ctrl-C ends the search and writes what is known (exit code 130). The same
            command again goes on from there, to the same result.

            Examples:
              rectifier tune --data houses.csv --target price --trials 27
              rectifier tune --recipe houses.json --budget 10m --output houses.tune
            """
    )

    @OptionGroup var flags: TrainingFlags

    @Option(help: ArgumentHelp("Read the recipe to begin with from a file (JSON with comments) or a model folder.", valueName: "file"))
    var recipe: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Trials in all (default: 27).", valueName: "n"))
    var trials: Int?

    @Option(help: ArgumentHelp("Search for so long instead: 60s, 10m or 2h.", valueName: "time"), transform: duration)
    var budget: Double?

    @Option(help: ArgumentHelp("The folder for the recipe and the report (default: the data's name with .tune).", valueName: "folder"))
    var output: String?

    @Option(help: ReportFile.help)
    var report: ReportFile?

    @OptionGroup var printing: OutputFlags

    func validate() throws {
        if trials != nil && budget != nil { throw ValidationError("--trials and --budget exclude each other") }
    }

    func run() throws {
        var settings = try recipe.map { try Recipe(locatedAt: $0) } ?? Recipe()
        try flags.apply(to: &settings)
        let name = Train.usualFolder(for: settings.data.source).replacingOccurrences(of: ".rectifier", with: ".tune")
        let folder = output ?? name, url = URL(fileURLWithPath: folder)
        let place = try StudyOutput(page: "tune.html", folder: folder, mark: TuningLedger.fileName, file: report, printing)
        let search = try TuningSearch(settings, limit: budget.map { .seconds($0) } ?? .trials(trials ?? 27))
        let ledger = try TuningLedger(url, of: search)
        let found = try place.follow { try search.run(ledger, stop: $0, $1) }
        let files = [(TuningLedger.fileName, try ledger.encoded()), (Recipe.fileName, Array(try found.bestRecipe().json))]
        let advice = "Train it with: rectifier train --recipe \(Format.shellQuoted("\(folder)/\(Recipe.fileName)"))"
        try place.write(Report(found, advice: advice), events: found.events, wasStopped: found.wasStopped, beside: files)
    }
}

/// `60s`, `10m`, `2h`; in seconds.
private func duration(_ text: String) throws -> Double {
    let units = ["s": 1.0, "m": 60, "h": 3600]
    guard let unit = text.last.flatMap({ units[String($0)] }), let count = Double(text.dropLast()), count > 0, count * unit <= 1e9 else {
        throw ValidationError("expected a time as 60s, 10m or 2h, not '\(text)'")
    }
    return count * unit
}
