import Foundation
import Rectifier

/// What a person would say of a command line that the parser does not understand: other tools' words for what
/// Rectifier has, and what it does not have.
enum Hint {
    /// nil where there is nothing to add to the parser's words.
    static func message(for message: String, arguments: [String]) -> String? {
        guard let first = arguments.first else { return nil }
        if !commands.contains(first) { return command(in: [first] + arguments.dropFirst()) }
        if let stray = word(behind: "Unexpected argument '", in: message) { return self.stray(stray, in: arguments) }
        guard let option = word(behind: "Unknown option '", in: message)?.split(separator: "=").first.map(String.init) else { return nil }
        let name = option.drop { $0 == "-" }.lowercased().replacing("_", with: "-")
        if let advice = advice[name] { return "there is no \(option): \(advice)" }
        guard let flag = flags[name] ?? (option.hasPrefix("--") ? option : nil) else { return nil }
        if has(first, flag) { return flag == option ? nil : "there is no \(option); did you mean \(flag)?" }
        return commands.first { has($0, flag) }.map { "\(first) has no \(option); \($0) has \(flag)" }
    }

    /// What is meant by words that begin with no command.
    private static func command(in words: [String]) -> String? {
        let first = words[0]
        func meaning(_ words: [String]) -> String { "did you mean '\(Invocation.command(words))'?" }
        if first.hasPrefix("-") {
            return has("train", first.split(separator: "=").first.map(String.init) ?? first)
                ? "a command comes first; \(meaning(["train"] + words))" : nil
        }
        if let command = synonyms[first.lowercased()] ?? Names.closest(to: first, among: commands) {
            let rest = Array(words.dropFirst())
            return "there is no command '\(oneLine(first))'; \(meaning([command] + (naming(rest.first, behind: command) + rest)))"
        }
        let isThere = FileManager.default.fileExists(atPath: first)
        guard isThere || URL(fileURLWithPath: first).pathExtension != "" else {
            return "there is no command '\(oneLine(first))'; there are \(commands.joined(separator: ", "))"
        }
        let isModel = FileManager.default.fileExists(atPath: first + "/model.json") || first.hasSuffix(".rectifier")
        return "a command comes first; \(meaning((isModel ? ["inspect"] : ["train"] + naming(first, behind: "train")) + words))"
    }

    /// A file without a flag before it, of a command that takes none so.
    private static func stray(_ word: String, in arguments: [String]) -> String? {
        let flag = naming(word, behind: arguments[0])
        guard let place = arguments.firstIndex(of: word), !flag.isEmpty, !arguments.contains(flag[0]) else { return nil }
        let meant = arguments[..<place] + flag + arguments[place...]
        return "\(flag[0]) stands before the file; did you mean '\(Invocation.command(Array(meant)))'?"
    }

    /// The flag that a file needs behind a command; nothing where it needs none, or the word is no file's name.
    private static func naming(_ word: String?, behind command: String) -> [String] {
        guard ["train", "tune"].contains(command), let word, !word.hasPrefix("-") else { return [] }
        guard FileManager.default.fileExists(atPath: word) || URL(fileURLWithPath: word).pathExtension != "" else { return [] }
        return [word.hasSuffix(".json") ? "--recipe" : "--data"]
    }

    /// Whether a command has a flag.
    private static func has(_ command: String, _ flag: String) -> Bool {
        let type = RectifierTool.configuration.subcommands.first { $0._commandName == command }
        return type?.helpMessage().split { $0.isWhitespace || $0 == "," || $0 == "/" }.contains { $0 == flag } ?? false
    }

    private static func word(behind start: String, in message: String) -> String? {
        guard let range = message.range(of: start) else { return nil }
        return String(message[range.upperBound...].prefix { $0 != "'" })
    }

    private static var commands: [String] { RectifierTool.configuration.subcommands.map { $0._commandName } + ["help"] }

    private static let synonyms = [
        "fit": "train", "learn": "train", "run": "train", "start": "train", "create": "train", "model": "train",
        "test": "evaluate", "eval": "evaluate", "score": "evaluate", "validate": "evaluate", "infer": "predict", "inference": "predict",
        "apply": "predict", "classify": "predict", "forecast": "predict", "show": "inspect", "describe": "inspect", "summary": "inspect",
        "view": "inspect", "open": "inspect", "print": "inspect", "benchmark": "bench", "version": "--version", "machine": "info",
        "cpu": "info", "data": "datasets", "list": "datasets", "config": "defaults", "settings": "defaults",
    ]

    // By the option's name without its dashes.

    private static let advice: [String: String] = {
        var advice: [String: String] = [:]
        func say(_ text: String, _ names: String...) { for name in names { advice[name] = text } }
        say("Rectifier computes on the CPU; leave it out", "gpu", "cuda", "device", "mps", "use-gpu", "no-gpu", "cpu")
        say("train --tensorboard FOLDER draws curves", "plot", "chart", "graph", "curve", "show-plot")
        say(
            "train --folds N trains a network without each of N parts of the rows", "cv", "kfold", "k-fold",
            "cross-validation", "cross-validate")
        say("every epoch has a line, and --json prints all there is", "verbose", "v", "progress", "log", "debug")
        say("the numbers of tables are standardized already", "standardize", "scale", "scaler")
        return advice
    }()

    private static let flags: [String: String] = {
        var flags: [String: String] = [:]
        func mean(_ flag: String, _ names: String...) { for name in names { flags[name] = flag } }
        mean("--learning-rate", "lr", "rate", "eta", "alpha", "learning-rate-init", "step-size")
        mean("--batch-size", "batch", "bs", "b")
        mean("--epochs", "epoch", "e", "n", "iterations", "iters", "max-iter", "max-epochs", "num-epochs", "n-epochs", "steps")
        mean("--layers", "hidden", "units", "hidden-layers", "hidden-layer-sizes", "width", "layer", "hidden-units", "arch")
        mean("--target", "label", "labels", "y", "class", "label-column", "target-column", "output-column", "response", "predict")
        mean("--data", "input", "file", "csv", "train", "train-data", "training-data", "dataset", "source", "in", "d", "i", "x")
        mean("--test", "test-data", "test-file", "eval-data")
        mean("--validation", "val", "test-size", "split", "validation-split", "val-split", "holdout", "test-split")
        mean("--output", "out", "o", "save", "model-dir", "save-to", "model")
        mean("--early-stopping", "patience", "early-stop")
        mean("--weight-decay", "wd", "decay", "regularization", "lambda")
        mean("--optimizer", "solver", "optim", "opt")
        mean("--seed", "random-state", "random-seed", "s")
        mean("--threads", "jobs", "n-jobs", "workers", "cores", "j", "num-workers", "t")
        mean("--ignore", "drop", "exclude", "skip", "ignore-columns", "drop-columns")
        mean("--features", "columns", "use", "include", "inputs", "feature-columns")
        mean("--separator", "sep", "delimiter", "delim")
        mean("--precision", "dtype", "type", "fp16", "half")
        mean("--overwrite", "force", "f", "replace", "yes")
        mean("--recipe", "config", "c", "settings")
        mean("--missing", "na", "impute", "imputer", "fillna", "nan")
        mean("--probabilities", "proba", "probability", "probs", "predict-proba")
        mean("--keep", "id", "passthrough", "pass-through", "id-column", "with-columns")
        return flags
    }()
}
